"""Reconcile: rows of unknown fate are settled, by what the survey holds or by a person's word."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from importer import codes, http
from importer.engine.record import Rewritten, folder_of, rewrite
from importer.engine.stage import secret_of
from importer.errors import UsageError
from importer.ledger import Doubt, Ledger, Sent, existing, look_into, loose, reading
from importer.model import Job, Line, Status, place
from importer.satismeter import Reader, StoredResponse
from importer.satismeter.read import MARGIN, moment
from importer.settings import Settings


@dataclass(frozen=True, slots=True)
class Settled:
    """How many rows in doubt were found (`created`), are surely `absent`, and stay in doubt (`left`)."""

    created: int = 0
    absent: int = 0
    left: int = 0


async def read_back(settings: Settings, ledger: Ledger, job: Job, *, final: bool = True) -> Settled:
    """Settle the job's rows in doubt. A row that is found is stored. One that isn't is absent, if the
    server has had the time to store it, the rows that it acknowledged around then are found, and there is
    no other response of that person since that no row of the ledger explains: it could be this one, its
    text changed on the way (line ends, an accent, escapes, its end cut off).
    Where this is not `final`, what isn't there stays in doubt all the same: a survey may be slow to show it.
    Raises UsageError without a key or project, ReadError where the survey can't be read."""
    open_ones = ledger.doubts(job)
    if not open_ones:
        return Settled()
    checks = {each.shown: ledger.controls(job, each) for each in open_ones}
    since = min(each.first for each in open_ones) - MARGIN
    doubted = {each.person for each in open_ones}
    every = {shown: each for found in checks.values() for shown, each in found.items()}
    held = await _held(settings, ledger, job, doubted, every, since)
    settled = [
        _settle(settings, ledger, job, each, held, checks[each.shown], final=final)
        for each in open_ones
    ]
    return Settled(
        created=sum(each.created for each in settled),
        absent=sum(each.absent for each in settled),
        left=sum(each.left for each in settled),
    )


async def check_survey(settings: Settings, ledger: Ledger, job: Job) -> int:
    """Before the first post: rows to send count as stored where the survey holds a response of the same
    person with the same answers, for which no other row of the ledger accounts. Returns how many. Raises as
    `read_back`."""
    hasher, waiting = ledger.hasher(job.origin), ledger.to_send(job)
    there: defaultdict[bytes, list[str]] = defaultdict(list)
    async with reader(settings, job.origin) as reading:
        for campaign in await campaigns_of_job(reading, job):
            async for each in reading.responses(campaign, _EVER):
                who = (campaign, each.user_id, each.anonymous_id)
                for shown in hasher.looks(*who, each.answers):
                    if shown in waiting:
                        there[shown].append(each.id)
    return sum(ledger.call_there(job, waiting[shown], ids) for shown, ids in there.items())


_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Held:
    """What the survey holds: when the responses `came` (Unix seconds) that are those of accepted rows, by
    their looks, or by person and ID; by person, those of people with a row in doubt, or of somebody of
    nearly that name; and when those came that name nobody."""

    came: defaultdict[bytes, list[float]] = field(default_factory=lambda: defaultdict(list))
    theirs: defaultdict[bytes, list[Found]] = field(default_factory=lambda: defaultdict(list))
    nobodys: list[float] = field(default_factory=list)
    sent: Mapping[bytes, Sequence[Sent]] = field(default_factory=dict)


class Found(NamedTuple):
    """A response, when it came, the `person` that it names, and its looks (today's, and 0.1's)."""

    response: StoredResponse
    at: float
    person: bytes
    looks: tuple[bytes, bytes]


async def _held(
    settings: Settings,
    ledger: Ledger,
    job: Job,
    doubted: Set[bytes],
    checks: Mapping[bytes, Sent],
    since: float,
) -> Held:
    hasher, held, named = ledger.hasher(job.origin), Held(), ledger.names(job)
    by_id = {(each.response_id, each.person): each.shown for each in checks.values()}
    async with reader(settings, job.origin) as reading:
        for campaign in await campaigns_of_job(reading, job):
            async for each in reading.responses(campaign, datetime.fromtimestamp(since, UTC)):
                who = (campaign, each.user_id, each.anonymous_id)
                looks = hasher.looks(*who, each.answers)
                person, at = hasher.person(*who), moment(each.created)
                own = by_id.get((each.id, person), b"") if each.id else b""
                for look in {*looks, own} & checks.keys():
                    held.came[look].append(at)
                if not any(who[1:]):
                    held.nobodys.append(at)
                alike = (named.get(loose(one), set()) for one in filter(None, who[1:]))
                for one in ({person} & doubted).union(*alike):
                    held.theirs[one].append(Found(each, at, person, looks))
    people = {each.person for found in held.theirs.values() for each in found}
    held.sent = ledger.sent_by(people | doubted)
    return held


