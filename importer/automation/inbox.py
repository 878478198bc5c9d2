"""The inbox, a watched folder: what has arrived whole, what is due, and where each file goes."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path, PurePath
from types import FrameType
from typing import Any, Protocol, Self

from filelock import FileLock, Timeout

from importer import resources, shutdown, system
from importer.errors import Busy, ExitStatus, Interrupted, ResultsError, SourceError, UsageError
from importer.model import PERHAPS_ALONE
from importer.system import Folder

# What lies in a watched folder, and which of it has arrived whole.

FORMATS = (
    *("*.csv", "*.tsv", "*.txt", "*.xlsx", "*.xlsm", "*.xls", "*.xlsb", "*.ods"),
    *("*.jsonl", "*.ndjson", "*.parquet", "*.sav", "*.zsav"),
)
"""The names that are taken where no pattern is given; upper and lower case are the same."""

_SCRATCH = (
    *("~", ".part", ".partial", ".crdownload", ".download", ".opdownload", ".filepart", ".tmp"),
    *(".temp", ".swp", ".upload", ".uploading", ".!ut"),
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file as it was seen: equal values mean that nobody has touched it. `changed`: Unix
    nanoseconds of its last change."""

    path: Path
    size: int
    changed: int
    inode: int

    @property
    def name(self) -> str:
        """The file's name as messages show it."""
        return self.path.name

    def sha256(self) -> str:
        """Of its bytes, in hex. Raises OSError, also for a link."""
        with os.fdopen(resources.opened(self.path, links=False), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def untouched(self) -> bool:
        try:
            return _seen(self.path) == self
        except OSError:
            return False


def scratch(name: str) -> bool:
    """Whether a name is that of a lock file, a hidden file or a download under way: `.~lock.a.ods#`,
    `~$a.xlsx`, `a.csv.part`, `a.csv.crdownload`."""
    return name.startswith((".", "~")) or name.lower().endswith(_SCRATCH)


def arrivals(folder: Path, patterns: Sequence[str] = FORMATS) -> list[Arrival]:
    """The files of the folder that a pattern names, the one changed first before the others, those
    of one moment by name. Subfolders and links are left alone. Raises SourceError."""
    try:
        with os.scandir(folder) as entries:
            found = [
                _seen(Path(entry.path))
                for entry in entries
                if entry.is_file(follow_symlinks=False) and _wanted(entry.name, patterns)
            ]
    except FileNotFoundError:
        if folder.is_dir():
            return arrivals(folder, patterns)  # a file went away while we looked
        raise SourceError(f"There is no folder {folder}.") from None
    except OSError as error:
        raise SourceError(f"The folder {folder} can't be read: {error.strerror}.") from error
    return sorted(found, key=lambda each: (each.changed, each.name))


def _wanted(name: str, patterns: Sequence[str]) -> bool:
    lower = name.lower()
    return not scratch(name) and any(fnmatchcase(lower, each.lower()) for each in patterns)


def _seen(path: Path) -> Arrival:
    facts = path.stat(follow_symlinks=False)
    return Arrival(path, facts.st_size, facts.st_mtime_ns, facts.st_ino)


class Settling:
    """Tells files that are still being written from those that are whole: whole is what has stayed
    the same for `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: dict[Arrival, float] = {}

    def whole(self, found: Sequence[Arrival], now: float) -> list[Arrival]:
        """Those of `found`, in their order, that have not changed for long enough. `now` in seconds
        of a clock that never goes back."""
        self._since = {each: self._since.get(each, now) for each in found}
        return [each for each in found if now - self._since[each] >= self._seconds]


# The shelves of a watched folder: `done/` and `failed/`, and the lock that keeps a second watch out.


class Shelves:
    """Subfolders of the watched folder, made at need; nothing on them is ever overwritten."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, arrival: Arrival, shelf: str) -> Path:
        """Move a file onto a shelf; returns where it lies now. A name that is taken there gets a
        number: `answers-2.csv`. One that was replaced at the last moment goes back. Raises ResultsError."""
        try:
            with suppress(FileExistsError):
                (self._folder / shelf).mkdir(mode=0o700)
            with system.folder(self._folder) as here, here.inside(shelf) as there:
                name = _moved(arrival.name, here, there)
                facts = there.facts(name)
                if (facts.st_size, facts.st_mtime_ns, facts.st_ino) != astuple(arrival)[1:]:
                    return self._folder / _moved(name, there, here)
                return self._folder / shelf / name
        except OSError as error:
            raise ResultsError(
                f"{arrival.path} can't be moved to {shelf}/: {error.strerror}.",
                hint="What was imported is in the ledger; nothing is sent twice. --keep leaves the "
                "files where they are.",
            ) from error


SHELVES = ("done", "failed", "results")
"""The folders that the importer makes in a watched one."""


def check_shelves(folder: Path, shelves: Iterable[str]) -> None:
    """Raise UsageError where one of them is there, and none of ours: whoever may put files into the folder
    may put a link in its place, and what the importer writes would go elsewhere."""
    with system.folder(folder) as here:
        for shelf in shelves:
            try:
                with suppress(FileNotFoundError), here.inside(shelf):
                    """A folder of ours, or none yet."""
            except OSError as error:
                raise UsageError(
                    f"{folder / shelf} can't be used: {error.strerror}.",
                    hint="The importer makes this folder itself: move what is there away.",
                ) from error


def _moved(name: str, here: Folder, there: Folder) -> str:
    path = PurePath(name)
    for number in count(1):
        target = name if number == 1 else f"{path.stem}-{number}{path.suffix}"
        with suppress(FileExistsError):
            here.move(name, there, target)
            return target
    raise AssertionError("count() does not end")


@contextmanager
def alone(folder: Path, state: Path) -> Iterator[None]:
    """Keep every other watch of the same folder out; raises Busy. The system lets the lock go with
    the process, however that ends."""
    places = state / "locks"
    places.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:24]
    try:
        with FileLock(places / f"inbox-{name}.lock", timeout=0, mode=0o600):
            yield
    except Timeout:
        raise Busy(
            f"Another watch holds {folder}.", hint="One at a time is enough; nothing was sent."
        ) from None


