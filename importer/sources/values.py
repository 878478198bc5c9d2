"""Values of programs (DataFrames, Parquet, SPSS) as the text of a cell: what they are, with every digit.

| value | text |
| --- | --- |
| text, UUID | as it stands |
| None, NaN, NaT, NA | blank |
| whole number, also where a column with gaps made a float of it | all digits, never `.0` |
| float that may stand for several whole numbers (from 2^53 on; of 32 bits from 2^24, of 16 from 2^11) |
`1.6777216E+7`, which no id is taken from |
| other number | `cells.number`; a Decimal with its digits, without zeros at the end |
| infinite number | `#NUM!`, Excel's word for it, which is neither a score nor an id |
| date, or moment at midnight without a zone | `2024-03-05` |
| other moment | `2024-03-05T10:20:30`, `2024-03-05T10:20:30+01:00` |
| time, duration; true, false | `10:20:30`, `30:15:00`; `TRUE`, `FALSE` |

Whatever else there is (bytes, lists, objects) is no cell: `Unshowable`, which says its kind alone.
"""

from __future__ import annotations

import datetime as dt
import math
import struct
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from importer.sources import cells

NO_NUMBER = "#NUM!"
_FURTHEST = 400
"""Digits before or behind the point of a Decimal that are written out."""


class Unshowable(Exception):
    """A value that is no cell; the text is its kind: `a list`."""


def shown(value: object) -> str:
    """The text of a value. Raises Unshowable."""
    if type(value) is str:
        return value
    convert = _BY_TYPE.get(type(value)) or _by_ancestor(value)
    return convert(value)


def _by_ancestor(value: object) -> Callable[..., str]:
    """For members of an Enum, a program's own kind of date, and the like."""
    if isinstance(value, str):
        return str.__str__
    found = next((text for kind, text in _BY_TYPE.items() if isinstance(value, kind)), None)
    if found is None:
        raise Unshowable(f"a value of type {type(value).__name__}")
    return found


def _digits(value: int) -> str:
    try:
        return int.__repr__(value)
    except ValueError:
        raise Unshowable("a number of more than 4,300 digits") from None


def _float(value: float) -> str:
    if math.isfinite(value):
        return cells.number(float(value))
    return "" if math.isnan(value) else NO_NUMBER


def narrow(bits: int) -> Callable[[float], str]:
    """`shown` for a float that was one of 16 or 32 bits: the shortest text that gives the same one again."""
    code, exact, fewest, most = {32: ("f", 2**24, 6, 9), 16: ("e", 2**11, 3, 5)}[bits]

    def text(value: float) -> str:
        if not math.isfinite(value):
            return _float(value)
        if value.is_integer():
            whole = int(value)
            return str(whole) if abs(whole) < exact else format(Decimal(whole).normalize(), "E")
        tried = (format(value, f".{digits}g") for digits in range(fewest, most))
        short = (each for each in tried if _packed(code, float(each)) == _packed(code, value))
        return cells.number(float(next(short, repr(value))))

    return text


def _packed(code: str, value: float) -> bytes:
    return struct.pack(code, value)


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        return "" if value.is_nan() else NO_NUMBER
    if abs(value.adjusted()) > _FURTHEST:
        return str(value)
    text = format(value, "f")
    short = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if short == "-0" else short


def moment(value: dt.datetime) -> str:
    """To the microsecond, with the offset of its zone where it has one."""
    if value.tzinfo is None and value.time() == dt.time():
        return value.date().isoformat()
    return value.isoformat(timespec="microseconds" if value.microsecond else "seconds")


_BY_TYPE: dict[type, Callable[..., str]] = {
    type(None): lambda _: "",
    bool: cells.text,
    int: _digits,
    float: _float,
    Decimal: _decimal,
    dt.datetime: moment,
    dt.date: dt.date.isoformat,
    dt.time: cells.text,
    dt.timedelta: cells.text,
    UUID: str,
}
"""In the order in which ancestors are asked: a bool is an int, and a moment is a date."""
