"""results.csv: one line per source row, in file order; with waves, one per row and wave."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

from importer.guard import safe
from importer.model import Line
from importer.results.files import whole

COLUMNS = (
    *(
        "row",
        "sheet",
        "key",
        "userId",
        "anonymousId",
        "status",
        "code",
        "message",
        "column",
        "value",
    ),
    *("http_status", "attempts", "response_id", "sent_at", "ms"),
)


def write(path: Path, lines: Iterable[Line], sheet: str) -> int:
    """Write the file anew; returns the number of lines. The same ledger gives the same bytes. Lines end
    as RFC 4180 has it: only then does the csv module quote a cell that holds a bare CR. Where rows have
    waves, a column `wave` comes second."""
    rows, table, every = 0, safe(sheet), iter(lines)
    first = list(islice(every, 1))
    waves = any(line.wave for line in first)
    with whole(path) as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(_with(COLUMNS, "wave") if waves else COLUMNS)
        for line in chain(first, every):
            cells = _cells(line, table)
            writer.writerow(_with(cells, safe(line.wave)) if waves else cells)
            rows += 1
    return rows


def _with(cells: tuple[object, ...], wave: str) -> tuple[object, ...]:
    return (cells[0], wave, *cells[1:])


def _cells(line: Line, sheet: str) -> tuple[object, ...]:
    """The csv module writes None as an empty cell."""
    return (
        *(line.row, sheet, safe(line.key), safe(line.user_id), safe(line.anonymous_id)),
        *(line.status, line.code, safe(line.message), safe(line.column), safe(line.value)),
        *(line.http_status, line.attempts, safe(line.response_id), _time(line.sent_at), line.ms),
    )


def _time(seconds: float | None) -> str:
    """UTC, ISO 8601, to the millisecond."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
