"""Dedupe: what earlier runs have sent, and what stands twice in one file, is not sent again."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection
from dataclasses import dataclass

from importer.ledger.fingerprint import Hashes
from importer.ledger.store import Ledger, meet
from importer.model import Job, Status
from importer.privacy import shell_word

# Where a row stands before it is sent, by what earlier runs have sent.


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the ledger knows of a row's identity from another job; of one that was erased, that alone."""

    job_name: str
    row: int
    status: str
    content: bytes | None
    body: bytes | None
    at: float | None


@dataclass(frozen=True, slots=True)
class Decision:
    """`elsewhere`: another row decides this one's fate."""

    status: Status
    elsewhere: bool
    code: str = ""
    message: str = ""


TO_SEND = Decision(Status.PENDING, elsewhere=False)

_REFUSED = (Status.DUPLICATE, Status.REJECTED)


def decide(earlier: Earlier, hashes: Hashes) -> Decision:
    """Whether a row may be sent, by what the ledger knows of its identity. Never twice: one that was
    accepted or left in doubt before is not posted again by itself, and neither is the very request
    that was refused; a mended one is."""
    changed = "" if earlier.content in (hashes.content, None) else ", with other content"
    where = f"job {earlier.job_name}, row {earlier.row}{_on(earlier.at)}"
    if earlier.status == Status.CREATED:
        code = "changed_since_sent" if changed else "dup_earlier_run"
        told = f"sent by {where}{changed}; not sent again"
        return Decision(Status.ALREADY_SENT, True, code, told)
    if earlier.status in _REFUSED:
        return _refused(earlier, hashes, where)
    if earlier.status == Status.SKIPPED:
        told = "its person was forgotten before it was sent; it is not sent"
        return Decision(Status.SKIPPED, True, "erased", told)
    settling = f"importer resolve {shell_word(earlier.job_name)}"
    told = f"posted in {where}, and may be stored; `{settling}` settles it"
    return Decision(Status.UNKNOWN, True, "unknown_earlier", told)


def _refused(earlier: Earlier, hashes: Hashes, where: str) -> Decision:
    if earlier.body is None:
        told = f"refused in {where}, and erased since; not sent again"
        return Decision(Status(earlier.status), True, f"{earlier.status}_earlier", told)
    if earlier.body != hashes.body:
        return TO_SEND
    again = f"importer retry {shell_word(earlier.job_name)} --status {earlier.status}"
    told = f"this very request was refused in {where}; `{again}` posts it again"
    return Decision(Status(earlier.status), True, f"{earlier.status}_earlier", told)


def _on(at: float | None) -> str:
    return "" if at is None else time.strftime(", on %Y-%m-%d", time.gmtime(at))


# What the ledger knows of identities from other jobs.

_LOOKUP = 500

_COLUMNS = "r.identity, j.name, r.row, r.status, r.content, r.body, r.sent_at"


class History:
    """Looks back from one job."""

    def __init__(self, ledger: Ledger, job: Job) -> None:
        self._ledger = ledger
        self._own = job.id if ledger.history == "main" else 0
        self._any = self._anything()

    def find(self, identities: Collection[object]) -> dict[bytes, Earlier]:
        """The rows of other jobs that were sent or refused: one that was accepted counts before one in
        doubt, that before one that was refused; of equal ones the newest."""
        found: dict[bytes, Earlier] = {}
        wanted = list(identities) if self._any else []
        for start in range(0, len(wanted), _LOOKUP):
            found |= self._look(wanted[start : start + _LOOKUP])
        return found

    def _look(self, identities: list[object]) -> dict[bytes, Earlier]:
        history, marks = self._ledger.history, ",".join("?" * len(identities))
        query = (
            f"SELECT {_COLUMNS} FROM {history}.rows r JOIN {history}.jobs j ON j.id = r.job"
            f" WHERE r.identity IN ({marks}) AND r.elsewhere = 0 AND {_SENT} AND r.job <> {self._own}"
            f" ORDER BY {_RANK}"
        )
        with self._ledger.told():
            rows = self._ledger.connection.execute(query, identities)
            return {identity: Earlier(*rest) for identity, *rest in rows}

    def _anything(self) -> bool:
        """Whether there are rows of other jobs at all."""
        history = self._ledger.history
        query = (
            f"SELECT 1 FROM {history}.jobs j WHERE j.id <> {self._own}"
            f" AND EXISTS (SELECT 1 FROM {history}.rows r WHERE r.job = j.id) LIMIT 1"
        )
        with self._ledger.told():
            return self._ledger.connection.execute(query).fetchone() is not None


