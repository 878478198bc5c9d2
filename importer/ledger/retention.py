"""Retention: what people can read of old jobs goes; what keeps rows from being sent twice stays."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from importer.ledger.database import ATTEMPTING
from importer.ledger.store import Ledger
from importer.model import Job, Status

_LEFT = (Status.PENDING, Status.FAILED, Status.UNKNOWN, ATTEMPTING)

_READABLE = ("message", '"column"', "value", "key", "ord", "response_id")
_IDS = ("user_id", "anonymous_id")
"""Columns of a row that hold text of the file, of a person or of the server. Status, code, row number
and times stay, and so do the keyed hashes; of an id it stays that there was one."""


@dataclass(frozen=True, slots=True)
class Purgeable:
    """An old job: its `rows`, and how many of them are `left` to be sent or settled."""

    job: Job
    rows: int
    left: int


def purgeable(ledger: Ledger, before: float) -> list[Purgeable]:
    """The jobs that began before this moment (Unix seconds) and were not purged yet, oldest first."""
    old = [job for job in ledger.jobs() if job.started_at < before and "purged" not in job.settings]
    return [_measured(ledger, job) for job in reversed(old)]


def named(ledger: Ledger, name: str) -> list[Purgeable]:
    """The job of this name or number, unless it was purged before. Raises UsageError where there is
    none."""
    job = ledger.job(name)
    return [] if "purged" in job.settings else [_measured(ledger, job)]


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


def purge(ledger: Ledger, jobs: Sequence[Job]) -> None:
    """Empty what can be read of these jobs, and overwrite it on the disk: in the file, and in its
    write-ahead log. Call it while no run holds the ledger."""
    blank = ", ".join(
        [f"{column} = ''" for column in _READABLE]
        + [f"{column} = CASE {column} WHEN '' THEN '' ELSE '-' END" for column in _IDS]
    )
    with ledger.told():
        ledger.connection.execute("PRAGMA secure_delete = ON")
    with ledger.transaction() as connection:
        for job in jobs:
            connection.execute(f"UPDATE rows SET {blank}, traits = NULL WHERE job = ?", (job.id,))
            connection.execute(
                "UPDATE jobs SET file = '', mapping = '', sheet = '', settings = ? WHERE id = ?",
                (json.dumps({"purged": time.time(), **_kept(job)}), job.id),
            )
    with ledger.told():
        _compact(ledger.connection)


def _kept(job: Job) -> dict[str, object]:
    """Without the waves' names, a row's lines couldn't be told apart; what was given up stays so; and by
    which rule rows were told apart tells whether others are the same."""
    return {name: job.settings[name] for name in _STAYS if name in job.settings}


_STAYS = ("waves", "dropped", "rule", "columns")


def _compact(connection: sqlite3.Connection) -> None:
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
