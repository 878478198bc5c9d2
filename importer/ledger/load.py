"""How busy this process is: whether work is worth a wait, or a wait worth work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

Clock = Callable[[], float]

_WINDOW = 0.1
_HIGH = 0.5


class Busy(Protocol):
    """What tells whether work is worth a wait."""

    def high(self) -> bool:
        """It is."""


class Contended:
    """Several processes write at once, and keep one another waiting: the fewer times, the better."""

    def high(self) -> bool:
        """Always."""
        return True


class Load:
    """The share of one processor that this process uses, measured over tenths of a second."""

    def __init__(self, wall: Clock = time.monotonic, cpu: Clock = time.process_time) -> None:
        self._wall = wall
        self._cpu = cpu
        self._since = wall(), cpu()
        self._high = False

    def high(self) -> bool:
        """Whether it was more than half of one lately; at first it isn't."""
        wall, cpu = self._wall(), self._cpu()
        passed = wall - self._since[0]
        if passed >= _WINDOW:
            self._high = cpu - self._since[1] > _HIGH * passed
            self._since = wall, cpu
        return self._high
