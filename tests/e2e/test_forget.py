"""One person is erased from the ledger, and is posted to nobody again."""

from __future__ import annotations

import sqlite3

import pytest

from importer.sandbox import Sandbox
from tests.e2e.commands import Ended, Shell
from tests.e2e.here import Here

FILE = (
    "id,score,comment,email\n"
    "jane@example.com,10,,\nJane@Example.com,1,,\njohn,9,,\nbad,99,,\nlate,8,,\n"
)
HASHES = ("content", "body", "person", "traits", "shown")


@pytest.fixture
def user(user: Shell) -> Shell:
    return Here(user.folder, user.environment)


def run(user: Shell, sandbox: Sandbox, *more: object) -> Ended:
    words = (
        "run",
        "people.csv",
        "-m",
        "mapping.yaml",
        "--endpoint",
        sandbox.url,
        "--state",
        "state",
    )
    return user(*words, "--yes", "--rate", "max", "--json", *more)


def forget(user: Shell, *words: str) -> Ended:
    return user("forget", "--state", "state", *words)


def rows(user: Shell) -> list[tuple[object, ...]]:
    with sqlite3.connect(user.folder / "state" / "ledger.sqlite3") as ledger:
        wanted = f"row, status, code, user_id, key, value, message, identity IS NULL, {', '.join(HASHES)}"
        return ledger.execute(f"SELECT {wanted} FROM rows ORDER BY job, seq").fetchall()


@pytest.fixture
def sent(user: Shell, sandbox: Sandbox) -> str:
    user.write("people.csv", FILE)
    return str(run(user, sandbox, "--limit", 3).document["job"])


def test_it_shows_first_and_names_the_files(user: Shell, sent: str) -> None:
    before = rows(user)
    shown = forget(user, "--user", "john")
    assert sent in shown.out
    assert "--yes" in shown.out
    for name in ("people.csv", "results.csv", "report.html"):
        assert name in shown.out
    assert rows(user) == before


def test_an_id_that_is_an_address_goes_in_either_case(user: Shell, sent: str) -> None:
    ended = forget(user, "--email", "Jane@Example.com", "--yes", "--json")
    assert ended.document["forgotten"] == {sent: 2}
    gone, others = rows(user)[:2], rows(user)[2:]
    for row, status, code, *readable, no_identity in (each[:8] for each in gone):
        assert (status, code, no_identity) == ("created", "erased", 0)
        assert row in (2, 3)
        assert readable == ["-", "", "", ""]
    assert {each[8:] for each in gone} == {(None,) * len(HASHES)}
    assert all(each[10] is not None for each in others if each[1] != "invalid")


def test_nobody_who_was_forgotten_is_posted_again(user: Shell, sandbox: Sandbox, sent: str) -> None:
    forget(user, "--email", "jane@example.com", "--yes")
    forget(user, "--user", "late", "--yes")  # was left to send
    again = run(user, sandbox).document
    user.write("people.csv", FILE + "new,7,,\n")  # another job over rows that were sent
    other = run(user, sandbox).document
    posted = [each.body for each in sandbox.requests]
    assert sum(b"ane@" in str(body).encode() for body in posted) == 2
    for each in (again, other):
        assert (each["rows"]["already_sent"], each["rows"]["skipped"]) == (3, 1)
    assert other["rows"]["created"] == 1
    assert "late" not in str(posted)


def test_who_is_not_known_is_told_so(user: Shell, sent: str) -> None:
    assert "knows nobody" in forget(user, "--user", "nobody", "--yes").out
    assert forget(user).status == forget(user, "--user", "a", "--email", "b@c.d").status == 2
    assert [each[2] for each in rows(user)].count("erased") == 0


def test_another_hash_key_finds_nobody_and_says_so(user: Shell, sent: str) -> None:
    ended = user("forget", "--user", "john", "--state", "state", SATISMETER_HASH_KEY="k" * 32)
    assert ended.status == 5
    assert "another hash key" in ended.err


def test_a_row_in_doubt_is_settled_first(user: Shell, sandbox: Sandbox) -> None:
    user.write("people.csv", FILE)
    run(user, sandbox)
    with sqlite3.connect(user.folder / "state" / "ledger.sqlite3") as ledger:
        ledger.execute("UPDATE rows SET status = 'unknown', doubt = 1 WHERE user_id = 'john'")
    ended = forget(user, "--user", "john", "--yes")
    assert ended.status == 2
    assert "importer resolve" in ended.err


def test_purge_drops_the_hashes_where_it_is_told_to(
    user: Shell, sandbox: Sandbox, sent: str
) -> None:
    run(user, sandbox)
    user("purge", "--state", "state", "--older-than", "0", "--yes")
    assert any(each[10] for each in rows(user))
    ended = user("purge", "--state", "state", "--older-than", "0", "--hashes", "--yes")
    assert "What stays" in ended.out
    assert {each[8:] for each in rows(user)} == {(None,) * len(HASHES)}
    requests = len(sandbox.requests)
    again = run(user, sandbox).document
    assert again["rows"]["already_sent"] == 4
    assert len(sandbox.requests) == requests
