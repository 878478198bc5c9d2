"""A job's log: one JSON object a line, each with the job's name."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from importer.errors import ExitStatus
from importer.model import Outcome
from importer.notices.notice import Notice

EVERY = 10.0
"""Seconds between two lines while rows are read or posted."""

_LEVELS = {ExitStatus.DONE: "info", ExitStatus.SOME_REFUSED: "warning"}


class Log:
    """Watches a job (`pipeline.Watch`) and writes down what happens, a line a call of `write`: counts
    and codes, never a value, an id or a key. `job` is null until the file has been read."""

    def __init__(
        self, write: Callable[[str], object], clock: Callable[[], float] = time.time
    ) -> None:
        self._write = write
        self._clock = clock
        self._file = ""
        self._job: str | None = None
        self._total = 0
        self._ended: Counter[str] = Counter()
        self._said = 0.0

    def starting(self, file: str) -> None:
        """A file is about to be read; its name without folders."""
        self._file, self._job, self._said = file, None, self._clock()
        self._line("info", "starting")

    def planned(self, job: str, ready: int) -> None:
        """The file has been read, and so many rows are to be posted."""
        self._job = job
        self._line("info", "planned", ready=ready)

    def staged(self, rows: int) -> None:
        """Rows read so far."""
        if self._due():
            self._line("info", "reading", rows=rows)

    def sending(self, rows: int) -> None:
        """Posting begins."""
        self._total, self._ended = rows, Counter()
        self._line("info", "sending", rows=rows)

    def ended(self, outcome: Outcome) -> None:
        """A row has ended."""
        self._ended[outcome.status] += 1
        if self._due():
            self._line("info", "progress", rows=self._total, ended=dict(self._ended))

    def settling(self, rows: int, seconds: float) -> None:
        """Rows of unknown fate are asked about again."""
        self._line("warning", "settling", rows=rows, wait=round(seconds, 3))

    def finished(self, notice: Notice) -> None:
        """The import of the file has ended."""
        level = _LEVELS.get(notice.exit_status, "error")
        self._line(level, "finished", **notice.document())

    def undelivered(self, kind: str, why: str) -> None:
        """A notification did not arrive."""
        self._line("error", "undelivered", target=kind, why=why)

    def _due(self) -> bool:
        if self._clock() - self._said < EVERY:
            return False
        self._said = self._clock()
        return True

    def _line(self, level: str, event: str, **more: object) -> None:
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock()))
        known = {"time": when, "level": level, "event": event, "job": self._job, "pid": os.getpid()}
        line = {**known, "file": self._file, **more}
        self._write(json.dumps(line, ensure_ascii=False) + "\n")


def appending(path: Path) -> Callable[[str], object]:
    """Writes lines to the end of a file for its owner's eyes, which may be moved away meanwhile.
    Raises OSError, at once where it can't be written."""

    def write(line: str) -> None:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(line)

    write("")
    return write
