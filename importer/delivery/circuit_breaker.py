"""Circuit breaker: in an outage the run waits and probes, instead of burning rows."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

PROBE_EVERY = 5.0
"""Seconds between probes while the server is away."""

THRESHOLD = 5
"""Troubled attempts in a row, of all workers together, that open the breaker."""

_WAKE = 0.25  # seconds: how soon a stop is seen by those who wait


class CircuitBreaker:
    """Closed: everyone posts. Open: one attempt at a time, `probe_every` seconds apart, until one is
    answered in earnest. Every attempt ends in `record_success`, `record_failure` or `record_throttled`."""

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
        self._open = False
        self._probing = False
        self._next_probe = 0.0
        self._unwell_since: float | None = None

    @property
    def away_for(self) -> float:
        """Seconds since the API last dealt with a row, counted from the first attempt that it didn't
        deal with; 0.0 while it does."""
        return 0.0 if self._unwell_since is None else self._clock() - self._unwell_since

    @property
    def is_open(self) -> bool:
        """Whether the server is away: probes alone may be posted."""
        return self._open

    @property
    def next_probe_in(self) -> float:
        """Seconds until one attempt may be made, while it is open."""
        return max(self._next_probe - self._clock(), 0.0)

    async def acquire(self, stopping: Callable[[], bool]) -> None:
        """Return at once while closed; while open, let one through at each probe's time, once the probe
        before it has ended. Returns too when `stopping` says so."""
        while self._open and not stopping():
            left = self._next_probe - self._clock()
            if left <= 0 and not self._probing:
                self._probing = True
                return
            await self._sleep(min(max(left, 0.01), _WAKE))

    def record_success(self) -> None:
        """The API dealt with a row: it is there."""
        self._close()
        self._unwell_since = None

    def record_throttled(self) -> None:
        """The API is there, but deals with no row for now."""
        self._close()
        self._note()

    def record_failure(self) -> None:
        """An attempt met no server, or one that fails."""
        self._note()
        self._in_a_row += 1
        self._probing = False
        if self._in_a_row >= self._threshold:
            if not self._open:
                log.warning("the API is away: one attempt at a time", extra={"event": "away"})
            self._open = True
            self._next_probe = self._clock() + self._probe_every

    def _close(self) -> None:
        if self._open:
            away = {"event": "back", "seconds": round(self.away_for, 3)}
            log.info("the API is back after %.0f s", self.away_for, extra=away)
        self._in_a_row = 0
        self._open = self._probing = False

    def _note(self) -> None:
        if self._unwell_since is None:
            self._unwell_since = self._clock()
