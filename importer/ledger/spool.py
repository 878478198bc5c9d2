"""Bodies between mapping and sending, in an unnamed temporary file: flat memory, nothing left behind."""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from importer.model import Response


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

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
