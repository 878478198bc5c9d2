"""The journal: durable before, in order, in groups; and the end of all posting where it fails."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from importer.errors import LedgerError
from importer.ledger.sqlite import SqliteLedger
from importer.ledger.sqlite.database import connect
from importer.ledger.sqlite.journal import Journal, checkpoint
from importer.model import Job, Outcome, Status
from tests.figures import figure
from tests.ledger.making import response, staged, statuses
from tests.ledger.sqlite.making import ledger_in

CREATED = Outcome(Status.CREATED, http_status=201, response_id="id", ms=7)
PENDING = Outcome(Status.PENDING, "not_sent")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    with ledger_in(tmp_path) as one:
        yield one


@pytest.fixture
def job(ledger: SqliteLedger) -> Job:
    return staged(ledger, "a", [response(row) for row in range(2, 202)], chunk=500)[0]


def on_disk(ledger: SqliteLedger, seq: int) -> tuple[object, ...]:
    """What another process sees."""
    with closing(connect(ledger.path)) as other:
        checkpoint(other)
        found = other.execute("SELECT status, attempts FROM rows WHERE seq = ?", (seq,)).fetchone()
        return tuple(found)


async def test_an_attempt_is_on_the_disk_before_it_goes_on(ledger: SqliteLedger, job: Job) -> None:
    async with Journal(ledger.path, job.id) as journal:
        await journal.attempting(3)
        assert on_disk(ledger, 3) == ("attempting", 1)
        journal.record(3, CREATED)
        await journal.flush()
        assert on_disk(ledger, 3) == ("created", 1)


async def test_entries_of_one_commit_keep_their_order(ledger: SqliteLedger, job: Job) -> None:
    """attempt, outcome, attempt again."""
    async with Journal(ledger.path, job.id) as journal:
        await asyncio.gather(journal.attempting(0), journal.attempting(1))
        journal.record(0, PENDING)
        again = journal.attempting(0)
        journal.record(1, CREATED)
        await again
        assert journal.commits == 2
        assert on_disk(ledger, 0) == ("attempting", 2)
        assert on_disk(ledger, 1) == ("created", 1)


async def test_what_another_process_folded_is_not_counted_twice(
    ledger: SqliteLedger, job: Job
) -> None:
    async with Journal(ledger.path, job.id) as journal:
        await journal.attempting(0)
        assert on_disk(ledger, 0) == ("attempting", 1)
        journal.record(0, PENDING)
        await journal.attempting(0)
        journal.record(0, CREATED)
    assert on_disk(ledger, 0) == ("created", 2)


async def test_commits_come_in_groups(ledger: SqliteLedger, job: Job) -> None:
    async with Journal(ledger.path, job.id) as journal:
        await asyncio.gather(*(journal.attempting(seq) for seq in range(200)))
        assert journal.commits == 1
        await journal.flush()
    assert set(statuses(ledger, job).values()) == {("attempting", "")}


class Failing(sqlite3.Connection):
    """A connection whose disk fails from the n-th commit on, before or after it has been done."""

    fails_at = 3
    after = False
    commits = 0

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql.startswith("INSERT INTO journal"):
            Failing.commits += 1
            if Failing.commits >= self.fails_at:
                if self.after:
                    super().execute(sql, *values)
                raise sqlite3.OperationalError("database or disk is full")
        return super().execute(sql, *values)


def failing(path: Path, durability: str = "full") -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, factory=Failing)
    connection.execute("PRAGMA journal_mode = WAL")
    return connection


@pytest.mark.parametrize("after", [False, True])
async def test_after_a_commit_that_failed_nothing_goes_on(
    ledger: SqliteLedger, job: Job, after: bool
) -> None:
    """A full disk, or a failing fsync, after which nobody knows whether the commit is there."""
    Failing.commits, Failing.after = 0, after
    async with Journal(ledger.path, job.id, connecting=failing) as journal:
        for seq in range(2):
            await journal.attempting(seq)
        with pytest.raises(LedgerError, match="full"):
            await journal.attempting(2)
        for seq in range(3, 6):
            with pytest.raises(LedgerError):
                await journal.attempting(seq)
        journal.record(1, CREATED)
        with pytest.raises(LedgerError):
            await journal.flush()
        assert journal.broken is not None
        assert "disk space" in journal.broken.hint
    checkpoint(ledger.connection)
    found = [status for status, _ in statuses(ledger, job).values()]
    assert found.count("attempting") == (3 if after else 2)


async def test_a_disk_without_room_ends_it(ledger: SqliteLedger, job: Job) -> None:
    """SQLite's own refusal to grow, as a full disk gives it."""

    def full(path: Path, durability: str) -> sqlite3.Connection:
        connection = connect(path, durability)
        connection.execute("PRAGMA max_page_count = 1")
        return connection

    async with Journal(ledger.path, job.id, connecting=full) as journal:
        with pytest.raises(LedgerError, match="full"):
            await _fill(journal)
        with pytest.raises(LedgerError):
            await journal.attempting(199)


async def _fill(journal: Journal) -> None:
    for seq in range(200):
        await journal.attempting(seq)
        journal.record(seq, Outcome(Status.REJECTED, "rejected", "x" * 2_000))


async def test_a_ledger_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="unable to open"):
        async with Journal(tmp_path / "nowhere" / "ledger.sqlite3", 1):
            pass


async def test_a_defect_in_a_commit_is_not_a_hang(ledger: SqliteLedger, job: Job) -> None:
    async with Journal(ledger.path, job.id) as journal:
        journal.record(0, CREATED)
        journal._entries.append(object())  # type: ignore[arg-type]  # what no code of ours adds
        with pytest.raises(LedgerError):
            async with asyncio.timeout(5):
                await journal.attempting(1)


async def test_results_that_cannot_be_written_at_the_end_are_told(
    ledger: SqliteLedger, job: Job
) -> None:
    Failing.commits, Failing.after = 0, False
    journal = await Journal(ledger.path, job.id, connecting=failing).__aenter__()
    for seq in range(2):
        await journal.attempting(seq)
    journal.record(0, CREATED)
    with pytest.raises(LedgerError, match="full"):
        await journal.__aexit__()


async def test_two_thousand_rows_a_second_with_full_durability(tmp_path: Path) -> None:
    """Measured and told, with a bound far below it: the disk is not ours."""
    count, flight = 4_000, 20
    with ledger_in(tmp_path) as ledger:
        job, _ = staged(ledger, "a", [response(row) for row in range(2, 2 + count)], chunk=count)
        numbers = iter(range(count))
        async with Journal(ledger.path, job.id, "full") as journal:

            async def work() -> None:
                for seq in numbers:
                    await journal.attempting(seq)
                    await asyncio.sleep(0)
                    journal.record(seq, CREATED)

            start = time.perf_counter()
            await asyncio.gather(*(work() for _ in range(flight)))
            await journal.flush()
            seconds = time.perf_counter() - start
            commits = journal.commits
        assert ledger.counts(job) == {"created": count}
    figure("journal, full durability, 20 in flight", rows_a_second=round(count / seconds))
    assert commits < count / 4
    assert count / seconds > 200
