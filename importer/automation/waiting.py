"""Why a run does nothing for now, by the last lines of its log: for whoever looks on."""

from __future__ import annotations

import os
import time
from pathlib import Path

from importer import resources
from importer.automation.monitoring import read_back
from importer.model import counted, duration

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
