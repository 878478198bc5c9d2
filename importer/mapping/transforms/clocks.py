"""Time zones: from what a clock showed to UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from importer.mapping.problems import Unfit

_DAY = timedelta(days=1)
_HOURS = tuple(timedelta(hours=hour) for hour in range(25))


def is_timezone(name: str) -> bool:
    """Whether the time zone database knows the name."""
    return name == "UTC" or name in available_timezones()


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
    return ZoneInfo(name)
