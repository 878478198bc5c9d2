"""Metrics in Prometheus's text format, and the standard `logging` as JSON lines."""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path

from importer import logs, resources
from importer.automation.notify import Notice
from importer.errors import ExitStatus
from importer.model import Status, counted, duration, moment, since_1970
from importer.privacy import json_escaped, visible

# Metrics in Prometheus's text format, for node_exporter's textfile collector.

_SUCCESS = "importer_last_success_timestamp_seconds"
_FINISHED = "importer_last_finish_timestamp_seconds"

Sample = tuple[Mapping[str, str], float]


def last(name: str, text: str) -> float:
    """A time that an earlier metrics file tells; 0 where it doesn't, so that an alert on its age rings before
    there was a first one, too."""
    found = re.search(rf"^{name}\{{.*\}} (\d+(?:\.\d+)?)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def metrics(notice: Notice, former: str = "") -> str:
    """The file's text; `former` is what it held before, whose times outlive a failure."""
    named = {"mapping": notice.mapping}
    rows = [({**named, "status": each}, notice.rows.get(each, 0)) for each in Status]
    finished = notice.exit_status in (ExitStatus.DONE, ExitStatus.SOME_REFUSED)
    families = (
        (
            "importer_last_run_timestamp_seconds",
            "When the last import ended.",
            [(named, notice.at)],
        ),
        (
            _SUCCESS,
            "When the last import with exit status 0 ended.",
            [(named, notice.at if notice.well else last(_SUCCESS, former))],
        ),
        (
            _FINISHED,
            "When the last import that came to its end did, with exit status 0 or 3.",
            [(named, notice.at if finished else last(_FINISHED, former))],
        ),
        ("importer_exit_code", "Its exit status.", [(named, int(notice.exit_status))]),
        ("importer_duration_seconds", "How long it took.", [(named, notice.seconds)]),
        ("importer_requests", "Requests that it made.", [(named, notice.requests)]),
        ("importer_rows_read", "Rows of its file.", [(named, notice.rows.get("read", 0))]),
        ("importer_rows", "Rows of its file by how they ended.", rows),
    )
    return "".join(line for family in families for line in _family(*family))


def _family(name: str, told: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {told}\n# TYPE {name} gauge\n"
    for labels, value in samples:
        shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield (
            f"{name}{{{shown}}} {value:.3f}\n" if value % 1 else f"{name}{{{shown}}} {value:.0f}\n"
        )


def _escaped(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')


# The log as JSON, one object a line: what the command adds to the standard `logging`.

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"event"}


class JsonFormatter(logging.Formatter):
    """A record as one JSON object: `time` (UTC), `level`, `event`, `job` (null until the file was read),
    `pid`, `file`, and what its `extra` holds."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        known = {
            "time": moment(record.created),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", record.getMessage()),
            "job": logs.JOB.get(),
            "pid": record.process,
            "file": logs.FILE.get(),
        }
        more = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        return json_escaped(json.dumps(known | more, ensure_ascii=False, default=str))


def read_back(lines: Sequence[bytes]) -> Iterator[Mapping[str, object]]:
    """What `JsonFormatter` wrote, the newest line first, its `time` as Unix seconds (0 where there is none);
    whatever else stands between is passed over."""
    for line in reversed(lines):
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict):
            yield {**told, "time": since_1970(str(told.get("time")), 0.0)}


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
                visible(f"The log {self.baseFilename} can't be written: {sys.exc_info()[1]}.")
                + "\n"
            )
        self._failed = True


@contextmanager
def written(handlers: Sequence[logging.Handler]) -> Iterator[None]:
    """Within, what is logged goes to these: as JSON lines, where they have no format of their own."""
    logger = logging.getLogger("importer")
    level = logger.level
    for each in handlers:
        if each.formatter is None:
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


# Why a run does nothing for now, by the last lines of its log: for whoever looks on.

_TAIL = 16_384


def waiting(log: Path) -> str:
    """Why nothing happens now, by the last lines of the run's log."""
    try:
        with os.fdopen(resources.opened(log), "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            lines = file.read().splitlines()
    except OSError:
        return ""
    for told in read_back(lines):
        event, wait, at = told.get("event"), told.get("wait", 0), told["time"]
        name = told.get("why") if event == "waiting" else event
        if not isinstance(wait, int | float) or not isinstance(at, float):
            continue
        over = name in _SPANS and at + wait + 1 < time.time()
        if name in {"back", "progress", "sending"} or over:
            return ""
        if name in _WAITS:
            rows = told.get("rows")
            shown = counted(rows if isinstance(rows, int) else 0, "row")
            return _WAITS[str(name)].format(rows=shown, wait=duration(wait))
    return ""


_SPANS = {"pausing", "settling", "rate"}
_WAITS = {
    "starting": "The file is being read.",
    "pausing": "SatisMeter asked for a pause of {wait}.",
    "rate": "The rate allows the next request in {wait}.",
    "away": "SatisMeter does not answer; it is tried again now and then.",
    "outage": "SatisMeter does not answer; it is tried again now and then, for {wait} at most.",
    "settling": "{rows} may be stored, and no answer came: in {wait} they are asked about once more.",
    "stopping": "The rows in flight are being recorded.",
}
