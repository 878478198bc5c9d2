"""What a job has read, between mapping and recording: flat memory, nothing left behind.

The bodies to post, and the cells of the rows: what is refused is told by what was read, whatever has
become of the file by then.
"""

from __future__ import annotations

import marshal
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from importer import system
from importer.errors import LedgerError
from importer.ledger.state import FULL
from importer.model import Chunk, Response


@contextmanager
def _told(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LedgerError(
            f"The temporary files in {place} can't be written: {error.strerror}.", hint=FULL
        ) from error


class Spool:
    """Bodies by `seq`, and chunks in their order. The files have no names from the start, so that even a
    killed process leaves no personal data on the disk. Raises LedgerError where it is full."""

    def __init__(self, folder: Path | None = None) -> None:
        self._place = folder or Path(tempfile.gettempdir())
        with _told(self._place):
            self._file: IO[bytes] = system.nameless(folder)
            self._cells: IO[bytes] = system.nameless(folder)
        self._lengths = array("q")
        self._starts = array("q")
        self._ends = array("q")
        self._end = self._written = 0
        self._again: Callable[[], Iterator[Chunk]] | None = None

    def keep(self, rows: Iterable[tuple[int, Response]]) -> None:
        """Keep the bodies of rows by their `seq`, which ascend."""
        self.keep_bodies((seq, response.body) for seq, response in rows)

    def keep_bodies(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """The same, where nothing but the bodies is at hand."""
        with _told(self._place):
            for seq, body in rows:
                gap = seq - len(self._starts)
                if gap:
                    self._starts.extend([0] * gap)
                    self._ends.extend([0] * gap)
                self._file.write(body)
                self._starts.append(self._end)
                self._end += len(body)
                self._ends.append(self._end)

    def replace(self, seq: int, body: bytes) -> None:
        """Keep another body for a row that has one."""
        with _told(self._place):
            self._file.write(body)
            self._starts[seq] = self._end
            self._end += len(body)
            self._ends[seq] = self._end

    def keep_cells(self, chunk: Chunk) -> None:
        """Keep a chunk's rows and cells."""
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
        """The body of row `seq`."""
        start, end = self._starts[seq], self._ends[seq]
        if self._written < end:
            self.flush()
        return system.read_at(self._file.fileno(), end - start, start)

    def flush(self) -> None:
        """Whatever was kept is in the file now: a disk that is full is told before the first post."""
        with _told(self._place):
            self._file.flush()
            self._cells.flush()
        self._written = self._end

    def close(self) -> None:
        """Let go of the files."""
        for file in (self._file, self._cells):
            with suppress(OSError):  # of a full disk, and told before
                file.close()
