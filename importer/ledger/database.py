"""The SQLite file: its connection, its tables, its migrations, its errors in our words."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from importer.errors import LedgerError

# Connections to the ledger's file: their settings, the checks at opening, and errors in our words.

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
    "Nothing was sent. Restore the file from a backup. Without one, look at the survey; then move the file "
    "away, and `importer new-ledger --state DIR` begins a new one, which knows nothing of earlier runs."
)
FULL = (
    "Nothing is posted after this. Free some disk space, then run the same command again: it goes on "
    "where it stopped."
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


# The ledger's tables, and how an older ledger becomes a current one.
#
# `jobs` has a line per plan-and-run over one file; `rows` has a line per source row of a job, in
# file order (`seq` from 0). Where `jobs.settings` names `waves`, it has one per row and wave, in
# that order: `seq` modulo their number is the wave's place. A row's `status` is one of
# `model.Status`, or `attempting` while a request may be under way. `identity`, `content`, `body`,
# `person`, `traits` and `shown` (see `fingerprint`) are keyed hashes: the ledger holds no answer and no
# trait. `doubt` is 1 once an attempt of unknown fate was made; `elsewhere` is 1 where another row
# decides the fate of this one. `facts` holds what is true of the whole ledger.
#
# `journal` has a line per commit while rows are posted, until it is folded into `rows` (see
# `journal`), which whoever opens the ledger does first. `entries` is a JSON list, in order: a `seq`
# where an attempt of that row is about to leave; `[seq, outcome]` where one has ended.

ATTEMPTING = "attempting"

_VERSION_1 = """
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    file TEXT NOT NULL,
    file_sha256 TEXT NOT NULL,
    sheet TEXT NOT NULL,
    mapping TEXT NOT NULL,
    mapping_sha256 TEXT NOT NULL,
    origin TEXT NOT NULL,
    campaigns TEXT NOT NULL,
    settings TEXT NOT NULL,
    started_at REAL NOT NULL,
    staged_at REAL,
    ended_at REAL,
    exit_status INTEGER
);
CREATE TABLE rows (
    job INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    row INTEGER NOT NULL,
    status TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    "column" TEXT NOT NULL DEFAULT '',
    value TEXT NOT NULL DEFAULT '',
    key TEXT NOT NULL DEFAULT '',
    user_id TEXT NOT NULL DEFAULT '',
    anonymous_id TEXT NOT NULL DEFAULT '',
    identity BLOB,
    content BLOB,
    body BLOB,
    person BLOB,
    traits BLOB,
    shown BLOB,
    ord TEXT NOT NULL DEFAULT '',
    doubt INTEGER NOT NULL DEFAULT 0,
    elsewhere INTEGER NOT NULL DEFAULT 0,
    http_status INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    response_id TEXT NOT NULL DEFAULT '',
    sent_at REAL,
    ms INTEGER,
    PRIMARY KEY (job, seq)
) WITHOUT ROWID;
CREATE INDEX rows_identity ON rows (identity) WHERE identity IS NOT NULL AND elsewhere = 0;
CREATE INDEX rows_person ON rows (person) WHERE status = 'created';
CREATE INDEX rows_doubtful ON rows (job, person) WHERE status = 'unknown' AND elsewhere = 0;
"""

_VERSION_2 = """
CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    job INTEGER NOT NULL,
    at REAL NOT NULL,
    entries TEXT NOT NULL
);
"""

_VERSION_3 = ""
"""The tables stay; `rows.shown` of new rows is of another form (see `fingerprint.normal`), which 0.1 would
take for a row that the survey doesn't hold."""

LOOKED_INTO = 2
"""A plan looks into ledgers of this version or a later one as they are."""

INDEXES = ("rows_identity", "rows_person", "rows_doubtful")
"""What finds rows across jobs; a ledger that holds one job does without."""

MIGRATIONS = (_VERSION_1, _VERSION_2, _VERSION_3)
"""The SQL that leads from each version to the next; their number is the current version."""


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring the ledger to the current version, in one transaction; refuse one from the future."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise LedgerError(
            f"{path} was written by a newer importer (ledger version {version}).",
            hint="Upgrade with `pip install -U satismeter-importer`, or use another --state folder.",
        )
    if version == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another start may have been first.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for statement in "".join(MIGRATIONS[version:]).split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
