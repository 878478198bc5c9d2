"""Retention: what people can read of old jobs goes; what keeps rows from being sent twice stays."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from importer.ledger.database import ATTEMPTING, check_secret
from importer.ledger.fingerprint import Hasher
from importer.ledger.store import Ledger
from importer.model import Job, Status

_LEFT = (Status.PENDING, Status.FAILED, Status.UNKNOWN, ATTEMPTING)

_READABLE = ("message", '"column"', "value", "key", "ord", "response_id")
_IDS = ("user_id", "anonymous_id")
"""Columns of a row that hold text of the file, of a person or of the server. Status, code, row number
and times stay, and so do the keyed hashes; of an id it stays that there was one."""
_HASHES = ("content", "body", "person", "traits", "shown")
"""Keyed hashes by which whoever has the key can find a person out by guessing. Without them `identity` still
says that a row was sent."""


@dataclass(frozen=True, slots=True)
class Purgeable:
    """An old job: its `rows`, and how many of them are `left` to be sent or settled."""

    job: Job
    rows: int
    left: int


def purgeable(ledger: Ledger, before: float, *, hashes: bool = False) -> list[Purgeable]:
    """The jobs that began before this moment (Unix seconds) and were not purged yet, oldest first; with
    `hashes`, those that still have them."""
    done = "no_hashes" if hashes else "purged"
    old = [job for job in ledger.jobs() if job.started_at < before and done not in job.settings]
    return [_measured(ledger, job) for job in reversed(old)]


def named(ledger: Ledger, name: str, *, hashes: bool = False) -> list[Purgeable]:
    """The job of this name or number, unless it was purged before. Raises UsageError where there is
    none."""
    job = ledger.job(name)
    done = "no_hashes" if hashes else "purged"
    return [] if done in job.settings else [_measured(ledger, job)]


def _measured(ledger: Ledger, job: Job) -> Purgeable:
    marks = ",".join("?" * len(_LEFT))
    with ledger.told():
        rows, left = ledger.connection.execute(
            f"SELECT COUNT(*), COALESCE(SUM(elsewhere = 0 AND status IN ({marks})), 0)"
            " FROM rows WHERE job = ?",
            (*_LEFT, job.id),
        ).fetchone()
    return Purgeable(job, rows, left)


def drop(ledger: Ledger, job: Job) -> tuple[int, int]:
    """Give up what is left of a job, so that no later run goes on with it: what was never posted, or
    surely not stored, is `skipped`. Rows in doubt stay so. A job that has posted nothing goes as a whole.
    Returns how many rows were given up, and how many are in doubt. Call it with its campaigns held."""
    with ledger.transaction() as connection:
        query = "SELECT EXISTS (SELECT 1 FROM rows WHERE job = ? AND attempts > 0)"
        if not connection.execute(query, (job.id,)).fetchone()[0]:
            rows = connection.execute("DELETE FROM rows WHERE job = ?", (job.id,)).rowcount
            connection.execute("DELETE FROM jobs WHERE id = ?", (job.id,))
            return rows, 0
        given_up = connection.execute(
            "UPDATE rows SET status = 'skipped', code = 'dropped', message = 'given up with its job'"
            " WHERE job = ? AND status IN ('pending', 'failed')",
            (job.id,),
        ).rowcount
        settings = json.dumps({**job.settings, "dropped": time.time()})
        connection.execute(
            "UPDATE jobs SET settings = ?, staged_at = IFNULL(staged_at, started_at),"
            " ended_at = IFNULL(ended_at, ?) WHERE id = ?",
            (settings, time.time(), job.id),
        )
    return given_up, ledger.own(job).get(Status.UNKNOWN, 0)


_BLANK = ", ".join(
    [f"{column} = ''" for column in _READABLE]
    + [f"{column} = CASE {column} WHEN '' THEN '' ELSE '-' END" for column in _IDS]
)
_NO_HASHES = ", ".join(f"{column} = NULL" for column in _HASHES)


def purge(ledger: Ledger, jobs: Sequence[Job], *, hashes: bool = False) -> None:
    """Empty what can be read of these jobs, and overwrite it on the disk: in the file, and in its
    write-ahead log. `hashes`: those go, too, by which a person can be found out, but of rows in doubt.
    Call it while no run holds the ledger."""
    with _overwriting(ledger) as connection:
        for job in jobs:
            connection.execute(f"UPDATE rows SET {_BLANK}, traits = NULL WHERE job = ?", (job.id,))
            if hashes:
                connection.execute(
                    f"UPDATE rows SET {_NO_HASHES} WHERE job = ? AND status NOT IN (?, ?)",
                    (job.id, *_IN_DOUBT),
                )
            settings = {"purged": time.time(), **_kept(job), **({"no_hashes": 1} if hashes else {})}
            connection.execute(
                "UPDATE jobs SET file = '', mapping = '', sheet = '', settings = ? WHERE id = ?",
                (json.dumps(settings), job.id),
            )


_IN_DOUBT = (Status.UNKNOWN, ATTEMPTING)


def _kept(job: Job) -> dict[str, object]:
    """Without the waves' names, a row's lines couldn't be told apart; what was given up stays so; and by
    which rule rows were told apart tells whether others are the same."""
    kept = ("waves", "dropped", "no_hashes", "rule", "columns")
    return {name: job.settings[name] for name in kept if name in job.settings}


@contextmanager
def _overwriting(ledger: Ledger) -> Iterator[sqlite3.Connection]:
    """A transaction whose traces on the disk are overwritten."""
    with ledger.told():
        ledger.connection.execute("PRAGMA secure_delete = ON")
    with ledger.transaction() as connection:
        yield connection
    with ledger.told():
        _compact(ledger.connection)


@dataclass(frozen=True, slots=True)
class Known:
    """A person's rows in one job: `seqs` all of them, `doubt` the numbers of those of unknown fate."""

    job: Job
    seqs: tuple[int, ...]
    doubt: tuple[int, ...]


