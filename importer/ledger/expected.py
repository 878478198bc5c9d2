"""What the survey should hold of a job, as far as the ledger knows: a line per row, hashes for people and
answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from importer.ledger.ledger import Ledger
from importer.model import Job

_LOOKUP = 500


@dataclass(frozen=True, slots=True)
class Expected:
    """A response that was posted for a row. `person` and `shown` are `Hashes` of the same names;
    `at`: when, in Unix seconds; `response_id`: what the API called it, "" where it didn't say.
    `certain` is False for rows of unknown fate; `anonymous` says that the row has no userId; `wave` is ""
    where the mapping has no waves."""

    seq: int
    row: int
    person: bytes
    shown: bytes
    response_id: str
    certain: bool
    anonymous: bool
    at: float
    wave: str = ""


def expected(ledger: Ledger, job: Job) -> list[Expected]:
    """Of every row that was accepted, by this job or (`already_sent`) by an earlier one, and of every
    row of unknown fate; in file order."""
    with ledger.told():
        found = ledger.connection.execute(
            "SELECT seq, row, person, shown, response_id, status = 'created',"
            " user_id = '' AND anonymous_id <> '', sent_at FROM rows"
            " WHERE job = ?1 AND elsewhere = 0 AND status IN ('created', 'unknown', 'attempting')"
            " UNION ALL "
            "SELECT r.seq, r.row, e.person, e.shown, e.response_id, 1,"
            " e.user_id = '' AND e.anonymous_id <> '', e.sent_at FROM rows r JOIN rows e"
            " ON e.identity = r.identity AND e.elsewhere = 0 AND e.status = 'created'"
            " WHERE r.job = ?1 AND r.status = 'already_sent' GROUP BY r.seq ORDER BY 1",
            (job.id,),
        ).fetchall()
    return [
        Expected(
            *(seq, row, person, shown, response_id, bool(certain), bool(anonymous), at or 0.0),
            job.wave(seq),
        )
        for seq, row, person, shown, response_id, certain, anonymous, at in found
    ]


def others(
    ledger: Ledger, job: Job, shown: Collection[bytes], since: float, until: float
) -> Counter[bytes]:
    """Of these, how often each was posted in that time by other jobs, for rows that this one has not."""
    counts: Counter[bytes] = Counter()
    wanted = list(shown)
    for start in range(0, len(wanted), _LOOKUP):
        some = wanted[start : start + _LOOKUP]
        with ledger.told():
            counts.update(
                each
                for (each,) in ledger.connection.execute(
                    "SELECT shown FROM rows WHERE job <> ? AND elsewhere = 0 AND sent_at BETWEEN ? AND ?"
                    " AND status IN ('created', 'unknown', 'attempting')"
                    f" AND shown IN ({','.join('?' * len(some))})"
                    " AND identity NOT IN (SELECT identity FROM rows WHERE job = ?"
                    " AND identity IS NOT NULL)",
                    (job.id, since, until, *some, job.id),
                )
            )
    return counts
