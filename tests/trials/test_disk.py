"""A disk that takes no more, in the middle of a run: nothing is posted without its attempt on the disk."""

from __future__ import annotations

import sqlite3
import sys
import time
from contextlib import closing

import pytest

from importer.sandbox import SandboxSettings, background
from tests.e2e.commands import Shell
from tests.figures import figure
from tests.trials.job import Job, ended, rows

if sys.platform == "linux":
    from resource import RLIM_INFINITY, RLIMIT_FSIZE, prlimit

COUNT = 1_500


def on_the_disk(user: Shell) -> tuple[int, dict[str, int]]:
    """The attempts that the ledger holds, and its rows by status."""
    with closing(sqlite3.connect(user.folder / "state" / "ledger.sqlite3")) as ledger:
        (attempts,) = ledger.execute("SELECT SUM(attempts) FROM rows").fetchone()
        return int(attempts), dict(
            ledger.execute("SELECT status, COUNT(*) FROM rows GROUP BY status").fetchall()
        )


@pytest.mark.skipif(sys.platform != "linux", reason="needs prlimit(2)")
def test_files_that_can_not_grow(user: Shell) -> None:
    """The kernel refuses every byte beyond the journal's present end, as a full disk does."""
    with background(SandboxSettings(latency=0.01)) as sandbox:
        options = ("--rate", "max", "--state", "state", "--settle", 0)
        job = Job(user, sandbox, options)
        job.write(rows(COUNT))
        process = job.start()
        until = time.monotonic() + 30
        while job.posts() < 100 and time.monotonic() < until:
            time.sleep(0.005)
        journal = user.folder / "state" / "ledger.sqlite3-wal"
        prlimit(process.pid, RLIMIT_FSIZE, (journal.stat().st_size, RLIM_INFINITY))
        status, document = ended(process)
        posts = job.posts()
        attempts, statuses = on_the_disk(user)
        errors = (user.folder / "job.err").read_text(encoding="utf-8")
        assert status == 5, errors
        assert 100 <= posts < COUNT
        assert posts <= attempts <= posts + 8
        assert statuses["pending"] >= COUNT - attempts
        assert "ledger" in document.get("stopped", errors)
        assert "Traceback" not in errors

        rest = job.run()
        stored = job.stored()
        assert set(stored.values()) == {1}
        assert len(stored) == COUNT
        for number, line in enumerate(job.results()):
            assert line["status"] in ("created", "unknown")
            assert stored[f"comment {number}"] == 1
    figure(
        "a full disk",
        posts=posts,
        attempts_on_the_disk=attempts,
        posts_after_a_failed_commit=max(0, posts - attempts),
        then_created=rest.document["rows"]["created"],
        then_unknown=rest.document["rows"]["unknown"],
    )
