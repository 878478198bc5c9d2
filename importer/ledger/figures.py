"""Figures of a job for people: which rows, whose they are, and how the posting went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from importer.ledger.ledger import SENDABLE, Ledger
from importer.model import Job


class Post(NamedTuple):
    """The last attempt of a row: when it was made (Unix seconds), how long the reply took
    (milliseconds; None where none came), and which attempt it was, from 1."""

    at: float
    ms: int | None
    attempt: int


def seqs(ledger: Ledger, job: Job, statuses: Sequence[str]) -> Iterator[int]:
    """The `seq` of the job's rows of these statuses, in file order."""
    marks = ",".join("?" * len(statuses))
    with ledger.told():
        found = ledger.connection.execute(
            f"SELECT seq FROM rows WHERE job = ? AND status IN ({marks}) ORDER BY seq",
            (job.id, *statuses),
        )
        for (seq,) in found:
            yield seq


def rows_per_person(ledger: Ledger, job: Job, statuses: Sequence[str]) -> dict[int, int]:
    """How many persons have one row of these statuses, how many two, and so on."""
    marks = ",".join("?" * len(statuses))
    with ledger.told():
        return dict(
            ledger.connection.execute(
                "SELECT number, COUNT(*) FROM (SELECT COUNT(*) AS number FROM rows"
                f" WHERE job = ? AND status IN ({marks}) AND person IS NOT NULL GROUP BY person)"
                " GROUP BY number ORDER BY number",
                (job.id, *statuses),
            ).fetchall()
        )


def posts(ledger: Ledger, job: Job, since: float) -> list[Post]:
    """The last attempts made since then, oldest first."""
    with ledger.told():
        return [
            Post(at, ms, attempt)
            for at, ms, attempt in ledger.connection.execute(
                "SELECT sent_at, ms, attempts FROM rows WHERE job = ? AND sent_at >= ? ORDER BY sent_at",
                (job.id, since),
            )
        ]


def sendable(ledger: Ledger, job: Job, wave: str = "") -> Iterator[tuple[int, bool]]:
    """The Excel rows that are to be posted or settled, in file order; and of each whether this job
    does it itself, or another job's outcome decides. Where the job has waves, those of one wave."""
    marks = ",".join("?" * len(SENDABLE))
    every, place = (len(job.waves), job.waves.index(wave)) if wave else (1, 0)
    with ledger.told():
        for row, elsewhere in ledger.connection.execute(
            f"SELECT row, elsewhere FROM rows WHERE job = ? AND status IN ({marks})"
            " AND seq % ? = ? ORDER BY seq",
            (job.id, *SENDABLE, every, place),
        ):
            yield row, not elsewhere
