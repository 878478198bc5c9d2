"""The write-ahead journal (WAL): an attempt is durable before its request leaves."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from importer.errors import LedgerError
from importer.ledger.jobs import ATTEMPTING
from importer.ledger.sqlite.database import SQL, connect, failure, wrap_sqlite_errors
from importer.model import Outcome

if TYPE_CHECKING:
    import asyncio

# The journal's entries become what `rows` says. Anybody may do it at any time: it is one transaction, and
# an entry that was folded is gone.

Fields = dict[str, object]
"""An outcome as the journal holds it: the fields of `model.Outcome`, by name."""


@dataclass(slots=True)
class _Course:
    """What the journal tells of one row: the attempts made since the last fold and when the last of them was,
    the last outcome, and whether an attempt has none yet."""

    attempts: int = 0
    at: float | None = None
    outcome: Fields | None = None
    open: bool = False


@dataclass(slots=True)
class _Courses:
    """The journal's rows by job and `seq`."""

    rows: dict[tuple[int, int], _Course] = field(default_factory=dict)

    def take(self, job: int, at: float, entries: list[int | tuple[int, Fields]]) -> None:
        """The entries of one commit, in their order."""
        for entry in entries:
            if isinstance(entry, int):
                course = self._of(job, entry)
                course.attempts, course.at, course.open = course.attempts + 1, at, True
            else:
                course = self._of(job, entry[0])
                course.outcome, course.open = entry[1], False

    def _of(self, job: int, seq: int) -> _Course:
        place = (job, seq)
        if place not in self.rows:
            self.rows[place] = _Course()
        return self.rows[place]

    def now(self) -> Iterator[tuple[int, str]]:
        """Of each row its `seq`, and the status that it will have once all of this is folded."""
        for (_, seq), course in self.rows.items():
            status = ATTEMPTING if course.open or not course.outcome else course.outcome["status"]
            yield seq, str(status)

    def ended(self) -> Iterator[tuple[object, ...]]:
        """The values of `_ENDED`."""
        for place, course in sorted(self.rows.items()):
            if course.outcome:
                yield (*course.outcome.values(), course.attempts, course.at, *place)

    def under_way(self) -> Iterator[tuple[object, ...]]:
        """The values of `_UNDER_WAY`: their attempts are counted by `_ENDED` where they have an outcome."""
        for place, course in self.rows.items():
            if course.open:
                yield (0 if course.outcome else course.attempts, course.at, *place)


def checkpoint(connection: sqlite3.Connection) -> None:
    """Bring `rows` up to date. Raises sqlite3.Error; then nothing is changed."""
    if not connection.execute(_ANY).fetchone():
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        courses = _Courses()
        for job, at, entries in connection.execute(_ENTRIES):
            courses.take(job, at, orjson.loads(entries))
        connection.executemany(_ENDED, courses.ended())
        connection.executemany(_UNDER_WAY, courses.under_way())
        connection.execute(_EMPTY)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


_ANY, _ENTRIES, _EMPTY, _ENDED, _UNDER_WAY, _INSERT = (
    SQL[name].plain("?")
    for name in (
        "journal_any",
        "journal_entries",
        "journal_emptied",
        "row_ended",
        "row_under_way",
        "journal_insert",
    )
)


def progress(connection: sqlite3.Connection, job: int) -> dict[str, int]:
    """A job's rows by status as they are at this moment, while another process posts them; `attempting` are
    those in flight. What the journal holds counts, and is left there: only reading, at one point in time.
    Raises sqlite3.Error."""
    connection.execute("BEGIN")
    try:
        query = SQL["rows_by_status"].plain("?")
        counts = Counter(dict(connection.execute(query, (job,)).fetchall()))
        courses = _Courses()
        for at, entries in connection.execute(SQL["journal_of_job"].plain("?"), (job,)):
            courses.take(job, at, orjson.loads(entries))
        now = dict(courses.now())
        before = SQL["statuses_of"].plain("?")
        for seq, status in connection.execute(before, (job, orjson.dumps(list(now)).decode())):
            counts[status] -= 1
            counts[now[seq]] += 1
    finally:
        connection.execute("COMMIT")
    return {status: number for status, number in counts.items() if number}


