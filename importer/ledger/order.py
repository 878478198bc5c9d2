"""Which rows of a job are sent, in which order, and who has to wait."""

from __future__ import annotations

import time
from collections.abc import Sequence

from importer.ledger.ledger import Ledger
from importer.model import Job, Outgoing

FRESH = 24 * 60 * 60.0
"""Seconds after which the API's duplicate check is no longer trusted to know a row that may be stored:
it speaks of users who responded "recently" only."""

ANSWERED = ("stored_or_duplicate", "rejected_in_doubt")
"""Codes of rows in doubt that were asked about, and are in doubt still: asking again tells no more."""


def sending_order(ledger: Ledger, job: Job, statuses: Sequence[str]) -> list[int]:
    """The `seq` of the job's rows of these statuses, oldest first, as the mapping's date says;
    without a date in file order. Rows whose fate another job decides are left out."""
    marks = ",".join("?" * len(statuses))
    return _seqs(ledger, f"job = ? AND status IN ({marks}) AND elsewhere = 0", job.id, *statuses)


def late_order(ledger: Ledger, job: Job, behind: Sequence[str]) -> list[int]:
    """The rows in doubt that the API's duplicate check can decide (`askable`), and those of the
    statuses `behind`, which may have waited for them."""
    marks = ",".join("?" * len(behind))
    return _seqs(
        ledger,
        f"job = ? AND elsewhere = 0 AND (({_ASKABLE}) OR status IN ({marks}))",
        *(job.id, *_asked(), *behind),
    )


def behind_order(ledger: Ledger, job: Job, behind: Sequence[str]) -> list[int]:
    """The rows of the statuses `behind`, but for those that were posted and called absent from the survey:
    where nothing on the server's side would stop a second copy, the same run doesn't post them again."""
    marks = ",".join("?" * len(behind))
    where = f"job = ? AND elsewhere = 0 AND status IN ({marks}) AND NOT ({_ABSENT})"
    return _seqs(ledger, where, job.id, *behind)


def called_absent(ledger: Ledger, job: Job) -> set[bytes]:
    """The persons with a row of this job that was posted and called absent from the survey."""
    with ledger.told():
        query = f"SELECT DISTINCT person FROM rows WHERE job = ? AND elsewhere = 0 AND {_ABSENT}"
        return {person for (person,) in ledger.connection.execute(query, (job.id,))}


_ABSENT = "status = 'failed' AND code = 'not_stored'"


def askable(ledger: Ledger, job: Job) -> int:
    """How many rows in doubt the API's duplicate check can decide: posted lately, and not asked about
    before."""
    return len(_seqs(ledger, f"job = ? AND elsewhere = 0 AND {_ASKABLE}", job.id, *_asked()))


_ASKABLE = f"status = 'unknown' AND code NOT IN {ANSWERED} AND ABS(? - sent_at) <= ?"


def _asked() -> tuple[float, float]:
    return time.time(), FRESH


def _seqs(ledger: Ledger, where: str, *values: object) -> list[int]:
    with ledger.told():
        found = ledger.connection.execute(
            f"SELECT seq FROM rows WHERE {where} ORDER BY ord, seq", values
        )
        return [seq for (seq,) in found]


def outgoing(ledger: Ledger, job: Job, seqs: Sequence[int]) -> list[Outgoing]:
    """These rows as the sender takes them, in the order given."""
    marks = ",".join("?" * len(seqs))
    with ledger.told():
        found = {
            seq: Outgoing(seq, row, person, bool(doubt))
            for seq, row, person, doubt in ledger.connection.execute(
                f"SELECT seq, row, person, doubt FROM rows WHERE job = ? AND seq IN ({marks})",
                (job.id, *seqs),
            )
        }
    return [found[seq] for seq in seqs]


def doubtful(ledger: Ledger) -> set[bytes]:
    """The persons that have a row in doubt, in any job: their further rows wait for it."""
    return _people(ledger, "")


def stuck(ledger: Ledger, job: Job) -> set[bytes]:
    """The persons with a row in doubt that asking again in this job can't settle: it is another
    job's, too old, or was asked about before."""
    return _people(ledger, f" AND NOT (job = ? AND {_ASKABLE})", job.id, *_asked())


def _people(ledger: Ledger, where: str, *values: object) -> set[bytes]:
    with ledger.told():
        found = ledger.connection.execute(
            f"SELECT DISTINCT person FROM rows WHERE status = 'unknown' AND elsewhere = 0{where}",
            values,
        )
        return {person for (person,) in found}
