"""What several sender processes are given, and what they and their parent tell one another.

Everything here is pickled and goes through a socket that only the two of them hold: the write key stands in
no argument and no environment.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from enum import Enum, auto

from importer.model import Job, Outcome
from importer.sender.stops import Stop
from importer.settings import Settings
from importer.spool import Places


@dataclass(frozen=True, slots=True)
class Budget:
    """What one process may use: requests in flight, and per second (None: as many as the server takes)."""

    concurrency: int
    rate: float | None


def budgets(processes: int, concurrency: int, rate: float | None) -> list[Budget]:
    """The whole budget dealt out among so many processes, or fewer where it is too small to be shared.

    The rate is dealt out in whole requests a second: three processes at 3.33/s could post four each in
    one second, where 10/s allows ten in all. What is left of a request goes to the first.
    """
    most = concurrency if rate is None else min(concurrency, int(rate))
    count = max(1, min(processes, most))
    if rate is None:
        return [Budget(each, None) for each in _dealt(concurrency, count)]
    rates = [float(each) for each in _dealt(int(rate), count)]
    rates[0] += rate - int(rate)
    return [Budget(*each) for each in zip(_dealt(concurrency, count), rates, strict=True)]


def _dealt(whole: int, count: int) -> list[int]:
    return [whole // count + (place < whole % count) for place in range(count)]


@dataclass(frozen=True, slots=True)
class Share:
    """What one sender process has to do: rows of `job` by `seq`, in their order, all of some persons;
    where their bodies lie; and its budget."""

    settings: Settings
    job: Job
    order: array[int]
    places: Places
    budget: Budget


@dataclass(frozen=True, slots=True)
class Ended:
    """Rows that have ended, by `seq`; and the process's requests so far."""

    rows: tuple[tuple[int, Outcome], ...]
    requests: int


@dataclass(frozen=True, slots=True)
class Pause:
    """The server asked for a pause of so many seconds: nobody posts meanwhile."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Left:
    """A process has written down all that it knows, and posts nothing more. Why it stopped early, if it
    did; and its requests."""

    stop: Stop | None
    requests: int


class Word(Enum):
    """What the parent says besides `Stop` and `Pause`."""

    ABANDON = auto()
    """Leave the rows in flight at once."""


Report = Ended | Pause | Left
Order = Stop | Pause | Word
