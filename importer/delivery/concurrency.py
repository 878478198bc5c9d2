"""Adaptive concurrency: how many requests may be under way at once, fewer where the server grows slow.

Additive increase, multiplicative decrease (AIMD), as TCP does it. Every request under way is a row in doubt
should the server die, so a server in distress gets fewer of them.
"""

from __future__ import annotations

import asyncio
from collections import deque

PATIENCE = 0.25
"""Seconds beyond its best latency that a server may take before it counts as slow."""

SOON = 3.0
"""Seconds: how long a server that has answered well so far may be busy with what it gets next."""

_SLOW = 2.0  # times the best latency: doubled, requests wait in a queue of the server's
_CUT = (
    0.7  # multiplicative decrease: gentler than TCP's half, since a latency says less than a loss
)
_FADE = (
    1.02  # the best latency fades by 2 % a round: a server that became slower for good is learned
)
_FEW = 0.25  # of a round may end badly: single failures are no distress
_ROUND = 4  # requests: fewer tell nothing of a server
_START = 2.0  # the best latency is learned before the server is pressed
_INSTANT = 0.001  # seconds: a server on this machine; keeps the first step finite


class AdaptiveConcurrency:
    """Lets at most `most` requests be under way, one at least: each `enter`s, or waits for `room`, and
    `leave`s; and `record` what came of it.

    In distress is a server that ends more than a quarter of a round badly, or takes more than twice the
    best latency seen, and `PATIENCE` more than it. The best fades by 2 % a round, so that a server that
    has become slower for good is learned. It begins with two: so the best is learned before the server
    is pressed. Until the first distress each round is followed by one twice as large, or by one that even
    a server that took its requests one by one would answer within `SOON`.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._allowed = min(_START, float(most))
        self._round = self.limit
        self._distressed = False
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._best = float("inf")
        self._lately: list[float | None] = []

    @property
    def limit(self) -> int:
        """Requests that may be under way as of now."""
        return max(1, int(self._allowed))

    def enter(self) -> bool:
        """Whether there is room for one more request, which is under way then. It costs no coroutine: one
        row after the other asks."""
        if self._under_way >= self.limit:
            return False
        self._under_way += 1
        return True

    async def room(self) -> None:
        """Wait for it, and enter."""
        while not self.enter():
            room = asyncio.get_running_loop().create_future()
            self._waiting.append(room)
            await room

    def leave(self) -> None:
        """One request has ended."""
        self._under_way -= 1
        if self._waiting:
            self._wake()

    def _wake(self) -> None:
        """As many as there is room for."""
        for _ in range(self.limit - self._under_way):
            while self._waiting and (room := self._waiting.popleft()):
                if not room.done():
                    room.set_result(None)
                    break

    def record(self, seconds: float | None) -> None:
        """A request was answered after so many seconds, or (None) ended badly."""
        self._lately.append(seconds)
        if len(self._lately) >= self._round:
            self._look()

    def _look(self) -> None:
        """Once per round of requests: is the server in distress?"""
        answered = sorted(each for each in self._lately if each is not None)
        bad = len(self._lately) - len(answered)
        if bad and len(self._lately) < _ROUND:
            self._round = _ROUND
            return
        distress = bad > _FEW * len(self._lately) or self._slow(answered)
        self._lately.clear()
        self._distressed = self._distressed or distress
        changed = self._allowed * _CUT if distress else self._grown()
        self._allowed = min(max(changed, 1.0), float(self._most))
        self._round = max(self.limit, _ROUND)

    def _grown(self) -> float:
        if self._distressed:
            return self._allowed + 1
        return self._allowed * max(2.0, SOON / max(self._best, _INSTANT))

    def _slow(self, answered: list[float]) -> bool:
        if not answered:
            return False
        typical = answered[len(answered) // 2]
        self._best = min(self._best * _FADE, typical)
        return typical > max(_SLOW * self._best, self._best + PATIENCE)
