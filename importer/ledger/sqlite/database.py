"""The SQLite file: its connection, its tables, its migrations, its errors in our words, its mark."""

from __future__ import annotations

import json
import os
import re
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from importer import resources
from importer.errors import LedgerError
from importer.ledger.database import Queries, Row, queries
from importer.ledger.state import FULL, KEY, private_file

# Connections to the ledger's file: their settings, the checks at opening, and errors in our words.

_BUSY_SECONDS = 30
"""How long a statement waits for another process' transaction before it is an error."""


def connect(path: Path, durability: str = "full") -> sqlite3.Connection:
    """A connection with the ledger's settings: WAL, and a commit that is on the disk when it
    returns (`full`; on macOS, too) or with the operating system (`process`)."""
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'full' else 'NORMAL'}")
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA temp_store = FILE")
    return connection


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise LedgerError where the file is damaged."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise LedgerError(f"The ledger {path} is damaged: {found}.", hint=_DAMAGED)


_DAMAGED = (
    "Nothing was sent. Restore the file from a backup. Without one, look at the survey; then move the file "
    "away, and `importer new-ledger --state DIR` begins a new one, which knows nothing of earlier runs."
)


@contextmanager
def wrap_sqlite_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise failure(path, error) from error


def failure(path: Path, error: Exception) -> LedgerError:
    """sqlite3's error in our words, with what to do."""
    damaged = isinstance(error, sqlite3.DatabaseError) and any(
        word in str(error) for word in ("malformed", "not a database")
    )
    if damaged:
        return LedgerError(f"The ledger {path} is damaged: {error}.", hint=_DAMAGED)
    return LedgerError(f"The ledger {path} failed: {error}. Posting has stopped.", hint=FULL)


# The ledger's tables (`migrations.sql`), and how an older ledger becomes a current one.

VERSIONS = ("version_1", "version_2", "version_3", "version_4")
"""What leads from each version to the next; their number is the current version."""

LOOKED_INTO = 2
"""A plan looks into ledgers of this version or a later one as they are."""

INDEXES = ("rows_identity", "rows_person", "rows_doubtful")
"""What finds rows across jobs; a ledger that holds one job does without."""


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring the ledger to the current version, in one transaction; refuse one from the future."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(VERSIONS):
        raise LedgerError(
            f"{path} was written by a newer importer (ledger version {version}).",
            hint="Upgrade with `pip install -U satismeter-importer`, or use another --state folder.",
        )
    if version == len(VERSIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another start may have been first.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for each in VERSIONS[version:]:
            for statement in SQL[each].plain("?").split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(VERSIONS)}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


# Named queries, as sqlite3 takes them.

SQL = queries("sqlite")


_ONE_ROW = re.compile(r"\bVALUES (\([^()]*\))\s*\Z")
_VALUES = 900
"""As many as any SQLite takes in one statement."""


