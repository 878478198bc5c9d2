"""Days and times of day are few, their pairs are many: each half is read once, and remembered.

It takes a third of the time of reading the whole: without it a plan of 100,000 rows with one time of day in
each took 18 % more CPU (least of four turns).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from importer.mapping.text import Reading
from importer.mapping.transforms.date_formats import ISO, Read, compiled, offset_of_day

_SPLIT = re.compile(r"([^ T]*)([ T])([^T]*)")
_DAY_CODES = frozenset("Ymdyb")
_TIME_CODES = frozenset("HMSIp")
_DAY = 86_400
_MOST = 50_000
"""So many texts of either half are remembered: more than a century of days."""


class Halves:
    """Reads `DAY TIME`, or `DAYTTIME`, in one format and one time zone. `second` is the second of the day
    that a time names; None where it names none. `unit`: so many seconds is a step of what stands before the
    last colon of a time; 0 where that isn't known."""

    __slots__ = ("_day", "_days", "_mark", "_second", "_unit", "_zone")

    def __init__(
        self, day: Read, mark: str, second: Callable[[str], int | None], zone: str, unit: int = 0
    ) -> None:
        self._day = day
        self._mark = mark
        self._second = second
        self._zone = zone
        self._unit = unit
        self._days: dict[str, tuple[int, tuple[str, str, str]]] = {}

    def read(self, text: str) -> str | None:
        """The timestamp; None where the whole has to be looked at: it doesn't fit, or the clocks of the zone
        change on that day."""
        day, _, time = text.partition(self._mark)
        known = self._days.get(day) or self._read_day(day)
        at = self._second(time)
        if known is None or at is None:
            return None
        offset, around = known
        days, second = divmod(at - offset, _DAY)
        minutes, seconds = divmod(second, 60)
        return around[days + 1] + _MINUTES[minutes] + _SECONDS[seconds]

    def column(
        self, earliest: str, latest: str
    ) -> Callable[[Sequence[str], Reading], list[object]]:
        """A reading of many cells by their days, their times up to the last colon, and what follows: each is
        known from cells that were read by themselves. Of days those that are well between these two."""
        mark, days, ends = self._mark, dict[str, _Known](), dict[str, str]()
        clocks: dict[int, _Clock] = {}

        def learn(text: str) -> None:
            day, _, time = text.partition(mark)
            known, at, unit = self._days.get(day), self._second(time), self._unit
            if known is None or at is None or not unit or known[0] % unit or len(days) >= _MOST:
                return
            (offset, around), rest = known, at % unit
            steps = rest // (unit // 60)
            if time[-3:] != f":{steps:02}" or rest != steps * (unit // 60):
                return  # what stands behind the colon has another form, or is a leap second
            if earliest <= around[0] and around[2] < latest:
                shift, second = divmod(at - rest - offset, _DAY)
                begun = _MINUTES[second // 60] if unit == 60 else f"T{second // 3600:02}:"
                clock = clocks.setdefault(offset, {})
                clock[time[:-3]], days[day] = (shift + 1, begun), (around, clock)
                ends[time[-3:]] = f"{steps:02}.000Z" if unit == 60 else f"{steps:02}:00.000Z"

        def column(cells: Sequence[str], one: Reading) -> list[object]:
            found: list[object] = []
            for text in cells:
                day, _, time = text.partition(mark)
                try:
                    around, clock = days[day]
                    shift, begun = clock[time[:-3]]
                    found.append(around[shift] + begun + ends[time[-3:]])
                except KeyError:
                    found.append(one(text))
                    learn(text)
            return found

        return column

    def _read_day(self, text: str) -> tuple[int, tuple[str, str, str]] | None:
        """The zone's offset in seconds, and the day before, itself and the day after in ISO form."""
        when = self._day(text)
        found = None if when is None else _around(when.date(), self._zone)
        if found is not None and len(self._days) < _MOST:
            self._days[text] = found
        return found


_Clock = dict[str, tuple[int, str]]
"""By what stands before a time's last colon: whether it is the day before (0), the same or the day after (2)
in UTC, and the time there."""
_Known = tuple[tuple[str, str, str], _Clock]
_MINUTES = [f"T{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60)]
_SECONDS = [f"{second:02}.000Z" for second in range(60)]


def _time(read: Read) -> Callable[[str], int | None]:
    """Times in one format, each text remembered."""
    known: dict[str, int] = {}

    def second(text: str) -> int | None:
        if (found := known.get(text)) is not None:
            return found
        when = read(text)
        if when is None or when.microsecond:
            return None
        found = when.hour * 3600 + when.minute * 60 + when.second
        if len(known) < _MOST:
            known[text] = found
        return found

    return second


def _with_seconds(minutes: Read, seconds: Read) -> Callable[[str], int | None]:
    """Times whose seconds stand behind the last colon. A day has 1,440 minutes, a minute 60 seconds: all
    of them are soon known."""
    minute, second = _time(minutes), _time(seconds)

    def at(text: str) -> int | None:
        head, _, tail = text.rpartition(":")
        first, rest = minute(head), second(tail)
        return None if first is None or rest is None else first + rest

    return at


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


_UNITS = {"%H:%M:%S": 60, "%H:%M": 3600}


def halves(format_: str, zone: str) -> Halves | None:
    """A reader by halves for formats that say the day, then a space or `T`, then the time; None for all
    others."""
    if format_ == ISO:
        day, minutes, seconds = (_strict(*part) for part in _ISO)
        return Halves(day, " ", _with_seconds(minutes, seconds), zone, 60)
    found = _SPLIT.fullmatch(format_)
    if found is None or not (_holds(found[1], _DAY_CODES) and _holds(found[3], _TIME_CODES)):
        return None
    unit = _UNITS.get(found[3], 0)
    return Halves(compiled(found[1]), found[2], _clock(found[3]), zone, unit)


def _clock(format_: str) -> Callable[[str], int | None]:
    minutes, mark, seconds = format_.rpartition(":")
    if mark and seconds == "%S" and "%S" not in minutes:
        return _with_seconds(compiled(minutes), compiled(seconds))
    return _time(compiled(format_))


def _holds(half: str, codes: frozenset[str]) -> bool:
    """Whether the half of a format has codes, and none but these."""
    found = set(re.findall("%(.)", half))
    return bool(found) and found <= codes


_ISO = (("%Y-%m-%d", "9999-99-99"), ("%H:%M", "99:99"), ("%S", "99"))


def _strict(format_: str, shape: str) -> Read:
    """The format with all its zeros: each 9 of the shape is a digit."""
    read, pattern = compiled(format_), re.compile(shape.replace("9", "[0-9]"))
    return lambda text: read(text) if pattern.fullmatch(text) else None
