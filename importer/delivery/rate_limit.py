"""Rate limit (throttle): never more requests in any window than the rate allows, and a pause for all.

An own one, since the usual token bucket lets twice the rate through in its first second.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Awaitable, Callable

from importer.model import Why

log = logging.getLogger(__name__)

LEAD = 0.025
"""Seconds before its slot at which a worker goes on, so that its journal entry is on the disk in time."""

SHARE = 0.995
"""Of the rate, what is used: in any second a server sees no more than the rate although requests take
now 1 ms, now 5 ms to arrive."""

WAY = 0.1
"""Seconds by which requests of several processes may arrive late, at most: what took longer was the server's
own work. It bounds what the window below can cost."""

_ON_TIME = 0.001
"""Seconds: so little is within `SHARE`."""

_SLOWEST = 0.2  # requests/s: below one in five seconds a run would seem to hang
_BACK_OFF = (
    0.9  # of what the server was seen to take: below its limit, so that it need not refuse again
)
_PATIENCE = (
    30.0  # seconds without a refusal before the rate climbs fast: limits are often per half minute
)
_LATELY = 1.0  # seconds: the window of most servers' limits, and one burst of refusals
_RELIEF = 5.0  # seconds of posts that a lowered rate should bring without a refusal
_AMONG = 100  # posts among which refusals are counted: enough to tell 15 % from chance
_FEW = (
    0.15  # so few refusals come from elsewhere (another client, a flaky proxy), not from the rate
)
_HARDLY_SEEN = 10.0  # requests/s: the default rate; a first second shows no server's limit below it
_SEVERAL = 10  # posts of a start: a real limit refuses two of them at least

_LONG = 2.0  # seconds: a shorter wait for a slot is no news to anybody

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]
OnWait = Callable[[Why, float], None]
"""Hears why nothing is posted, and for how many seconds at most."""


def unheard(_: Why, __: float) -> None:
    """Nobody likes to know."""


class RateLimiter:
    """Slots at even distances (GCRA), and a sliding window over the posts as they happened.

    `acquire()` waits until shortly before the next slot; `wait_until(slot)`, called when the attempt is
    journalled, until the slot itself and until the window has room. Refusals (429) lower the rate to
    what the server was seen to take; it climbs again by 1 % a second, and after half a minute without
    a refusal by 10 %. Where refusals go on although the rate was lowered, and are few, the rate is not
    their cause: what was learned is forgotten, and they change nothing for half a minute.
    """

    def __init__(
        self, per_second: float | None, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep
    ) -> None:
        self.on_wait: OnWait = unheard
        self._waiting: deque[float] = deque()
        self._limit = per_second
        self._learned: float | None = None
        self._learned_at = 0.0
        self._clock = clock
        self._sleep = sleep
        self._next_slot = clock()
        self._paused_until = 0.0
        self._posts: deque[float] = deque()
        self._way = 0.0
        self._fastest = math.inf
        self._seen = 0
        self._count = self._count_then = 0
        self._before: float | None = None
        self._refusals: deque[int] = deque(maxlen=_AMONG)
        self._spared_until = 0.0
        self._first_post: float | None = None

    @property
    def rate(self) -> float | None:
        """Requests per second as of now; None is as fast as the server takes them."""
        if self._learned is None:
            return self._limit
        grown = self._learned * _growth(self._clock() - self._learned_at)
        return grown if self._limit is None else min(grown, self._limit)

    @property
    def free(self) -> bool:
        """Whether a post needs no slot: nothing sets a pace, and nobody waits."""
        at_will = self._limit is None and self._learned is None
        return at_will and self._paused_until <= self._clock()

    async def acquire(self) -> float:
        """Take the next slot, and wait until shortly before it."""
        await self._wait_for_pause()
        now = self._clock()
        rate = self.rate
        if rate is None:
            return now
        slot = max(self._next_slot, now)
        self._next_slot = slot + 1 / (SHARE * rate)
        if slot - now > _LONG:
            await self._wait_long(slot)
        elif slot - now > LEAD:
            await self._sleep(slot - now - LEAD)
        return slot

    async def _wait_long(self, slot: float) -> None:
        """Several workers may wait, each for its slot: the first of these is when the next request leaves."""
        self._waiting.append(slot)
        now = self._clock()
        self.on_wait(Why.RATE, self._waiting[0] - now)
        try:
            await self._sleep(slot - now - LEAD)
        finally:
            self._waiting.remove(slot)

    async def wait_until(self, slot: float) -> float:
        """Wait for the slot, for a pause that came meanwhile, and for room in the window; returns when that
        was."""
        while (post := self.passes(slot)) is None:
            await self._sleep(_bounded(self._left(slot, self._clock())))
        return post

    def passes(self, slot: float) -> float | None:
        """When nothing of that holds a post back, it leaves now, and counts: returns when that was."""
        now = self._clock()
        if self._left(slot, now) > 0:
            return None
        if self._first_post is None:
            self._first_post = now
        self._posts.append(now + self._way)
        self._count += 1
        self._forget(now)
        return now

    def answered(self, post: float, left: float = 0.0) -> None:
        """The post of then was answered. It fills the window from when it was handed to the wire (`left`; 0.0
        where nobody knows), which a handshake or a busy machine delays; where several processes share a rate,
        from when it may have arrived: later by what it took longer than the fastest."""
        late = max(left - post, 0.0)
        if self._way:
            took = self._clock() - post
            self._fastest = min(self._fastest, took)
            late = took - self._fastest
            if late >= self._way:
                return
        elif late < _ON_TIME or self._limit is None:
            return
        if (place := bisect_left(self._posts, post + self._way)) < len(self._posts):
            del self._posts[place]
            insort(self._posts, post + late)

    def _left(self, slot: float, now: float) -> float:
        room = now if self._limit is None and self._learned is None else self._room()
        return max(slot, self._paused_until, room) - now

    def _room(self) -> float:
        """When one more post fits: no window holds more than the rate allows, neither that of its
        whole number of posts nor any second."""
        rate = self.rate
        if rate is None:
            return 0.0
        most = max(1, int(rate))
        window = most / rate / SHARE
        return max(self._after(most, window), self._after(math.ceil(rate), 1.0 / SHARE))

    def _after(self, most: int, window: float) -> float:
        """When the window has room again, if it may hold so many."""
        return self._posts[-most] + window if len(self._posts) >= most else 0.0

    def _forget(self, now: float) -> None:
        """Posts that no window of now or later can hold."""
        if now - self._posts[0] < _LATELY:
            return
        rate = self.rate or 1.0
        oldest = now - max(_LATELY, 2 / rate)
        while len(self._posts) > rate + 1 and self._posts[0] < oldest:
            self._posts.popleft()

    async def _wait_for_pause(self) -> None:
        while (left := self._paused_until - self._clock()) > 0:
            await self._sleep(_bounded(left))

    def share(self, per_second: float) -> None:
        """From now on so many a second: its part of a rate that several processes have among them, which
        changes as they come and go; 0 is nothing for now. May be called from any thread."""
        self._way = WAY
        if not per_second:
            self._paused_until = math.inf
            return
        self._limit = per_second
        if self._paused_until == math.inf:
            self._paused_until = self._clock()

    @property
    def paused_for(self) -> float:
        """Seconds for which the server has asked to wait; 0.0 where it hasn't."""
        left = self._paused_until - self._clock()
        return left if 0 < left < math.inf else 0.0

    def pause(self, seconds: float) -> None:
        """Nobody posts for so long."""
        until = self._clock() + seconds
        # Rows in flight bring the same pause again and again; it is one.
        if until > self._paused_until + 1:
            figures = {"event": "pausing", "wait": round(seconds, 3)}
            log.warning("the API asks to wait for %.0f s", seconds, extra=figures)
            self.on_wait(Why.RETRY_AFTER, seconds)
        self._paused_until = max(self._paused_until, until)

    def on_429(self) -> None:
        """The server said 429: go no faster than it took requests in the last second. Refusals that
        come within a second of the first belong to the same burst, and were none of those it took."""
        now = self._clock()
        self._refusals.append(self._count)
        if (now < self._spared_until and self._are_few()) or self._is_a_lone_start(now):
            return
        if self._learned is None or now - self._learned_at >= _LATELY:
            if self._was_in_vain() and self._are_few():
                self._learned, self._spared_until = None, now + _PATIENCE
                return
            posts = sum(1 for at in self._posts if at >= now - _LATELY)
            self._seen = posts - self._refused_among(posts) + 1
            self._before, self._count_then = self.rate, self._count
            self._learned_at = now
        self._seen -= 1
        seen = self._seen if self._before is None else min(self._seen, self._before)
        self._learned = max(self._slowest(now), _BACK_OFF * seen)
        self._next_slot = max(self._next_slot, now + 1 / self._learned)

    def _slowest(self, now: float) -> float:
        """In its first second a run has hardly seen what the server takes."""
        if not self._is_starting(now):
            return _SLOWEST
        return _HARDLY_SEEN if self._limit is None else min(_HARDLY_SEEN, self._limit)

    def _is_starting(self, now: float) -> bool:
        return self._first_post is None or now - self._first_post < _LATELY

    def _is_a_lone_start(self, now: float) -> bool:
        """A limit that is met at the start refuses several; one alone tells nothing of the pace."""
        return self._is_starting(now) and self._refused_among(_SEVERAL) < 2

    def _refused_among(self, posts: int) -> int:
        """How many of the last posts were refused."""
        return sum(1 for at in self._refusals if at > self._count - posts)

    def _are_few(self) -> bool:
        """At most 15 % of the last hundred posts were refused."""
        return self._refused_among(_AMONG) <= _FEW * min(self._count, _AMONG)

    def _was_in_vain(self) -> bool:
        """Whether refusals go on right after the rate was lowered, when none should come for long."""
        return (
            self._learned is not None and self._count - self._count_then <= _RELIEF * self._learned
        )


def _growth(seconds: float) -> float:
    return float(1.01 ** min(seconds, _PATIENCE) * 1.1 ** max(seconds - _PATIENCE, 0.0))


def _bounded(seconds: float) -> float:
    """Who waits for a share looks for it now and then."""
    return 0.2 if seconds == math.inf else seconds
