"""The ledger: every job's rows, and the truth about what was posted."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import starmap
from pathlib import Path
from secrets import token_hex
from typing import Protocol

from importer import system
from importer.errors import LedgerError, UsageError
from importer.ledger import state
from importer.ledger.database import (
    ATTEMPTING,
    INDEXES,
    LOOKED_INTO,
    MIGRATIONS,
    check,
    check_secret,
    connect,
    migrate,
    wrap_sqlite_errors,
)
from importer.ledger.fingerprint import Hasher, settled
from importer.ledger.journal import checkpoint
from importer.model import Job, Line, Response, Status
from importer.privacy import Show
from importer.settings import server_of

# What a ledger keeps of a row that can be sent: everything, or as much as a plan looks at.

Cells = tuple[object, ...]


class Lines(Protocol):
    """`columns` of the table `rows`, the identity first; what stands in them of one response."""

    columns: str

    def of(self, response: Response) -> Cells:
        """The cells, in the order of `columns`."""


class Whole:
    """All that a run, and whatever comes after it, will want to know."""

    columns = "identity, content, body, person, traits, shown, key, user_id, anonymous_id, ord"

    def __init__(self, hasher: Hasher, show: Show) -> None:
        self._hasher = hasher
        self._show = show

    def of(self, response: Response) -> Cells:
        """Six hashes, and the ids as they may be shown."""
        show = self._show
        ids = (show(response.key), show(response.user_id), show(response.anonymous_id))
        return (*self._hasher.of(response), *ids, response.order)


class Brief:
    """What a plan looks at. Contents, people and traits are only compared with one another there, for
    which this process' own 64-bit hashes do; none of them is kept. With `Whole` a plan of 100,000 rows took
    35 % more CPU (least of four turns)."""

    columns = "identity, content, person, traits, ord"

    def __init__(self, hasher: Hasher, _: Show) -> None:
        self._identity = hasher.idempotency_key

    def of(self, response: Response) -> Cells:
        """One keyed hash, by which the row is looked for in earlier runs, and three others."""
        return (
            self._identity(response),
            hash(settled(response.content)),
            hash((response.campaign, response.user_id, response.anonymous_id)),
            hash(response.traits),
            response.order,
        )


# The ledger: one SQLite file that holds every job's rows, and is the truth about what was posted.

_CACHE_KB = -8 * 1024
"""Negative, so kilobytes. More buys no speed, and SQLite sorts in as much again."""


_LINE = (
    'seq, row, key, user_id, anonymous_id, status, code, message, "column", value, '
    "http_status, attempts, response_id, sent_at, ms"
)
_JOB = (
    "id, name, file, file_sha256, sheet, mapping, mapping_sha256, origin, campaigns, settings, "
    "started_at, staged_at, ended_at, exit_status"
)


class Ledger:
    """An open ledger. Every sqlite3 error leaves as a `LedgerError` that names the file."""

    def __init__(self, connection: sqlite3.Connection, path: Path, secret: bytes) -> None:
        self.connection = connection
        self.path = path
        self.secret = secret
        self.history = "main"
        self.keeping: type[Whole | Brief] = Whole

    @classmethod
    def open(cls, path: Path, secret: bytes, durability: str = "full") -> Ledger:
        """Open or make the ledger at `path`, check it and bring it to the current version. `secret`
        keys its hashes; b"" where none will be made. Raises LedgerError for a damaged file, one of a
        newer importer, one whose hashes were made with another key, or one that isn't the one that was
        used before."""
        with wrap_sqlite_errors(path):
            state.hold_there(path)
            if not path.exists():
                _make(path)
            connection = connect(path, durability)
        try:
            with wrap_sqlite_errors(path):
                check(connection, path)
                migrate(connection, str(path))
                state.hold_known(path, _mark(connection))
                if secret:
                    check_secret(connection, path, secret)
                checkpoint(connection)
        except BaseException:
            connection.close()
            raise
        return cls(connection, path, secret)

    @classmethod
    def throwaway(cls, history: Path, secret: bytes) -> Ledger:
        """A ledger for a plan: nothing of it stays, and it looks back into the one at `history`
        (which need not exist) without writing there, but for folding what a killed run has left."""
        with wrap_sqlite_errors(history):
            connection = sqlite3.connect("", isolation_level=None, uri=True)
            connection.execute(f"PRAGMA cache_size = {_CACHE_KB}")
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            migrate(connection, "the plan's ledger")
            for index in INDEXES:
                connection.execute(f"DROP INDEX {index}")
            ledger = cls(connection, history, secret)
            ledger.keeping = Brief
            ledger._look_back(history)
            return ledger

    def _look_back(self, history: Path) -> None:
        state.hold_there(history)
        if not history.exists() or not history.stat().st_size:
            return
        self.connection.execute("ATTACH ? AS history", (f"{history.resolve().as_uri()}?mode=ro",))
        (version,) = self.connection.execute("PRAGMA history.user_version").fetchone()
        if version == 0:
            self.connection.execute("DETACH history")
            return
        if not LOOKED_INTO <= version <= len(MIGRATIONS):
            raise LedgerError(
                f"{history} has version {version}, this importer's is {len(MIGRATIONS)}.",
                hint="A run brings an older ledger up to date; a newer one needs a newer importer.",
            )
        check_secret(self.connection, history, self.secret, "history")
        state.hold_known(history, _mark(self.connection, "history"))
        self._fold(history)
        self.history = "history"

    def _fold(self, history: Path) -> None:
        """A plan looks into `rows`."""
        if self.connection.execute("SELECT EXISTS (SELECT 1 FROM history.journal)").fetchone()[0]:
            with closing(connect(history)) as connection:
                checkpoint(connection)

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self.connection.close()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn sqlite3's errors into ours."""
        with wrap_sqlite_errors(self.path):
            yield

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing."""
        with wrap_sqlite_errors(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")

    # jobs

    def start_job(self, job: Job) -> Job:
        """The open job over the same file, mapping and server, else this one, written down."""
        found = self._unfinished(job)
        if found:
            return self.reopen(found.name, job)
        with self.transaction() as connection:
            name = self._free_name(job.name)
            cursor = connection.execute(
                "INSERT INTO jobs (name, file, file_sha256, sheet, mapping, mapping_sha256, origin,"
                " campaigns, settings, started_at) VALUES (?,?,?,?,?,?,?,?,?,?)",
                (
                    *(name, job.file, job.file_sha256, job.sheet, job.mapping, job.mapping_sha256),
                    *(job.origin, job.campaigns, json.dumps(job.settings), job.started_at),
                ),
            )
        return self.job(str(cursor.lastrowid))

    def reopen(self, name: str, job: Job) -> Job:
        """Go on with the job of this name; `job` says how, and where its file lies now. One that was
        given up stays so."""
        found = self.job(name)
        dropped = {"dropped": found.settings["dropped"]} if "dropped" in found.settings else {}
        with self.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET file = ?, mapping = ?, settings = ? WHERE id = ?",
                (job.file, job.mapping, json.dumps({**job.settings, **dropped}), found.id),
            )
        return self.job(name)

    def _unfinished(self, job: Job) -> Job | None:
        """The newest job over the same bytes that still has rows to send or to settle."""
        left = ",".join(f"'{status}'" for status in (*SENDABLE, ATTEMPTING))
        found = self.connection.execute(
            f"SELECT {_JOB} FROM jobs WHERE file_sha256 = ? AND mapping_sha256 = ? AND origin = ?"
            " AND sheet = ? AND json_extract(settings, '$.dropped') IS NULL"
            " AND (staged_at IS NULL OR EXISTS (SELECT 1 FROM rows WHERE job = jobs.id"
            f" AND status IN ({left}) AND elsewhere = 0)) ORDER BY id DESC LIMIT 1",
            (job.file_sha256, job.mapping_sha256, job.origin, job.sheet),
        ).fetchone()
        return _job(found) if found else None

    def newest(self, statuses: Sequence[str]) -> Job:
        """The newest job that has rows of these statuses and was neither given up nor purged; else the
        newest of all. UsageError where there is none."""
        left = [*statuses, *([ATTEMPTING] if Status.UNKNOWN in statuses else [])]
        marks = ",".join("?" * len(left))
        with self.told():
            found = self.connection.execute(
                f"SELECT name FROM jobs WHERE json_extract(settings, '$.dropped') IS NULL"
                " AND json_extract(settings, '$.purged') IS NULL AND EXISTS (SELECT 1 FROM rows WHERE"
                f" job = jobs.id AND status IN ({marks}) AND elsewhere = 0) ORDER BY id DESC LIMIT 1",
                left,
            ).fetchone()
        return self.job(found[0] if found else "")

    def _free_name(self, wanted: str) -> str:
        taken = {name for (name,) in self.connection.execute("SELECT name FROM jobs")}
        numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
        return next(name for name in (wanted, *numbered) if name not in taken)

    def spelled(self, origin: str) -> str:
        """A server's origin as the jobs that were sent to it spell it, since the hashes begin with it:
        0.1 took `https://h:443` and `https://h.` for servers of their own."""
        known = [each.origin for each in self.jobs() if server_of(each.origin) == server_of(origin)]
        return origin if origin in known or not known else known[-1]

    def jobs(self) -> list[Job]:
        """Every job, newest first; of a plan's throwaway ledger, those that it looks back to."""
        with self.told():
            return [
                _job(found)
                for found in self.connection.execute(
                    f"SELECT {_JOB} FROM {self.history}.jobs ORDER BY id DESC"
                )
            ]

    def job(self, name: str) -> Job:
        """The job of this name or number; "" is the newest. UsageError where there is none."""
        with self.told():
            found = self.connection.execute(
                f"SELECT {_JOB} FROM jobs WHERE name = ?1 OR CAST(id AS TEXT) = ?1 OR ?1 = ''"
                " ORDER BY id DESC LIMIT 1",
                (name,),
            ).fetchone()
        if not found:
            raise UsageError(
                f"There is no job {name!r} in {self.path}." if name else "There is no job yet.",
                hint="`importer jobs` lists them; another --state folder has others.",
            )
        return _job(found)

    @contextmanager
    def staging(self, job: Job) -> Iterator[None]:
        """The time before a job's first post. Where it breaks off, since the file can't be read to its
        end, or a person says no, a new job leaves nothing behind: none of its rows was posted."""
        try:
            yield
        except BaseException:
            if job.staged_at is None:
                with self.transaction() as connection:
                    connection.execute("DELETE FROM rows WHERE job = ?", (job.id,))
                    connection.execute("DELETE FROM jobs WHERE id = ?", (job.id,))
            raise

    def begin_job(self, job: Job) -> None:
        """Write down that the job is under way, whether or not it had ended before; and beside the ledger
        that there is one. The mark comes last: it must never know of more than the ledger."""
        self.connection.execute("PRAGMA synchronous = FULL")
        with self.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET ended_at = NULL, exit_status = NULL WHERE id = ?", (job.id,)
            )
            connection.execute(
                "INSERT OR IGNORE INTO facts VALUES ('ledger', ?), ('begun', '0')", (token_hex(8),)
            )
            connection.execute("UPDATE facts SET value = value + 1 WHERE name = 'begun'")
            found = _mark(connection)
        with self.told():
            state.mark(self.path, found)

    def end_job(self, job: Job, exit_status: int, stopped: str = "") -> None:
        """Write down that the job has ended, how, and why it stopped early, if it did; until it goes on."""
        settings = json.dumps({**job.settings, "stopped": stopped})
        with self.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET ended_at = ?, exit_status = ?, settings = ? WHERE id = ?",
                (time.time(), exit_status, settings, job.id),
            )

    # rows

    def recover(self, origin: str, campaigns: Collection[str]) -> int:
        """Rows found `attempting` were cut off by a crash: posted or not, nobody knows. Called with
        the lock of these campaigns held, since a row of another may be under way; returns how many."""
        with self.told():
            checkpoint(self.connection)
        with self.transaction() as connection:
            jobs = connection.execute("SELECT id, campaigns, origin FROM jobs").fetchall()
            held = [
                id_
                for id_, named, to in jobs
                if server_of(to) == server_of(origin) and meet(named.split(","), campaigns)
            ]
            marks = ",".join("?" * len(held))
            cursor = connection.execute(
                "UPDATE rows SET status = ?, doubt = 1, code = 'cut_off', message = ? WHERE status = ?"
                f" AND elsewhere = 0 AND job IN ({marks})",
                (Status.UNKNOWN, CUT_OFF, ATTEMPTING, *held),
            )
        return cursor.rowcount

    def counts(self, job: Job) -> dict[str, int]:
        """Rows by status; `attempting` counts as unknown, which is what it would be after a crash."""
        with self.told():
            found = self.connection.execute(
                "SELECT status, COUNT(*) FROM rows WHERE job = ? GROUP BY status", (job.id,)
            )
            counts: dict[str, int] = {}
            for status, number in found:
                shown = Status.UNKNOWN if status == ATTEMPTING else status
                counts[shown] = counts.get(shown, 0) + number
        return counts

    def own(self, job: Job) -> dict[str, int]:
        """Rows by status, but for those whose fate another row decides."""
        with self.told():
            return dict(
                self.connection.execute(
                    "SELECT status, COUNT(*) FROM rows WHERE job = ? AND elsewhere = 0 GROUP BY status",
                    (job.id,),
                ).fetchall()
            )

    def counted(self, job: Job, by: str, statuses: Sequence[str]) -> dict[str, int]:
        """Rows of these statuses by `code` or by `message`, most first."""
        marks = ",".join("?" * len(statuses))
        with self.told():
            return dict(
                self.connection.execute(
                    f"SELECT {by}, COUNT(*) FROM rows WHERE job = ? AND status IN ({marks})"
                    " GROUP BY 1 ORDER BY 2 DESC, 1",
                    (job.id, *statuses),
                ).fetchall()
            )

    def lines(self, job: Job, code: str | None = None, limit: int = -1) -> Iterator[Line]:
        """The job's rows in file order; those of one code only, if one is named."""
        with self.told():
            wanted = "" if code is None else " AND code = ?2"
            found = self.connection.execute(
                f"SELECT {_LINE} FROM rows WHERE job = ?1{wanted} ORDER BY seq LIMIT {limit:d}",
                (job.id,) if code is None else (job.id, code),
            )
            lines: Iterator[Line] = starmap(Line, found)
            if job.waves:
                lines = (line._replace(wave=job.wave(line.seq)) for line in lines)
            yield from lines


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


def _mark(connection: sqlite3.Connection, database: str = "main") -> state.Mark:
    query = f"SELECT name, value FROM {database}.facts WHERE name IN ('ledger', 'begun')"
    found = dict(connection.execute(query).fetchall())
    return state.Mark(found.get("ledger", ""), int(found.get("begun", 0)))


CUT_OFF = "the importer was ended while this row was being posted; it may be stored"

SENDABLE = (Status.PENDING, Status.FAILED, Status.UNKNOWN)
"""What is left of a job: to be posted, or to be settled."""


def _job(values: Sequence[object]) -> Job:
    fields = list(values)
    fields[9] = json.loads(str(fields[9]))
    return Job(*fields)  # type: ignore[arg-type]  # the columns are the fields, in their order


def meet(some: Collection[str], others: Collection[str]) -> bool:
    """Whether the surveys meet; `*` is any survey."""
    return "*" in some or "*" in others or not set(some).isdisjoint(others)
