"""Whether a connection is used for more than one request."""

from __future__ import annotations

KEEP_ALIVE = 5.0
"""Seconds that an idle connection is kept: shorter than servers do, so that they rarely close first."""

DEATHS = 3
"""Reused connections that may die in a row before every request gets a fresh one."""


class Reuse:
    """Where reused connections keep dying, each is used once only from then on."""

    __slots__ = ("_deaths", "over")

    def __init__(self) -> None:
        self._deaths = 0
        self.over = False

    def ended(self, *, reused: bool, alive: bool) -> None:
        """A connection brought its reply, or died of it. A fresh one tells nothing: between two deaths
        there is always one that lived."""
        if reused:
            self._deaths = 0 if alive else self._deaths + 1
            self.over = self.over or self._deaths >= DEATHS
