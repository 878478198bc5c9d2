"""A ledger that is lost, or new: noticed, said, and compared with the survey where a person asks for it."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

from importer.sandbox import Sandbox
from tests.e2e.commands import Ended, Shell
from tests.e2e.processes import people
from tests.e2e.test_jobs import READING
from tests.e2e.test_run import results

NOTE = "knows of no earlier import into this survey"


def run(user: Shell, sandbox: Sandbox, *more: object, state: str = "state", **keys: str) -> Ended:
    words = ("answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--state", state)
    return user("run", *words, "--rate", "max", "--yes", *more, **keys)


def plan(user: Shell, sandbox: Sandbox, state: str = "state") -> Ended:
    words = ("answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--state", state)
    return user("plan", *words)


def test_a_lost_ledger_posts_nothing_until_a_person_says(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", people(20))
    assert plan(user, sandbox).status == 0
    assert run(user, sandbox).status == 0
    ledger = user.folder / "state" / "ledger.sqlite3"
    shutil.copy(ledger, user.folder / "kept")
    ledger.write_bytes(b"")

    for ended in (run(user, sandbox), plan(user, sandbox), user("jobs", "--state", "state")):
        assert ended.status == 5
        assert "is empty, so it can't tell what was sent before" in ended.err
        assert "importer new-ledger" in ended.err
    assert len(sandbox.posts()) == 20

    shutil.copy(user.folder / "kept", ledger)
    assert run(user, sandbox).status == 0
    assert len(sandbox.posts()) == 20

    ledger.unlink()
    told = user("new-ledger", "--state", "state", "--json")
    assert json.loads(told.out)["changed"] is True
    again = run(user, sandbox)
    assert NOTE in again.out + again.err
    assert len(sandbox.posts()) == 40


def test_a_first_import_is_told_once(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", people(3))
    assert NOTE in plan(user, sandbox).out
    first = run(user, sandbox)
    assert NOTE in first.out + first.err
    user.write("answers.csv", people(5))
    assert NOTE not in plan(user, sandbox).out


def test_with_an_api_key_a_new_ledger_learns_from_the_survey(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", people(20))
    assert run(user, sandbox, state="one").status == 0
    user.write("answers.csv", people(23))

    first = run(user, sandbox, "--check-survey", state="two", **READING)

    assert first.status == 0
    assert "20 rows are in the survey already" in first.out + first.err
    told = Counter((line["status"], line["code"]) for line in results(user))
    assert told == {("created", "read_back"): 20, ("created", ""): 3}
    user.write("answers.csv", people(24))
    assert run(user, sandbox, state="two").status == 0
    stored = Counter(each.user_id for each in sandbox.stored())
    assert (len(stored), set(stored.values())) == (24, {1})


def test_the_same_answers_once_more_are_sent(user: Shell, sandbox: Sandbox) -> None:
    """The survey holds one of them: the other quarter's are new."""
    user.write("mapping.yaml", user_mapping(user) + "key: wave\nforceSurvey: true\n")
    line = "p1,9,fine,,{}\n"
    head = "id,score,comment,email,wave\n"
    user.write("answers.csv", head + line.format("q1"))
    assert run(user, sandbox, state="one").status == 0
    user.write("answers.csv", head + line.format("q1") + line.format("q2"))
    assert run(user, sandbox, "--check-survey", state="two", **READING).status == 0
    assert len(sandbox.stored()) == 2
    assert run(user, sandbox, "--check-survey", state="two", **READING).status == 0
    assert len(sandbox.stored()) == 2


def user_mapping(user: Shell) -> str:
    return (user.folder / "mapping.yaml").read_text()


def test_without_a_key_it_says_so_and_sends_nothing(
    user: Shell, sandbox: Sandbox, tmp_path: Path
) -> None:
    user.write("answers.csv", people(3))
    ended = run(user, sandbox, "--check-survey")
    assert (ended.status, len(sandbox.posts())) == (2, 0)
    assert "no API key" in ended.err
    assert not list((user.folder / "state").glob("*.mark"))
