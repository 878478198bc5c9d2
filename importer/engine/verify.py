"""Verifying: the survey is read back and laid beside what the ledger says was sent."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import orjson

from importer import http
from importer.engine.approval import reopened
from importer.engine.findings import questions
from importer.engine.reconcile import campaigns_of_job, reader
from importer.engine.stage import fitted, secret_of
from importer.errors import ExitStatus, ImporterError, UsageError
from importer.ledger import (
    LETTERS,
    Expected,
    Hasher,
    Ledger,
    existing,
    in_normal_form,
    look_into,
    normal,
)
from importer.mapping import check
from importer.model import Job, Mapped, Response
from importer.privacy import masked_id
from importer.results import Scores, Tally
from importer.satismeter import StoredResponse
from importer.settings import Settings

if TYPE_CHECKING:
    from pandas import DataFrame

# What a survey holds beside what was sent: which responses are the same, and which are not.

_K = TypeVar("_K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Seen:
    """A response as the survey holds it: its ID, when it was made (the API's text), its `person` and
    `shown` hashes as the ledger makes them, its answers. `nameless`: the API told no user; `user` is
    the one it told, masked. `shown_0_1` is the hash that 0.1's ledgers have."""

    id: str
    created: str
    person: bytes
    shown: bytes
    answers: tuple[tuple[str, int | str], ...]
    nameless: bool = False
    user: str = ""
    shown_0_1: bytes = b""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two sides differ.

    `missing` were accepted and are not there; `altered` are there with other answers (or another
    person); `doubled` are there once more than they were sent; `extra` are no row's. No differences:
    `unsettled` rows were of unknown fate, and are not there; `uncompared` have neither a user in the
    survey nor an ID to go by; `others` were sent by other jobs.
    """

    same: tuple[tuple[Expected, Seen], ...] = ()
    missing: tuple[Expected, ...] = ()
    altered: tuple[tuple[Expected, Seen], ...] = ()
    doubled: tuple[tuple[Expected, Seen], ...] = ()
    extra: tuple[Seen, ...] = ()
    unsettled: tuple[Expected, ...] = ()
    uncompared: int = 0
    others: int = 0

    @property
    def differs(self) -> bool:
        """Whether what was sent is not what is there; extra responses aside."""
        return bool(self.missing or self.altered or self.doubled)


Others = Callable[[Collection[bytes]], Mapping[bytes, int]]
"""How often each of these `shown` hashes was sent by other jobs."""


Pairs = list[tuple[Expected, Seen]]


@dataclass(slots=True)
class _Sides:
    """The rows, and the survey's responses, that have no counterpart yet."""

    sent: list[Expected]
    there: list[Seen]

    def match(
        self, sent: Callable[[Expected], _K | None], there: Callable[[Seen], _K | None]
    ) -> Pairs:
        """Pair off those of one key, each once, in order; None is no key."""
        waiting: dict[_K, list[Seen]] = defaultdict(list)
        for seen in reversed(self.there):
            if (key := there(seen)) is not None:
                waiting[key].append(seen)
        pairs: Pairs = []
        left = []
        for row in self.sent:
            key = sent(row)
            if key is not None and waiting.get(key):
                pairs.append((row, waiting[key].pop()))
            else:
                left.append(row)
        self.sent = left
        self._take(seen for _, seen in pairs)
        return pairs

    def leave_out(self, counts: Mapping[bytes, int]) -> int:
        """Take away so many of each `shown`; returns how many there were."""
        left = Counter(counts)
        known = []
        for seen in self.there:
            look = seen.shown if left[seen.shown] > 0 else seen.shown_0_1
            if left[look] > 0:
                left[look] -= 1
                known.append(seen)
        self._take(known)
        return len(known)

    def again(self, rows: Mapping[bytes, Expected]) -> Pairs:
        looks = [(rows.get(seen.shown) or rows.get(seen.shown_0_1), seen) for seen in self.there]
        pairs = [(row, seen) for row, seen in looks if row]
        self._take(seen for _, seen in pairs)
        return pairs

    def _take(self, seen: Iterable[Seen]) -> None:
        taken = {id(each) for each in seen}
        self.there = [each for each in self.there if id(each) not in taken]


def compare(sent: Sequence[Expected], there: Sequence[Seen], others: Others) -> Comparison:
    """Match what was sent with what is there: first what is equal, then by the API's ID, last by
    person; rows that are certain before those of unknown fate."""
    sides = _Sides(sorted(sent, key=lambda each: (not each.certain, each.seq)), list(there))
    same = sides.match(lambda row: row.shown, lambda seen: seen.shown)
    same += sides.match(lambda row: row.shown, lambda seen: seen.shown_0_1 or None)
    altered = sides.match(lambda row: row.response_id or None, lambda seen: seen.id or None)
    looks = {look for each in sides.there for look in (each.shown, each.shown_0_1)}
    known = sides.leave_out(others(looks))
    doubled = sides.again({row.shown: row for row, _ in same})
    altered += sides.match(lambda row: row.person if row.certain else None, _person)
    unnamed = sides.match(lambda row: row.anonymous or None, lambda seen: seen.nameless or None)
    return Comparison(
        same=tuple(same),
        missing=tuple(each for each in sides.sent if each.certain),
        altered=tuple(altered),
        doubled=tuple(doubled),
        extra=tuple(sides.there),
        unsettled=tuple(each for each in sides.sent if not each.certain),
        uncompared=len(unnamed),
        others=known,
    )


def _person(each: Seen) -> bytes | None:
    return None if each.nameless else each.person


# A job's file, read and mapped once more: what its rows said, for whoever has to compare.


@dataclass(frozen=True, slots=True)
class Reread:
    """`tally` counted every row; `answers` (question ID to value) are, by `seq`, of the rows asked for."""

    tally: Tally
    answers: Mapping[int, Mapping[str, object]]


def reread(job: Job, secret: bytes, seqs: Collection[int], file: str | DataFrame) -> Reread:
    """Read the file of a job again, which is now `file`. Raises ImporterError where it is not to
    be had, and UsageError where the file or the mapping is not the one that was imported."""
    with reopened(job, file) as (document, source):
        compiled = fitted(document, source, secret)
        tally = Tally(tuple(questions(document, compiled)), len(source.header))
        answers: dict[int, Mapping[str, object]] = {}
        for chunk in source.chunks():
            mapped = check(compiled.run(chunk))
            answers |= dict(_answers(mapped, tally.rows, seqs))
            tally.add(mapped, chunk)
    return Reread(tally, answers)


def _answers(
    mapped: Collection[Mapped], first: int, seqs: Collection[int]
) -> Iterator[tuple[int, Mapping[str, object]]]:
    for seq, each in enumerate(mapped, first):
        if seq in seqs and isinstance(each, Response):
            listed = orjson.loads(each.body)["answers"]
            yield seq, {answer["id"]: answer["value"] for answer in listed}


# Verifying: the survey is read back and laid beside what the ledger says was sent.

SLACK = 3600.0
"""Seconds that the server's clock may differ from ours."""
NAMED = 200
"""How many differences of each kind the page names."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What came out. `since` and `until` are Unix seconds. `altered` names, by `seq`, the
    questions that differ; both it and `scores` (file, survey) need the file: `unread` says why it
    could not be read again, "" where it was. `users` names, by `seq` and masked, those of the first
    rows that are not there."""

    job: Job
    since: float
    until: float
    found: int
    expected: int
    comparison: Comparison
    allow_extra: bool
    altered: Mapping[int, Sequence[str]]
    scores: Sequence[tuple[Scores, Scores]]
    unread: str = ""
    users: Mapping[int, str] = field(default_factory=dict)

    @property
    def exit_status(self) -> ExitStatus:
        """SOME_REFUSED where something differs, SOME_UNKNOWN where something can't be known."""
        extra = self.comparison.extra and not self.allow_extra
        if self.comparison.differs or extra:
            return ExitStatus.SOME_REFUSED
        if self.comparison.unsettled or self.comparison.uncompared:
            return ExitStatus.SOME_UNKNOWN
        return ExitStatus.DONE


@http.apart
def verify(settings: Settings, *, allow_extra: bool = False) -> Verification:
    """Compare `settings.job` (the newest where it is "") with its survey, read with `settings.api_key`
    and `.project`. `settings.file` says where the job's file lies now; "" is where it was. Changes
    nothing. Raises ImporterError."""
    with look_into(settings.ledger):
        secret = secret_of(settings)
    with existing(settings.ledger, secret) as ledger:
        job = ledger.job(settings.job)
        sent = ledger.expected(job)
        if not sent:
            raise UsageError(f"Job {job.name} has posted no row, so there is nothing to compare.")
        # From the first post to the last, and as much more as clocks may differ.
        times = [each.at for each in sent]
        since, until = min(times) - SLACK, max(times) + SLACK
        there = asyncio.run(_read(settings, job, secret, since, until))
        comparison = compare(sent, there, lambda shown: ledger.others(job, shown, since, until))
        users = _users(ledger, job, comparison)
    again, unread = _reread(job, secret, comparison, settings)
    # The same with long texts compared whole: a text that was cut is another one. Without the
    # file, they can't be compared.
    long = [pair for pair in comparison.same if _is_long(pair)]
    unsure = [pair for pair in long if again is None or pair[0].seq not in again.answers]
    cut = [pair for pair in long if _differ(again, *pair)]
    gone = {row.seq for row, _ in (*unsure, *cut)}
    comparison = replace(
        comparison,
        same=tuple(pair for pair in comparison.same if pair[0].seq not in gone),
        altered=(*comparison.altered, *cut),
        uncompared=comparison.uncompared + len(unsure),
    )
    return Verification(
        job=job,
        since=since,
        until=until,
        found=len(there),
        expected=len(sent),
        comparison=comparison,
        allow_extra=allow_extra,
        altered={row.seq: _differ(again, row, seen) for row, seen in comparison.altered},
        scores=_scores(again, sent, comparison) if again else (),
        unread=unread,
        users=users,
    )


def _users(ledger: Ledger, job: Job, comparison: Comparison) -> dict[int, str]:
    absent = (*comparison.missing[:NAMED], *comparison.unsettled[:NAMED])
    if not absent:
        return {}
    seqs = {each.seq for each in absent}
    return {
        line.seq: masked_id(line.user_id or line.anonymous_id)
        for line in ledger.lines(job)
        if line.seq in seqs
    }


async def _read(
    settings: Settings, job: Job, secret: bytes, since: float, until: float
) -> list[Seen]:
    hasher = Hasher(secret, job.origin)
    start, end = (datetime.fromtimestamp(each, UTC) for each in (since, until))
    seen: list[Seen] = []
    async with reader(settings, job.origin) as reading:
        for campaign in await campaigns_of_job(reading, job):
            found = reading.responses(campaign, start, end)
            seen += [_seen(hasher, campaign, each) async for each in found]
    return seen


def _seen(hasher: Hasher, campaign: str, found: StoredResponse) -> Seen:
    who = (campaign, found.user_id, found.anonymous_id)
    shown, former = hasher.looks(*who, found.answers)
    return Seen(
        id=found.id,
        created=found.created,
        person=hasher.person(*who),
        shown=shown,
        shown_0_1=former,
        answers=found.answers,
        nameless=not (found.user_id or found.anonymous_id),
        user=masked_id(found.user_id or found.anonymous_id),
    )


def _reread(
    job: Job, secret: bytes, comparison: Comparison, settings: Settings
) -> tuple[Reread | None, str]:
    """The file once more, or why not: no failure, since people and answers were compared by hashes."""
    named = (*comparison.altered, *filter(_is_long, comparison.same))
    try:
        where = settings.source if settings.file else ""
        return reread(job, secret, {row.seq for row, _ in named}, where), ""
    except ImporterError as error:
        return None, f"{error.message} {error.hint}".strip()


def _is_long(pair: tuple[Expected, Seen]) -> bool:
    """Whether the two were found equal by the beginning of a text only."""
    row, seen = pair
    return in_normal_form(row.shown) and any(
        len(value) >= LETTERS and len(normal(value)) >= LETTERS
        for _, value in seen.answers
        if isinstance(value, str)
    )


def _differ(again: Reread | None, row: Expected, seen: Seen) -> tuple[str, ...]:
    """The questions to which the two give different answers; none where the file wasn't read."""
    if again is None or row.seq not in again.answers:
        return ()
    sent = {question: normal(str(value)) for question, value in again.answers[row.seq].items()}
    there = {question: normal(str(value)) for question, value in seen.answers}
    return tuple(each for each in {**sent, **there} if sent.get(each, "") != there.get(each, ""))


def _scores(
    again: Reread, sent: Sequence[Expected], comparison: Comparison
) -> list[tuple[Scores, Scores]]:
    """Each rating question as the file has it and as the survey has it, over the same rows; wave by wave."""
    unsettled = {each.seq for each in comparison.unsettled}
    rows = [each.seq for each in sent if each.seq not in unsettled]
    pairs = (*comparison.same, *comparison.altered, *comparison.doubled)
    there = defaultdict[tuple[str, str], Counter[int]](Counter)  # by wave and question
    for row, seen in pairs:
        for question, value in seen.answers:
            if isinstance(value, int) or value.lstrip("-").isdigit():
                there[row.wave, question][int(value)] += 1
    return [
        (
            each,
            Scores(
                each.question, dict(sorted(there[each.question.wave, each.question.id].items()))
            ),
        )
        for each in again.tally.scores(range(each, each + 1) for each in rows)
    ]
