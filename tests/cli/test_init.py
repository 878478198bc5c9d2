"""`importer init`, as it is typed."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from importer.cli.init import init_command
from importer.errors import UsageError
from importer.mapping import load
from importer.resources import SAMPLES

NPS = str(SAMPLES / "generic_nps.csv")


def said(*arguments: str, **more: str) -> str:
    result = CliRunner().invoke(
        init_command, arguments, standalone_mode=False, input=more.get("input")
    )
    if result.exception:
        raise result.exception
    return result.output


def test_it_writes_the_mapping_and_says_what_comes_next(tmp_path: Path) -> None:
    out = tmp_path / "mapping.yaml"
    text = said(NPS, "-o", str(out))
    lines = out.read_text(encoding="utf-8").splitlines()
    assert "Found" in text
    assert "nps_score (nps)" in text
    for line in [line for line in lines if '"?"' in line.partition("# ")[0]]:
        assert line.strip() in text
    assert f"importer check {out}" in text
    assert "importer plan" in text


def test_it_doesnt_write_over_a_mapping(tmp_path: Path) -> None:
    out = tmp_path / "mapping.yaml"
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is there already"):
        said(NPS, "-o", str(out))
    assert out.read_text(encoding="utf-8") == "mine"
    said(NPS, "-o", str(out), "--force")
    assert out.read_text(encoding="utf-8").startswith("# Written by `importer init`")


def test_the_mapping_on_standard_output() -> None:
    assert said(NPS, "-o", "-").startswith("# Written by `importer init` for generic_nps.csv.")


def test_json(tmp_path: Path) -> None:
    document = orjson.loads(said(NPS, "-o", str(tmp_path / "m.yaml"), "--json"))
    assert document["user"] == ["user_id"]
    assert document["score"]["type"] == "nps"
    assert document["date"] == {"column": "responded_at", "formats": [["iso"]], "sure": "sure"}
    assert document["open_lines"]


def test_json_names_the_rows_that_a_rule_leaves_out(tmp_path: Path) -> None:
    rows = ["Email,Status,Score", *(f"p{n}@example.com,Complete,{n}" for n in range(9))]
    (tmp_path / "a.csv").write_text("\n".join([*rows, "q@example.com,Partial,9"]), encoding="utf-8")
    document = orjson.loads(said(str(tmp_path / "a.csv"), "-o", "-", "--json"))
    (left,) = document["left_out"]
    assert (left["column"], left["values"], left["rows"]) == ("Status", ["Partial"], 1)
    assert "finished" in left["why"]


def test_an_unknown_preset_and_a_folder_that_isnt_there(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no preset is called that"):
        said(NPS, "-o", str(tmp_path / "m.yaml"), "--preset", "nope")
    with pytest.raises(UsageError, match="can't be written"):
        said(NPS, "-o", str(tmp_path / "none" / "m.yaml"))


def test_off_a_terminal_it_asks_nothing(tmp_path: Path) -> None:
    text = said(str(SAMPLES / "excel_cp1252.csv"), "-o", str(tmp_path / "m.yaml"), input="1\n1\n")
    assert "Number" not in text


def test_on_a_terminal_it_asks_for_what_it_cant_know(tmp_path: Path) -> None:
    """The survey's ID, its questions' IDs, which column is the person, and which way a date is read."""
    file = tmp_path / "answers.csv"
    rows = [f"P{n},{n},0{n}/0{n + 1}/2026" for n in range(1, 9)]
    file.write_text("\n".join(["who,nps,date", *rows]), encoding="utf-8")
    question = "79593580-95a7-11ed-8974-9b5d06700b8d"
    shown = typed(tmp_path, ["5d2f6c1e9b0a4c0017a3e1b2", question, "1", "nonsense", "2"], str(file))
    text = (tmp_path / "answers.yaml").read_text(encoding="utf-8")
    assert "Survey ID" in shown
    assert "The score, column nps (nps): which question of the survey is it?" in shown
    assert "Which column says who answered?" in shown
    assert "day first: 1 February 2026" in shown
    assert "A number from 1 to 2, please." in shown
    assert 'campaign: "5d2f6c1e9b0a4c0017a3e1b2"' in text
    assert f'  score: "{question}"' in text
    assert "  - who   # sure: as you said" in text
    assert 'format: "%m/%d/%Y"' in text


def test_on_a_terminal_anonymous_answers_and_waves_may_be_said(tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    rows = [f"{n},It was fine,{10 - n},Fine again" for n in range(1, 9)]
    file.write_text("\n".join(["NPS,Why?,NPS (2),Why? (2)", *rows]), encoding="utf-8")
    shown = typed(tmp_path, ["", "", "", "1", "2"], str(file))
    text = (tmp_path / "answers.yaml").read_text(encoding="utf-8")
    assert "these columns come again" in shown
    assert "a hash of each row's answers" in shown
    assert 'waves: {"1": "", "2": " (2)"}' in text
    assert "hash: [{letter: A}, {letter: B}, {letter: C}, {letter: D}]" in text


def test_on_a_terminal_the_best_end_and_an_unsure_person_are_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    rows = [f"9{n * 7},a{n}@x.org,{n % 6 + 1},gut so" for n in range(1, 13)]
    file.write_text("\n".join(["ID,E-Mail,Schulnote,Warum?", *rows]), encoding="utf-8")
    shown = typed(tmp_path, ["", "", "", "2", "2", "2"], str(file))
    text = (tmp_path / "answers.yaml").read_text(encoding="utf-8")
    assert "Which column says who answered?" in shown
    assert "  - ID   # sure: as you said" in text
    assert "Schulnote: which number is the best?" in shown
    assert "1: it is sent as 6" in shown
    assert "rescale: {from: [1, 6], to: [6, 1]}" in text
    assert "Persons of the file may be in SatisMeter already." in shown
    assert "existing_traits: overwrite" in text
    typed(tmp_path, ["", "", "", "", "1", ""], str(file), "--force")
    text = (tmp_path / "answers.yaml").read_text(encoding="utf-8")
    assert "rescale" not in text
    assert "existing_traits: keep" in text
    assert "not known: is ID the person's, or the response's?" in text


def test_enter_leaves_the_question_open(tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    file.write_text("nps,plan\n9,a\n3,b\n", encoding="utf-8")
    typed(tmp_path, ["", "", "", ""], str(file))
    assert 'userId: "?"' in (tmp_path / "answers.yaml").read_text(encoding="utf-8")


def typed(folder: Path, answers: list[str], *arguments: str) -> str:
    """What the command shows on a terminal where a person types these lines."""
    here, there = pty.openpty()
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("SATISMETER")
    }
    process = subprocess.Popen(
        [sys.executable, "-c", "from importer.cli import main; main()", "init", *arguments],
        cwd=folder,
        env={**environment, "NO_COLOR": "1"},
        stdin=there,
        stdout=there,
        stderr=there,
    )
    os.close(there)
    parts: list[bytes] = []
    reader = threading.Thread(target=_gather, args=(here, parts), daemon=True)
    reader.start()
    os.write(here, "".join(f"{line}\n" for line in answers).encode())
    try:
        assert process.wait(30) == 0
    finally:
        process.kill()  # one that asks for more would wait for ever, and the reader with it
    reader.join(5)
    os.close(here)
    return b"".join(parts).decode()


def _gather(terminal: int, parts: list[bytes]) -> None:
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:
            return
        if not part:
            return
        parts.append(part)


def test_the_mapping_that_it_writes_is_read_by_load(tmp_path: Path) -> None:
    out = tmp_path / "mapping.yaml"
    said(NPS, "-o", str(out))
    text = out.read_text(encoding="utf-8").replace(
        'campaign: "?"', "campaign: 5d2f6c1e9b0a4c0017a3e1b2"
    )
    for number in range(9):
        text = text.replace(': "?"', f": 00000000-0000-4000-8000-00000000000{number}", 1)
    out.write_text(text, encoding="utf-8")
    assert load(str(out)).answers
