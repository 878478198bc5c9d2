"""Named queries over PostgreSQL; opening a ledger there, and its version."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

from psycopg import errors

from importer import system
from importer.errors import LedgerError
from importer.ledger.database import Row, queries
from importer.ledger.postgres.connection import (
    Address,
    Connection,
    Lost,
    connect,
    watched,
    wrap_postgres_errors,
)

SQL = queries("postgres")
VERSIONS = tuple(name for name in SQL if name.startswith("version_"))
"""The statements that lead from each version to the next."""

_STREAMED = ("lines", "lines_of_code")
"""Queries that find as many rows as a job has: they come in batches."""
_BATCH = 2_000
_RETRY = 0.3


@cache
def text(name: str) -> str:
    """A named query as psycopg takes it: `IN` a list is `= ANY` an array here."""
    query = SQL[name]
    marks = [
        f"{_ARRAY[each.operator]}(%({each.name})s)" if each.operator else f"%({each.name})s"
        for each in query.parameters
    ]
    pieces = tuple(each.replace("%", "%%") if marks else each for each in query.pieces)
    return replace(query, pieces=pieces).text(marks)


_ARRAY = {"IN": "= ANY", "NOT IN": "<> ALL"}


class PostgresDatabase:
    """See `ledger.database.Database`: one connection, made anew where it was lost between two questions."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.where = address.shown
        self.patience = 0.0
        """Seconds for which a question is asked again where the server is away; not within a transaction."""
        self._within = False
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The connection. Raises LedgerError."""
        if self._connection is None or self._connection.closed:
            self._connection = connect(self.address)
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def all(self, query: str, **values: object) -> list[Row]:
        until = system.steady() + self.patience
        while True:
            try:
                with self._asking() as connection:
                    return connection.execute(text(query), _bound(values)).fetchall()
            except Lost:
                if self._within or system.steady() > until:
                    raise
            self.close()
            time.sleep(_RETRY)

    def each(self, query: str, **values: object) -> Iterator[Row]:
        if query not in _STREAMED:
            yield from self.all(query, **values)
            return
        with wrap_postgres_errors(self.address):
            cursor = self.connection.cursor(f"importer_{query}", withhold=True)
            with cursor:
                cursor.itersize = _BATCH
                cursor.execute(text(query), _bound(values))
                yield from cursor

    def first(self, query: str, **values: object) -> Row | None:
        return next(iter(self.all(query, **values)), None)

    def one(self, query: str, **values: object) -> Row:
        found = self.first(query, **values)
        if found is None:
            raise LedgerError(f"The ledger ({self.where}) lacks what {query!r} looks for.")
        return found

    def run(self, query: str, **values: object) -> int:
        with self._asking() as connection:
            return connection.execute(text(query), _bound(values)).rowcount

    def many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        if query in _COPIED:
            self._copy(query, rows)
            return
        names = [each.name for each in SQL[query].parameters]
        every = [dict(zip(names, row, strict=True)) for row in rows]
        if every:
            with self._asking() as connection, connection.cursor() as cursor:
                cursor.executemany(text(query), [_bound(each) for each in every])

    def _copy(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        more = _COPIED[query]
        with self._asking() as connection, connection.cursor().copy(text(query)) as copy:
            for row in rows:
                copy.write_row([*map(_plain, row), *more])

    def add(self, query: str, **values: object) -> int:
        return int(self.one(query, **values)[0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with wrap_postgres_errors(self.address), self.connection.transaction():
            self._within = True
            try:
                yield
            finally:
                self._within = False

    @contextmanager
    def _asking(self) -> Iterator[Connection]:
        with wrap_postgres_errors(self.address), watched(self.connection):
            yield self.connection


_COPIED: Mapping[str, tuple[object, ...]] = {
    "stage_row": ("pending",),
    "stage_left": (),
    "copy_rows": (),
}
"""Statements that put many rows in at once, and what all of these have in common."""


def _bound(values: Mapping[str, object]) -> dict[str, Any]:
    return {
        name: [*map(_plain, value)] if isinstance(value, list | tuple | set) else _plain(value)
        for name, value in values.items()
    }


def _plain(value: object) -> object:
    """Texts as PostgreSQL takes them, which knows no NUL; a status is a text."""
    return str(value).replace("\0", "\ufffd") if isinstance(value, str) else value


# The ledger's version.


def hold(database: PostgresDatabase) -> None:
    """Raise LedgerError where the tables are not this importer's."""
    version = version_of(database)
    if version < len(VERSIONS):
        raise LedgerError(
            f"The ledger ({database.where}) has {'no tables yet' if not version else 'older tables'}.",
            hint="`importer ledger migrate --ledger …`, by the database's owner, brings them up to date. "
            "Nothing was sent.",
        )
    if version > len(VERSIONS):
        raise LedgerError(
            f"The ledger ({database.where}) was written by a newer importer (version {version}).",
            hint="Upgrade with `pip install -U satismeter-importer`. Nothing was sent.",
        )


def version_of(database: PostgresDatabase) -> int:
    """The version of the tables; 0 where there are none."""
    with wrap_postgres_errors(database.address):
        try:
            found = database.connection.execute(text("version")).fetchone()
        except errors.UndefinedTable:
            return 0
    return int(found[0]) if found else 0


def migrate(database: PostgresDatabase) -> int:
    """Bring the tables to the current version, in one transaction that nobody else is in; returns the version
    that was there."""
    with database.transaction():
        database.connection.execute("SELECT pg_advisory_xact_lock(7305812301)")
        (there,) = database.connection.execute(
            "SELECT to_regclass('facts') IS NOT NULL"
        ).fetchall()[0]
        before = version_of(database) if there else 0
        for name in VERSIONS[before:]:
            database.connection.execute(SQL[name].plain(""))
        if before < len(VERSIONS):
            database.run("versioned", version=str(len(VERSIONS)))
    return before


def migrated(text_: str) -> tuple[int, str]:
    """The same for a database by its address; where it is, in words, comes with it."""
    database = PostgresDatabase(Address.parse(text_))
    with closing(database):
        return migrate(database), database.where
