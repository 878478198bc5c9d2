"""Looking at the account's users: by one list or person by person, whichever takes fewer requests."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import islice

import orjson

from importer import satismeter
from importer.engine.observer import Looking, Observer
from importer.errors import UsageError
from importer.ledger import Account, SeenUser
from importer.model import Job, json_kind, same_json
from importer.results.report.facts import initial
from importer.results.summary import Overwritten, TraitEffect
from importer.settings import Settings

LOOK_RATE = 5.0
"""Requests a second: the API documents no limit, and public readers of it hold themselves to five."""
_CHECKS = 3
"""Persons whom a list lacks, who are asked for by name: a list that hides them isn't whole."""
_SOME = 25
"""Persons who are asked for between two commits."""


def users_of(
    settings: Settings, job: Job, per_second: float | None = LOOK_RATE
) -> satismeter.Users:
    """The users of the job's project, at a rate of their own. Raises UsageError without a key or project."""
    if settings.api_key is None or not settings.project:
        raise UsageError(
            "The account's users are read with an API key and the project's ID.",
            hint="Set SATISMETER_API_KEY and name the project with --project; both are under Settings > "
            "Integrations > API keys.",
        )
    from importer.delivery import RateLimiter  # brings asyncio, as the look does

    limiter, origin, key = RateLimiter(per_second), job.origin, settings.api_key

    async def pace() -> None:
        await limiter.wait_until(await limiter.acquire())

    return satismeter.Users(origin, key, settings.project, network=settings.network, pace=pace)


async def look_at(
    account: Account,
    users: satismeter.Users,
    turn: int,
    observer: Observer,
    *,
    traits: Collection[str] | None = None,
    had: bool = False,
) -> int:
    """See the persons of the rows to send (with `had`, those whom the account knew before the first post), by
    one list or by asking for each: whichever takes fewer requests. Only these `traits` are kept (None: all).
    What an earlier look of this turn has found is not believed: it may have changed since. Returns how many
    users were listed."""
    persons, listed = account.persons(had=had), 0
    account.stale(turn, time.time())
    if persons > 1:
        async for page in users.listed():
            listed += len(page)
            account.see([_seen(each, traits) for each in page], turn, had=had)
            observer.event(Looking(listed))
            if users.pages and users.requests >= persons:
                break  # it comes in pages, more of them than there are persons
        else:
            if await _is_whole(account, users, turn, had=had):
                if not had:
                    account.absent(turn)
                return listed
    # Person by person, those whom nobody has seen yet.
    some: list[SeenUser] = []
    for user_id in account.unseen(turn, had=had):
        user = await users.one(user_id)
        some.append(_seen(user, traits) if user else SeenUser(user_id, None))
        if len(some) == _SOME:
            account.see(some, turn, had=had)
            some = []
            observer.event(Looking(users.requests))
    account.see(some, turn, had=had)
    return listed


async def _is_whole(account: Account, users: satismeter.Users, turn: int, *, had: bool) -> bool:
    """Whether those whom a list lacks aren't there: some of them are asked for by name."""
    for user_id in islice(account.unseen(turn, had=had), _CHECKS):
        if await users.one(user_id):
            return False
    return True


def _seen(user: satismeter.User, traits: Collection[str] | None) -> SeenUser:
    """What is kept of a user: nothing that the import doesn't touch."""
    kept = {name: value for name, value in user.traits.items() if traits is None or name in traits}
    return SeenUser(user.user_id, kept, user.unsubscribed)


# Counting what becomes of the account's traits, person by person.

_EXAMPLES = 3


def as_it_is(value: object) -> str:
    """A value as JSON: `--show-values`."""
    return orjson.dumps(value, default=str).decode("utf-8", "replace")


def hidden(value: object) -> str:
    """What of a value may be shown: of texts the first letter and the length, of others their kind."""
    return initial(value) if isinstance(value, str) else f"({json_kind(value)})"


class Tally:
    """Counts persons by what becomes of each trait. `traits` are all that the mapping sends, in its order."""

    def __init__(self, traits: Sequence[str], keeps: Collection[str], *, show_values: bool) -> None:
        self._keeps = keeps
        self._counts = {name: Counter[str]() for name in traits}
        self._examples: dict[str, list[Overwritten]] = {name: [] for name in traits}
        self._show = as_it_is if show_values else hidden
        self.persons = self.known = self.unsubscribed = 0

    def add(
        self,
        before: Mapping[str, object] | None,
        last: Mapping[str, tuple[int, object]],
        left: Mapping[str, object],
        *,
        unsubscribed: bool,
    ) -> None:
        """A person: what he has (None: the account doesn't know him), of each trait that is sent the last
        row's number and value, and of each that is left out the last value."""
        self.persons += 1
        if before is None:
            return
        self.known += 1
        self.unsubscribed += unsubscribed
        for name, (row, value) in last.items():
            self._sent(name, row, before, value)
        for name, value in left.items():
            if name in before and name not in last:
                alike = same_json(before[name], value)
                self._counts[name]["equal" if alike else "kept"] += 1

    def _sent(self, name: str, row: int, before: Mapping[str, object], value: object) -> None:
        counts = self._counts[name]
        if name not in before:
            counts["fills"] += 1
        elif same_json(before[name], value):
            counts["equal"] += 1
        else:
            counts["overwrites"] += 1
            counts["retypes"] += json_kind(before[name]) != json_kind(value)
            shown = self._examples[name]
            if len(shown) < _EXAMPLES or row < shown[-1].row:
                shown.append(Overwritten(row, self._show(before[name]), self._show(value)))
                shown.sort(key=lambda each: each.row)
                del shown[_EXAMPLES:]

    def traits(self) -> tuple[TraitEffect, ...]:
        """Every trait of the mapping, with what a run does to it at how many persons."""
        return tuple(
            TraitEffect(name, name in self._keeps, **counts, examples=tuple(self._examples[name]))
            for name, counts in self._counts.items()
        )
