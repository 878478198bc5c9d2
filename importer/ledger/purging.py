"""Retention: what people can read of old jobs goes; what keeps rows from being sent twice stays."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from importer.ledger.ledger import Ledger
from importer.ledger.schema import ATTEMPTING
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
                (json.dumps({"purged": time.time(), **_waves(job)}), job.id),
            )
    with ledger.told():
        _compact(ledger.connection)


def _waves(job: Job) -> dict[str, object]:
    """Without their names, a row's lines couldn't be told apart."""
    return {"waves": job.waves} if job.waves else {}


def _compact(connection: sqlite3.Connection) -> None:
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
