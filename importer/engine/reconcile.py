"""Reading the survey back: rows of unknown fate are settled by what it holds."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from importer.errors import UsageError
from importer.ledger import Hasher, Ledger
from importer.ledger.reconcile import (
    Doubt,
    Known,
    call_absent,
    call_stored,
    call_there,
    controls,
    doubts,
    in_other_form,
    known,
    to_send,
)
from importer.model import Job
from importer.satismeter.read import MARGIN, Reader, StoredResponse, moment
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
    open_ones = doubts(ledger, job)
    if not open_ones:
        return Settled()
    checks = {each.shown: controls(ledger, job, each) for each in open_ones}
    wanted = {each.shown for each in open_ones}.union(*checks.values())
    since = min(each.first for each in open_ones) - MARGIN
    held = await _held(settings, ledger, job, wanted, known(ledger, job), since)
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
    hasher, waiting = Hasher(ledger.secret, job.origin), to_send(ledger, job)
    there: defaultdict[bytes, list[str]] = defaultdict(list)
    async with reader(settings, job.origin) as reading:
        async for campaign in _campaigns(reading, job):
            async for each in reading.responses(campaign, _EVER):
                who = (campaign, each.user_id, each.anonymous_id)
                for shown in (
                    hasher.shown(*who, each.answers),
                    hasher.shown_0_1(*who, each.answers),
                ):
                    if shown in waiting:
                        there[shown].append(each.id)
    return sum(call_there(ledger, job, waiting[shown], ids) for shown, ids in there.items())


_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Held:
    """The responses that the survey holds: those that `look` like rows of ours, by that look, each with
    its look in the other form (0.1's, or today's); and, by person, those of people with a row in doubt that
    are `unexplained`."""

    look: Mapping[bytes, Sequence[tuple[StoredResponse, bytes]]]
    unexplained: Mapping[bytes, Sequence[StoredResponse]]


async def _held(
    settings: Settings,
    ledger: Ledger,
    job: Job,
    wanted: Collection[bytes],
    explained: Known,
    since: float,
) -> Held:
    hasher = Hasher(ledger.secret, job.origin)
    held: defaultdict[bytes, list[tuple[StoredResponse, bytes]]] = defaultdict(list)
    unexplained: defaultdict[bytes, list[StoredResponse]] = defaultdict(list)
    async with reader(settings, job.origin) as reading:
        async for campaign in _campaigns(reading, job):
            async for each in reading.responses(campaign, datetime.fromtimestamp(since, UTC)):
                who = (campaign, each.user_id, each.anonymous_id)
                person = hasher.person(*who)
                looks = (hasher.shown(*who, each.answers), hasher.shown_0_1(*who, each.answers))
                for shown, other in (looks, looks[::-1]):
                    if shown in wanted:
                        held[shown].append((each, other))
                known_look = not explained.looks.isdisjoint(looks)
                if person in explained.people and not (known_look or each.id in explained.ids):
                    unexplained[person].append(each)
    return Held(held, unexplained)


def reader(settings: Settings, origin: str) -> Reader:
    """The read API of the settings' project; UsageError where the key or the project is missing."""
    if settings.api_key is None:
        raise UsageError(
            "There is no API key to read the survey with.",
            hint="Put it into SATISMETER_API_KEY (it is not the write key): Settings > Integrations > "
            "API keys.",
        )
    if not settings.project:
        raise UsageError(
            "The read API wants the project's ID.",
            hint="Name it with --project, or in SATISMETER_PROJECT: it stands beside the API key.",
        )
    return Reader(
        origin,
        settings.api_key,
        settings.project,
        timeout=2 * settings.timeout,
        network=settings.network,
    )


async def _campaigns(reading: Reader, job: Job) -> AsyncIterator[str]:
    named = job.campaigns.split(",")
    if "*" in named:
        named = [survey.id for survey in await reading.surveys()]
    for campaign in named:
        yield campaign


def _settle(
    settings: Settings,
    ledger: Ledger,
    job: Job,
    doubt: Doubt,
    held: Held,
    checks: set[bytes],
    *,
    final: bool,
) -> Settled:
    since = doubt.first - MARGIN
    alike = [each for each in held.look.get(doubt.shown, ()) if _moment(each[0]) >= since]
    mine, others_looks = [each for each, _ in alike], {look for _, look in alike}
    accepted, doubtful = in_other_form(ledger, others_looks, since)
    doubt = replace(
        doubt, acknowledged=doubt.acknowledged + accepted, others=doubt.others + doubtful
    )
    stored = doubt.stored(len(mine))
    if stored is None:
        return Settled(left=len(doubt.seqs))
    newest = sorted(mine, key=_moment)[len(mine) - stored :]
    call_stored(ledger, job, doubt.seqs[:stored], [each.id for each in newest])
    others = doubt.seqs[stored:]
    proven = bool(checks) and all(shown in held.look for shown in checks)
    strange = any(_moment(each) >= since for each in held.unexplained.get(doubt.person, ()))
    if not proven or strange or abs(time.time() - doubt.last) < settings.settling:
        return Settled(created=stored, left=len(others))
    absent = call_absent(ledger, job, others, final=final)
    return Settled(created=stored, absent=absent, left=len(others) - absent)


def _moment(found: StoredResponse) -> float:
    return moment(found.created)
