"""verify finds one missing, one altered, one extra and one doubled response; and passes otherwise."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from importer.sandbox import API_KEY, PROJECT, SCORE, Sandbox, SandboxSettings, background
from tests.e2e.commands import Ended, Shell, shell
from tests.e2e.conftest import MAPPING
from tests.e2e.here import Here

ROWS = [f"p{n},{n % 11},{'so so' if n % 3 else ''},p{n}@example.com" for n in range(230)]
FILE = "\n".join(["id,score,comment,email", *ROWS, "bad,11,,", "x,skip,,", ""])


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    plain = shell(tmp_path_factory.mktemp("verify"))
    one = Here(plain.folder, plain.environment)
    one.write("mapping.yaml", MAPPING)
    one.write("answers.csv", FILE)
    return one


@pytest.fixture(scope="module")
def store(user: Shell) -> Path:
    return user.folder / "server.sqlite3"


@pytest.fixture(scope="module")
def server(store: Path) -> Iterator[Sandbox]:
    """A sandbox whose store can be tampered with."""
    with background(SandboxSettings(store=store)) as running:
        yield running


def run(user: Shell, server: Sandbox, *more: object, name: str = "answers.csv") -> Ended:
    words = ("run", name, "-m", "mapping.yaml", "--endpoint", server.url, "--yes", "--json")
    return user(*words, "--rate", "max", "--concurrency", 32, *more)


def verify(user: Shell, *more: object, key: str = API_KEY, project: str = PROJECT) -> Ended:
    return user("verify", *more, SATISMETER_API_KEY=key, SATISMETER_PROJECT=project)


@pytest.fixture(scope="module")
def sent(user: Shell, server: Sandbox) -> str:
    """A file of 230 good rows, sent; the job's name."""
    return str(run(user, server).document["job"])


@pytest.fixture
def tamper(store: Path, sent: str) -> Iterator[Callable[..., None]]:
    """Changes what the server holds; afterwards it is as it was."""
    with closing(sqlite3.connect(store, isolation_level=None)) as database:
        database.execute("CREATE TABLE kept AS SELECT * FROM responses")

        def change(*statements: str) -> None:
            for each in statements:
                assert database.execute(each).rowcount == 1

        yield change
        database.executescript(
            "BEGIN; DELETE FROM responses; INSERT INTO responses SELECT * FROM kept; DROP TABLE kept;"
            " DELETE FROM users WHERE person = 'u:stranger'; COMMIT"
        )


Tamper = Callable[..., None]

MISSING = "DELETE FROM responses WHERE person = 'u:p7'"
ALTERED = (
    f"UPDATE responses SET answers = replace(answers, '[\"{SCORE.id}\",8]', '[\"{SCORE.id}\",3]')"
    " WHERE person = 'u:p19'"
)
DOUBLED = (
    "INSERT INTO responses (campaign, person, created, method, rating, answers) SELECT campaign,"
    " person, created, method, rating, answers FROM responses WHERE person = 'u:p30'"
)
EXTRA = (
    "INSERT INTO responses (campaign, person, created, method, rating, answers) SELECT campaign,"
    " 'u:stranger', created, method, rating, answers FROM responses WHERE person = 'u:p31'"
)
STRANGER = "INSERT INTO users (person, traits) VALUES ('u:stranger', '{}')"


def test_what_was_sent_is_there(user: Shell, sent: str) -> None:
    ended = verify(user, "--json")

    assert ended.status == 0, ended.out + ended.err
    found = ended.document
    assert (found["job"], found["expected"], found["found"], found["same"]) == (sent, 230, 230, 230)
    (scores,) = found["scores"]
    assert scores["file"] == scores["survey"]
    assert scores["file"]["answers"] == 230
    assert "What is in SatisMeter is what was sent." in verify(user).out


