"""The ledgers that the contract holds for, and what a test does to one behind its back.

A new database joins with a `Backend` of its own in `BACKENDS`: every test in this folder then runs over it
as well. What only one database can do or break (a damaged file, migrations, marks beside it) is tested in a
folder named after it.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from importer.ledger import Ledger, plan_ledger
from importer.ledger.postgres.ledger import PostgresLedger
from importer.ledger.sqlite import SqliteLedger
from importer.model import Job, Status
from importer.settings import SharedLedger
from tests.ledger.making import SECRET, to_send
from tests.postgres.cluster import fresh, of_the_session


class Backend(ABC):
    """One ledger, as often as it is opened. `folder` is the test's own, and empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def open(self) -> Ledger:
        """The ledger, made at the first time, with `SECRET`."""

    @abstractmethod
    def plan(self) -> Ledger:
        """A plan's, which looks back into it."""

    @abstractmethod
    def end(
        self, ledger: Ledger, job: Job, row: int, status: str, code: str = "", at: float = 0.0
    ) -> None:
        """Give a row an outcome, as an attempt at that time (now, where there is none) would; `attempting`
        is that of an attempt whose process was killed."""

    @abstractmethod
    def cut_off_staging(self, ledger: Ledger, job: Job, rows: int) -> None:
        """Leave so many rows of a staged job, as a start that was killed while it staged them."""

    @abstractmethod
    def shown(self, ledger: Ledger, job: Job, row: int, shown: bytes | None = None) -> bytes:
        """How a row looks in the survey, as the ledger has it; or is to have it from now on."""

    @abstractmethod
    def doubt(self, ledger: Ledger, job: Job, row: int) -> bool:
        """Whether an attempt of unknown fate stands against a row."""

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The ledger, for a while."""
        with closing(self.open()) as ledger:
            yield ledger

    def end_all(self, ledger: Ledger, job: Job, status: str = Status.CREATED) -> None:
        """Give every row that is to be sent this outcome."""
        for row in to_send(ledger, job):
            self.end(ledger, job, row, status)


class Sqlite(Backend):
    """A file in the folder."""

    def open(self) -> SqliteLedger:
        return SqliteLedger.open(self.folder / "ledger.sqlite3", SECRET, "process")

    def plan(self) -> SqliteLedger:
        return SqliteLedger.throwaway(self.folder / "ledger.sqlite3", SECRET)

    def end(
        self, ledger: Ledger, job: Job, row: int, status: str, code: str = "", at: float = 0.0
    ) -> None:
        _run(
            ledger,
            "UPDATE rows SET status = ?, code = ?, attempts = 1, sent_at = ?, doubt = ?"
            " WHERE job = ? AND row = ?",
            *(status, code, at or time.time(), status == Status.UNKNOWN, job.id, row),
        )

    def cut_off_staging(self, ledger: Ledger, job: Job, rows: int) -> None:
        _run(ledger, "DELETE FROM rows WHERE job = ? AND seq >= ?", job.id, rows)
        _run(ledger, "UPDATE jobs SET staged_at = NULL WHERE id = ?", job.id)

    def shown(self, ledger: Ledger, job: Job, row: int, shown: bytes | None = None) -> bytes:
        if shown is not None:
            _run(ledger, "UPDATE rows SET shown = ? WHERE job = ? AND row = ?", shown, job.id, row)
        found = self._of(ledger, "shown", job, row)
        assert isinstance(found, bytes)
        return found

    def doubt(self, ledger: Ledger, job: Job, row: int) -> bool:
        return bool(self._of(ledger, "doubt", job, row))

    def _of(self, ledger: Ledger, column: str, job: Job, row: int) -> object:
        query = f"SELECT {column} FROM rows WHERE job = ? AND row = ?"
        return _run(ledger, query, job.id, row)[0][0]


def _run(ledger: Ledger, sql: str, *values: object) -> list[tuple[object, ...]]:
    assert isinstance(ledger, SqliteLedger)
    return ledger.connection.execute(sql, values).fetchall()


class Postgres(Backend):
    """A database of the session's own server; skipped where there is none."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.cluster = of_the_session()
        self.name = fresh(self.cluster)

    def open(self) -> PostgresLedger:
        return PostgresLedger.open(self.cluster.dsn(self.name), SECRET)

    def plan(self) -> Ledger:
        return plan_ledger(SharedLedger(self.cluster.dsn(self.name)), SECRET)

    def end(
        self, ledger: Ledger, job: Job, row: int, status: str, code: str = "", at: float = 0.0
    ) -> None:
        self._run(
            ledger,
            "UPDATE rows SET status = %s, code = %s, attempts = 1, sent_at = %s, doubt = %s"
            ' WHERE job = %s AND "row" = %s',
            *(str(status), code, at or time.time(), int(status == Status.UNKNOWN), job.id, row),
        )
        if status == "attempting":
            self._run(
                ledger,
                "INSERT INTO lanes (job, shard, token, clean) VALUES (%s, 0, 1, false)",
                job.id,
            )

    def cut_off_staging(self, ledger: Ledger, job: Job, rows: int) -> None:
        self._run(ledger, "DELETE FROM staged WHERE job = %s AND seq >= %s", job.id, rows)
        self._run(ledger, "UPDATE jobs SET staged_at = NULL WHERE id = %s", job.id)

    def shown(self, ledger: Ledger, job: Job, row: int, shown: bytes | None = None) -> bytes:
        if shown is not None:
            self._run(
                ledger,
                'UPDATE staged SET shown = %s WHERE job = %s AND "row" = %s',
                shown,
                job.id,
                row,
            )
        return bytes(self._of(ledger, "shown", job, row))

    def doubt(self, ledger: Ledger, job: Job, row: int) -> bool:
        return bool(self._of(ledger, "doubt", job, row))

    def _of(self, ledger: Ledger, column: str, job: Job, row: int) -> Any:
        found = self._run(
            ledger, f'SELECT {column} FROM rows WHERE job = %s AND "row" = %s', job.id, row
        )
        return found[0][0]

    def _run(self, ledger: Ledger, sql: str, *values: object) -> list[tuple[Any, ...]]:
        assert isinstance(ledger, PostgresLedger)
        found = ledger.database.connection.execute(sql, values)
        return found.fetchall() if found.description else []


BACKENDS: dict[str, type[Backend]] = {"sqlite": Sqlite, "postgres": Postgres}
