"""Questions to the ledger: what a job's rows came to, whose they are, what the survey should hold."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, starmap
from typing import Any, NamedTuple

from importer import codes
from importer.ledger.database import Part, batches, pairs, values
from importer.ledger.jobs import ATTEMPTING, SENDABLE, meet
from importer.ledger.state import Numbers
from importer.model import PERHAPS_ALONE, Cause, Job, Line, QueuedRow, Status


class Post(NamedTuple):
    """The last attempt of a row: when it was made (Unix seconds), and how long the reply took
    (milliseconds; None where none came)."""

    at: float
    ms: int | None


class Tries(NamedTuple):
    """How many rows were tried so often, and when the first and the last of these attempts were made."""

    attempts: int
    rows: int
    first: float
    last: float


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


_TOLD = ("dup_or_targeting", *PERHAPS_ALONE)
"""Codes of rows that are told of whatever their status is."""
_REFUSED = (Status.REJECTED, Status.FAILED, Status.UNKNOWN, ATTEMPTING)


@dataclass(frozen=True, slots=True)
class Standing:
    """How many rows of a job have each status and code, and whether another row decides their fate."""

    kinds: Mapping[tuple[str, str, bool], int]

    def by(
        self, field: int, statuses: Collection[str] = (), *, own: bool = False
    ) -> dict[str, int]:
        """Rows by status (0) or code (1), most first; `own`: but for those whose fate another row decides."""
        found = Counter[Any]()
        for kind, number in sorted(self.kinds.items()):
            if not ((statuses and kind[0] not in statuses) or (own and kind[2])):
                found[kind[field]] += number
        return dict(found.most_common())

    @property
    def counts(self) -> dict[str, int]:
        """Rows by status; `attempting` counts as unknown, which is what it would be after a crash."""
        found = Counter(self.by(0))
        found[Status.UNKNOWN] += found.pop(ATTEMPTING, 0)
        return dict(+found)

    @property
    def duplicates(self) -> dict[str, int]:
        """Rows that were not sent, or were refused, because they were there before: by kind."""
        return self.by(1, (Status.DUPLICATE, Status.ALREADY_SENT))


class Figures(Part):
    """What a job's rows came to, and what the survey should hold of them."""

    def standing(self, job: Job) -> Standing:
        """How the job's rows stand, by one look at all of them."""
        (rows,) = self._db.one("rows_staged", job=job.id)
        found = self._db.each("standing", job=job.id)
        kinds = {(status, code, bool(there)): number for status, code, there, number in found}
        if rest := rows - sum(kinds.values()):
            kinds[Status.PENDING, "", False] = rest
        return Standing(kinds)

    def counts(self, job: Job) -> dict[str, int]:
        return self.standing(job).counts

    def own(self, job: Job) -> dict[str, int]:
        return self.standing(job).by(0, own=True)

    def by_message(self, job: Job, statuses: Sequence[str]) -> dict[str, int]:
        """Rows of these statuses by message, most first."""
        return pairs(self._db.all("rows_by_message", job=job.id, statuses=statuses))

    def lines(
        self,
        job: Job,
        statuses: Collection[str] = (),
        *,
        code: str | None = None,
        after: int = -1,
        limit: int | None = None,
    ) -> Iterator[Line]:
        """The job's rows in file order: those of these statuses, or of one code, where any is named. A page
        begins `after` the `seq` of the last line of the one before, and has `limit` lines at most."""
        where = {"job": job.id, "after": after, "limit": _ALL if limit is None else limit}
        if code is not None:
            found = self._db.each("lines_of_code", **where, code=code)
        elif statuses:
            found = self._db.each("lines_of_statuses", **where, statuses=list(statuses))
        else:
            found = self._db.each("lines", **where)
        if not job.waves:
            yield from starmap(Line, found)
            return
        for each in found:
            yield Line._make((*each, job.wave(each[0])))

    def explain(self, job: Job) -> None:
        """Say of each duplicate which kind it is, where the ledger knows; and why rows are pending."""
        waves, each = json.dumps(job.waves), len(job.waves)
        with self._db.transaction():
            self._db.run("explain_same_file", job=job.id, waves=waves, each=each)
            self._db.run("explain_earlier_run", job=job.id)
            self._db.run("explain_not_reached", job=job.id)
            self._db.run("explain_held", job=job.id)

    def refusals(self, job: Job, *, invalid: bool = False) -> tuple[Cause, ...]:
        """Why rows were refused (`invalid`: by the mapping, too), failed or left in doubt, most frequent
        first; those that the API calls duplicates where it isn't known of what."""
        statuses = (*_REFUSED, Status.INVALID) if invalid else _REFUSED
        found = self._db.all("refusals", job=job.id, statuses=statuses, codes=_TOLD)
        return tuple(
            Cause(code, message, count, rows=(row,), wave=job.wave(seq))
            for code, message, count, seq, row in found
        )

    def clashes(self, job: Job, column: str) -> tuple[Cause, ...]:
        """The rows of one key that differ, if any, as one cause. `column` names the key's columns."""
        rows = values(self._db.all("clashes", job=job.id))
        told, fix = "different responses have the same key", codes.of("ledger")["key_clash"].remedy
        if not rows:
            return ()
        return (Cause("key_clash", told, len(rows), fix, column, tuple(rows[:5])),)

    def people(self, job: Job, statuses: Sequence[str]) -> tuple[int, int, dict[int, int]]:
        """How many persons have more than one row that may be sent, and of how many the traits of those
        disagree; and how many have one row of these statuses, how many two, and so on."""
        found = self._db.all("people", job=job.id, statuses=statuses)
        (single,) = self._db.one("rows_of_people", job=job.id, statuses=statuses)
        rows = Counter({1: single - sum(ready * persons for _, ready, persons, _ in found)})
        for _, ready, persons, _ in found:
            rows[ready] += persons
        several = [(persons, disagree) for able, _, persons, disagree in found if able > 1]
        counts = {number: rows[number] for number in sorted(rows) if number and rows[number]}
        return sum(each for each, _ in several), sum(each for _, each in several), counts

    def several(self, job: Job) -> set[bytes]:
        return set(values(self._db.each("persons_with_several", job=job.id)))

    def accepted(self, person: bytes) -> bool:
        """Whether a row of the person was accepted, as far as it is flushed."""
        return self._db.first("accepted", person=person) is not None

    def seqs(self, job: Job, statuses: Sequence[str], *, own: bool = False) -> Iterator[range]:
        """The `seq` of the job's rows of these statuses, in file order, in stretches without a gap.
        `own`: of rows whose fate no other row decides, those of `sending_order`."""
        others, first = "not_own" if own else "not_of_statuses", 0
        for (seq,) in self._db.each(others, job=job.id, statuses=statuses):
            if seq > first:
                yield range(first, seq)
            first = seq + 1
        (end,) = self._db.one("rows_staged", job=job.id)
        if end > first:
            yield range(first, end)

    def posts(self, job: Job, since: float) -> Iterator[Post]:
        """The last attempts made since then (Unix seconds), oldest first."""
        return starmap(Post, self._db.each("posts", job=job.id, since=since))

    def tries(self, job: Job, since: float) -> list[Tries]:
        """The same, counted by how often the rows were tried."""
        return [Tries(*each) for each in self._db.each("tries", job=job.id, since=since)]

    def sendable(self, job: Job, wave: str = "") -> Iterator[tuple[int, bool]]:
        """The Excel rows that are to be posted or settled, in file order; and of each whether this job
        does it itself, or another job's outcome decides. Where the job has waves, those of one wave."""
        every, place = (len(job.waves), job.waves.index(wave)) if wave else (1, 0)
        found = self._db.each("sendable", job=job.id, statuses=SENDABLE, every=every, place=place)
        for row, elsewhere in found:
            yield row, not elsewhere

    def expected(self, job: Job) -> list[Expected]:
        """Of every row that was accepted, by this job or (`already_sent`) by an earlier one, and of every
        row of unknown fate, this job's or an earlier one's; in file order. Rows of one response are one."""
        return [
            Expected(
                *(seq, row, person, shown, response_id, bool(certain), bool(anonymous), at or 0.0),
                job.wave(seq),
            )
            for seq, row, person, shown, response_id, certain, anonymous, at in self._db.each(
                "expected", job=job.id
            )
        ]

    def others(
        self, job: Job, shown: Collection[bytes], since: float, until: float
    ) -> Counter[bytes]:
        """Of these, how often each was posted in that time by other jobs, for rows that this one has not."""
        counts: Counter[bytes] = Counter()
        for some in batches(list(shown)):
            found = self._db.each(
                "sent_by_others", job=job.id, since=since, until=until, shown=some
            )
            counts.update(each for (each,) in found)
        return counts

    def unknown_survey(self, job: Job) -> str:
        """What a person should know where the ledger knows of no row that was sent to the job's surveys;
        "" where it does."""
        known = self.past.surveys(job.origin)
        if any(meet(named.split(","), job.campaigns.split(",")) for named in known):
            return ""
        told = "The ledger knows of no earlier import into this survey."
        return f"{told} {codes.advice('unknown_survey')}"


