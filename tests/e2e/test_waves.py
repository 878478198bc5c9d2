"""Several responses in one row, from the file to the server and back: counted, mended, settled, verified."""

import csv
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from importer.sandbox import COMMENT, SCORE, Behaviour, SandboxSettings, background
from tests.e2e.commands import Shell
from tests.e2e.here import Here
from tests.e2e.test_jobs import NO_DRAIN, READING, rows_of
from tests.e2e.test_run import results, run

MAPPING = f"""\
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: id
waves: ["2022", "2023"]
answers:
  - {{id: {SCORE.id}, column: "NPS {{wave}}", type: nps}}
  - {{id: {COMMENT.id}, column: "Why {{wave}}", type: text}}
"""
FILE = """\
id,NPS 2022,Why 2022,NPS 2023,Why 2023
p1,9,good,3,bad
p2,,,8,
p3,11,,7,ok
p4,,,,
p5,6,same,6,same
"""
MANY = SandboxSettings(duplicate_window=0)
"""A server that takes a second response of one person."""


@pytest.fixture
def user(user: Shell) -> Shell:
    """Starts commands within this process; `wide.csv` and its mapping lie there."""
    user.write("mapping.yaml", MAPPING)
    user.write("answers.csv", FILE)
    return Here(user.folder, user.environment)


def outcomes(user: Shell, folder: str = "answers-import") -> dict[tuple[str, str], str]:
    return {(each["row"], each["wave"]): each["status"] for each in results(user, folder)}


def test_a_wide_file_is_sent_once_and_mended(user: Shell) -> None:
    """With the installed command."""
    typed = Shell(user.folder, user.environment)
    with background(MANY) as sandbox:
        first = run(typed, sandbox, "--json")
        assert (first.status, rows_of(first)) == (
            3, {"read": 10, "created": 6, "skipped": 1, "invalid": 3},
        )  # fmt: skip
        assert (first.document["rows_of_file"], first.document["waves"]) == (5, ["2022", "2023"])
        assert outcomes(user) == {
            ("2", "2022"): "created", ("2", "2023"): "created",
            ("3", "2022"): "skipped", ("3", "2023"): "created",
            ("4", "2022"): "invalid", ("4", "2023"): "created",
            ("5", "2022"): "invalid", ("5", "2023"): "invalid",
            ("6", "2022"): "created", ("6", "2023"): "created",
        }  # fmt: skip

        again = run(user, sandbox, "--json")
        assert (again.document["requests"], rows_of(again)["already_sent"]) == (0, 6)

        mended = user.folder / "answers-import" / "problems.csv"
        with mended.open(encoding="utf-8-sig", newline="") as file:
            p3, p4 = csv.DictReader(file)
        assert p3["problem"].startswith("wave 2022: out_of_range: ")
        assert p4["problem"] == "no_answers: none of the answers is filled"
        text = mended.read_text(encoding="utf-8-sig")
        user.write("mended.csv", text.replace("p3,11", "p3,10").replace("p4,,", "p4,5,"))
        rest = run(user, sandbox, "--json", file="mended.csv")
        assert rows_of(rest) == {"read": 4, "created": 2, "already_sent": 1, "skipped": 1}

        answers = [(each.user_id, each.answers[0][1]) for each in sandbox.stored()]
    assert sorted(answers) == [
        ("p1", 3), ("p1", 9), ("p2", 8), ("p3", 7), ("p3", 10), ("p4", 5), ("p5", 6), ("p5", 6),
    ]  # fmt: skip


def test_the_figures_say_how_they_come_about(user: Shell) -> None:
    planned = user("plan", "answers.csv", "-m", "mapping.yaml")
    assert "5 rows of the file × 2 waves = the sum of those below" in planned.out
    assert "'NPS 2022, wave 2022'" in planned.out
    page = (user.folder / "answers-import" / "plan.html").read_text()
    assert "Each of the file's 5 rows counts once per wave: 2022, 2023." in page
    assert f"answers: {SCORE.id}, nps (wave 2023)" in page
    checked = user("check", "mapping.yaml")
    assert "It maps 2 answers and 0 traits, in each of the waves 2022, 2023." in checked.out
    with background(MANY) as sandbox:
        run(user, sandbox)
    assert "Each row of the file counts once per wave: 2022, 2023." in user("status").out


def test_a_preview_shows_each_wave(user: Shell) -> None:
    words = ("preview", "answers.csv", "-m", "mapping.yaml", "--row", "3")
    first, second = user(*words, "--json").document["waves"]
    assert (first["wave"], first["status"], first["rule"]) == (
        "2022", "skipped", "wave 2022 is blank",
    )  # fmt: skip
    assert (second["status"], second["body"]["answers"]) == (
        "ready",
        [{"id": SCORE.id, "value": 8}],
    )
    shown = user(*words).out
    assert shown.index("row 3, wave 2022") < shown.index("row 3, wave 2023")


def test_a_second_response_that_the_api_refuses_names_the_first(user: Shell) -> None:
    with background() as sandbox:
        run(user, sandbox)
    told = {(each["row"], each["wave"]): each["message"] for each in results(user)}
    assert "it accepted row 2, wave 2022 of the same person from this file" in told["2", "2023"]


