"""When a run stops by itself: where every further row would fare like those before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from importer.model import PERHAPS_ALONE, QueuedRow, Status
from importer.satismeter import Action, Classification

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


Refused = tuple[QueuedRow, Classification]


class AbortRules:
    """Looks at every classification and says when to stop. `refused`: the rows that were refused while none
    was accepted, with their verdicts; once one is accepted they are the rows' own trouble.

    A refusal that every row would get (of the key, the survey, the account) may be one row's own, where
    others were accepted, now or (`begun`) by an earlier run: a firewall dislikes its comment. Such a row is a
    suspect until a row is accepted whose post began after its refusal: then it is `rejected`. Where another
    row gets the same before that, the run stops, and no row of that kind is `rejected`."""

    def __init__(self, outage: float, *, begun: bool = False) -> None:
        self._outage = outage
        self._begun = begun
        self._accepted = False
        self._unverified = 0
        self.refused: list[Refused] = []
        self.refusals = 0
        self._met: dict[int, int] = {}
        self._proven = 0
        self._suspects: dict[int, Refused] = {}
        self._convicted: list[Refused] = []

    def suspected(self, row: QueuedRow) -> bool:
        """Whether nobody knows yet whose fault the row's refusal is."""
        return row.seq in self._suspects

    def judged(self, row: QueuedRow, classified: Classification) -> Classification:
        """A refusal that the row has met before, although rows were accepted since, is its own."""
        if not _perhaps_alone(classified):
            return classified
        if row.seq in self._met:
            own = self._proven >= self._met[row.seq]
        else:
            own = row.cleared or (row.refused and self._accepted)
        if not own:
            return classified
        self._convicted.append((row, classified))
        return _own(classified)

    def convicted(self, since: int) -> Iterator[Refused]:
        """A row is accepted whose post began after so many refusals: the suspects whose refusals these were,
        with what they come to."""
        self._proven = max(self._proven, since)
        for seq, (row, classified) in list(self._suspects.items()):
            if self._met[seq] <= since and classified.status is Status.PENDING:
                self._convicted.append(self._suspects.pop(seq))
                yield row, _own(classified)

    def pass_ended(self) -> None:
        """The suspects that are left stay to be sent."""
        self._suspects.clear()

    def taken_back(self, stop: Abort) -> list[Refused]:
        """The rows that were `rejected` for what the run has stopped for, after all: they stay to be sent."""
        if stop.code == ALL_REFUSED:
            return self.refused
        return [each for each in self._convicted if each[1].code == stop.code]

    def reason(self, row: QueuedRow, classified: Classification, away: float) -> Abort | None:
        """Why the run stops after this classified, if it does. `away`: seconds since the API last dealt
        with a row."""
        self._count(row, classified)
        if classified.action is Action.ABORT and not self._alone(row, classified):
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

    def _alone(self, row: QueuedRow, classified: Classification) -> bool:
        """Whether the refusal may be this row's own, as far as is known."""
        if not ((self._accepted or self._begun) and _perhaps_alone(classified)):
            return False
        self.refusals += 1
        self._met[row.seq] = self.refusals
        others = [each.code for seq, (_, each) in self._suspects.items() if seq != row.seq]
        self._suspects[row.seq] = (row, classified)
        return classified.code not in others

    def _count(self, row: QueuedRow, classified: Classification) -> None:
        self._unverified = self._unverified + 1 if classified.unverified else 0
        if classified.status is Status.CREATED:
            self._accepted = True
            self.refused.clear()
        refused = classified.status is Status.REJECTED or classified.code == "dup_or_targeting"
        if refused and not self._accepted:
            self.refused.append((row, classified))


def _perhaps_alone(classified: Classification) -> bool:
    return classified.action is Action.ABORT and classified.code in PERHAPS_ALONE


def _own(classified: Classification) -> Classification:
    """The refusal as the row's own; after an attempt of unknown fate it stays so."""
    if classified.status is not Status.PENDING:
        return classified._replace(code="rejected_in_doubt", action=Action.DONE)
    message = f"{classified.message}; other rows were accepted since"
    return Classification(Status.REJECTED, "rejected", message)
