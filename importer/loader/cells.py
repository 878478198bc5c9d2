"""Workbook cells as text: one rule per type, whoever read the cell.

| cell | text |
| --- | --- |
| text | as it stands |
| whole number | all digits that the file holds (`6666761644`), never `.0` |
| other number | 15 significant digits, as Excel keeps them (`0.3`); above 1E+21 and below 1E-10 `1.5E+30` |
| date, or date and time at midnight | `2024-03-05` |
| date and time | `2024-03-05T10:20:30`, milliseconds only where there are any |
| time, duration | `10:20:30`, `30:15:00` |
| true, false | `TRUE`, `FALSE` |
| error | `#REF!` |

The cell's number format plays no part: 85 % is `0.85`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

_BIG, _EXPONENT, _SCIENTIFIC = 1e15, 1e16, 1e21
_HALF_A_MILLISECOND = dt.timedelta(microseconds=500)


def text(value: object) -> str:
    """The text of a cell's value, as calamine gives it; None is blank."""
    if type(value) is str:
        return value
    convert = _BY_TYPE.get(type(value))
    return convert(value) if convert else str(value)


def is_big(value: object) -> bool:
    """True for numbers of 16 digits and more: Excel keeps 15, so an id may have lost its last ones."""
    if type(value) is int:
        return abs(value) >= _BIG
    return type(value) is float and _BIG <= abs(value) < _SCIENTIFIC


def number(value: float) -> str:
    """A number without `.0`, and in scientific notation only where it is that big or small. A whole one has
    the digits that tell it from its neighbours: two ids must not become one."""
    if value.is_integer() and abs(value) < _SCIENTIFIC:
        return str(int(value)) if abs(value) < _EXPONENT else format(Decimal(repr(value)), "f")
    shown = format(value, ".15g")
    if "e" not in shown:
        return shown
    return format(Decimal(shown), "f") if 1e-10 <= abs(value) < _SCIENTIFIC else shown.upper()


def _date_and_time(value: dt.datetime) -> str:
    rounded = _to_milliseconds(value)
    if rounded.time() == dt.time():
        return rounded.date().isoformat()
    return rounded.isoformat(timespec="milliseconds" if rounded.microsecond else "seconds")


def _time(value: dt.time) -> str:
    return _duration(
        dt.timedelta(
            hours=value.hour,
            minutes=value.minute,
            seconds=value.second,
            microseconds=value.microsecond,
        )
    )


def _duration(value: dt.timedelta) -> str:
    return clock((value + _HALF_A_MILLISECOND) // dt.timedelta(milliseconds=1))


def clock(milliseconds: int) -> str:
    """Hours, minutes, seconds, and milliseconds where there are any."""
    sign, seconds = "-" if milliseconds < 0 else "", abs(milliseconds) // 1000
    shown = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    fraction = abs(milliseconds) % 1000
    return f"{shown}.{fraction:03}" if fraction else shown


def _to_milliseconds(value: dt.datetime) -> dt.datetime:
    """Excel keeps times as fractions of a day, which come back some microseconds off."""
    rounded = value + _HALF_A_MILLISECOND
    return rounded.replace(microsecond=rounded.microsecond // 1000 * 1000)


_BY_TYPE: dict[type, Callable[..., str]] = {
    type(None): lambda _: "",
    bool: lambda value: "TRUE" if value else "FALSE",
    int: str,
    float: number,
    dt.datetime: _date_and_time,
    dt.date: dt.date.isoformat,
    dt.time: _time,
    dt.timedelta: _duration,
}