def reader(settings: Settings, origin: str) -> Reader:
    """The read API of the settings' project; UsageError where the key or the project is missing."""
    if settings.api_key is None:
        raise UsageError("There is no API key to read the survey with.", **codes.to_do("api_key"))
    if not settings.project:
        raise UsageError("The read API wants the project's ID.", **codes.to_do("project"))
    return Reader(
        origin,
        settings.api_key,
        settings.project,
        timeout=2 * settings.timeout,
        network=settings.network,
    )


async def campaigns_of_job(reading: Reader, job: Job) -> list[str]:
    """The job's surveys; every one of the project where the rows named theirs."""
    named = job.campaigns.split(",")
    return [each.id for each in await reading.surveys()] if "*" in named else named


def _settle(
    settings: Settings,
    ledger: Ledger,
    job: Job,
    doubt: Doubt,
    held: Held,
    checks: Mapping[bytes, Sent],
    *,
    final: bool,
) -> Settled:
    since = doubt.first - MARGIN
    theirs = [each for each in held.theirs.get(doubt.person, ()) if each.at >= since]
    people = {doubt.person, *(each.person for each in theirs)}
    sent = [one for each in people for one in held.sent.get(each, ())]
    known = {one.response_id: one.shown for one in sent if one.created and one.response_id}
    mine = [each for each in theirs if _is_one_of(each, doubt, known)]
    accepted, doubtful = ledger.in_other_form(
        {look for each in mine for look in each.looks if look != doubt.shown}, since
    )
    stored = replace(
        doubt, acknowledged=doubt.acknowledged + accepted, others=doubt.others + doubtful
    ).stored(len(mine))
    recent = [one for one in sent if one.at >= since]
    free = len(theirs) - sum(one.created for one in recent)
    if stored is None or stored > free:
        ledger.call_unclear(job, doubt.seqs)
        return Settled(left=len(doubt.seqs))
    newest = sorted(mine, key=lambda each: each.at)[len(mine) - stored :]
    ledger.call_stored(job, doubt.seqs[:stored], [each.response.id for each in newest])
    others = doubt.seqs[stored:]
    strange = _unexplained(theirs, recent, known) or any(
        doubt.first - MARGIN <= at <= doubt.last + MARGIN for at in held.nobodys
    )
    seen = all(
        any(abs(at - one.at) <= MARGIN / 2 for at in held.came[one.shown])
        for one in checks.values()
    )
    early = abs(time.time() - doubt.last) < settings.settling
    if strange or not seen:
        ledger.call_unclear(job, others)
    if strange or early or not (checks and seen):
        return Settled(created=stored, left=len(others))
    absent = ledger.call_absent(job, others, final=final)
    return Settled(created=stored, absent=absent, left=len(others) - absent)


def _is_one_of(each: Found, doubt: Doubt, known: Mapping[str, bytes]) -> bool:
    """Whether a response looks like the rows in doubt, and isn't by its id another row's."""
    own = each.person == doubt.person and doubt.shown in each.looks
    return known.get(each.response.id, doubt.shown if own else b"") == doubt.shown


def _unexplained(theirs: Sequence[Found], sent: Sequence[Sent], known: Mapping[str, bytes]) -> bool:
    """Whether there are responses that no row accounts for: each row does for one, that of its id, else one
    that looks so."""
    ids = {each.response.id for each in theirs}
    rows = Counter(one.shown for one in sent if not (one.created and one.response_id in ids))
    for each in theirs:
        if each.response.id in known:
            continue
        look = next((look for look in each.looks if rows[look]), None)
        if look is None:
            return True
        rows[look] -= 1
    return False


# A job's rows in doubt, settled without posting: by reading the survey back, or by hand.


