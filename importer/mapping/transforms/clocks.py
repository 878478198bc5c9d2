"""Time zones: from what a clock showed to UTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from datetime import timezone as fixed
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from importer.mapping.problems import Unfit

_DAY = timedelta(days=1)
_HOURS = tuple(timedelta(hours=hour) for hour in range(25))


_OFFSET = re.compile(r"(?:GMT|UTC)?([+−–-])(\d{1,2})(?::?(\d\d))?", re.IGNORECASE)
FIXED: Mapping[str, str] = {
    **dict.fromkeys(("GMT", "UTC", "UT", "Z", "WET"), "+0000"),
    **dict.fromkeys(("CET", "MEZ", "WEST"), "+0100"),
    **dict.fromkeys(("CEST", "MESZ", "EET", "SAST", "CAT"), "+0200"),
    **dict.fromkeys(("EEST", "MSK", "EAT", "TRT"), "+0300"),
    "PKT": "+0500",
    **dict.fromkeys(("WIB", "ICT"), "+0700"),
    **dict.fromkeys(("HKT", "SGT", "AWST", "WITA"), "+0800"),
    **dict.fromkeys(("JST", "KST", "WIT"), "+0900"),
    "ACST": "+0930",
    "AEST": "+1000",
    "ACDT": "+1030",
    "AEDT": "+1100",
    "NZST": "+1200",
    "NZDT": "+1300",
    **dict.fromkeys(("BRT", "ART"), "-0300"),
    "EDT": "-0400",
    "EST": "-0500",
    "MDT": "-0600",
    **dict.fromkeys(("MST", "PDT"), "-0700"),
    **dict.fromkeys(("PST", "AKDT"), "-0800"),
    "AKST": "-0900",
    "HST": "-1000",
}
"""Abbreviations that name one offset, winter and summer: EST is UTC-5 in July, too. Those that several
zones share (CST, IST, BST, AST ...) aren't here."""
_NAMED = "|".join(sorted(FIXED, key=len, reverse=True))
ZONE = re.compile(
    r"(?:(?<=[\s\d([])|^)(?:(?:GMT|UTC)\s?[+−–-]\s?\d{1,2}(?::?\d\d)?|[+−–-]\d\d?(?::?\d\d)?|"
    rf"(?:{_NAMED}))(?![\w:+-])"
    r"(?:\s?\([^()]*\))?"
)
"""What a text names a zone by: an offset or an abbreviation, and a remark in round brackets behind it."""


def offset_of(text: str) -> str:
    """`+0200` for `GMT+2`, `UTC+02:00`, `+02`, `CEST`; "" where it names no offset of a clock on earth."""
    named = "".join(text.partition("(")[0].split())
    if named in FIXED:
        return FIXED[named]
    found = _OFFSET.fullmatch(named)
    if found is None:
        return ""
    hours, minutes = int(found[2]), found[3] or "00"
    if hours > 14 or minutes not in {"00", "15", "30", "45"}:
        return ""
    return f"{'+' if found[1] == '+' else '-'}{hours:02}{minutes}"


def is_timezone(name: str) -> bool:
    """Whether the time zone database knows the name, or it is an offset: `GMT+2`, `UTC-05:30`, `+02:00`."""
    return name == "UTC" or bool(_offset(name)) or name in available_timezones()


def _offset(name: str) -> str:
    """The offset that a `timezone:` names; "" for names of the database."""
    signed = re.search(r"[+−–-]\d", name)
    return offset_of(name) if signed and "/" not in name else ""


def read_as(name: str) -> str:
    """What is to be said of a `timezone:`: `GMT+2` is two hours ahead of UTC; "" for names."""
    if not (offset := _offset(name)):
        return ""
    ahead = "ahead of" if offset[0] == "+" else "behind"
    return f"`timezone: {name}` is {offset[1:3]}:{offset[3:]} hours {ahead} UTC, all year"


def in_utc(local: datetime, timezone: str) -> datetime:
    """UTC, as a naive time, of what a clock of the zone showed. A time that was shown twice (the clocks
    went back) is the first one.

    Raises:
        Unfit: The clocks went forward over it, or the calendar ends there.
    """
    if timezone == "UTC":
        return local
    try:
        offset = offset_of_day(local.date(), timezone)
        return _exact(local, timezone) if offset is None else local - offset
    except OverflowError:
        raise Unfit("bad_date", "this date is outside of the calendar") from None


@lru_cache(maxsize=4_096)
def offset_of_day(day: date, timezone: str) -> timedelta | None:
    """The zone's offset on a day on which it doesn't change; None on others."""
    start = datetime.combine(day, time(), _zone(timezone))
    offsets = {(start + hours).utcoffset() for hours in _HOURS}
    return offsets.pop() if len(offsets) == 1 else None


def _exact(local: datetime, timezone: str) -> datetime:
    zone = _zone(timezone)
    utc = local.replace(tzinfo=zone).astimezone(UTC)
    if utc.astimezone(zone).replace(tzinfo=None) != local:
        raise Unfit("nonexistent_time", "the clocks of the time zone skipped this time")
    return utc.replace(tzinfo=None)


@cache
def _zone(name: str) -> tzinfo:
    if offset := _offset(name):
        minutes = int(offset[1:3]) * 60 + int(offset[3:])
        return fixed(timedelta(minutes=minutes if offset[0] == "+" else -minutes))
    return ZoneInfo(name)
