"""The rate limit."""

from __future__ import annotations

from collections import deque


class Pace:
    """Lets at most `limit` requests through in any one second: the moments of the last ones are kept."""

    def __init__(self, limit: int | None) -> None:
        self._passed: deque[float] | None = deque(maxlen=limit) if limit else None

    def wait(self, now: float) -> float:
        """Seconds until a request would pass; 0 lets this one through. `now` is monotonic."""
        if self._passed is None:
            return 0.0
        if len(self._passed) == self._passed.maxlen and now - self._passed[0] < 1:
            return 1 - (now - self._passed[0])
        self._passed.append(now)
        return 0.0
