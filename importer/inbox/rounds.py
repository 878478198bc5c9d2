"""Rounds over an inbox: one after which it ends, or one after the other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from importer.errors import ExitStatus
from importer.inbox.arrivals import Arrival
from importer.inbox.ending import Ending
from importer.inbox.inbox import Ended, Inbox, fate


class Desk(Protocol):
    """Does the work of a round, and tells of it."""

    def importing(self, arrival: Arrival, ending: Ending) -> Ended:
        """Import a file. Its errors are how it ended, never an exception."""

    def put(self, arrival: Arrival, ended: Ended, place: Path) -> None:
        """A file lies there now."""

    def waiting(self, arrivals: Sequence[Arrival]) -> None:
        """These may still be being written."""

    def rounded(self, statuses: Sequence[ExitStatus]) -> None:
        """A round is over, in which files ended so (at least one)."""


def once(inbox: Inbox, ending: Ending, desk: Desk) -> list[ExitStatus]:
    """Import what lies there: a look, and a second one once files have had the time to settle."""
    due, writing = inbox.look(time.monotonic())
    if writing:
        ending.sleep(inbox.settled)
        due, writing = inbox.look(time.monotonic())
    desk.waiting(writing)
    return _round(inbox, due, ending, desk)


def forever(inbox: Inbox, ending: Ending, desk: Desk, every: float) -> ExitStatus:
    """Round after round, until a signal comes; DONE where it cut no file off."""
    while True:
        due, writing = inbox.look(time.monotonic())
        statuses = _round(inbox, due, ending, desk)
        if not ending.signal:
            statuses = []
            ending.sleep(min(every, inbox.settled) if writing else every)
        if ending.signal:
            return next((each for each in statuses if _interrupted(each)), ExitStatus.DONE)


def _interrupted(status: ExitStatus) -> bool:
    return status in (ExitStatus.INTERRUPTED, ExitStatus.TERMINATED)


def _round(inbox: Inbox, due: Sequence[Arrival], ending: Ending, desk: Desk) -> list[ExitStatus]:
    """Each file in its order; a trouble that would meet them all ends the round."""
    statuses: list[ExitStatus] = []
    for arrival in due:
        if ending.signal:
            break
        ended = desk.importing(arrival, ending)
        statuses.append(ended.status)
        desk.put(arrival, ended, inbox.ended(arrival, fate(ended), time.monotonic()))
        if _interrupted(ended.status):
            ending.signal = ended.status - 128
        if ended.everyones:
            break
    if statuses:
        desk.rounded(statuses)
    return statuses