def known(ledger: Ledger, ids: Collection[str], secret: bytes) -> list[Known]:
    """Where the ledger knows a person of one of these ids (userId, anonymousId, e-mail address): by the
    keyed hash, and by what stands in its columns. Jobs whose rows name their survey are looked through by
    the columns alone. `secret` keys the hashes."""
    with ledger.told():
        check_secret(ledger.connection, ledger.path, secret)
    found = [_known(ledger, job, list(ids), Hasher(secret, job.origin)) for job in ledger.jobs()]
    return [each for each in found if each.seqs]


def _known(ledger: Ledger, job: Job, ids: list[str], hasher: Hasher) -> Known:
    campaigns = job.campaigns.split(",")
    persons = [
        hasher.person(campaign, *who)
        for campaign in campaigns
        for id_ in ids
        for who in ((id_, ""), ("", id_))
    ]
    some, marks = ",".join("?" * len(persons)), ",".join("?" * len(ids))
    columns = " OR ".join(
        f"{each} IN ({marks})" for each in ("user_id", "anonymous_id", "key", "value")
    )
    with ledger.told():
        rows = ledger.connection.execute(
            "SELECT seq, row, elsewhere = 0 AND status IN (?, ?) FROM rows"
            f" WHERE job = ? AND (person IN ({some}) OR {columns}) ORDER BY seq",
            (*_IN_DOUBT, job.id, *persons, *ids * 4),
        ).fetchall()
    doubt = tuple(row for _, row, doubtful in rows if doubtful)
    return Known(job, tuple(seq for seq, *_ in rows), doubt)


def forget(ledger: Ledger, persons: Sequence[Known]) -> None:
    """Blank these rows and drop their hashes, on the disk as well; what is left to send is given up. What was
    sent keeps the one hash that says so, and is never sent again under the same mapping. Call it while no run
    holds the ledger, and for no rows in doubt."""
    with _overwriting(ledger) as connection:
        for each in persons:
            connection.executemany(
                f"UPDATE rows SET {_BLANK}, {_NO_HASHES}, code = 'erased', status = CASE WHEN status IN"
                " ('pending', 'failed') THEN 'skipped' ELSE status END WHERE job = ? AND seq = ?",
                [(each.job.id, seq) for seq in each.seqs],
            )


def _compact(connection: sqlite3.Connection) -> None:
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
