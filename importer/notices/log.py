"""The log as JSON, one object a line: what the command adds to the standard `logging`."""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path

from importer import logs

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"event"}


class JsonFormatter(logging.Formatter):
    """A record as one JSON object: `time` (UTC), `level`, `event`, `job` (null until the file was read),
    `pid`, `file`, and what its `extra` holds."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        known = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", record.getMessage()),
            "job": logs.JOB.get(),
            "pid": record.process,
            "file": logs.FILE.get(),
        }
        more = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        return json.dumps(known | more, ensure_ascii=False, default=str)


class PrivateFile(logging.handlers.WatchedFileHandler):
    """Appends to a file for its owner's eyes, and to a new one where it was moved away meanwhile.

    Raises OSError, at once where it can't be opened. Later a full disk, or a folder that is gone, is told
    once, and stops no run."""

    def __init__(self, path: Path) -> None:
        self._failed = False
        super().__init__(path, encoding="utf-8")

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8")

    def emit(self, record: logging.LogRecord) -> None:
        """Append a line."""
        try:
            super().emit(record)
        except OSError:  # looking whether the file was moved: logging leaves that to the caller
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  logging's own names
        """Say it once; what could not be written is gone, and the next line tries anew."""
        stream, self.stream = self.stream, None
        if stream:
            with suppress(OSError):
                stream.close()
        if not self._failed:
            sys.stderr.write(
                f"The log {self.baseFilename} can't be written: {sys.exc_info()[1]}.\n"
            )
        self._failed = True


@contextmanager
def written(handlers: Sequence[logging.Handler]) -> Iterator[None]:
    """Within, what is logged goes to these, as JSON lines."""
    logger = logging.getLogger("importer")
    level = logger.level
    for each in handlers:
        each.setFormatter(JsonFormatter())
        logger.addHandler(each)
    if handlers:
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        for each in handlers:
            logger.removeHandler(each)
            each.close()
