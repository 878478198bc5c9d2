"""The breaker: in an outage the run waits and probes, instead of burning rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

PROBE_EVERY = 5.0
"""Seconds between probes while the server is away."""

THRESHOLD = 5
"""Troubled attempts in a row, of all workers together, that open the breaker."""


class Breaker:
    """Closed: everyone posts. Open: one attempt at a time, every `probe_every` seconds, until one
    fares well."""

    def __init__(
        self,
        *,
        threshold: int = THRESHOLD,
        probe_every: float = PROBE_EVERY,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._threshold = threshold
        self._probe_every = probe_every
        self._clock = clock
        self._sleep = sleep
        self._in_a_row = 0
        self._opened_at: float | None = None
        self._next_probe = 0.0

    @property
    def open_for(self) -> float:
        """Seconds since the breaker opened; 0.0 while it is closed."""
        return 0.0 if self._opened_at is None else self._clock() - self._opened_at

    @property
    def is_open(self) -> bool:
        """The server is away."""
        return self._opened_at is not None

    async def admit(self, stopping: Callable[[], bool]) -> None:
        """Return at once while closed; while open, let one through at each probe's time. Returns
        too when `stopping` says so."""
        while self._opened_at is not None and not stopping():
            left = self._next_probe - self._clock()
            if left <= 0:
                self._next_probe = self._clock() + self._probe_every
                return
            await self._sleep(min(left, 0.25))

    def well(self) -> None:
        """An attempt was answered in earnest: the server is there."""
        self._in_a_row = 0
        self._opened_at = None

    def trouble(self) -> None:
        """An attempt met no server, or one that fails."""
        self._in_a_row += 1
        if self._in_a_row >= self._threshold and self._opened_at is None:
            self._opened_at = self._clock()
            self._next_probe = self._opened_at + self._probe_every