@http.apart
def resolve(settings: Settings) -> tuple[Job, Settled, Rewritten]:
    """Settle the rows in doubt of `settings.job` (the newest where it is "") by what the survey holds.
    Posts nothing. Raises UsageError without an API key or project, Busy while the job is under way,
    ReadError where the survey can't be read."""
    with alone(settings) as (ledger, job):
        reader(settings, job.origin)
        settled = asyncio.run(read_back(settings, ledger, job))
        ledger.explain(job)
        return job, settled, rewrite(ledger, job, folder_of(job, settings.out))


def mark(
    settings: Settings, rows: Sequence[int], waves: Sequence[str] = (), *, created: bool
) -> tuple[Job, Rewritten]:
    """Settle rows in doubt by a person's word: they are in the survey, or they are not. Where rows have
    waves, those named; none need be for a row of which one wave is in doubt. Raises UsageError, before
    anything is changed, where one of them is not in doubt."""
    with alone(settings) as (ledger, job):
        named = _Named(job, set(rows), waves)
        lines = named.lines(ledger.lines(job))
        ledger.call_by_hand(job, [line.seq for line in lines], created=created)
        ledger.explain(job)
        return job, rewrite(ledger, job, folder_of(job, settings.out))


@dataclass(frozen=True, slots=True)
class _Named:
    """What a person has named: rows of a job, and waves of them (none: all that are in doubt)."""

    job: Job
    rows: Set[int]
    waves: Sequence[str]

    def lines(self, every: Iterable[Line]) -> list[Line]:
        """Those of the job's lines, each in doubt."""
        for wave in self.waves:
            if wave not in self.job.waves:
                known = ", ".join(self.job.waves)
                hint = f"There are: {known}." if known else "Its mapping has no waves."
                raise UsageError(f"Job {self.job.name} has no wave {wave!r}.", hint=hint)
        found: dict[int, list[Line]] = {row: [] for row in sorted(self.rows)}
        for line in every:
            if line.row in found:
                found[line.row].append(line)
        return [line for row, lines in found.items() for line in self._in_doubt(row, lines)]

    def _in_doubt(self, row: int, lines: Sequence[Line]) -> Sequence[Line]:
        if not lines:
            told = f"Job {self.job.name} has no row {row}."
            raise UsageError(told, hint="Rows count as Excel shows them.")
        wanted = [line for line in lines if not self.waves or line.wave in self.waves]
        doubtful = [line for line in wanted if _is_in_doubt(line)]
        if not doubtful or (self.waves and len(doubtful) < len(wanted)):
            raise self._not_in_doubt(next(line for line in wanted if line not in doubtful))
        if len(doubtful) > 1 and not self.waves:
            raise UsageError(
                f"Several waves of row {row} are in doubt: {', '.join(line.wave for line in doubtful)}.",
                hint=f"Name those you mean: --row {row} --wave {shlex.quote(doubtful[0].wave)}",
            )
        return doubtful

    def _not_in_doubt(self, line: Line) -> UsageError:
        why = line.message if line.status == Status.UNKNOWN else line.status
        which = place(line.row, line.wave).capitalize()
        return UsageError(
            f"{which} of job {self.job.name} is not in doubt here: {why}.",
            hint="Only rows whose status is unknown can be marked.",
        )


def in_doubt(settings: Settings, job: Job, after: int, most: int) -> list[Line]:
    """So many of the job's rows that can be settled by it, below that of the `seq` `after`."""
    with reading(settings.ledger) as ledger:
        lines = ledger.lines(job, (Status.UNKNOWN,), after=after) if ledger else ()
        return list(islice(filter(_is_in_doubt, lines), most))


def _is_in_doubt(line: Line) -> bool:
    return line.status == Status.UNKNOWN and line.code != "unknown_earlier"


@contextmanager
def alone(settings: Settings, has: Sequence[str] = ()) -> Iterator[tuple[Ledger, Job]]:
    """The ledger and the job, while nobody posts to its surveys. Where none is named it is the newest, or the
    newest that `has` rows of these statuses."""
    with look_into(settings.ledger):
        secret = secret_of(settings)
    with existing(settings.ledger, secret) as ledger:
        job = ledger.newest(has) if has and not settings.job else ledger.job(settings.job)
        campaigns = job.campaigns.split(",")
        with ledger.lock(job.origin, campaigns, f"importer, job {job.name}"):
            ledger.recover(job.origin, campaigns)
            yield ledger, job
