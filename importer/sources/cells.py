"""Workbook cells as text: one rule per type, and what a number format makes of a number."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache, partial
from math import floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

# Workbook cells as text: one rule per type, whoever read the cell.
#
# | cell | text | | --- | --- | | text | as it stands | | whole number | all digits that the file
# holds (`6666761644`), never `.0`; from 2^53 on, as a double, `1.2345678901234568E+16`: digits that are
# lost are not made up | | other number | 15 significant digits, as Excel keeps them
# (`0.3`); above 1E+21 and below 1E-10 `1.5E+30` | | date, or date and time at midnight |
# `2024-03-05` | | date and time | `2024-03-05T10:20:30`, milliseconds only where there are any | |
# time, duration | `10:20:30`, `30:15:00` | | true, false | `TRUE`, `FALSE` | | error | `#REF!` |
#
# The cell's number format plays no part: 85 % is `0.85`; but zeros in front (`00042`) and what a format
# of such zeros writes around them (`K-00042`) are shown.

_BIG, _SCIENTIFIC = 1e15, 1e21
_EXACT = 2**53
"""From here on a double stands for more than one whole number."""
_KEPT = 15
"""Digits that Excel keeps; for those behind it writes zeros."""
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
    """A number without `.0`, and in scientific notation only where it is that big or small, or where the last
    digits of a whole one are lost: two ids that became one must not be taken for one."""
    if value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if value.is_integer() and abs(value) < _SCIENTIFIC:
        return format(Decimal(repr(value)).normalize(), "E")
    shown = format(value, ".15g")
    if "e" not in shown:
        return shown
    return format(Decimal(shown), "f") if 1e-10 <= abs(value) < _SCIENTIFIC else shown.upper()


def whole(value: int) -> str:
    """All of its digits, unless Excel has put zeros for the last two or more."""
    digits = len(str(abs(value)))
    lost = digits > _KEPT + 1 and value % 10 ** (digits - _KEPT) == 0
    return number(float(value)) if lost else str(value)


def iso(value: str) -> str:
    """A date as ISO 8601 writes it, which few programs store; whatever else stands there is kept."""
    for read in (dt.datetime.fromisoformat, dt.time.fromisoformat):
        try:
            found = read(value)
        except ValueError:
            continue
        return value if found.tzinfo else text(found)
    return value


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
    int: whole,
    float: number,
    dt.datetime: _date_and_time,
    dt.date: dt.date.isoformat,
    dt.time: _time,
    dt.timedelta: _duration,
}


# How an .xlsx shows its numbers: which of its formats make a number a date, a time, a duration, or put
# zeros in front of it.

Show = Callable[[float], str]

_DAY = 86_400_000
_NOT_SHOWN = re.compile(r'"[^"]*"|[\\_*].')
_DIGIT = "\ue000"
_PIECE = re.compile(
    r'"(?P<said>[^"]*)"|\\(?P<one>.)|[_*].|\[[^\[\]]*\]|0|;|(?P<sign>[-+() ])|(?P<other>.)',
    re.DOTALL,
)
"""What a number format is made of: literal text, a letter of it, room, a colour, a digit ..."""
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_BRACKETS = re.compile(r"\[[^\]]*\]")
_MOMENT = re.compile(r"[dmyhs]", re.IGNORECASE)
_EAST_ASIAN = (*range(27, 37), *range(50, 59))
BUILT_IN = {**dict.fromkeys((*range(14, 23), 45, 47, *_EAST_ASIAN), "h"), 46: "[h]"}
"""ECMA-376 part 1, 18.8.30: formats known by number alone, each as a code of the same kind."""


def codes(styles: ET.Element | None) -> list[str]:
    """By the number of a cell's style (`s`): the code of its number format, "" where it is usual."""
    if styles is None:
        return []
    known = BUILT_IN | {
        _number(each): each.get("formatCode", "") for each in _children(styles, "numFmts")
    }
    return [known.get(_number(each), "") for each in _children(styles, "cellXfs")]


