"""Opening the SQLite ledger: to write to it, to look into it, or beside it for a plan."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any

from importer import system
from importer.errors import LedgerError
from importer.ledger.database import Database, Past, check_secret, pairs, queries
from importer.ledger.sqlite import locks
from importer.ledger.sqlite.database import (
    INDEXES,
    LOOKED_INTO,
    VERSIONS,
    Mark,
    SqliteDatabase,
    check,
    connect,
    hold_known,
    hold_there,
    mark,
    migrate,
    wrap_sqlite_errors,
)
from importer.ledger.sqlite.journal import Journal, checkpoint, progress
from importer.ledger.staging import Brief, Whole
from importer.ledger.store import Ledger
from importer.model import Job


class SqliteLedger(Ledger):
    """An open ledger in one file. Every sqlite3 error leaves as a `LedgerError` that names it."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        secret: bytes,
        past: Past | None = None,
        *,
        keeping: type[Whole | Brief] = Whole,
        besides: Callable[[], None] = lambda: None,
    ) -> None:
        self._besides = besides
        database = SqliteDatabase(connection, path)
        super().__init__(database, secret, past or Past(database), keeping=keeping)
        self.connection = connection
        self.path = path

    @classmethod
    def open(
        cls, path: Path, secret: bytes, durability: str = "full", *, checked: bool = True
    ) -> SqliteLedger:
        """Open or make the ledger at `path`, check it and bring it to the current version. `secret`
        keys its hashes; b"" where none will be made. `checked`: the whole file is read, and damage
        anywhere found. Raises LedgerError for a damaged file, one of a newer importer, one whose hashes
        were made with another key, or one that isn't the one that was used before."""
        with wrap_sqlite_errors(path):
            hold_there(path)
            if not path.exists():
                _make(path)
            connection = connect(path, durability)
        try:
            with wrap_sqlite_errors(path):
                if checked:
                    check(connection, path)
                migrate(connection, str(path))
                ledger = cls(connection, path, secret)
                hold_known(path, _mark(ledger._db))
                if secret:
                    check_secret(ledger._db, secret)
                checkpoint(connection)
        except BaseException:
            connection.close()
            raise
        return ledger

    @classmethod
    @contextmanager
    def reading(cls, path: Path) -> Iterator[SqliteLedger | None]:
        """The ledger only to look at, as often as one likes, while another process posts: nothing is
        checked, folded or written. None where nothing was run yet."""
        if not path.exists() or not path.stat().st_size:
            yield None
            return
        with wrap_sqlite_errors(path):
            place = f"{path.resolve().as_uri()}?mode=ro"
            connection = sqlite3.connect(place, timeout=5, uri=True, isolation_level=None)
        with closing(connection):
            with wrap_sqlite_errors(path):
                (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version in {0, len(VERSIONS)}:
                yield cls(connection, path, b"") if version else None
                return
        with closing(cls.open(path, b"")) as ledger:  # an older one, which is brought up to date
            yield ledger

    @classmethod
    def throwaway(
        cls,
        path: Path,
        secret: bytes,
        past: Past | None = None,
        besides: Callable[[], None] = lambda: None,
    ) -> SqliteLedger:
        """A ledger for a plan: nothing of it stays. It looks back into the one at `path` (which need not
        exist) without writing there, but for folding what a killed run has left; or, where that is
        another database's, into its `past`, which is let go of at the end (`besides`)."""
        with wrap_sqlite_errors(path):
            connection = sqlite3.connect("", isolation_level=None, uri=True)
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            migrate(connection, "the plan's ledger")
            for index in INDEXES:
                connection.execute(f"DROP INDEX {index}")
            try:
                past = past or _look_back(connection, path, secret)
            except BaseException:
                connection.close()
                raise
            return cls(connection, path, secret, past, keeping=Brief, besides=besides)

    def close(self) -> None:
        self.connection.close()
        self._besides()

    def fold(self) -> None:
        with wrap_sqlite_errors(self.path):
            checkpoint(self.connection)

    def at_this_moment(self, job: Job) -> dict[str, int]:
        with wrap_sqlite_errors(self.path):
            return progress(self.connection, job.id)

    def begin_job(self, job: Job) -> None:
        """The mark beside the ledger comes last: it must never know of more than the ledger."""
        if moved := self._db.first("ledger_moved_to"):
            raise LedgerError(
                f"The ledger {self.path} was copied into another one ({moved[0]}), which may have sent rows "
                "since that this one doesn't know of; nothing was sent.",
                hint="Name that one with --ledger, or in IMPORTER_LEDGER.",
            )
        with wrap_sqlite_errors(self.path):
            self.connection.execute("PRAGMA synchronous = FULL")
        with self._db.transaction():
            self._db.run("job_begun", job=job.id)
            self._db.run("ledger_marked", ledger=token_hex(8))
            self._db.run("ledger_begun")
            found = _mark(self._db)
        with wrap_sqlite_errors(self.path):
            mark(self.path, found)

    def retire(self, where: str) -> None:
        """Its rows are in the ledger at `where` now: nothing more is posted from here."""
        with self._db.transaction():
            self._db.run("ledger_moved", where=where)

    def wal(self, job: Job, durability: str = "full", _: float = 0.0) -> Journal:
        return Journal(self.path, job.id, durability)

    @contextmanager
    def overwriting(self) -> Iterator[None]:
        with wrap_sqlite_errors(self.path):
            self.connection.execute("PRAGMA secure_delete = ON")
        with self._db.transaction():
            yield
        with wrap_sqlite_errors(self.path):
            self.connection.execute("VACUUM")
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def lock(
        self, origin: str, campaigns: Collection[str], what: str
    ) -> AbstractContextManager[None]:
        return locks.held(self.path.parent, origin, campaigns, what)

    def lock_holder(self, origin: str, campaigns: Collection[str]) -> Mapping[str, Any] | None:
        return locks.holder(self.path.parent, origin, campaigns)


def _make(path: Path) -> None:
    """A new ledger, which takes its place only once it is whole: an empty file there was damaged. Where
    another start was first, that one's counts."""
    draft = path.with_name(f".{path.name}-{os.getpid()}-{token_hex(4)}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(connect(draft)) as connection:
            migrate(connection, str(path))
        with suppress(FileExistsError):
            system.publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _look_back(connection: sqlite3.Connection, path: Path, secret: bytes) -> Past | None:
    """What was sent before a plan, attached to its ledger; None where nothing was."""
    hold_there(path)
    if not path.exists() or not path.stat().st_size:
        return None
    connection.execute("ATTACH ? AS history", (f"{path.resolve().as_uri()}?mode=ro",))
    (version,) = connection.execute("PRAGMA history.user_version").fetchone()
    if version == 0:
        connection.execute("DETACH history")
        return None
    if not LOOKED_INTO <= version <= len(VERSIONS):
        raise LedgerError(
            f"{path} has version {version}, this importer's is {len(VERSIONS)}.",
            hint="A run brings an older ledger up to date; a newer one needs a newer importer.",
        )
    history = SqliteDatabase(connection, path, queries("sqlite", "history."))
    check_secret(history, secret, keep=False)
    hold_known(path, _mark(history))
    if history.first("journal_any"):
        with closing(connect(path)) as other:  # a plan looks into `rows`
            checkpoint(other)
    return Past(history, apart=True)


def _mark(database: Database) -> Mark:
    found = pairs(database.all("ledger_mark"))
    return Mark(found.get("ledger", ""), int(found.get("begun", 0)))
