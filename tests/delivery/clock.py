"""Time that a test makes: sleepers wake in order, and nobody really waits."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Coroutine

_IDLE = 25


class Clock:
    """A monotonic clock and its sleep. `run` lets coroutines go on until all have ended."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Wake once the clock stands `seconds` later."""
        waking = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + max(seconds, 0.0), next(self._order), waking))
        await waking

    async def run(self, *coroutines: Coroutine[object, object, object]) -> list[object]:
        """Let them go on until all have ended; the clock turns whenever everyone sleeps."""
        tasks = [asyncio.create_task(each) for each in coroutines]
        due = getattr(asyncio.get_running_loop(), "_ready", (1,))  # uvloop doesn't show its own
        while not all(task.done() for task in tasks):
            for _ in range(_IDLE):
                await asyncio.sleep(0)
                if not due:  # whoever is left sleeps
                    break
            self._turn()
        return [task.result() for task in tasks]

    def _turn(self) -> None:
        while self._sleepers:
            at, _, waking = heapq.heappop(self._sleepers)
            self.now = max(self.now, at)
            if not waking.done():
                waking.set_result(None)
                return
