"""The write-ahead journal: an attempt is on the disk before its request leaves.

One thread owns the connection and commits in groups: whatever has gathered while the last commit was
under way goes into the next one. Workers wait for their attempt's commit; outcomes ride along, since
losing one only makes its row `unknown`.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from importer.errors import LedgerError
from importer.ledger.connection import connect, failure
from importer.ledger.schema import ATTEMPTING
from importer.model import Outcome


@dataclass(frozen=True, slots=True)
class _Attempt:
    seq: int
    at: float
    durable: asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class _Ended:
    seq: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _Flush:
    durable: asyncio.Future[None]


Connecting = Callable[[Path, str], sqlite3.Connection]
"""Opens the ledger's file, with this durability."""

_Entry = _Attempt | _Ended | _Flush | None


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
        self._entries: queue.SimpleQueue[_Entry] = queue.SimpleQueue()
        self._broken: LedgerError | None = None
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self.commits = 0

    async def __aenter__(self) -> Journal:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._entries.put(None)
        await asyncio.to_thread(self._thread.join)

    async def attempting(self, seq: int) -> None:
        """Return once it is on the disk that this row is about to be posted."""
        if self._broken:
            raise self._broken
        durable = self._loop.create_future()
        self._entries.put(_Attempt(seq, time.time(), durable))
        await durable

    def record(self, seq: int, outcome: Outcome) -> None:
        """Write down what an attempt came to, with the next commit."""
        self._entries.put(_Ended(seq, outcome))

    async def flush(self) -> None:
        """Return once everything recorded so far is on the disk."""
        durable = self._loop.create_future()
        self._entries.put(_Flush(durable))
        await durable

    @property
    def broken(self) -> LedgerError | None:
        """The failure that ended the journal, if one did."""
        return self._broken

    # the journal's own thread

    def _write_all(self) -> None:
        connection: sqlite3.Connection | None = None
        open_ended = True
        while open_ended:
            entries, open_ended = self._gathered()
            try:
                connection = connection or self._connecting(self._path, self._durability)
                self._commit(connection, entries)
            except Exception as error:  # noqa: BLE001  a thread that died silently would hang the run
                self._broken = self._broken or failure(self._path, error)
            self._loop.call_soon_threadsafe(self._release, entries)
        if connection:
            connection.close()

    def _gathered(self) -> tuple[list[_Attempt | _Ended | _Flush], bool]:
        """Wait for an entry, then take all that there are; False once the journal is closed."""
        entries: list[_Attempt | _Ended | _Flush] = []
        entry = self._entries.get()
        while entry is not None:
            entries.append(entry)
            try:
                entry = self._entries.get_nowait()
            except queue.Empty:
                return entries, True
        return entries, False

    def _commit(
        self, connection: sqlite3.Connection, entries: Sequence[_Attempt | _Ended | _Flush]
    ) -> None:
        if self._broken or not entries:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            for entry in entries:
                if not isinstance(entry, _Flush):
                    connection.execute(*self._written(entry))
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self.commits += 1

    def _written(self, entry: _Attempt | _Ended) -> tuple[str, tuple[object, ...]]:
        if isinstance(entry, _Attempt):
            return _ATTEMPT, (ATTEMPTING, entry.at, self._job, entry.seq)
        outcome = entry.outcome
        told = (outcome.status, outcome.code, outcome.message, outcome.http_status)
        return _OUTCOME, (
            *told,
            *(outcome.response_id, outcome.ms, outcome.doubt),
            *(self._job, entry.seq),
        )

    def _release(self, entries: Sequence[_Attempt | _Ended | _Flush]) -> None:
        for entry in entries:
            if isinstance(entry, _Ended) or entry.durable.done():
                continue
            if self._broken:
                entry.durable.set_exception(self._broken)
            else:
                entry.durable.set_result(None)


_ATTEMPT = (
    "UPDATE rows SET status = ?, attempts = attempts + 1, sent_at = ? WHERE job = ? AND seq = ?"
)
_OUTCOME = (
    "UPDATE rows SET status = ?, code = ?, message = ?, http_status = ?, response_id = ?, ms = ?,"
    " doubt = ? WHERE job = ? AND seq = ?"
)
