"""The state folder and the secret in it, for the user's eyes only (0700, 0600); and what a job has read."""

from __future__ import annotations

import marshal
import os
import re
import secrets
import stat
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count, islice
from pathlib import Path
from typing import IO

from importer import resources, system
from importer.errors import LedgerError
from importer.model import Chunk, Response

_SECRET_BYTES = 32
KEY = "hash.key"
FULL = (
    "Nothing is posted after this. Free some disk space, then run the same command again: it goes on "
    "where it stopped."
)
"""What to do where a disk is full."""


def default_folder() -> Path:
    """The platform's place for a user's state (`~/.local/state/satismeter-importer` on Linux)."""
    import platformdirs

    return Path(platformdirs.user_state_dir("satismeter-importer", appauthor=False))


def prepare(folder: Path) -> None:
    """Make the folder, readable by its owner only; what a killed start has left there goes."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / f".writable-{os.getpid()}-{secrets.token_hex(4)}"
        private_file(probe, b"")
        probe.unlink()
        resources.sweep(folder, _DRAFTS, _HOUR)
    except OSError as error:
        raise LedgerError(
            f"The state folder {folder} can't be written: {error.strerror}.",
            hint="Name another with --state DIR. Nothing was sent.",
        ) from error


_DRAFTS = re.compile(
    r"\.(writable|hash|ledger\.mark|ledger\.sqlite3)-\d+(-[0-9a-f]{8})?(-wal|-shm)?"
)
_HOUR = 3600.0
"""Seconds; a start under way has done with its own by then."""


def private_file(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read; FileExistsError where there is one."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def secret(folder: Path) -> bytes:
    """The key of every hash in the ledger and of hashed anonymous IDs; made at first use.

    SATISMETER_HASH_KEY, read by the command line, takes its place where several machines must
    agree.
    """
    path = folder / KEY
    prepare(folder)
    if not path.exists():
        fresh = folder / f".hash-{os.getpid()}-{secrets.token_hex(4)}"
        private_file(fresh, secrets.token_bytes(_SECRET_BYTES))
        with suppress(FileExistsError):  # another start was first: its secret counts
            system.publish(fresh, path)
    content, facts = resources.small(path)
    if system.MODES and (facts.st_mode | folder.stat().st_mode) & stat.S_IWOTH:
        raise LedgerError(
            f"Everybody may write {path} or its folder, so the ledger proves nothing.",
            hint=f"Nothing was sent. Mend it: chmod 700 {folder}; chmod 600 {path}",
        )
    if len(content) != _SECRET_BYTES:
        raise LedgerError(
            f"{path} is damaged: {len(content)} bytes instead of {_SECRET_BYTES}.",
            hint="Restore it from a backup: without it the ledger can't tell what was sent.",
        )
    return content


# What a job has read, between mapping and recording: flat memory, nothing left behind.
#
# The bodies to post, and the cells of the rows: what is refused is told by what was read, whatever has become
# of the file by then.


@contextmanager
def _told(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LedgerError(
            f"The temporary files in {place} can't be written: {error.strerror}.", hint=FULL
        ) from error


class Numbers(Iterable[int]):
    """Whole numbers in their order, in a file without a name: a million of them take no memory. Raises
    LedgerError where it is full."""

    def __init__(self, numbers: Iterable[int]) -> None:
        place, several = Path(tempfile.gettempdir()), iter(numbers)
        with _told(place):
            self._file: IO[bytes] = system.nameless()
            while some := array("q", islice(several, _SOME)):
                self._file.write(some)
            self._count = self._file.tell() // some.itemsize
            self._file.flush()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        size = array("q").itemsize * _SOME
        for at in count(0, size):
            some = array("q", system.read_at(self._file.fileno(), size, at))
            yield from some
            if len(some) < _SOME:
                return

    def __del__(self) -> None:
        with suppress(OSError, AttributeError):  # a full disk, or none to open it on: told before
            self._file.close()


_SOME = 10_000
"""Numbers that are in memory at a time."""

_PLACE = 2 * array("q").itemsize
"""Bytes that say where a body begins and ends, two numbers."""


class Spool:
    """Bodies by `seq`, and chunks in their order. The files have no names from the start, so that even a
    killed process leaves no personal data on the disk. Raises LedgerError where it is full."""

    def __init__(self, folder: Path | None = None) -> None:
        self._place = folder or Path(tempfile.gettempdir())
        with _told(self._place):
            self._file: IO[bytes] = system.nameless(folder)
            self._cells: IO[bytes] = system.nameless(folder)
            self._places: IO[bytes] = system.nameless(folder)
        self._lengths = array("q")
        self._rows = self._end = 0
        self._written = True
        self._again: Callable[[], Iterator[Chunk]] | None = None

    def keep(self, rows: Iterable[tuple[int, Response]]) -> None:
        self.keep_bodies((seq, response.body) for seq, response in rows)

    def keep_bodies(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """The same, where nothing but the bodies is at hand."""
        places = array("q")
        with _told(self._place):
            for seq, body in rows:
                places.extend((0, 0) * (seq - self._rows))
                self._rows = seq + 1
                places.append(self._end)
                self._end += self._file.write(body)
                places.append(self._end)
            self._places.write(places)
        self._written = False

    def replace(self, seq: int, body: bytes) -> None:
        with _told(self._place):
            start = self._end
            self._end += self._file.write(body)
            self._places.seek(seq * _PLACE)
            self._places.write(array("q", (start, self._end)))
            self._places.seek(0, os.SEEK_END)
        self._written = False

    def keep_cells(self, chunk: Chunk) -> None:
        with _told(self._place):
            # No JSON: a cell may hold half a surrogate. Nobody else can write into the file.
            kept = marshal.dumps((list(chunk.rows), tuple(map(tuple, chunk.columns))), 2)
            self._lengths.append(self._cells.write(kept))

    def read_again(self, chunks: Callable[[], Iterator[Chunk]]) -> None:
        """No chunk was kept: whoever wants them reads them anew."""
        self._again = chunks

    def chunks(self) -> Iterator[Chunk]:
        """The chunks that were kept, without their problems."""
        if self._again:
            yield from self._again()
        with _told(self._place):
            self._cells.seek(0)
            for length in self._lengths:
                rows, columns = marshal.loads(self._cells.read(length))  # noqa: S302  our own
                yield Chunk(columns, rows)

    def body(self, seq: int) -> bytes:
        """The bytes that were added for row `seq`, also where they aren't on the disk yet."""
        if not self._written:
            self.flush()
        start, end = array("q", system.read_at(self._places.fileno(), _PLACE, seq * _PLACE))
        return system.read_at(self._file.fileno(), end - start, start)

    def flush(self) -> None:
        """Whatever was kept is in the file now: a disk that is full is told before the first post."""
        with _told(self._place):
            for file in self._files:
                file.flush()
        self._written = True

    @property
    def _files(self) -> tuple[IO[bytes], ...]:
        return self._file, self._cells, self._places

    def close(self) -> None:
        for file in self._files:
            with suppress(OSError):  # of a full disk, and told before
                file.close()
