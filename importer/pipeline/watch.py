"""Who likes to know how far a job is: a progress bar, metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from importer.model import Outcome


class Watch(Protocol):
    """What likes to know how far a job is: a progress bar, metrics."""

    def staged(self, rows: int) -> None:
        """So many rows have been read and mapped."""

    def sending(self, rows: int) -> None:
        """So many rows are about to be posted."""

    def ended(self, outcome: Outcome) -> None:
        """A row has ended."""

    def settling(self, rows: int, seconds: float) -> None:
        """So many rows of unknown fate are asked about again, after a wait."""


class Unwatched:
    """Nobody watches."""

    def staged(self, rows: int) -> None:
        """Ignored."""

    def sending(self, rows: int) -> None:
        """Ignored."""

    def ended(self, outcome: Outcome) -> None:
        """Ignored."""

    def settling(self, rows: int, seconds: float) -> None:
        """Ignored."""


NOBODY = Unwatched()


class Several:
    """Hands on to each of several, in their order."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._watches = watches

    def staged(self, rows: int) -> None:
        """Handed on."""
        for each in self._watches:
            each.staged(rows)

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
