"""The inbox: what is due now, and what becomes of a file by how its import ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from importer.errors import ExitStatus
from importer.inbox.arrivals import FORMATS, Arrival, Settling, arrivals
from importer.inbox.shelves import Shelves

RETRY = 600.0
"""Seconds before a file that could not be finished is tried again by the same watch."""

OF_THE_FILE = ("all_refused", "max_failures")
"""Reasons to stop early that are the file's own; any other would meet every file."""


class Fate(StrEnum):
    """What becomes of a file."""

    DONE = "done"
    """Every row was accounted for; it is not looked at again."""
    FAILED = "failed"
    """It can't be imported as it is: a person has to look."""
    STAYS = "stays"
    """It could not be finished now; the next round goes on with it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the import of one file ended: its exit status, and the code of an early stop."""

    status: ExitStatus
    stop: str = ""

    @property
    def everyones(self) -> bool:
        """Whether the other files would meet the same: the API is away, the key is refused, the
        ledger can't be written."""
        return self.status == ExitStatus.STOPPED and self.stop not in OF_THE_FILE


def fate(ended: Ended) -> Fate:
    """What becomes of a file that ended so."""
    if ended.status in (ExitStatus.DONE, ExitStatus.SOME_REFUSED):
        return Fate.DONE
    if ended.status == ExitStatus.USAGE or ended.stop in OF_THE_FILE:
        return Fate.FAILED
    return Fate.STAYS


_GRAVITY = (
    ExitStatus.DONE,
    ExitStatus.SOME_REFUSED,
    ExitStatus.SOME_UNKNOWN,
    ExitStatus.BUSY,
    ExitStatus.USAGE,
    ExitStatus.STOPPED,
    ExitStatus.UNEXPECTED,
    ExitStatus.INTERRUPTED,
    ExitStatus.TERMINATED,
)


def gravest(statuses: Iterable[ExitStatus]) -> ExitStatus:
    """One exit status for many files; DONE where there are none."""
    return max(statuses, key=_GRAVITY.index, default=ExitStatus.DONE)


class Inbox:
    """A folder into which files are put to be imported. `shelves`: where ended files go; None
    leaves them where they are, and remembers them."""

    def __init__(
        self,
        folder: Path,
        patterns: Sequence[str] = FORMATS,
        settled: float = 10.0,
        shelves: Shelves | None = None,
    ) -> None:
        self.folder = folder
        self.settled = settled
        self._patterns = patterns
        self._shelves = shelves
        self._settling = Settling(settled)
        self._again: dict[Arrival, float] = {}

    def look(self, now: float) -> tuple[list[Arrival], list[Arrival]]:
        """The files that are due, in order; and those that may still be being written."""
        found = arrivals(self.folder, self._patterns)
        self._again = {each: self._again[each] for each in found if each in self._again}
        whole = self._settling.whole(found, now)
        due = [each for each in whole if now >= self._again.get(each, now)]
        return due, [each for each in found if each not in whole]

    def ended(self, arrival: Arrival, fate: Fate, now: float) -> Path:
        """Put a file where it belongs, and say where that is. One that changed meanwhile has
        arrived anew, and stays."""
        if not arrival.untouched():
            return arrival.path
        if fate is Fate.STAYS:
            self._again[arrival] = now + RETRY
        elif self._shelves is None:
            self._again[arrival] = float("inf")
        else:
            return self._shelves.put(arrival.path, fate)
        return arrival.path