# The write-ahead journal: an attempt is on the disk before its request leaves.
#
# It commits in groups: whatever a turn of the event loop has brought goes into one line of the
# table `journal`, so that a commit costs the same however many rows it holds. Workers wait for
# their attempt's commit; outcomes ride along, since losing one only makes its row `unknown`. Now
# and then `checkpoint` carries the lines over to `rows`.
#
# Everything happens on the event loop. A thread of its own costs more than the disk, as two threads share
# one interpreter lock; and while the disk doesn't answer there is nothing to do, for nothing may be posted.

FOLD_AFTER = 16_000
"""Entries that gather in `journal` before they are folded, which keeps the event loop for a tenth of a
second. Rows leave by their dates, so that a fold of few changes nearly as many pages of `rows` as one of
many: a run of 60,000 rows took 17.9 s of CPU and 87 MB with 4,000, 15.8 s and 93 MB with 20,000."""

Connecting = Callable[[Path, str], sqlite3.Connection]
"""Opens the ledger's file, with this durability."""


class Journal:
    """The journal of one job; an async context manager. After a failed write every further attempt
    raises `LedgerError`, so that nothing more is posted."""

    def __init__(
        self, path: Path, job: int, durability: str = "full", connecting: Connecting = connect
    ) -> None:
        self._path = path
        self._job = job
        self._durability = durability
        self._connecting = connecting
        self._entries: list[int | tuple[int, Outcome]] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._gathering = False
        self._unfolded = 0
        self._broken: LedgerError | None = None
        self._loop: asyncio.AbstractEventLoop
        self._connection: sqlite3.Connection
        self.commits = 0

    async def __aenter__(self) -> Journal:
        import asyncio

        self._loop = asyncio.get_running_loop()
        with wrap_sqlite_errors(self._path):
            self._connection = self._connecting(self._path, self._durability)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Raises LedgerError where what was recorded can't be written down."""
        try:
            if not self._broken:
                await self.flush()
        finally:
            self._connection.close()

    def attempting(self, seq: int) -> Awaitable[None]:
        """To be awaited: done once it is on the disk that this row is about to be posted."""
        durable = self._loop.create_future()
        self._waiting.append(durable)
        self._add(seq)
        return durable

    def permits(self, _: int) -> bool:
        """The file's lock isn't lost while its holder sleeps: who has it may post."""
        return True

    def record(self, seq: int, outcome: Outcome) -> None:
        """Write down what an attempt came to, with the next commit."""
        self._add((seq, outcome))

    async def flush(self) -> None:
        """Return once everything recorded so far is on the disk, and in `rows`."""
        self._commit()
        if not self._broken:
            self._attempted(self._fold)
        if self._broken:
            raise self._broken

    @property
    def broken(self) -> LedgerError | None:
        """The failure that ended the journal, if one did."""
        return self._broken

    def _add(self, entry: int | tuple[int, Outcome]) -> None:
        self._entries.append(entry)
        if not self._gathering:
            self._gathering = True
            self._loop.call_soon(self._commit)

    def _commit(self) -> None:
        self._gathering = False
        if self._entries and not self._broken:
            self._attempted(self._write)
        self._entries = []
        waiting, self._waiting = self._waiting, []
        for durable in waiting:
            if durable.done():
                continue
            if self._broken:
                durable.set_exception(self._broken)
            else:
                durable.set_result(None)

    def _attempted(self, work: Callable[[], None]) -> None:
        """Whatever fails ends all posting."""
        try:
            work()
        except Exception as error:  # noqa: BLE001  raised on the loop it would be lost, and all wait for ever
            self._broken = failure(self._path, error)

    def _write(self) -> None:
        entries = orjson.dumps(self._entries).decode()
        self._connection.execute(_INSERT, (self._job, time.time(), entries))
        self.commits += 1
        self._unfolded += len(self._entries)
        if self._unfolded >= FOLD_AFTER:
            self._fold()

    def _fold(self) -> None:
        checkpoint(self._connection)
        self._unfolded = 0
