"""The shelves of a watched folder: `done/` and `failed/`, and the lock that keeps a second watch out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

from importer.errors import Busy, UsageError


class Shelves:
    """Subfolders of the watched folder, made at need; nothing on them is ever overwritten."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, path: Path, shelf: str) -> Path:
        """Move a file onto a shelf; returns where it lies now. A name that is taken there gets a
        number: `answers-2.csv`. Raises UsageError."""
        try:
            place = self._folder / shelf
            place.mkdir(exist_ok=True, mode=0o700)
            return _moved(path, place)
        except OSError as error:
            raise UsageError(
                f"{path} can't be moved to {shelf}/: {error.strerror}.",
                hint="What was imported is in the ledger; nothing is sent twice. --keep leaves the "
                "files where they are.",
            ) from error


def _moved(path: Path, place: Path) -> Path:
    for number in count(1):
        name = path.name if number == 1 else f"{path.stem}-{number}{path.suffix}"
        target = place / name
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            continue
        return path.replace(target)
    raise AssertionError("count() does not end")


@contextmanager
def alone(folder: Path, state: Path) -> Iterator[None]:
    """Keep every other watch of the same folder out; raises Busy. The system lets the lock go with
    the process, however that ends."""
    places = state / "locks"
    places.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:24]
    lock = FileLock(places / f"inbox-{name}.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Busy(
            f"Another watch holds {folder}.", hint="One at a time is enough; nothing was sent."
        ) from None
    try:
        yield
    finally:
        lock.release()