class SqliteDatabase:
    """See `ledger.database.Database`. `where` is the file's path."""

    def __init__(
        self, connection: sqlite3.Connection, path: Path, statements: Queries = SQL
    ) -> None:
        self.connection = connection
        self.path = path
        self.where = str(path)
        self._statements = statements

    def all(self, query: str, **values: object) -> list[Row]:
        with wrap_sqlite_errors(self.path):
            return self._execute(query, values).fetchall()

    def each(self, query: str, **values: object) -> Iterator[Row]:
        with wrap_sqlite_errors(self.path):
            # chain: closing a generator that isn't at its end closes what it yields from, and a cursor whose
            # connection is closed by then raises.
            yield from chain(self._execute(query, values))

    def first(self, query: str, **values: object) -> Row | None:
        with wrap_sqlite_errors(self.path):
            found: Row | None = self._execute(query, values).fetchone()
            return found

    def one(self, query: str, **values: object) -> Row:
        found = self.first(query, **values)
        if found is None:
            raise LedgerError(f"The ledger {self.path} lacks what {query!r} looks for.")
        return found

    def run(self, query: str, **values: object) -> int:
        with wrap_sqlite_errors(self.path):
            return self._execute(query, values).rowcount

    def many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        with wrap_sqlite_errors(self.path):
            text = self._statements[query].plain("?")
            if found := _ONE_ROW.search(text):
                # Some rows by one statement: each costs two thirds.
                fields, several = found[1].count("?"), iter(rows)
                while some := list(islice(several, _VALUES // fields)):
                    values = ",".join([found[1]] * len(some))
                    self.connection.execute(
                        text[: found.start(1)] + values, [*chain.from_iterable(some)]
                    )
            else:
                self.connection.executemany(text, rows)

    def add(self, query: str, **values: object) -> int:
        with wrap_sqlite_errors(self.path):
            return self._execute(query, values).lastrowid or 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with wrap_sqlite_errors(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")

    def _execute(self, name: str, values: Mapping[str, object]) -> sqlite3.Cursor:
        """Lists are bound value by value, as SQLite knows no others."""
        query = self._statements[name]
        marks: list[str] = []
        bound: list[Any] = []
        for parameter in query.parameters:
            value: Any = values[parameter.name]
            if parameter.operator:
                marks.append(f"{parameter.operator} ({','.join('?' * len(value))})")
                bound.extend(value)
            else:
                marks.append("?")
                bound.append(value)
        return self.connection.execute(query.text(marks), bound)


def ledger_path(folder: Path) -> Path:
    """Where the ledger lies in a state folder."""
    return folder / "ledger.sqlite3"


# A ledger that was lost is noticed. The first job that posts leaves a mark beside it, which says which ledger
# it is and how many jobs it has begun: one that is missing, empty, another or older can't tell what was sent.


class Mark(NamedTuple):
    """`ledger`: what a ledger is told from others by; `begun`: how many jobs were begun in it."""

    ledger: str
    begun: int


_MARK = "ledger.mark"


def mark(path: Path, found: Mark) -> None:
    """Leave it beside the ledger at `path`, on the disk. Raises OSError."""
    draft = path.with_name(f".{_MARK}-{os.getpid()}-{secrets.token_hex(4)}")
    private_file(draft, json.dumps(found._asdict()).encode())
    draft.replace(path.with_name(_MARK))


def unmark(path: Path) -> bool:
    """Let the ledger at `path` be a new one: it goes where it is empty. False where there was no mark."""
    marked = path.with_name(_MARK).exists() or _is_empty(path)
    if _is_empty(path):
        path.unlink()
    path.with_name(_MARK).unlink(missing_ok=True)
    return marked


def hold_there(path: Path) -> None:
    """Raise LedgerError where there is no ledger, and was one."""
    if path.is_dir():
        raise LedgerError(
            f"{path} is a folder, and no ledger.", hint="Name another with --state DIR."
        )
    if not path.exists() and path.with_name(_MARK).exists():
        raise _lost(path, "is gone")
    if _is_empty(path) and (path.with_name(_MARK).exists() or (path.parent / KEY).exists()):
        raise _lost(path, "is empty")


def hold_known(path: Path, found: Mark) -> None:
    """Raise LedgerError where the ledger isn't the one that the mark speaks of, or an older copy of it."""
    try:
        marked = Mark(**json.loads(resources.small(path.with_name(_MARK))[0]))
    except (OSError, ValueError, TypeError):
        return
    if found.ledger != marked.ledger:
        raise _lost(path, "is another one than the last run had")
    if found.begun < marked.begun:
        raise _lost(
            path, f"is an older copy: it lacks the last {marked.begun - found.begun} run(s)"
        )


def _is_empty(path: Path) -> bool:
    return path.exists() and not path.stat().st_size


def _lost(path: Path, what: str) -> LedgerError:
    return LedgerError(
        f"The ledger {path} {what}, so it can't tell what was sent before; nothing was sent.",
        hint="Restore it from a backup. Where there is none, look at the survey; then `importer new-ledger "
        "--state DIR` lets it begin anew, and rows that were sent before are sent again.",
    )