@pytest.mark.parametrize(
    ("statements", "where", "rows"),
    [
        ([MISSING], "missing", [9]),
        ([ALTERED], "altered", [21]),
        ([DOUBLED], "doubled", [32]),
        ([STRANGER, EXTRA], "extra", 1),
    ],
    ids=["missing", "altered", "doubled", "extra"],
)
def test_one_difference(
    user: Shell, sent: str, tamper: Tamper, statements: list[str], where: str, rows: object
) -> None:
    tamper(*statements)

    ended = verify(user, sent, "--json")

    found = ended.document
    assert ended.status == 3
    counts = {kind: len(found[kind]) for kind in ("missing", "altered", "doubled", "extra")}
    assert counts == {"missing": 0, "altered": 0, "doubled": 0, "extra": 0, where: 1}
    named = [
        each["row"] if isinstance(each, dict) else each for each in found[where] if where != "extra"
    ]
    assert (named or len(found[where])) == rows


def test_all_differences_at_once_named_for_people(user: Shell, sent: str, tamper: Tamper) -> None:
    tamper(MISSING, ALTERED, DOUBLED, STRANGER, EXTRA)

    ended = verify(user)

    assert ended.status == 3
    assert "  row 9\n" in ended.out
    assert f", question {SCORE.id}" in ended.out
    assert "  row 32, response " in ended.out
    assert "Extra: no row's" in ended.out
    assert not any(word in ended.out for word in ("p19", "stranger", "so so"))


def test_scores_tell_what_an_altered_answer_does(user: Shell, sent: str, tamper: Tamper) -> None:
    tamper(ALTERED)

    found = verify(user, "--json").document

    (scores,) = found["scores"]
    assert scores["file"]["nps"] > scores["survey"]["nps"]
    assert found["altered"] == [
        {"row": 21, "response": found["altered"][0]["response"], "questions": [SCORE.id]}
    ]


def test_extra_responses_of_a_survey_that_is_in_use(user: Shell, sent: str, tamper: Tamper) -> None:
    tamper(STRANGER, EXTRA)

    ended = verify(user, "--allow-extra", "--json")

    assert ended.status == 0
    assert len(ended.document["extra"]) == 1


def test_a_file_that_changed_or_went_away_is_compared_by_hashes_alone(
    user: Shell, sent: str, tamper: Tamper
) -> None:
    tamper(ALTERED)
    file = user.folder / "answers.csv"
    file.rename(user.folder / "archive.csv")

    gone = verify(user, "--json")
    moved = verify(user, "--json", "--file", "archive.csv")
    user.write("answers.csv", FILE + "p900,3,,\n")
    changed = verify(user, "--json")
    user.write("answers.csv", FILE)

    assert (gone.status, moved.status, changed.status) == (3, 3, 3)
    assert "no longer there" in gone.document["unread"]
    assert "has changed" in changed.document["unread"]
    assert gone.document["altered"][0] | {"questions": []} == gone.document["altered"][0]
    assert moved.document["altered"][0]["questions"] == [SCORE.id]


def test_what_stops_it(user: Shell, sent: str) -> None:
    assert verify(user, key="").status == 2
    assert verify(user, project="").status == 2
    assert verify(user, "no-such-job").status == 2
    assert verify(user, key="wrong").status == 5
    assert verify(user, project="0" * 24).status == 5


def test_json_holds_no_person_and_no_answer(user: Shell, sent: str, tamper: Tamper) -> None:
    tamper(MISSING, ALTERED, STRANGER, EXTRA)

    text = json.dumps(verify(user, "--json").document)

    assert not any(word in text for word in ("stranger", "so so", "@example.com", "p19"))


def test_the_page_says_what_the_terminal_says(user: Shell, sent: str) -> None:
    ended = verify(user, sent)
    page = Path(verify(user, sent, "--json").document["page"])

    content = page.read_text(encoding="utf-8")
    assert page == user.folder.resolve() / "answers-import" / "verify.html"
    assert page.stat().st_mode & 0o777 == 0o600
    assert "What is in SatisMeter is what was sent." in content
    assert f"Written\n  {page} " in ended.out
    assert ended.out.endswith("Next: importer jobs\n")


