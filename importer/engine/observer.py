"""Who likes to know how far a job is: a progress bar, metrics, the log."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from importer.model import Outcome

log = logging.getLogger(__name__)

LOG_EVERY = 10.0
"""Seconds between two lines of the log while rows are read or posted."""


class Observer(Protocol):
    """What likes to know how far a job is: a progress bar, metrics."""

    def staged(self, rows: int) -> None:
        """So many rows have been read and mapped."""

    def looking(self, users: int) -> None:
        """So many of the account's users have been looked at."""

    def sending(self, rows: int) -> None:
        """So many rows are about to be posted."""

    def ended(self, outcome: Outcome) -> None:
        """A row has ended."""

    def settling(self, rows: int, seconds: float) -> None:
        """So many rows of unknown fate are asked about again, after a wait."""


class NullObserver:
    """Nobody watches."""

    def staged(self, rows: int) -> None:
        """Ignored."""

    def looking(self, users: int) -> None:
        """Ignored."""

    def sending(self, rows: int) -> None:
        """Ignored."""

    def ended(self, outcome: Outcome) -> None:
        """Ignored."""

    def settling(self, rows: int, seconds: float) -> None:
        """Ignored."""


NULL_OBSERVER = NullObserver()


class Observers:
    """Hands on to each of several, in their order."""

    def __init__(self, watches: Sequence[Observer]) -> None:
        self._watches = watches

    def staged(self, rows: int) -> None:
        """Handed on."""
        for each in self._watches:
            each.staged(rows)

    def looking(self, users: int) -> None:
        """Handed on."""
        for each in self._watches:
            each.looking(users)

    def sending(self, rows: int) -> None:
        """Handed on."""
        for each in self._watches:
            each.sending(rows)

    def ended(self, outcome: Outcome) -> None:
        """Handed on."""
        for each in self._watches:
            each.ended(outcome)

    def settling(self, rows: int, seconds: float) -> None:
        """Handed on."""
        for each in self._watches:
            each.settling(rows, seconds)


class Logged:
    """Writes down how far a job is, every `LOG_EVERY` seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said = clock()
        self._rows = 0
        self._ended: Counter[str] = Counter()

    def staged(self, rows: int) -> None:
        """Rows read so far."""
        if self._due():
            log.info("%d rows read", rows, extra={"event": "reading", "rows": rows})

    def looking(self, users: int) -> None:
        """Users of the account seen so far."""
        if self._due():
            log.info("%d users looked at", users, extra={"event": "looking", "users": users})

    def sending(self, rows: int) -> None:
        """Posting begins."""
        self._rows, self._ended = rows, Counter()
        log.info("sending %d rows", rows, extra={"event": "sending", "rows": rows})

    def ended(self, outcome: Outcome) -> None:
        """A row has ended."""
        self._ended[outcome.status] += 1
        if self._due():
            figures = {"event": "progress", "rows": self._rows, "ended": dict(self._ended)}
            log.info("%d of %d rows", self._ended.total(), self._rows, extra=figures)

    def settling(self, rows: int, seconds: float) -> None:
        """Rows of unknown fate are asked about again."""
        figures = {"event": "settling", "rows": rows, "wait": round(seconds, 3)}
        log.warning("%d rows of unknown fate are tried again", rows, extra=figures)

    def _due(self) -> bool:
        if self._clock() - self._said < LOG_EVERY:
            return False
        self._said = self._clock()
        return True
