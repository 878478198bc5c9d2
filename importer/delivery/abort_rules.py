"""When a run stops by itself: where every further row would fare like those before it."""

from __future__ import annotations

from dataclasses import dataclass

from importer.model import QueuedRow, Status
from importer.satismeter.classify import Action, Classification

FIRST_REFUSED = 20
"""Rows that may be refused, also as duplicates, with none accepted, before the run stops."""

UNVERIFIED = 3
"""Answers in a row that say success and acknowledge nothing, before the run stops."""

ALL_REFUSED = "all_refused"


@dataclass(frozen=True, slots=True)
class Abort:
    """Why a delivery ended before its rows did. `signal` is the signal's number, 0 for others."""

    code: str
    message: str
    signal: int = 0


class AbortRules:
    """Looks at every classification and says when to stop. `refused`: the rows that were refused while none
    was accepted, with their verdicts; once one is accepted they are the rows' own trouble."""

    def __init__(self, outage: float) -> None:
        self._outage = outage
        self._accepted = False
        self._unverified = 0
        self.refused: list[tuple[QueuedRow, Classification]] = []

    def reason(self, row: QueuedRow, classified: Classification, away: float) -> Abort | None:
        """Why the run stops after this classified, if it does. `away`: seconds since the API last dealt
        with a row."""
        self._count(row, classified)
        if classified.action is Action.ABORT:
            return Abort(classified.code, classified.message)
        if self._unverified >= UNVERIFIED:
            return Abort("unverified", f"{classified.message} ({UNVERIFIED} times in a row)")
        if len(self.refused) >= FIRST_REFUSED:
            told = f"none was accepted, {len(self.refused)} were refused, lately with: {classified.message}"
            return Abort(ALL_REFUSED, told)
        return self.outage(classified, away)

    def outage(self, classified: Classification, away: float) -> Abort | None:
        """Why the run stops where the API has been away for so long, if it does."""
        if away > self._outage:
            return Abort("outage", f"the API has been away for {away:.0f} s: {classified.message}")
        return None

    def _count(self, row: QueuedRow, classified: Classification) -> None:
        self._unverified = self._unverified + 1 if classified.unverified else 0
        if classified.status is Status.CREATED:
            self._accepted = True
            self.refused.clear()
        refused = classified.status is Status.REJECTED or classified.code == "dup_or_targeting"
        if refused and not self._accepted:
            self.refused.append((row, classified))