def unknown_survey(ledger: Ledger, job: Job) -> str:
    """What a person should know where the ledger knows of no row that was sent to the job's surveys; "" where
    it does."""
    history = ledger.history
    query = (
        f"SELECT DISTINCT j.campaigns FROM {history}.jobs j WHERE j.origin = ? AND EXISTS (SELECT 1 FROM"
        f" {history}.rows r WHERE r.job = j.id AND {_SENT})"
    )
    with ledger.told():
        known = ledger.connection.execute(query, (job.origin,)).fetchall()
    if any(meet(named.split(","), job.campaigns.split(",")) for (named,) in known):
        return ""
    return (
        "The ledger knows of no earlier import into this survey. Rows that were sent from elsewhere (another "
        "machine, another --state folder) would be sent again: use the ledger that knows them, or, with an "
        "API key, `run --check-survey`."
    )


_SENT = "(r.status IN ('created', 'duplicate', 'rejected', 'unknown', 'attempting') OR r.code = 'erased')"
_RANK = (
    "CASE r.status WHEN 'created' THEN 2 WHEN 'duplicate' THEN 0 WHEN 'rejected' THEN 0 ELSE 1 END,"
    " r.job, r.seq"
)


# Rows of one file with one identity: the same response is sent once; different ones with one key clash.
#
# They are looked for once all rows are staged, in one pass that sorts the identities: cheaper by far than
# looking each row up as it comes.

_PENDING = 1 << 40
"""Added to the `seq` of rows that are yet to be sent: one that was posted already decides before them."""

_FIND = f"""
    INSERT INTO temp.doubles (identity, first, kinds)
    SELECT identity, MIN(seq + {_PENDING} * (status = 'pending')), COUNT(DISTINCT content) FROM rows
    WHERE job = ? AND identity IS NOT NULL AND elsewhere = 0
    GROUP BY identity HAVING COUNT(*) > 1
"""
_FIND_OTHER = f"""
    INSERT OR REPLACE INTO temp.doubles (identity, first, kinds, other)
    SELECT d.identity, d.first, d.kinds, MIN(r.seq) FROM rows r
    JOIN temp.doubles d ON d.identity = r.identity AND d.kinds > 1
    JOIN rows first ON first.job = r.job AND first.seq = d.first % {_PENDING}
    WHERE r.job = ? AND r.elsewhere = 0 AND r.content IS NOT first.content
    GROUP BY d.identity
"""
_CLASH = f"""
    UPDATE rows SET status = 'invalid', code = 'key_clash', elsewhere = 1,
    message = (
        SELECT 'row ' || CASE WHEN first.content IS rows.content THEN other.row ELSE first.row END
            || ' has the same key, and another person, other answers or another date; none of them is sent'
        FROM temp.doubles d JOIN rows first ON first.job = rows.job AND first.seq = d.first % {_PENDING}
        JOIN rows other ON other.job = rows.job AND other.seq = d.other
        WHERE d.identity = rows.identity
    )
    WHERE job = ? AND status = 'pending' AND elsewhere = 0
    AND identity IN (SELECT identity FROM temp.doubles WHERE kinds > 1)
"""
_MARK = f"""
    UPDATE rows SET status = 'duplicate', code = 'dup_same_file', elsewhere = 1,
    message = (
        SELECT 'the same response as row ' || first.row || '; only the first is sent'
        FROM temp.doubles d JOIN rows first ON first.job = rows.job AND first.seq = d.first % {_PENDING}
        WHERE d.identity = rows.identity
    )
    WHERE job = ? AND status = 'pending' AND elsewhere = 0 AND seq <> (
        SELECT d.first % {_PENDING} FROM temp.doubles d WHERE d.identity = rows.identity
    )
"""


def mark_within_file(connection: sqlite3.Connection, job: Job) -> None:
    """Mark the rows of a job whose response another of its rows sends, and those whose key stands for
    different responses: which of them is right can't be known, so none is sent. A row to send that is
    alone, or the first of its kind, stays as it is."""
    connection.execute(
        "CREATE TEMP TABLE doubles (identity BLOB PRIMARY KEY, first INTEGER, kinds INTEGER,"
        " other INTEGER) WITHOUT ROWID"
    )
    if connection.execute(_FIND, (job.id,)).rowcount:
        if connection.execute("SELECT 1 FROM temp.doubles WHERE kinds > 1 LIMIT 1").fetchone():
            connection.execute(_FIND_OTHER, (job.id,))
            connection.execute(_CLASH, (job.id,))
        connection.execute(_MARK, (job.id,))
    connection.execute("DROP TABLE temp.doubles")
