"""Dedupe: what earlier runs have sent, and what stands twice in one file, is not sent again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from importer.ledger.database import Database, Earlier, Past, SentRow, batches
from importer.ledger.fingerprint import Hasher, Hashes
from importer.ledger.jobs import meet
from importer.model import Job, Response, Status, since_1970
from importer.privacy import shell_word
from importer.settings import server_of

# Where a row stands before it is sent, by what earlier runs have sent.


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


# What other jobs have sent under another identity: a changed `key`, date or set of questions is no new world.

REKEYED = "sent_by_other_rule"
_DAY = 86_400.0


class OtherRules:
    """Finds rows that other jobs of the same survey have sent as another row: the very row of the same file,
    read in another way, from any of the same columns of answers; or the same person with the same answers,
    where the mapping's rule for what makes a row itself was another one. By the same rule, two identities
    are two responses. Each row that was sent answers for one."""

    def __init__(self, past: Past, secret: bytes, job: Job) -> None:
        self._past = past
        self._job = job
        others = [each for each in past.others(job) if _same_survey(each, job)]
        self._jobs = {each.id: each for each in others}
        self._ruled = [each for each in others if _other_rule(each, job)]
        self._hashers = {each.origin: Hasher(secret, each.origin) for each in others}
        self._spent: set[tuple[int, int]] = set()
        file = [each for each in others if _same_file(each, job)]
        if file:
            past.gather(file)
        self._file = bool(file)
        self.any = bool(self._ruled or file)
        self.in_turn = bool(self._ruled)
        """Whether what one row has found isn't there any more for the next."""

    def find(self, rows: Sequence[tuple[int, Response]]) -> dict[int, Decision]:
        """Of these rows, by `seq`, those that are not to be sent without a person's word."""
        found = dict(self._same_rows(rows)) if self._file and rows else {}
        left = [row for row in rows if row[0] not in found] if self._ruled else []
        for some in batches(left):
            for origin in {each.origin for each in self._ruled}:
                found |= dict(self._same_answers(some, origin))
        return found

    def _same_rows(self, rows: Sequence[tuple[int, Response]]) -> Iterator[tuple[int, Decision]]:
        numbers = [each.row for _, each in rows]
        sent: dict[int, list[SentRow]] = {}
        for one in self._past.between(min(numbers), max(numbers)):
            sent.setdefault(one.row, []).append(one)
        for seq, each in rows:
            same = (one for one in sent.get(each.row, ()) if self._is_same_row(one, each))
            if (found := next(same, None)) is not None:
                yield seq, self._held(found, "the same row of this file was")

    def _is_same_row(self, one: SentRow, each: Response) -> bool:
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
        sent: dict[bytes, list[SentRow]] = {}
        for one in self._past.accepted(list(people), jobs):
            sent.setdefault(one.shown, []).append(one)
        for seq, each in rows if sent else ():
            alike = chain.from_iterable(sent.get(look, ()) for look in hasher.looks_of(each))
            same = (one for one in alike if self._answers(one, each))
            if (found := next(same, None)) is not None:
                self._spent.add((found.job, found.seq))
                yield seq, self._held(found, "the same person's same answers were")

    def _answers(self, one: SentRow, each: Response) -> bool:
        """Whether that row may be this one: no other row is, and this one isn't dated after it was sent."""
        return (one.job, one.seq) not in self._spent and since_1970(each.order, 0.0) <= (
            one.at or 0
        ) + _DAY

    def _held(self, one: SentRow, what: str) -> Decision:
        where = f"in job {self._jobs[one.job].name}, row {one.row}{_on(one.at)}"
        if one.status != Status.CREATED:
            settling = f"importer resolve {shell_word(self._jobs[one.job].name)}"
            told = f"{what} posted {where}, and may be stored; `{settling}` settles it"
            return Decision(Status.UNKNOWN, True, "unknown_earlier", told)
        told = f"{what} sent {where}, told apart by another rule; not sent again without --again"
        return Decision(Status.ALREADY_SENT, True, REKEYED, told)


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


def mark_within_file(database: Database, job: Job) -> None:
    """Mark the rows of a job whose response another of its rows sends, and those whose key stands for
    different responses: which of them is right can't be known, so none is sent. A row to send that is
    alone, or the first of its kind, stays as it is."""
    database.run("doubles_begin")
    if database.run("doubles_find", job=job.id):
        database.run("doubles_weigh", job=job.id, later=_LATER)
        if database.first("doubles_differ"):
            database.run("doubles_find_other", job=job.id, later=_LATER)
            database.run("doubles_clash", job=job.id, later=_LATER)
        database.run("doubles_mark", job=job.id, later=_LATER)
    database.run("doubles_end")


_LATER = 1 << 40
"""Added to the `seq` of rows that are yet to be sent: one that was posted already decides before them."""
