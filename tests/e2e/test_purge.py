"""Retention: nothing readable is left on the disk, and nothing is sent twice all the same."""

import sqlite3

import pytest

from importer.sandbox import Sandbox
from tests.e2e.commands import Ended, Shell

FILE = (
    "id,score,comment,email\n"
    "customer-jane,10,,jane@example.com\ncustomer-john,11,,john@example.com\nx1,skip,,\n"
)


def run(user: Shell, sandbox: Sandbox, name: str = "vip-customers.csv", *more: object) -> Ended:
    words = ("run", name, "-m", "mapping.yaml", "--endpoint", sandbox.url, "--state", "state")
    return user(*words, "--yes", "--rate", "max", "--show-values", "--json", *more)


def on_disk(user: Shell) -> bytes:
    return b"".join(path.read_bytes() for path in (user.folder / "state").glob("ledger.*"))


@pytest.fixture
def sent(user: Shell, sandbox: Sandbox) -> str:
    """A job that has ended; its name."""
    user.write("vip-customers.csv", FILE)
    return str(run(user, sandbox).document["job"])


def test_it_only_shows_what_would_go_until_it_is_told_to(user: Shell, sent: str) -> None:
    before = on_disk(user)

    young = user("purge", "--state", "state")
    shown = user("purge", "--state", "state", "--older-than", "0s")

    assert "Nothing to purge" in young.out
    assert sent in shown.out
    assert "--yes" in shown.out
    assert b"customer-jane" in before
    assert b"customer-jane" in on_disk(user)


def test_nothing_readable_is_left_and_nothing_is_sent_twice(
    user: Shell, sandbox: Sandbox, sent: str
) -> None:
    ended = user("purge", "--state", "state", "--older-than", "0", "--yes", "--json")
    again = run(user, sandbox)

    assert ended.document == {"command": "purge", "purged": [sent], "left": []}
    assert again.document["requests"] == 0
    assert again.document["rows"]["already_sent"] == 1
    user("purge", "--state", "state", "--older-than", "0", "--yes")
    left = on_disk(user)
    for word in (b"customer-", b"jane", b"john", b"mapping.yaml", b"is above 10"):
        assert word not in left


def test_counts_and_statuses_stay(user: Shell, sent: str) -> None:
    user("purge", "--state", "state", "--job", sent, "--yes")

    with sqlite3.connect(user.folder / "state" / "ledger.sqlite3") as ledger:
        rows = ledger.execute("SELECT row, status, code FROM rows ORDER BY seq").fetchall()
    assert rows == [(2, "created", ""), (3, "invalid", "out_of_range"), (4, "skipped", "skip_rule")]


def test_a_job_with_rows_left_is_passed_over(user: Shell, sandbox: Sandbox) -> None:
    user.write("two.csv", "id,score,comment,email\nu1,1,,\nu2,2,,\n")
    job = run(user, sandbox, "two.csv", "--limit", 1).document["job"]

    swept = user("purge", "--state", "state", "--older-than", "0", "--yes")

    assert f"{job} stays" in swept.err
    assert run(user, sandbox, "two.csv").document["rows"]["created"] == 2


def test_a_job_that_is_named_goes_whatever_is_left_of_it(user: Shell, sandbox: Sandbox) -> None:
    user.write("vip-two.csv", "id,score,comment,email\nu1,1,,\nu2,2,,\n")
    job = run(user, sandbox, "vip-two.csv", "--limit", 1).document["job"]

    assert user("purge", "--state", "state", "--job", job, "--yes").status == 0

    assert b"vip-two.csv" not in on_disk(user)
    again = run(user, sandbox, "vip-two.csv").document
    assert again["job"] != job
    assert (again["rows"]["already_sent"], again["rows"]["created"]) == (1, 1)


def test_a_job_is_given_up(user: Shell, sandbox: Sandbox) -> None:
    """What was sent stays known; the same file starts a new job."""
    user.write("two.csv", "id,score,comment,email\nu1,1,,\nu2,2,,\n")
    job = run(user, sandbox, "two.csv", "--limit", 1).document["job"]

    dropped = user("drop", job, "--state", "state")
    user("resume", job, "--state", "state", "--yes")
    assert "given up" in user("jobs", "--state", "state").out
    listed = user("jobs", "--state", "state", "--json").document["jobs"]
    again = run(user, sandbox, "two.csv").document

    assert (dropped.status, listed[0]["left"], listed[0]["rows"]["skipped"]) == (0, 0, 1)
    assert "1 row given up, 0 in doubt" in dropped.out
    assert (again["rows"]["already_sent"], again["rows"]["created"]) == (1, 1)
    assert again["job"] != job
    assert len(sandbox.posts()) == 2


def test_a_job_that_posted_nothing_goes_as_a_whole(user: Shell, sandbox: Sandbox) -> None:
    user.write("two.csv", "id,score,comment,email\nu1,1,,\nu2,2,,\n")
    run(user, sandbox, "two.csv", "--max-failures", 0)
    user.write("bad.csv", "id,score,comment,email\nu1,1,,\nu2,22,,\n")
    job = run(user, sandbox, "bad.csv", "--max-failures", 0).document["job"]

    user("drop", job, "--state", "state")

    assert job not in user("jobs", "--state", "state").out


def test_going_on_takes_the_newest_job_with_rows_left(user: Shell, sandbox: Sandbox) -> None:
    people = [user.write(f"{n}.csv", f"id,score,comment,email\nu{n},1,,\nv{n},2,,\n") for n in "ab"]
    first = run(user, sandbox, people[0].name, "--limit", 1).document["job"]
    run(user, sandbox, people[1].name)
    words = ("resume", "--state", "state", "--yes", "--rate", "max", "--json")

    people[0].rename(user.folder / "moved.csv")
    gone = user(*words)
    ended = user(*words, "--file", "moved.csv")

    assert gone.status == 2
    assert f"importer resume {first} --file FILE" in gone.err
    assert (ended.document["job"], ended.document["rows"]["created"]) == (first, 2)
    assert user(*words, "--file", "b.csv").status == 0


def test_there_is_no_such_job(user: Shell, sent: str) -> None:
    assert user("purge", "--state", "state", "--job", "nothing").status == 2
