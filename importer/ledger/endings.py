"""What a job's rows came to: the reasons that only the whole of them can give."""

from __future__ import annotations

import json

from importer import codes
from importer.ledger.ledger import Ledger
from importer.model import Cause, Job, Status


def explain(ledger: Ledger, job: Job) -> None:
    """Say of each duplicate which kind it is, where the ledger knows; and why rows are pending."""
    with ledger.transaction() as connection:
        for code, found, told in _KINDS:
            connection.execute(
                f"UPDATE rows SET code = :code, message = {told} WHERE job = :job"
                f" AND code = 'dup_or_targeting' AND EXISTS ({found})",
                {
                    "job": job.id,
                    "code": code,
                    "waves": json.dumps(job.waves),
                    "each": len(job.waves),
                },
            )
        connection.execute(
            "UPDATE rows SET code = 'not_reached', message = 'not posted yet; the same command goes"
            " on here' WHERE job = ? AND status = 'pending' AND code IN ('', 'held')",
            (job.id,),
        )
        connection.execute(
            "UPDATE rows SET code = 'held', message = 'an earlier row of the same person is of"
            " unknown fate, or failed; this one waits for it' WHERE job = ?1 AND status = 'pending'"
            " AND code = 'not_reached' AND person IN (SELECT person FROM rows WHERE elsewhere = 0"
            " AND (status = 'unknown' OR (status = 'failed' AND job = ?1)))",
            (job.id,),
        )


_WAVE = "IFNULL(', wave ' || json_extract(:waves, '$[' || (r.seq % :each) || ']'), '')"
"""Of a row of this job; nothing where it has no waves."""
_SAME = (
    f"SELECT r.row || {_WAVE} FROM rows r WHERE r.person = rows.person"
    " AND r.status = 'created' AND r.job = :job"
)
_BEFORE = (
    "SELECT j.name FROM rows r JOIN jobs j ON j.id = r.job WHERE r.person = rows.person"
    " AND r.status = 'created' AND r.job <> :job"
)
_KINDS = (
    (
        "dup_same_file",
        _SAME,
        (
            "'the API refused it as a duplicate; it accepted row ' || "
            f"({_SAME} ORDER BY r.seq LIMIT 1) || ' of the same person from this file'"
        ),
    ),
    (
        "dup_earlier_run",
        _BEFORE,
        (
            "'the API refused it as a duplicate; it accepted a row of the same person from job ' || "
            f"({_BEFORE} ORDER BY r.job DESC LIMIT 1)"
        ),
    ),
)


def duplicates(ledger: Ledger, job: Job) -> dict[str, int]:
    """Rows that were not sent, or were refused, because they were there before: by kind."""
    return ledger.counted(job, "code", (Status.DUPLICATE, Status.ALREADY_SENT))


def refusals(ledger: Ledger, job: Job) -> tuple[Cause, ...]:
    """Why rows were refused, failed or left in doubt, most frequent first; those that the API calls
    duplicates where it isn't known of what. (Beside `MIN`, SQLite takes other
    columns from the row that has it.)"""
    with ledger.told():
        found = ledger.connection.execute(
            "SELECT code, message, COUNT(*), MIN(seq), row FROM rows WHERE job = ? AND (status IN"
            " ('rejected', 'failed', 'unknown', 'attempting') OR code = 'dup_or_targeting')"
            " GROUP BY code, message"
            " ORDER BY 3 DESC, 1 LIMIT 50",
            (job.id,),
        ).fetchall()
    return tuple(
        Cause(code, message, count, rows=(row,), wave=job.wave(seq))
        for code, message, count, seq, row in found
    )


def clashes(ledger: Ledger, job: Job, column: str) -> tuple[Cause, ...]:
    """The rows of one key that differ, as one cause; none where there are none. `column` names the key's
    columns."""
    with ledger.told():
        rows = [
            row
            for (row,) in ledger.connection.execute(
                "SELECT row FROM rows WHERE job = ? AND code = 'key_clash' ORDER BY seq", (job.id,)
            )
        ]
    told, fix = "different responses have the same key", codes.of("ledger")["key_clash"].remedy
    return (Cause("key_clash", told, len(rows), fix, column, tuple(rows[:5])),) if rows else ()


def several(ledger: Ledger, job: Job) -> set[bytes]:
    """The persons that have more than one row in the job."""
    with ledger.told():
        found = ledger.connection.execute(
            "SELECT person FROM rows WHERE job = ? AND person IS NOT NULL GROUP BY person"
            " HAVING COUNT(*) > 1",
            (job.id,),
        )
        return {person for (person,) in found}


def accepted(ledger: Ledger, person: bytes) -> bool:
    """Whether a row of the person was accepted, as far as the journal is folded."""
    with ledger.told():
        query = "SELECT EXISTS (SELECT 1 FROM rows WHERE person = ? AND status = 'created')"
        return bool(ledger.connection.execute(query, (person,)).fetchone()[0])


def people(ledger: Ledger, job: Job) -> tuple[int, int]:
    """How many persons have more than one row to send, and of how many the rows' traits disagree."""
    with ledger.told():
        (several, disagree) = ledger.connection.execute(
            "SELECT COUNT(*), COALESCE(SUM(kinds > 1), 0) FROM (SELECT COUNT(*) AS number,"
            " COUNT(DISTINCT traits) AS kinds FROM rows WHERE job = ? AND person IS NOT NULL"
            " AND elsewhere = 0 AND status <> 'skipped' GROUP BY person) WHERE number > 1",
            (job.id,),
        ).fetchone()
    return several, disagree