def is_moment(code: str) -> bool:
    """True for dates and times of day."""
    text = _shown(code)
    return not _ELAPSED.search(text) and bool(_MOMENT.search(_BRACKETS.sub("", text)))


def is_padded(code: str) -> bool:
    """True for a format of zeros, which shows 42 as `00042`, or with signs around them as `K-00042`."""
    return bool(_zeros(code))


def _zeros(code: str) -> str:
    """What such a format shows of zero: `K-00000`, each zero of its number as \ue000; "" for others."""
    found = ""
    for piece in _PIECE.finditer(code):
        if piece[0] == ";":
            break
        if piece["other"] or piece[0][:2] in {"[<", "[>", "[="}:
            return ""
        found += _DIGIT if piece[0] == "0" else piece["said"] or piece["one"] or piece["sign"] or ""
    return found if found.count(_DIGIT) > 1 else ""


def shows(codes: list[str], *, since_1904: bool) -> Mapping[int, Show]:
    """By the number of a cell's style: how it shows a number, where not as it stands."""
    found = {at: _show(code, since_1904=since_1904) for at, code in enumerate(codes)}
    return {at: show for at, show in found.items() if show}


def _show(code: str, *, since_1904: bool) -> Show | None:
    if zeros := _zeros(code):
        return partial(_in_zeros, zeros=zeros)
    if _ELAPSED.search(_shown(code)):
        return duration
    return (moment_since_1904 if since_1904 else moment) if is_moment(code) else None


def _shown(code: str) -> str:
    """What stands before the first `;`, which is for positive numbers, without literal text."""
    return _NOT_SHOWN.sub("", code).partition(";")[0]


def shown(show: Show, value: float) -> str:
    """A number too big for a date is shown as a number."""
    try:
        return show(value)
    except (OverflowError, ValueError):
        return text(value)


def _children(styles: ET.Element, name: str) -> list[ET.Element]:
    return next((list(each) for each in styles if each.tag.rpartition("}")[2] == name), [])


def _number(element: ET.Element) -> int:
    return int(element.get("numFmtId") or "0")


def _milliseconds(days: float) -> int:
    """Excel keeps times as fractions of a day, exact to a millisecond; halves are rounded up."""
    return floor(days * _DAY + 0.5)


def padded(value: float, *, width: int) -> str:
    """A whole number with zeros in front; what isn't whole is left as it is, since zeros matter in ids."""
    return f"{int(value):0{width}}" if value >= 0 and value == int(value) else text(value)


def _in_zeros(value: float, *, zeros: str) -> str:
    """A whole number within letters and signs of its format, as `padded` leaves others."""
    width = zeros.count(_DIGIT)
    digits = padded(value, width=width)
    if not digits.isdecimal():
        return digits
    rest, ahead = iter(digits[len(digits) - width + 1 :]), digits[: len(digits) - width + 1]
    first, _, behind = zeros.partition(_DIGIT)
    return first + ahead + "".join(next(rest) if each == _DIGIT else each for each in behind)


def duration(days: float) -> str:
    """Hours, minutes and seconds."""
    return clock(_milliseconds(days))


def _moment(days: float, *, epoch: dt.date, leap: int) -> str:
    """A number that is no date of Excel's (negative, or after 9999) is shown as a number. `leap`: days
    before this one are counted as if 1900 had been a leap year."""
    day, time = divmod(_milliseconds(days), _DAY)
    if day < 0 or day + (day < leap) > (dt.date.max - epoch).days:
        return text(days)
    if days < 1:
        return clock(time)
    date = _date(epoch, day + (day < leap))
    return f"{date}T{clock(time)}" if time else date


@lru_cache(maxsize=4_096)
def _date(epoch: dt.date, days: int) -> str:
    return (epoch + dt.timedelta(days)).isoformat()


moment = partial(_moment, epoch=dt.date(1899, 12, 30), leap=60)
"""A date, or a time below 1. Excel counts days from 1900, which it takes for a leap year."""
moment_since_1904 = partial(_moment, epoch=dt.date(1904, 1, 1), leap=0)
"""The same, as Excel for the Mac once counted."""
