"""The write-ahead journal: an attempt is on the disk before its request leaves.

It commits in groups: whatever a turn of the event loop has brought goes into one line of the table
`journal`, so that a commit costs the same however many rows it holds. Workers wait for their attempt's
commit; outcomes ride along, since losing one only makes its row `unknown`. Now and then `fold` carries the
lines over to `rows`.

Everything happens on the event loop. A thread of its own costs more than the disk, as two threads share
one interpreter lock; and while the disk doesn't answer there is nothing to do, for nothing may be posted.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson

from importer.errors import LedgerError
from importer.ledger.connection import connect, failure, told
from importer.ledger.folding import fold
from importer.model import Outcome

FOLD_AFTER = 4_000
"""Entries that gather in `journal` before they are folded, which keeps the event loop for some 20 ms: the
more there are, the more of them share a page of `rows`."""

Connecting = Callable[[Path, str], sqlite3.Connection]
"""Opens the ledger's file, with this durability."""


class Journal:
    """The journal of one job; an async context manager. After a failed write every further attempt
    raises `LedgerError`, so that nothing more is posted."""

    def __init__(
        self,
        path: Path,
        job: int,
        durability: str = "full",
        connecting: Connecting = connect,
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
        self._loop = asyncio.get_running_loop()
        with told(self._path):
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
        fold(self._connection)
        self._unfolded = 0


_INSERT = "INSERT INTO journal (job, at, entries) VALUES (?, ?, ?)"
"""A statement of its own is a transaction of its own."""
