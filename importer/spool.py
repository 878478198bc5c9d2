"""Bodies between mapping and sending, in an unnamed temporary file: flat memory, nothing left behind."""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from importer.model import Response


@dataclass(frozen=True, slots=True)
class Places:
    """Where bodies lie, by `seq`, in the file of this descriptor: for another process that inherits it."""

    descriptor: int
    starts: array[int]
    ends: array[int]

    def body(self, seq: int) -> bytes:
        """The body of row `seq`."""
        start = self.starts[seq]
        return os.pread(self.descriptor, self.ends[seq] - start, start)


class Spool:
    """Bodies by `seq`. The file has no name from the start, so that even a killed process leaves no
    personal data on the disk."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  closed by close()
        self._starts = array("q")
        self._ends = array("q")
        self._end = self._written = 0

    def keep(self, rows: Iterable[tuple[int, Response]]) -> None:
        """Keep the bodies of rows by their `seq`, which ascend."""
        for seq, response in rows:
            gap = seq - len(self._starts)
            if gap:
                self._starts.extend([0] * gap)
                self._ends.extend([0] * gap)
            self._file.write(response.body)
            self._starts.append(self._end)
            self._end += len(response.body)
            self._ends.append(self._end)

    def body(self, seq: int) -> bytes:
        """The body of row `seq`."""
        start, end = self._starts[seq], self._ends[seq]
        if self._written < end:
            self._file.flush()
            self._written = self._end
        return os.pread(self._file.fileno(), end - start, start)

    def places(self) -> Places:
        """Where the bodies lie that were kept so far."""
        self._file.flush()
        return Places(self._file.fileno(), self._starts, self._ends)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
