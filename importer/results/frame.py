"""The outcomes of a job as a DataFrame, for programs that count on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from importer.model import Line, Status

if TYPE_CHECKING:
    from pandas import DataFrame

_TEXTS = ("key", "userId", "anonymousId", "code", "message", "column", "value", "response_id")
_NUMBERS = ("http_status", "ms")


def outcomes_frame(lines: Iterable[Line], sheet: str) -> DataFrame:
    """The columns of results.csv, one row for each of its lines, in file order: ids and keys as text
    (`00121` stays, a blank one is ""), `status` a category in the order of `Status`, `sent_at` in UTC to the
    millisecond, numbers that may be missing as Int64. Nothing is guarded against Excel here."""
    import pandas

    table = [
        (
            *(line.row, line.wave, sheet, line.key, line.user_id, line.anonymous_id, line.status),
            *(line.code, line.message, line.column, line.value, line.http_status, line.attempts),
            *(line.response_id, line.sent_at, line.ms),
        )
        for line in lines
    ]
    names = (
        *("row", "wave", "sheet", "key", "userId", "anonymousId", "status", "code", "message"),
        *("column", "value", "http_status", "attempts", "response_id", "sent_at", "ms"),
    )
    columns = dict(
        zip(names, zip(*table, strict=True) if table else [()] * len(names), strict=True)
    )
    series = {name: pandas.Series(cells, dtype=object) for name, cells in columns.items()}
    frame = pandas.DataFrame(series)
    kinds = pandas.CategoricalDtype([each.value for each in Status], ordered=True)
    sent = [
        None if each is None else datetime.fromtimestamp(each, UTC) for each in columns["sent_at"]
    ]
    frame = frame.astype(
        {
            **dict.fromkeys(("sheet", "wave", *_TEXTS), "string"),
            **dict.fromkeys(_NUMBERS, "Int64"),
            **dict.fromkeys(("row", "attempts"), "int64"),
            "status": kinds,
        }
    )
    moments = pandas.to_datetime(pandas.Series(sent, dtype=object), utc=True)
    frame["sent_at"] = moments.dt.floor("ms").astype("datetime64[ms, UTC]")
    return frame if any(columns["wave"]) else frame.drop(columns="wave")
