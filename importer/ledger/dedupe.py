"""Dedupe: what earlier runs have sent, and what stands twice in one file, is not sent again."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from importer.ledger.fingerprint import Hasher, Hashes
from importer.ledger.store import Ledger, meet
from importer.model import Job, Response, Status, since_1970
from importer.privacy import shell_word
from importer.settings import server_of

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
    origin: str


@dataclass(frozen=True, slots=True)
class Decision:
    """`elsewhere`: another row decides this one's fate."""

    status: Status
    elsewhere: bool
    code: str = ""
    message: str = ""


TO_SEND = Decision(Status.PENDING, elsewhere=False)

_REFUSED = (Status.DUPLICATE, Status.REJECTED)


def decide(earlier: Earlier, hashes: Hashes, former: bytes) -> Decision:
    """Whether a row may be sent, by what the ledger knows of its identity. `former`: its content as 0.1
    hashed it. Never twice: one that was accepted or left in doubt before is not posted again by itself, and
    neither is the very request that was refused; a mended one is."""
    changed = "" if earlier.content in (hashes.content, former, None) else ", with other content"
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

_COLUMNS = "r.identity, j.name, r.row, r.status, r.content, r.body, r.sent_at, j.origin"


class History:
    """Looks back from one job."""

    def __init__(self, ledger: Ledger, job: Job) -> None:
        self._ledger = ledger
        self._own = job.id if ledger.history == "main" else 0
        self.any = self._anything()
        same = [
            each.origin for each in ledger.jobs() if server_of(each.origin) == server_of(job.origin)
        ]
        self.spellings = sorted({*same} - {job.origin})
        """Of the same server, in other jobs: 0.1 took them for servers of their own."""

    def find(self, identities: Collection[object]) -> dict[bytes, Earlier]:
        """The rows of other jobs that were sent or refused: one that was accepted counts before one in
        doubt, that before one that was refused; of equal ones the newest."""
        found: dict[bytes, Earlier] = {}
        wanted = list(identities) if self.any else []
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


# What other jobs have sent under another identity: a changed `key`, date or set of questions is no new world.

REKEYED = "sent_by_other_rule"
_DAY = 86_400.0


class _Sent(NamedTuple):
    """A row of another job. `at`: when it was last posted (Unix seconds)."""

    job: int
    seq: int
    row: int
    status: str
    person: bytes
    shown: bytes
    at: float | None


