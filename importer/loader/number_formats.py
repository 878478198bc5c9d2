"""How an .xlsx shows its numbers: which of its formats make a number a date, a time or a duration."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from math import floor
from xml.etree import ElementTree as ET

from importer.loader.cells import clock, number
from importer.loader.xml_stream import child

Show = Callable[[float], str]

_DAY = 86_400_000
_NOT_SHOWN = re.compile(r'"[^"]*"|[\\_*].')
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_BRACKETS = re.compile(r"\[[^\]]*\]")
_MOMENT = re.compile(r"[dmyhs]", re.IGNORECASE)
_BUILT_IN = {**dict.fromkeys((*range(14, 23), 45, 47), "h"), 46: "[h]"}
"""ECMA-376 part 1, 18.8.30: formats known by number alone, each as a code of the same kind."""


def shows(styles: ET.Element | None, *, since_1904: bool) -> Mapping[int, Show]:
    """By the number of a cell's style (`s`): how it shows a number, where not as a number."""
    if styles is None:
        return {}
    formats, cells = child(styles, "numFmts"), child(styles, "cellXfs")
    codes = _BUILT_IN | {
        int(each.get("numFmtId", "0")): each.get("formatCode", "")
        for each in (() if formats is None else formats)
    }
    kinds = [
        codes.get(int(each.get("numFmtId", "0")), "") for each in (() if cells is None else cells)
    ]
    return {
        at: show
        for at, code in enumerate(kinds)
        if (show := _show(code, moment_since_1904 if since_1904 else moment))
    }


def _show(code: str, as_moment: Show) -> Show | None:
    """Only what stands before the first `;` is for positive numbers."""
    shown = _NOT_SHOWN.sub("", code).partition(";")[0]
    if _ELAPSED.search(shown):
        return duration
    return as_moment if _MOMENT.search(_BRACKETS.sub("", shown)) else None


def _milliseconds(days: float) -> int:
    """Excel keeps times as fractions of a day, exact to a millisecond; halves are rounded up."""
    return floor(days * _DAY + 0.5)


def duration(days: float) -> str:
    """Hours, minutes and seconds."""
    return clock(_milliseconds(days))


def _moment(days: float, *, epoch: dt.date, leap: int) -> str:
    """A number that is no date of Excel's (negative, or after 9999) is shown as a number. `leap`: days
    before this one are counted as if 1900 had been a leap year."""
    day, time = divmod(_milliseconds(days), _DAY)
    if day < 0 or day + (day < leap) > (dt.date.max - epoch).days:
        return number(days)
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
