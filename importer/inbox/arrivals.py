"""What lies in a watched folder, and which of it has arrived whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from importer.errors import SourceError

FORMATS = ("*.csv", "*.tsv", "*.txt", "*.xlsx", "*.xlsm", "*.xls", "*.xlsb", "*.ods")
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
        """Of its bytes, in hex. Raises OSError."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def untouched(self) -> bool:
        """Whether the file is still as it was seen."""
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