# The inbox: what is due now, and what becomes of a file by how its import ended.

RETRY = 600.0
"""Seconds before a file that could not be finished is tried again by the same watch."""

OF_THE_FILE = ("all_refused", "max_failures")
"""Reasons to stop early that are the file's own; any other would meet every file, but for `PERHAPS_ALONE`
where rows of the file were accepted: the next one shows."""


class Fate(StrEnum):
    DONE = "done"
    """Every row was accounted for; it is not looked at again."""
    FAILED = "failed"
    """It can't be imported as it is: a person has to look."""
    STAYS = "stays"
    """It could not be finished now; the next round goes on with it."""


@dataclass(frozen=True, slots=True)
class FileEnded:
    """How the import of one file ended: its exit status, the code of an early stop, and whether any of its
    rows is accepted, now or before."""

    status: ExitStatus
    stop: str = ""
    accepted: bool = False

    @property
    def everyones(self) -> bool:
        """Whether the other files would meet the same: the API is away, say, or the ledger full."""
        own = (*OF_THE_FILE, *(PERHAPS_ALONE if self.accepted else ()))
        return self.status == ExitStatus.STOPPED and self.stop not in own


def fate(ended: FileEnded) -> Fate:
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
        """Put a file where it belongs; returns where. One that changed meanwhile arrived anew, and stays."""
        if not arrival.untouched():
            return arrival.path
        if fate is Fate.STAYS:
            self._again[arrival] = now + RETRY
        elif self._shelves is None:
            self._again[arrival] = float("inf")
        else:
            return self._shelves.put(arrival, fate)
        return arrival.path


# SIGINT, SIGTERM and SIGHUP outside of sending: the work at hand comes to its next safe place, then ends.

_SLICE = 0.2
"""Seconds between two looks at whether a signal came."""


class Ending:
    """`with Ending() as ending:` remembers the first SIGINT, SIGTERM or SIGHUP instead of dying of it. The
    second one ends the program as it would without. `check` at a safe place."""

    def __init__(self) -> None:
        self.signal = 0
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for each in shutdown.wanted():
            self._former[each] = signal.signal(each, self._caught)
        return self

    def __exit__(self, *_: object) -> None:
        for each, former in self._former.items():
            signal.signal(each, former)

    def _caught(self, number: int, _: FrameType | None) -> None:
        if self.signal:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(signal.Signals(number))
        self.signal = shutdown.counted_as(number)

    def sleep(self, seconds: float) -> None:
        """Let time pass, unless a signal came."""
        end = time.monotonic() + seconds
        while not self.signal and (left := end - time.monotonic()) > 0:
            time.sleep(min(_SLICE, left))

    def check(self) -> None:
        """Raise Interrupted where a signal came."""
        if self.signal:
            raise Interrupted(self.signal)


# Rounds over an inbox: one after which it ends, or one after the other.


class Desk(Protocol):
    """Does the work of a round, and tells of it."""

    def importing(self, arrival: Arrival, ending: Ending) -> FileEnded:
        """Import a file. Its errors are how it ended, never an exception."""

    def put(self, arrival: Arrival, ended: FileEnded, place: Path) -> None:
        """Told once a file lies where it belongs now: `place`, among those done or failed."""

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
