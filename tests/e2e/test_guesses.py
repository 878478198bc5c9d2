"""A guessed encoding costs letters, so every command that reads the file says that it is a guess."""

import pytest

from importer.sandbox import Sandbox
from tests.e2e.commands import Shell

TEXTS = {
    "cp1252": ("It’s slow – sorry", "xx’x"),
    "cp1255": ("המשלוח הגיע באיחור", "הxxxxx"),
    "cp1251": ("Доставка опоздала", "Дxxxxxxx"),
    "shift_jis": ("配送が遅いです。対応は良かった", "配xxxxxx"),
}


def prepared(user: Shell, encoding: str) -> str:
    text, shape = TEXTS[encoding]
    content = f"id,score,comment,email\nu1,10,{text},u1@example.com\n"
    (user.folder / "answers.csv").write_bytes(content.encode(encoding))
    return f"`{shape}`"


@pytest.mark.parametrize("encoding", TEXTS)
@pytest.mark.parametrize(
    "words",
    [("plan", "answers.csv", "-m", "mapping.yaml"), ("check", "mapping.yaml", "answers.csv")],
)
def test_plan_and_check_tell_a_guess(user: Shell, words: tuple[str, ...], encoding: str) -> None:
    shape = prepared(user, encoding)
    for told in (user(*words).out, " ".join(user(*words, "--json").document["warnings"])):
        assert "encoding is a guess" in told
        assert f"line 2 {shape}" in told
        assert "`encoding:` under `source:`" in told


def test_a_run_tells_it_too(user: Shell, sandbox: Sandbox) -> None:
    shape = prepared(user, "cp1252")
    run = (
        "run",
        "answers.csv",
        "-m",
        "mapping.yaml",
        "--endpoint",
        sandbox.url,
        "--rate",
        "max",
        "--yes",
    )
    ended = user(*run, "--settle", "0.2", "--json")
    assert ended.document["rows"]["created"] == 1
    assert any(
        f"guess, cp1252: it reads line 2 {shape}" in each for each in ended.document["warnings"]
    )


def test_the_line_itself_with_show_values(user: Shell) -> None:
    prepared(user, "cp1252")
    shown = user("plan", "answers.csv", "-m", "mapping.yaml", "--show-values", "--json").document
    assert any("line 2 `u1,10,It’s slow – sorry" in each for each in shown["warnings"])


@pytest.mark.parametrize("sure", ["utf-8", "utf-8-sig", "utf-16"])
def test_nothing_to_tell_where_it_is_sure(user: Shell, sure: str) -> None:
    content = "id,score,comment,email\nu1,10,très bien – déjà vu,\n"
    (user.folder / "answers.csv").write_bytes(content.encode(sure))
    warnings = user("plan", "answers.csv", "-m", "mapping.yaml", "--json").document["warnings"]
    assert not any("encoding" in each for each in warnings)


def test_nothing_to_tell_where_the_mapping_says_it(user: Shell) -> None:
    prepared(user, "cp1252")
    mapping = (user.folder / "mapping.yaml").read_text(encoding="utf-8")
    user.write("mapping.yaml", mapping.replace("source:\n", "source:\n  encoding: cp1252\n"))
    warnings = user("plan", "answers.csv", "-m", "mapping.yaml", "--json").document["warnings"]
    assert not any("encoding" in each for each in warnings)


def test_rows_that_are_no_answers_are_counted(user: Shell) -> None:
    """Told as invalid; a rule of the mapping that leaves them out counts them as skipped."""
    head = "id,score,comment,email\n"
    user.write("answers.csv", head + "u1,10,Great,\n" + head + "u2,9,,\nTotal,19,,\n")
    plan = ("plan", "answers.csv", "-m", "mapping.yaml", "--json")
    found = user(*plan).document
    assert (found["rows"]["read"], found["rows"]["ready"], found["rows"]["invalid"]) == (4, 2, 2)
    assert {each["code"] for each in found["causes"]} == {"repeated_header", "totals_row"}
    mapping = (user.folder / "mapping.yaml").read_text(encoding="utf-8")
    rule = "source:\n  skip_if:\n    - {column: id, in: [id, Total]}\n"
    user.write("mapping.yaml", mapping.replace("source:\n  skip_if:\n", rule))
    found = user(*plan).document
    assert (found["rows"]["read"], found["rows"]["ready"], found["rows"]["skipped"]) == (4, 2, 2)