class OtherRules:
    """Finds rows that other jobs of the same survey have sent as another row: the very row of the same file,
    read in another way, from any of the same columns of answers; or the same person with the same answers,
    where the mapping's rule for what makes a row itself was another one. By the same rule, two identities
    are two responses. Each row that was sent answers for one."""

    def __init__(self, ledger: Ledger, job: Job) -> None:
        self._ledger = ledger
        self._job = job
        own = job.id if ledger.history == "main" else 0
        others = [each for each in ledger.jobs() if each.id != own and _same_survey(each, job)]
        self._jobs = {each.id: each for each in others}
        self._ruled = [each for each in others if _other_rule(each, job)]
        self._hashers = {each.origin: Hasher(ledger.secret, each.origin) for each in others}
        self._spent: set[tuple[int, int]] = set()
        file = [each for each in others if _same_file(each, job)]
        if file:
            self._gather(file)
        self._file = bool(file)
        self.any = bool(self._ruled or file)

    def find(self, rows: Sequence[tuple[int, Response]]) -> dict[int, Decision]:
        """Of these rows, by `seq`, those that are not to be sent without a person's word."""
        found = dict(self._same_rows(rows)) if self._file and rows else {}
        left = [row for row in rows if row[0] not in found] if self._ruled else []
        for start in range(0, len(left), _LOOKUP):
            for origin in {each.origin for each in self._ruled}:
                found |= dict(self._same_answers(left[start : start + _LOOKUP], origin))
        return found

    def _gather(self, jobs: Sequence[Job]) -> None:
        with self._ledger.told():
            run = self._ledger.connection.execute
            run("DROP TABLE IF EXISTS temp.same_file")
            run(
                f"CREATE TEMP TABLE same_file AS SELECT {_FIELDS} FROM {self._ledger.history}.rows r"
                f" WHERE r.elsewhere = 0 AND {_STORED} AND r.job IN ({_ids(jobs)})"
            )
            run('CREATE INDEX temp.same_file_row ON same_file ("row")')

    def _same_rows(self, rows: Sequence[tuple[int, Response]]) -> Iterator[tuple[int, Decision]]:
        numbers = [each.row for _, each in rows]
        sent: dict[int, list[_Sent]] = {}
        for one in self._query(
            "temp.same_file r WHERE r.row BETWEEN ? AND ?", min(numbers), max(numbers)
        ):
            sent.setdefault(one.row, []).append(one)
        for seq, each in rows:
            same = (one for one in sent.get(each.row, ()) if self._is_same_row(one, each))
            if (found := next(same, None)) is not None:
                yield seq, self._held(found, "the same row of this file was")

    def _is_same_row(self, one: _Sent, each: Response) -> bool:
        other = self._jobs[one.job]
        if other.wave(one.seq) != each.wave or not _same_columns(other, self._job, each.wave):
            return False
        alone = "," not in other.campaigns and other.campaigns != "*"
        who = (each.campaign, each.user_id, each.anonymous_id)
        return (alone and other.campaigns == self._job.campaigns) or (
            self._hashers[other.origin].person(*who) == one.person
        )

    def _same_answers(
        self, rows: Sequence[tuple[int, Response]], origin: str
    ) -> Iterator[tuple[int, Decision]]:
        hasher = self._hashers[origin]
        people = {hasher.person(e.campaign, e.user_id, e.anonymous_id) for _, e in rows}
        jobs = [each for each in self._ruled if each.origin == origin]
        sent: dict[bytes, list[_Sent]] = {}
        for one in self._query(
            f"{self._ledger.history}.rows r WHERE r.person IN ({','.join('?' * len(people))})"
            f" AND r.status = 'created' AND r.elsewhere = 0 AND +r.job IN ({_ids(jobs)})"
            " ORDER BY r.job, r.seq",
            *people,
        ):
            sent.setdefault(one.shown, []).append(one)
        for seq, each in rows if sent else ():
            alike = chain.from_iterable(sent.get(look, ()) for look in hasher.looks_of(each))
            same = (one for one in alike if self._answers(one, each))
            if (found := next(same, None)) is not None:
                self._spent.add((found.job, found.seq))
                yield seq, self._held(found, "the same person's same answers were")

    def _answers(self, one: _Sent, each: Response) -> bool:
        """Whether that row may be this one: no other row is, and this one isn't dated after it was sent."""
        return (one.job, one.seq) not in self._spent and since_1970(each.order, 0.0) <= (
            one.at or 0
        ) + _DAY

    def _held(self, one: _Sent, what: str) -> Decision:
        where = f"in job {self._jobs[one.job].name}, row {one.row}{_on(one.at)}"
        if one.status != Status.CREATED:
            settling = f"importer resolve {shell_word(self._jobs[one.job].name)}"
            told = f"{what} posted {where}, and may be stored; `{settling}` settles it"
            return Decision(Status.UNKNOWN, True, "unknown_earlier", told)
        told = f"{what} sent {where}, told apart by another rule; not sent again without --again"
        return Decision(Status.ALREADY_SENT, True, REKEYED, told)

    def _query(self, what: str, *values: object) -> list[_Sent]:
        with self._ledger.told():
            found = self._ledger.connection.execute(f"SELECT {_FIELDS} FROM {what}", values)
            return [_Sent(*each) for each in found]


_FIELDS = "r.job, r.seq, r.row, r.status, r.person, r.shown, r.sent_at"
_STORED = "r.status IN ('created', 'unknown', 'attempting')"


def _ids(jobs: Sequence[Job]) -> str:
    return ",".join(str(each.id) for each in jobs)


def _same_survey(other: Job, job: Job) -> bool:
    return server_of(other.origin) == server_of(job.origin) and meet(
        other.campaigns.split(","), job.campaigns.split(",")
    )


def _other_rule(other: Job, job: Job) -> bool:
    """Ledgers of 0.1 don't say by which rule; an equal mapping had the same."""
    if other.mapping_sha256 == job.mapping_sha256:
        return False
    rule = other.settings.get("rule")
    return rule is None or rule != job.settings.get("rule")


def _same_file(other: Job, job: Job) -> bool:
    """Under the same mapping, too: a later version may read a cell in another way (`00042`, once `42`)."""
    return (other.file_sha256, other.sheet) == (job.file_sha256, job.sheet)


def _same_columns(other: Job, job: Job, wave: str) -> bool:
    """Whether both read an answer from the same column; where one doesn't say, they may."""
    theirs, ours = other.settings.get("columns"), job.settings.get("columns")
    if not isinstance(theirs, Mapping) or not isinstance(ours, Mapping):
        return True
    return not set(theirs.get(wave, ())).isdisjoint(ours.get(wave, ()))


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
