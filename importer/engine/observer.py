"""Events of a job, and who likes to hear of them: a progress bar, metrics, a page, the log."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from importer.errors import ResultsError
from importer.model import Status, Why, counted, moment

if TYPE_CHECKING:
    from importer.results import Summary

log = logging.getLogger(__name__)

LOG_EVERY = 10.0
"""Seconds between two lines of the log while rows are read or posted."""


@dataclass(frozen=True, slots=True)
class Staged:
    """So many rows have been read, mapped and checked; nothing is sent yet."""

    rows: int


@dataclass(frozen=True, slots=True)
class Looking:
    """So many of the account's users have been looked at; nothing is sent yet."""

    users: int


@dataclass(frozen=True, slots=True)
class Sending:
    """So many rows of the job are about to be posted."""

    rows: int
    job: str


class Ended(NamedTuple):
    """A row has ended: its number in the file (as Excel counts), its wave ("" where there are none), and
    how. A row of unknown fate may end once more, when it is settled."""

    row: int
    wave: str
    status: Status
    code: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing is posted for now: why, and until when (Unix seconds) at most. It is over, too, once a row
    ends. `rows` are those that it is about, where only some wait."""

    why: Why
    until: float
    rows: int = 0

    @property
    def text(self) -> str:
        """In words, without the time."""
        rows = counted(self.rows, "row")
        return _WORDS[self.why].format(rows=rows)


@dataclass(frozen=True, slots=True)
class Done:
    """A plan or a run has come to its end, and its results are written."""

    summary: Summary


Event = Staged | Looking | Sending | Ended | Waiting | Done

_WORDS = {
    Why.RATE: "the rate allows the next request later",
    Why.RETRY_AFTER: "the API asks to wait (Retry-After)",
    Why.CIRCUIT_BREAKER: "the API does not answer; it is tried again now and then",
    Why.OUTAGE: "the API does not answer; the run gives up if that lasts",
    Why.SETTLING: "{rows} of unknown fate, or waiting behind one: the server gets time to end its work",
    Why.STOPPING: "told to stop; the rows in flight come to their ends",
}


class Observer(Protocol):
    """Hears of everything that happens to a job, in the thread that does it: be quick.

    An exception ends the job: while the file is read (`Staged`) nothing was sent, and that is how a plan
    is broken off; later it is written down as a defect. A terminal that is gone (OSError) ends nothing.
    """

    def event(self, event: Event, /) -> None:
        """One thing that happened; events come in the order in which things did."""


class NullObserver:
    def event(self, event: Event, /) -> None:
        """Hears nothing."""


NULL_OBSERVER = NullObserver()


class Observers:
    """Hands on to each of several, in their order. One whose terminal or disk has gone is told of nothing
    more: rows are posted whether or not anybody can see it."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = list(observers)

    def event(self, event: Event, /) -> None:
        """Hand it to each; who can't write any more (OSError, ResultsError) hears no further ones."""
        for each in tuple(self._observers):
            try:
                each.event(event)
            except (OSError, ResultsError) as error:
                self._observers.remove(each)
                gone = {"event": "unobserved", "error": type(error).__name__}
                log.warning("progress can't be shown any longer", extra=gone)


class SafePlaces:
    """While the file is read, or the account's users are: `check` may end the job, by an exception, before
    the next chunk. From the first post on, delivery takes care of that."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check

    def event(self, event: Event, /) -> None:
        if isinstance(event, Staged | Looking):
            self._check()


class Logged:
    """Writes down how far a job is, every `LOG_EVERY` seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said = clock()
        self._rows = 0
        self._ended: Counter[str] = Counter()

    def event(self, event: Event, /) -> None:
        match event:
            case Ended(status=status):
                self._ended[status] += 1
                if self._due():
                    figures = {"event": "progress", "rows": self._rows, "ended": dict(self._ended)}
                    log.info("%d of %d rows", self._ended.total(), self._rows, extra=figures)
            case Staged(rows):
                if self._due():
                    log.info("%d rows read", rows, extra={"event": "reading", "rows": rows})
            case Looking(users):
                if self._due():
                    log.info("%d users seen", users, extra={"event": "looking", "users": users})
            case Sending(rows):
                self._rows, self._ended = rows, Counter()
                log.info("sending %d rows", rows, extra={"event": "sending", "rows": rows})
            case Waiting():
                self._waiting(event)
            case Done():
                pass  # whoever began the job logs its end, with what it knows of the command

    def _waiting(self, waiting: Waiting) -> None:
        """What the rooms that wait have not logged themselves."""
        seconds = round(waiting.until - time.time(), 3)
        if waiting.why is Why.SETTLING:
            figures = {"event": "settling", "rows": waiting.rows, "wait": seconds}
            log.warning("%d rows of unknown fate are tried again", waiting.rows, extra=figures)
        elif waiting.why is Why.OUTAGE or (waiting.why is Why.RATE and self._due()):
            told = {"event": "waiting", "why": waiting.why, "until": moment(waiting.until)}
            log.info(waiting.text, extra={**told, "wait": seconds})

    def _due(self) -> bool:
        if self._clock() - self._said < LOG_EVERY:
            return False
        self._said = self._clock()
        return True
