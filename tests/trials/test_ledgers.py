"""Ledgers that can't be used: a plain message, its exit status, and not one request."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from importer.sandbox import background
from tests.e2e.commands import Shell
from tests.trials.job import Job, rows


def _damaged(ledger: Path) -> None:
    with ledger.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(os.urandom(8 * 4096))


def _newer(ledger: Path) -> None:
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("PRAGMA user_version = 99")


def _no_ledger(ledger: Path) -> None:
    ledger.write_text("id,score\n" * 2_000)


def _of_another_key(ledger: Path) -> None:
    key = ledger.with_name("hash.key")
    key.unlink()
    key.write_bytes(b"x" * 32)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_damaged, "damaged"),
        (_newer, "99"),
        (_no_ledger, "damaged"),
        (_of_another_key, "another hash key"),
    ],
)
def test_a_ledger_that_is_not_to_be_trusted(
    user: Shell, harm: Callable[[Path], None], said: str
) -> None:
    with background() as sandbox:
        job = Job(user, sandbox, ("--rate", "max", "--state", "state"))
        job.write(rows(400))
        assert job.run().status == 0
        job.write(rows(401))
        harm(user.folder / "state" / "ledger.sqlite3")
        before = job.posts()
        refused = job.run()
        assert job.posts() == before
    assert refused.status == 5
    assert said in refused.err
    assert "ledger.sqlite3" in refused.err
    assert len(refused.err.splitlines()) >= 2, "it says what to do"


def test_a_state_folder_that_is_read_only(user: Shell) -> None:
    """`/proc` is so even for root."""
    with background() as sandbox:
        job = Job(user, sandbox, ("--state", "/proc/nowhere/state"))
        job.write(rows(5))
        refused = job.run()
        assert not sandbox.requests
    assert refused.status == 5
    assert "/proc/nowhere/state" in refused.err
    assert "--state" in refused.err


def test_a_ledger_from_the_future_of_the_clock(user: Shell) -> None:
    """Its last attempts lie an hour ahead, as after a clock that was set back: the settle time is
    waited once, by a clock that nobody sets, and no longer."""
    script_free = ("--rate", "max", "--state", "state", "--settle", 0.3)
    from importer.sandbox import SandboxSettings
    from importer.sandbox.faults import behaviour

    script = {"p3": (behaviour("close_read"), behaviour("close_read"))}
    with background(SandboxSettings(script=script)) as sandbox:
        job = Job(user, sandbox, script_free)
        job.write(rows(10))
        assert job.run().status == 4
        with closing(sqlite3.connect(user.folder / "state" / "ledger.sqlite3")) as connection:
            connection.execute("UPDATE rows SET sent_at = sent_at + 3600")
            connection.commit()
        start = time.monotonic()
        rest = job.run()
        took = time.monotonic() - start
        assert set(job.stored().values()) == {1}
    assert (rest.status, rest.document["rows"]["created"]) == (0, 10)
    assert took < 10
