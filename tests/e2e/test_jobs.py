"""resume, retry, resolve, mark, jobs, status and results: what a job needs after its first run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from importer.sandbox import API_KEY, PROJECT, Behaviour, FaultShare, SandboxSettings, background
from tests.e2e.commands import Ended, Shell
from tests.e2e.test_run import results, run

ROWS = [f"p{n},{n % 11},,p{n}@example.com" for n in range(12)]
FILE = "\n".join(["id,score,comment,email", *ROWS, ""])
READING = {"SATISMETER_API_KEY": API_KEY, "SATISMETER_PROJECT": PROJECT}
NO_DRAIN = ("--rate", "max", "--yes", "--settle", "0.2")


@pytest.fixture
def file(user: Shell) -> Path:
    return user.write("answers.csv", FILE)


def scripted(**script: list[str]) -> SandboxSettings:
    """What single users meet."""
    steps = {
        person: [
            Behaviour("status", int(each)) if each.isdigit() else Behaviour(each) for each in todo
        ]
        for person, todo in script.items()
    }
    return SandboxSettings(script=steps)


def rows_of(ended: Ended) -> dict[str, int]:
    return {name: n for name, n in ended.document["rows"].items() if n}


def force(user: Shell) -> None:
    """A mapping with forceSurvey: the API checks no duplicates."""
    mapping = (user.folder / "mapping.yaml").read_text()
    user.write("mapping.yaml", mapping + "forceSurvey: true\n")


def test_resume_goes_on_from_anywhere(user: Shell, file: Path) -> None:
    with background() as sandbox:
        pilot = run(user, sandbox, "--limit", 5, "--json").document
        (user.folder / "elsewhere").mkdir()
        there = Shell(user.folder / "elsewhere", user.environment)

        ended = there("resume", pilot["job"], *NO_DRAIN, "--json")

        assert ended.status == 0
        assert rows_of(ended) == {"read": 12, "created": 12}
        assert (ended.document["job"], ended.document["requests"]) == (pilot["job"], 7)
        assert len(sandbox.stored()) == 12
    assert len(results(user)) == 12


def test_resume_without_a_name_takes_the_newest(user: Shell, file: Path) -> None:
    with background() as sandbox:
        run(user, sandbox, "--limit", 5)
        assert rows_of(user("resume", *NO_DRAIN, "--json"))["created"] == 12
        assert user("resume", *NO_DRAIN, "--json").document["requests"] == 0


@pytest.mark.parametrize("what", ["file", "mapping"])
def test_a_resume_refuses_what_has_changed_and_says_what_to_do(
    user: Shell, file: Path, what: str
) -> None:
    with background() as sandbox:
        run(user, sandbox, "--limit", 5)
        changed = file if what == "file" else user.folder / "mapping.yaml"
        changed.write_text(
            changed.read_text().replace("p11,", "p99,") + "#\nrepeats: {send: latest}\n"
        )
        before = len(sandbox.posts())

        ended = user("resume", *NO_DRAIN)

        assert ended.status == 2
        assert "has changed since job" in ended.err
        assert "importer run FILE -m MAPPING" in ended.err
        assert len(sandbox.posts()) == before


def test_a_file_that_was_moved_can_be_named(user: Shell, file: Path) -> None:
    with background() as sandbox:
        run(user, sandbox, "--limit", 5)
        file.rename(user.folder / "moved.csv")

        lost = user("resume", *NO_DRAIN)
        found = user("resume", *NO_DRAIN, "--file", "moved.csv", "--json")

        assert lost.status == 2
        assert rows_of(found) == {"read": 12, "created": 12}


def test_standard_input_is_resumed_by_piping_it_again(user: Shell) -> None:
    with background() as sandbox:
        words = ("run", "-", "-m", "mapping.yaml", "--endpoint", sandbox.url, *NO_DRAIN, "--json")
        first = user(*words, "--limit", 5, stdin=FILE)
        told = user("resume", *NO_DRAIN)
        again = user(*words, stdin=FILE)

        assert told.status == 2
        assert "standard input" in told.err
        assert again.document["job"] == first.document["job"]
        assert len(sandbox.stored()) == 12


def test_retry_posts_refused_rows_once_more_and_only_those(user: Shell, file: Path) -> None:
    with background(scripted(p3=["422"], p4=["400"], p5=["422", "422"])) as sandbox:
        run(user, sandbox, "--limit", 8)
        again = run(user, sandbox, "--limit", 1, "--json")
        assert rows_of(again) == {"read": 12, "created": 6, "rejected": 3, "pending": 3}

        retried = user("retry", "--status", "rejected", *NO_DRAIN, "--json")

        assert retried.status == 3
        assert rows_of(retried) == {"read": 12, "created": 8, "rejected": 1, "pending": 3}
        assert retried.document["requests"] == 3
    wrong = user("retry", "--status", "rejected,invalid", *NO_DRAIN)
    assert wrong.status == 2
    assert "problems.csv" in wrong.err


def test_a_refused_row_is_posted_again_once_the_mapping_is_mended(user: Shell, file: Path) -> None:
    """Every row is refused, none is lost: with the right question they all go."""
    mapping = (user.folder / "mapping.yaml").read_text()
    user.write("mapping.yaml", mapping.replace("79593580", "00000001"))
    with background() as sandbox:
        refused = run(user, sandbox, "--json")
        unchanged = run(user, sandbox, "--json")
        user.write("mapping.yaml", mapping)
        mended = run(user, sandbox, "--json")
    assert rows_of(refused) == {"read": 12, "rejected": 12}
    assert unchanged.document["requests"] == 0
    assert rows_of(mended) == {"read": 12, "created": 12}


def test_rows_in_doubt_are_settled_by_posting_again_where_the_api_checks(
    user: Shell, file: Path
) -> None:
    """p3 was stored, p4 was not: the second is then created, the first remains unproven."""
    with background(scripted(p3=["close_stored"], p4=["close_read"])) as sandbox:
        ended = run(user, sandbox, "--json")

        assert ended.status == 4
        assert rows_of(ended) == {"read": 12, "created": 11, "unknown": 1}
        assert set(sandbox.copies().values()) == {1}
        again = run(user, sandbox, "--json")
        assert again.document["requests"] == 0, "it was asked about, and is not asked again"
    codes = {line["userId"]: line["code"] for line in results(user)}
    assert codes["p3"] == "stored_or_duplicate"


def test_with_force_survey_nothing_is_posted_again(user: Shell, file: Path) -> None:
    force(user)
    with background(scripted(p3=["close_stored"], p4=["close_read"])) as sandbox:
        ended = run(user, sandbox, "--json")
        again = run(user, sandbox, "--json")

        assert (ended.status, again.status) == (4, 4)
        assert rows_of(again) == {"read": 12, "created": 10, "unknown": 2}
        assert again.document["requests"] == 0
        assert set(sandbox.copies().values()) == {1}


@pytest.mark.parametrize("forced", [True, False])
def test_with_an_api_key_a_run_settles_by_reading_the_survey(
    user: Shell, file: Path, forced: bool
) -> None:
    """Found is created; absent is posted again, with forceSurvey once a person has had it looked for;
    nothing is stored twice."""
    if forced:
        force(user)
    with background(scripted(p3=["close_stored"], p4=["close_read"], p5=["hang"])) as sandbox:
        words = (
            *("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url),
            *(*NO_DRAIN, "--timeout", "0.5", "--settle", "0.6", "--json"),
        )
        ended = user(*words, **READING)
        if forced:
            assert ended.status == 4, ended.err
            assert rows_of(ended) == {"read": 12, "created": 10, "unknown": 2}
            assert ended.document["requests"] == 12
            assert {each["code"] for each in ended.document["causes"]} == {"not_found"}
            assert _settled(user("resolve", "--settle", "0", "--json", **READING)) == (0, 2, 0)
            ended = user(*words, **READING)

        assert ended.status == 0, ended.err
        assert rows_of(ended) == {"read": 12, "created": 12}
        assert len(sandbox.stored()) == 12
        assert set(sandbox.copies().values()) == {1}
    line = next(line for line in results(user) if line["userId"] == "p3")
    assert (line["status"], line["code"]) == ("created", "read_back")
    assert len(line["response_id"]) == 24


def test_resolve_settles_later_without_posting(user: Shell, file: Path) -> None:
    force(user)
    with background(scripted(p3=["close_stored"], p4=["close_read"])) as sandbox:
        run(user, sandbox)
        asked = user("resolve")
        posts = len(sandbox.posts())
        early = user("resolve", "--settle", "60", "--json", **READING)
        late = user("resolve", "--settle", "0", "--json", **READING)
        none = user("resolve", "--json", **READING)

        assert asked.status == 2
        assert "SATISMETER_API_KEY" in asked.err
        assert (early.status, late.status, none.status) == (4, 0, 0)
        assert _settled(early) == (1, 0, 1), "the server may still be at work"
        assert _settled(late) == (0, 1, 0)
        assert _settled(none) == (0, 0, 0)
        assert len(sandbox.posts()) == posts
        lines = {line["userId"]: (line["status"], line["code"]) for line in results(user)}
        assert (lines["p3"], lines["p4"]) == (("created", "read_back"), ("failed", "not_stored"))

        resumed = user("resume", *NO_DRAIN, "--json")
        assert rows_of(resumed) == {"read": 12, "created": 12}
        assert set(sandbox.copies().values()) == {1}


def _settled(ended: Ended) -> tuple[int, int, int]:
    document = ended.document
    return document["created"], document["absent"], document["left"]


def test_what_can_not_be_proved_absent_stays_in_doubt(user: Shell) -> None:
    """The one row of the file: nothing shows that reading would have found it."""
    force(user)
    user.write("answers.csv", "id,score,comment,email\np1,9,,\n")
    with background(scripted(p1=["close_read"])) as sandbox:
        run(user, sandbox)
        ended = user("resolve", "--settle", "0", "--json", **READING)
        assert (ended.status, _settled(ended)) == (4, (0, 0, 1))


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ({**READING, "SATISMETER_API_KEY": "wrong"}, 5, "refused the API key"),
        ({**READING, "SATISMETER_PROJECT": "unknown"}, 5, "no such project"),
        ({"SATISMETER_API_KEY": API_KEY}, 2, "--project"),
    ],
)
def test_a_survey_that_can_not_be_read_settles_nothing(
    user: Shell, file: Path, given: dict[str, Any], status: int, says: str
) -> None:
    force(user)
    with background(scripted(p3=["close_stored"])) as sandbox:
        run(user, sandbox)
        ended = user("resolve", **given)
        assert ended.status == status
        assert says in ended.err
        assert "sandbox-api-key" not in ended.err
        words = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, *NO_DRAIN)
        again = user(*words, "--json", **given)
        assert (again.status, rows_of(again)["unknown"]) == (4, 1)
        if status == 5:  # the survey was asked
            told = " ".join(user(*words, **given).out.split())
            assert "To know: " in told
            assert says in told


def test_a_person_may_decide(user: Shell, file: Path) -> None:
    force(user)
    with background(scripted(p3=["close_stored"], p4=["close_read"])) as sandbox:
        run(user, sandbox)
        wrong = user("mark", "--row", 2, "--created")
        nowhere = user("mark", "--row", 5, "--row", 99, "--created")
        assert (wrong.status, nowhere.status) == (2, 2)
        assert "not in doubt" in wrong.err
        assert "no row 99" in nowhere.err

        assert user("mark", "--row", 5, "--created").status == 0
        marked = user("mark", "--row", 6, "--not-created", "--json")
        assert marked.document["rows"] == [6]
        lines = {line["row"]: (line["status"], line["code"]) for line in results(user)}
        assert (lines["5"], lines["6"]) == (("created", "marked"), ("failed", "marked"))

        assert rows_of(user("resume", *NO_DRAIN, "--json")) == {"read": 12, "created": 12}
        assert set(sandbox.copies().values()) == {1}


def test_rows_behind_one_in_doubt_are_held(user: Shell) -> None:
    """p1 answered twice: the second answer waits, whatever the file is called."""
    force(user)
    user.write("answers.csv", "id,score,comment,email\np1,9,,\np2,8,,\np1,7,,\n")
    user.write("grown.csv", "id,score,comment,email\np1,9,,\np2,8,,\np1,7,,\np1,6,,\np3,1,,\n")
    with background(scripted(p1=["close_stored"])) as sandbox:
        first = run(user, sandbox, "--json")
        grown = run(user, sandbox, "--json", file="grown.csv")

        assert rows_of(first) == {"read": 3, "created": 1, "unknown": 1, "pending": 1}
        assert [line["code"] for line in results(user)][2] == "held"
        assert rows_of(grown) == {
            "read": 5, "created": 1, "already_sent": 1, "unknown": 1, "pending": 2,
        }  # fmt: skip
        user("mark", first.document["job"], "--row", 2, "--created")
        done = user("resume", grown.document["job"], *NO_DRAIN, "--json")
        assert rows_of(done) == {"read": 5, "created": 3, "already_sent": 2}
        answers = [each.answers[0][1] for each in sandbox.stored() if each.user_id == "p1"]
        assert answers == [9, 7, 6], "oldest first"


def test_jobs_and_status_tell_what_to_do(user: Shell, file: Path) -> None:
    none = user("jobs")
    assert (none.status, "nothing was run yet" in none.err) == (2, True)
    force(user)
    with background(scripted(p3=["close_stored"], p4=["422"])) as sandbox:
        job = run(user, sandbox, "--limit", 6, "--json").document["job"]

    listed = user("jobs")
    assert job in listed.out
    assert listed.out.rstrip().endswith(f"importer status {job}")
    [document] = user("jobs", "--json").document["jobs"]
    assert document["rows"]["read"] == 12
    assert document["left"] == 7
    told = user("status", job)
    for step in ("resume", "resolve", "retry"):
        assert f"importer {step} {job}" in told.out
    whole = user("status", "--json").document
    assert {cause["code"] for cause in whole["causes"]} == {"no_reply", "rejected"}
    assert whole["pending"] == {"not_reached": 6}
    missing = user("status", "no-such-job")
    assert (missing.status, "importer jobs" in missing.err) == (2, True)


def test_results_are_written_anew_byte_by_byte(user: Shell) -> None:
    user.write("answers.csv", FILE + "bad,11,=1+1,\n")
    with background(scripted(p3=["close_stored"], p4=["422"])) as sandbox:
        run(user, sandbox)
    folder = user.folder / "answers-import"
    before = {name: (folder / name).read_bytes() for name in ("results.csv", "problems.csv")}
    for name in before:
        (folder / name).unlink()

    ended = user("results", "--json")

    assert ended.status == 0
    assert {name: (folder / name).read_bytes() for name in before} == before
    (user.folder / "answers.csv").write_text(FILE)
    without = user("results", "--out", "other")
    assert without.status == 0
    assert "has changed" in without.err
    assert (user.folder / "other" / "results.csv").read_bytes() == before["results.csv"]
    assert not (user.folder / "other" / "problems.csv").exists()


def test_an_outage_ends_in_exit_5_and_resume_goes_on(user: Shell, file: Path) -> None:
    with background(SandboxSettings(fail=(FaultShare(Behaviour("status", 503)),))) as sandbox:
        words = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, *NO_DRAIN)
        ended = user(*words, "--outage", "0", "--json")
        assert ended.status == 5
        assert ended.document["stopped"].startswith("outage")
        again = user(*words, "--outage", "0").out
        assert f"Next: importer {' '.join(words)} --outage 0   # goes on" in again


@pytest.mark.trial
def test_a_server_that_never_answers_does_not_keep_a_run_for_ever(user: Shell) -> None:
    """Nothing is stored, reading shows it, and every further post is cut off again."""
    force(user)
    user.write("answers.csv", "id,score,comment,email\np1,9,,\np2,8,,\n")
    with background(scripted(p2=["close_read"] * 50)) as sandbox:
        words = (
            "run",
            "answers.csv",
            "-m",
            "mapping.yaml",
            "--endpoint",
            sandbox.url,
            "--rate",
            "max",
        )
        ended = user(*words, "--yes", "--settle", "0.05", "--json", **READING)
        assert ended.status in (3, 4)
        assert rows_of(ended)["created"] == 1
        assert ended.document["requests"] <= 12


def test_rows_that_wait_for_another_jobs_doubt_are_not_called_done(user: Shell) -> None:
    force(user)
    user.write("answers.csv", "id,score,comment,email\np1,9,,\n")
    user.write("other.csv", "id,score,comment,email\np1,3,,\n")
    with background(scripted(p1=["close_stored"])) as sandbox:
        run(user, sandbox)
        ended = run(user, sandbox, "--json", file="other.csv")
        assert (ended.status, rows_of(ended)) == (4, {"read": 1, "pending": 1})


def test_the_read_key_comes_from_a_private_file_or_dotenv(user: Shell, file: Path) -> None:
    force(user)
    with background(scripted(p3=["close_stored"])) as sandbox:
        run(user, sandbox)
        key = user.write("read-key", API_KEY)
        key.chmod(0o644)
        readable = user("resolve", "--project", PROJECT, "--api-key-file", "read-key")
        key.chmod(0o600)
        nowhere = user("resolve", "--project", PROJECT)
        text = f"SATISMETER_API_KEY={API_KEY}\nSATISMETER_PROJECT={PROJECT}\n"
        user.write(".env", text).chmod(0o600)
        dotenv = user("resolve", "--json")
    assert (readable.status, nowhere.status, dotenv.status) == (2, 2, 0)
    assert "chmod 600" in readable.err
    assert _settled(dotenv) == (1, 0, 0)


def test_a_plan_and_a_run_say_how_many_rows_have_no_score(user: Shell) -> None:
    """A comment alone is an answer, but none that counts for the NPS."""
    rows = ["p1,9,good,a@example.com", "p2,,fine,b@example.com", "p3,,,c@example.com"]
    user.write("answers.csv", "\n".join(["id,score,comment,email", *rows, ""]))
    told = "1 of 2 ready rows has no score in 'score', only other answers."
    with background() as sandbox:
        planned = user("plan", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url)
        ended = run(user, sandbox)
    assert told in planned.out
    assert told in ended.err


def test_status_says_why_rows_are_invalid_and_which_file_to_mend(user: Shell) -> None:
    user.write("answers.csv", "id,score,comment,email\np1,9,,a@example.com\np2,11,,b@example.com\n")
    with background() as sandbox:
        run(user, sandbox)
        told = user("status").out
        assert "1 × out_of_range (row 3): 11 is above 10" in told
        step = next(line for line in told.splitlines() if "problems.csv" in line)
        words = step.removeprefix("Next:").split("#")[0].split()
        (folder,) = user.folder.glob("*-import")
        mended = (folder / "problems.csv").read_text("utf-8-sig").replace(",11,", ",10,")
        (folder / "problems.csv").write_text(mended, "utf-8")
        assert user(*words[1:], "--yes").status == 0
        assert len(sandbox.stored()) == 2
    document = user("status", "--json").document
    assert document["started_at"][10] == document["ended_at"][10] == "T"
    assert document["started_at"].endswith("Z")
