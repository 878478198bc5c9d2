"""What a ledger needs of its database, whichever it is."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import chain
from typing import Any, Protocol

from importer.errors import LedgerError
from importer.ledger.fingerprint import Hasher
from importer.ledger.past import Past

Row = tuple[Any, ...]


class Database(Protocol):
    """Asks named queries (see `named_queries`). Every error leaves as a `LedgerError` that says where."""

    where: str
    """The ledger in words that a person knows it by: a path, a server and a database's name."""

    def all(self, query: str, **values: object) -> list[Row]:
        """Every row that is found, all in memory at once."""

    def each(self, query: str, **values: object) -> Iterator[Row]:
        """The same, one by one: however many there are, few are in memory."""

    def first(self, query: str, **values: object) -> Row | None:
        """The first row, if there is one."""

    def one(self, query: str, **values: object) -> Row:
        """The row of a query that always finds one."""

    def run(self, query: str, **values: object) -> int:
        """Change something; returns how many rows were."""

    def many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """The same for each of these, whose values come in the order of the query's parameters."""

    def add(self, query: str, **values: object) -> int:
        """Insert a row; returns its `id`."""

    def transaction(self) -> AbstractContextManager[None]:
        """All that is changed meanwhile, or nothing of it."""


class Part:
    """What the parts of a ledger share."""

    def __init__(self, database: Database, secret: bytes, past: Past) -> None:
        self._db = database
        self._secret = secret
        self.past = past

    @property
    def where(self) -> str:
        """The ledger in words that a person knows it by."""
        return self._db.where

    def hasher(self, origin: str) -> Hasher:
        """What makes the hashes of one server's rows in this ledger."""
        return Hasher(self._secret, origin)

    def fold(self) -> None:
        """Bring the rows up to date with what a killed process has journalled; a database that has no
        journal of its own has nothing to do. Anybody may, at any time."""


def check_secret(database: Database, secret: bytes, *, keep: bool = True) -> None:
    """Another key would make other hashes, by which nothing that was sent is known again. `keep`: the first
    one is written down."""
    mark = hashlib.blake2b(b"ledger", key=secret, digest_size=8).hexdigest()
    found = database.first("secret_mark")
    if found is None and keep:
        database.run("secret_marked", mark=mark)
        found = database.first("secret_mark")
    if found is not None and found[0] != mark:
        raise LedgerError(
            f"The ledger {database.where} was written with another hash key, so it couldn't tell what was "
            "sent.",
            hint="Set SATISMETER_HASH_KEY as it was (or unset it), put the state folder's hash.key "
            "back, or name another --state folder.",
        )


def values(rows: Iterable[Row]) -> list[Any]:
    """The only column of each row."""
    return [value for (value,) in rows]


def whole(rows: Iterable[Row]) -> Sequence[int]:
    """The only column of each row, whole numbers: 8 bytes each, where a list takes four times the room."""
    return array("q", chain.from_iterable(rows))


def pairs(rows: Iterable[Row]) -> dict[Any, Any]:
    """The second column by the first."""
    return dict(rows)


LOOKUP = 500
"""Values that one query looks for at a time: databases bound how many it may name."""


def batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The values, so many at a time."""
    for start in range(0, len(values), LOOKUP):
        yield values[start : start + LOOKUP]