def test_a_second_file_of_the_same_survey_is_neither_extra_nor_missing(
    user: Shell, server: Sandbox, sent: str
) -> None:
    user.write("more.csv", "\n".join(["id,score,comment,email", *ROWS[200:], "n1,5,,\n"]))
    second = run(user, server, name="more.csv").document["job"]

    for job, expected, others in ((sent, 230, 1), (second, 31, 200)):
        found = verify(user, job, "--json").document
        assert found["exit_code"] == 0, found
        assert (found["expected"], found["same"]) == (expected, expected)
        assert found["other_jobs"] == others


def test_a_purged_job_is_compared_by_hashes_alone(
    user: Shell, server: Sandbox, sent: str, tamper: Tamper
) -> None:
    assert user("purge", "--job", sent, "--yes").status == 0
    assert verify(user, sent).status == 0
    tamper(MISSING)

    found = verify(user, sent, "--json").document

    assert found["missing"] == [9]
    assert "purged" in found["unread"]
    assert found["page"] is None
    assert "no longer knows the job's folder" in found["unwritten"]


HOSTILE = "<b>x</b>"
PEOPLE = f"id,score,comment,email\n{HOSTILE},9,<i>,\njane.doe@example.com,3,so so,\nlast,5,,\n"


TAMPERED = {
    "Missing": "DELETE FROM responses WHERE person <> 'u:last'",
    "Altered": "UPDATE responses SET answers = '[]' WHERE person <> 'u:last'",
    "Doubled": DOUBLED.replace("= 'u:p30'", "<> 'u:last'"),
}


@pytest.mark.parametrize("kind", TAMPERED)
def test_the_page_masks_and_escapes_whom_it_names(tmp_path: Path, kind: str) -> None:
    plain = shell(tmp_path)
    one = Here(plain.folder, plain.environment)
    one.write("mapping.yaml", MAPPING)
    one.write("answers.csv", PEOPLE)
    store = tmp_path / "server.sqlite3"
    with background(SandboxSettings(store=store)) as running:
        assert run(one, running).status == 0
        with closing(sqlite3.connect(store, isolation_level=None)) as database:
            assert database.execute(TAMPERED[kind]).rowcount == 2
        found = verify(one, "--json").document

    content = Path(found["page"]).read_text(encoding="utf-8")
    verdict = "2 responses beyond those sent are in the survey." if kind == "Doubled" else ""
    assert (verdict or "2 of 3 responses differ.") in content
    assert f"<h2>{kind}: " in content
    assert '<th scope="row">2</th><td>&lt;b&gt;x&lt;/b&gt;</td>' in content
    assert '<th scope="row">3</th><td>j***@example.com</td>' in content
    assert not any(word in content for word in ("<b>", "jane.doe", "so so"))


def test_a_page_that_cannot_be_written_takes_no_finding_away(
    user: Shell, server: Sandbox, tmp_path: Path
) -> None:
    user.write("few.csv", "id,score,comment,email\nq1,5,,\n")
    out = tmp_path / "out"
    job = run(user, server, "--out", out, name="few.csv").document["job"]
    out.rename(tmp_path / "gone")
    out.write_text("a file")

    ended = verify(user, job)

    assert ended.status == 0
    assert "What is in SatisMeter is what was sent." in ended.out
    assert "No page: The folder " in ended.out


def test_the_page_names_the_first_200_and_counts_the_rest(tmp_path: Path) -> None:
    plain = shell(tmp_path)
    one = Here(plain.folder, plain.environment)
    one.write("mapping.yaml", MAPPING)
    one.write("answers.csv", FILE)
    store = tmp_path / "server.sqlite3"
    with background(SandboxSettings(store=store)) as running:
        run(one, running)
        with closing(sqlite3.connect(store, isolation_level=None)) as database:
            assert database.execute("DELETE FROM responses").rowcount == 230
        found = verify(one, "--json").document

    content = Path(found["page"]).read_text(encoding="utf-8")
    assert "230 of 230 responses differ." in content
    assert '<th scope="row">201</th><td>p199</td>' in content
    assert "<td>p200</td>" not in content
    assert "… and 30 more in <code>importer verify --json</code>" in content