_ALL = 1 << 62
"""More rows than any job has: not every database takes -1 for all."""


# Which rows of a job are sent, in which order, and who has to wait.


FRESH = 24 * 60 * 60.0
"""Seconds after which the API's duplicate check is no longer trusted to know a row that may be stored:
it speaks of users who responded "recently" only."""

ANSWERED = ("stored_or_duplicate", "rejected_in_doubt")
"""Codes of rows in doubt that were asked about, and are in doubt still: asking again tells no more."""


class Sending(Part):
    def sending_order(self, job: Job, statuses: Sequence[str]) -> Numbers:
        """The `seq` of the job's rows of these statuses, oldest first, as the mapping's date says;
        without a date in file order; last those of people with a row that an earlier run has stopped at.
        Rows whose fate another job decides are left out."""
        found = self._db.each("sending_order", job=job.id, statuses=statuses, alone=PERHAPS_ALONE)
        return Numbers(chain.from_iterable(found))

    def late_order(self, job: Job, behind: Sequence[str]) -> Numbers:
        """The rows in doubt that the API's duplicate check can decide (`askable`), and those of the
        statuses `behind`, which may have waited for them."""
        found = self._db.each(
            "late_order", job=job.id, behind=behind, alone=PERHAPS_ALONE, **_asked()
        )
        return Numbers(chain.from_iterable(found))

    def askable(self, job: Job) -> int:
        """How many rows in doubt the API's duplicate check can decide: posted lately, not asked about yet."""
        (number,) = self._db.one("askable", job=job.id, **_asked())
        return int(number)

    def outgoing(self, job: Job, seqs: Sequence[int]) -> list[QueuedRow]:
        """These rows as the sender takes them, in the order given."""
        found = {
            seq: QueuedRow(seq, row, person, *map(bool, rest))
            for seq, row, person, *rest in self._db.each(
                "outgoing",
                job=job.id,
                seqs=seqs,
                origin=job.origin,
                campaigns=job.campaigns,
                alone=PERHAPS_ALONE,
            )
        }
        return [found[seq] for seq in seqs]

    def doubtful(self) -> set[bytes]:
        """The persons that have a row in doubt, in any job: their further rows wait for it."""
        return set(values(self._db.each("doubtful")))

    def stuck(self, job: Job) -> set[bytes]:
        """The persons with a row in doubt that asking again in this job can't settle: it is another
        job's, too old, or was asked about before."""
        return set(values(self._db.each("stuck", job=job.id, **_asked())))


def _asked() -> dict[str, object]:
    """What tells a row in doubt that can be asked about: the fragment `askable`."""
    return {"answered": (*ANSWERED, "unclear"), "now": time.time(), "fresh": FRESH}