def test_of_a_person_who_answered_more_than_once_the_latest_is_kept(user: Shell) -> None:
    user.write("mapping.yaml", MAPPING + "repeats: {send: latest}\n")
    with background(MANY) as sandbox:
        run(user, sandbox)
        assert sorted(each.answers[0][1] for each in sandbox.stored()) == [3, 6, 7, 8]


def test_waves_go_in_the_order_of_their_dates(user: Shell) -> None:
    dated = f'{MAPPING}traits: {{respondedAt: {{column: "On {{wave}}", type: date}}}}\n'
    user.write("mapping.yaml", dated.replace('"2022", "2023"', '"2023", "2022"'))
    header = "id,NPS 2022,Why 2022,On 2022,NPS 2023,Why 2023,On 2023\n"
    user.write("answers.csv", f"{header}p1,2,,2022-05-01,3,,2023-05-01\n")
    with background(MANY) as sandbox:
        run(user, sandbox, "--concurrency", 1)
        assert [each.answers[0][1] for each in sandbox.stored()] == [2, 3]


def test_a_job_goes_on_between_two_waves_of_a_row(user: Shell) -> None:
    with background(MANY) as sandbox:
        run(user, sandbox, "--limit", 1)
        assert outcomes(user)["2", "2023"] == "pending"
        done = user("resume", *NO_DRAIN, "--json")
        assert rows_of(done) == {"read": 10, "created": 6, "skipped": 1, "invalid": 3}
        assert len(sandbox.stored()) == 6


def test_a_signed_plan_is_kept_to_wave_by_wave(user: Shell) -> None:
    key = {"SATISMETER_HASH_KEY": "a key of sixteen letters"}
    with background(MANY) as sandbox:
        words = ("answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url)
        sending = ("--rate", "max", "--yes")
        user("run", *words, *sending, "--limit", 1, "--state", "here", **key)
        user("plan", *words, "--state", "here", "--save", "plan.json", **key)

        there = user("run", *words, *sending, "--state", "there", "--plan", "plan.json", **key)
        here = user("run", *words, *sending, "--state", "here", "--plan", "plan.json", **key)

        assert (there.status, here.status) == (2, 3)
        assert "1 row would be posted that the plan left out (Excel row 2, wave 2022)" in there.err
        assert len(sandbox.stored()) == 6


def test_a_person_decides_wave_by_wave(user: Shell) -> None:
    """Both waves of row 2 are in doubt, and one of row 6."""
    user.write(
        "mapping.yaml", MAPPING.replace("userId: id", 'userId: "id {wave}"') + "forceSurvey: true\n"
    )
    user.write(
        "answers.csv",
        "id 2022,NPS 2022,Why 2022,id 2023,NPS 2023,Why 2023\na1,9,,b1,9,,\na2,8,,b2,7,,\n",
    )
    lost = (Behaviour("close_stored"),)
    with background(SandboxSettings(script={"a1": lost, "b1": lost, "b2": lost})) as sandbox:
        run(user, sandbox)
        told = {
            why: user("mark", *words, "--created").err
            for why, words in {
                "several": ("--row", 2),
                "no such wave": ("--row", 2, "--wave", 2024),
                "not in doubt": ("--row", 3, "--wave", 2022),
            }.items()
        }
        assert "Several waves of row 2 are in doubt: 2022, 2023." in told["several"]
        assert "--row 2 --wave 2022" in told["several"]
        assert "has no wave '2024'" in told["no such wave"]
        assert "There are: 2022, 2023." in told["no such wave"]
        assert "Row 3, wave 2022 of job" in told["not in doubt"]
        assert "is not in doubt here: created" in told["not in doubt"]

        marked = user("mark", "--row", 2, "--wave", 2023, "--created", "--json")
        assert (marked.document["rows"], marked.document["waves"]) == ([2], ["2023"])
        user("mark", "--row", 2, "--row", 3, "--created")
    assert set(outcomes(user).values()) == {"created"}


def test_what_is_in_the_survey_is_compared_wave_by_wave(user: Shell, tmp_path: Path) -> None:
    store = tmp_path / "server.sqlite3"
    with background(SandboxSettings(duplicate_window=0, store=store)) as sandbox:
        run(user, sandbox)
        whole = user("verify", "--json", **READING).document
        assert (whole["same"], whole["exit_code"]) == (6, 0)
        assert [each["file"]["wave"] for each in whole["scores"]] == ["2022", "2023"]
        assert all(each["file"] == each["survey"] for each in whole["scores"])

        with closing(sqlite3.connect(store, isolation_level=None)) as database:
            database.execute("DELETE FROM responses WHERE person = 'u:p2'")
        found = user("verify", "--json", **READING).document
        assert found["missing"] == [{"row": 3, "wave": "2023"}]
        assert "row 3, wave 2023" in user("verify", **READING).out
        assert "3, wave 2023" in (user.folder / "answers-import" / "verify.html").read_text()


def test_what_the_ledger_keeps_of_a_purged_job_tells_its_waves(user: Shell) -> None:
    with background(MANY) as sandbox:
        run(user, sandbox)
        before = outcomes(user)
        user("purge", "--older-than", "0s", "--yes")
        user("results", "--out", "anew")
    assert outcomes(user, "anew") == before
