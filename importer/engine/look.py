"""Looking at the account's users: by one list or person by person, whichever takes fewer requests."""

from __future__ import annotations

import time
from collections.abc import Collection
from itertools import islice

from importer import satismeter
from importer.delivery import RateLimiter
from importer.engine.observer import Looking, Observer
from importer.errors import UsageError
from importer.ledger import Account, SeenUser
from importer.model import Job
from importer.settings import Settings

LOOK_RATE = 5.0
"""Requests a second: the API documents no limit, and public readers of it hold themselves to five."""
FRESH = 3_600.0
"""Seconds for which what a look that was cut off has found is still believed."""
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
    Returns how many users were listed."""
    persons, listed = account.persons(had=had), 0
    if persons > 1:
        account.stale(turn, time.time())
        async for some in users.listed():
            listed += len(some)
            account.see([_seen(each, traits) for each in some], turn, had=had)
            observer.event(Looking(listed))
            if users.pages and users.requests >= persons:
                break  # it comes in pages, more of them than there are persons
        else:
            if await _is_whole(account, users, turn, had=had):
                if not had:
                    account.absent(turn)
                return listed
    else:
        account.stale(turn, time.time() - FRESH)
    await _ask(account, users, turn, observer, traits, had=had)
    return listed


async def _is_whole(account: Account, users: satismeter.Users, turn: int, *, had: bool) -> bool:
    """Whether those whom a list lacks aren't there: some of them are asked for by name."""
    for user_id in islice(account.unseen(turn, had=had), _CHECKS):
        if await users.one(user_id):
            return False
    return True


async def _ask(
    account: Account,
    users: satismeter.Users,
    turn: int,
    observer: Observer,
    traits: Collection[str] | None,
    *,
    had: bool,
) -> None:
    """Person by person, those whom nobody has seen yet."""
    some: list[SeenUser] = []
    for user_id in account.unseen(turn, had=had):
        user = await users.one(user_id)
        some.append(_seen(user, traits) if user else SeenUser(user_id, None))
        if len(some) == _SOME:
            account.see(some, turn, had=had)
            some = []
            observer.event(Looking(users.requests))
    account.see(some, turn, had=had)


def _seen(user: satismeter.User, traits: Collection[str] | None) -> SeenUser:
    """What is kept of a user: nothing that the import doesn't touch."""
    kept = {name: value for name, value in user.traits.items() if traits is None or name in traits}
    return SeenUser(user.user_id, kept, user.unsubscribed)
