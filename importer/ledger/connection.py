"""Connections to the ledger's file: their settings, the checks at opening, and errors in our words."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from importer.errors import LedgerError

_BUSY_SECONDS = 30


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


def check_secret(
    connection: sqlite3.Connection, path: Path, secret: bytes, database: str = "main"
) -> None:
    """Another key would make other hashes, by which nothing that was sent is known again."""
    mark = hashlib.blake2b(b"ledger", key=secret, digest_size=8).hexdigest()
    query = f"SELECT value FROM {database}.facts WHERE name = 'secret'"
    found = connection.execute(query).fetchone()
    if found is None and database == "main":
        connection.execute("INSERT OR IGNORE INTO facts VALUES ('secret', ?)", (mark,))
        found = connection.execute(query).fetchone()
    if found is not None and found[0] != mark:
        raise LedgerError(
            f"The ledger {path} was written with another hash key, so it couldn't tell what was sent.",
            hint="Set SATISMETER_HASH_KEY as it was (or unset it), put the state folder's hash.key "
            "back, or name another --state folder.",
        )


_DAMAGED = (
    "Nothing was sent. Restore the file from a backup. Without one, move it away: the importer then "
    "knows nothing of earlier runs, so look at the survey before you run a file again."
)
_FULL = (
    "Nothing is posted after this. Free some disk space, then run the same command again: it goes on "
    "where it stopped."
)


@contextmanager
def told(path: Path) -> Iterator[None]:
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
    return LedgerError(f"The ledger {path} failed: {error}. Posting has stopped.", hint=_FULL)
