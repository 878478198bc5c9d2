"""Days and times of day are few, their pairs are many: each half is read once, and remembered.

It takes a third of the time of reading the whole, which is what most of a mapping's time goes into.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from importer.mapping.transforms import formats
from importer.mapping.transforms.clocks import offset_of_day

_SPLIT = re.compile(r"([^ T]*)([ T])([^T]*)")
_DAY_CODES = frozenset("Ymdyb")
_TIME_CODES = frozenset("HMSIp")
_DAY = 86_400
_MOST = 90_000
"""So many texts of either half are remembered: a day has 86,400 seconds (some 15 MB)."""


class Halves:
    """Reads `DAY TIME`, or `DAYTTIME`, in one format and one time zone."""

    __slots__ = ("_day", "_days", "_mark", "_shown", "_time", "_times", "_zone")

    def __init__(self, day: formats.Read, mark: str, time: formats.Read, zone: str) -> None:
        self._day = day
        self._mark = mark
        self._time = time
        self._zone = zone
        self._days: dict[str, tuple[int, tuple[str, str, str]] | None] = {}
        self._times: dict[str, int | None] = {}
        self._shown: dict[int, str] = {}

    def read(self, text: str) -> str | None:
        """The timestamp; None where the whole has to be looked at: it doesn't fit, or the clocks of the zone
        change on that day."""
        day, _, time = text.partition(self._mark)
        known, at = self._days.get(day), self._times.get(time)
        if known is None:
            known = self._read_day(day)
        if at is None:
            at = self._read_time(time)
        if known is None or at is None:
            return None
        offset, around = known
        days, second = divmod(at - offset, _DAY)
        return around[days + 1] + self._clock(second)

    def _read_day(self, text: str) -> tuple[int, tuple[str, str, str]] | None:
        """The zone's offset in seconds, and the day before, itself and the day after in ISO form."""
        when = self._day(text)
        found = None if when is None else _around(when.date(), self._zone)
        if found is not None and len(self._days) < _MOST:
            self._days[text] = found
        return found

    def _read_time(self, text: str) -> int | None:
        """The second of the day."""
        when = self._time(text)
        if when is None or when.microsecond:
            return None
        found = when.hour * 3600 + when.minute * 60 + when.second
        if len(self._times) < _MOST:
            self._times[text] = found
        return found

    def _clock(self, second: int) -> str:
        shown = self._shown.get(second)
        if shown is None:
            minutes, seconds = divmod(second, 60)
            hours, minutes = divmod(minutes, 60)
            shown = self._shown[second] = f"T{hours:02}:{minutes:02}:{seconds:02}.000Z"
        return shown


def _around(day: date, zone: str) -> tuple[int, tuple[str, str, str]] | None:
    one = timedelta(days=1)
    try:
        offset = timedelta() if zone == "UTC" else offset_of_day(day, zone)
        days = ((day - one).isoformat(), day.isoformat(), (day + one).isoformat())
    except OverflowError:
        return None
    if offset is None or offset.microseconds or abs(offset) >= one:
        return None
    return offset.days * _DAY + offset.seconds, days


def halves(format_: str, zone: str) -> Callable[[str], str | None] | None:
    """A reader by halves for formats that say the day, then a space or `T`, then the time; None for all
    others."""
    if format_ == formats.ISO:
        day, time = (_strict(*half) for half in _ISO)
        return Halves(day, " ", time, zone).read
    found = _SPLIT.fullmatch(format_)
    if found is None or not (_holds(found[1], _DAY_CODES) and _holds(found[3], _TIME_CODES)):
        return None
    return Halves(formats.compiled(found[1]), found[2], formats.compiled(found[3]), zone).read


def _holds(half: str, codes: frozenset[str]) -> bool:
    """Whether the half of a format has codes, and none but these."""
    found = set(re.findall("%(.)", half))
    return bool(found) and found <= codes


_ISO = (("%Y-%m-%d", "9999-99-99"), ("%H:%M:%S", "99:99:99"))


def _strict(format_: str, shape: str) -> formats.Read:
    """The format with all its zeros: each 9 of the shape is a digit."""
    read, pattern = formats.compiled(format_), re.compile(shape.replace("9", "[0-9]"))
    return lambda text: read(text) if pattern.fullmatch(text) else None
