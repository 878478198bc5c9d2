"""Transforms to dates. A date is sent as `2015-06-16T09:19:47.155Z`: UTC, always with milliseconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from importer.mapping.blanks import trimmed
from importer.mapping.problems import Unfit
from importer.mapping.transforms.registry import transform

if TYPE_CHECKING:
    from importer.mapping.traits import Trait

ISO = "iso"
NUMERIC = ("excel_serial", "unix", "unix_ms")
NAMED = (ISO, *NUMERIC)
"""Formats with a name; every other is a strptime pattern and holds a `%`."""
_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  a local time until its zone is known
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)? ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
)
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]+)?")


@transform("trait", "format", "timezone")
def date(text: str, how: Trait) -> str:
    """A date or time, sent in UTC. `format` is strptime's, a list of such, or `iso` (the default),
    `excel_serial`, `unix`, `unix_ms`; `timezone` is that of times that name none (default: UTC)."""
    return stamp(moment(text, how.format or (ISO,), how.timezone or "UTC"))


def stamp(when: datetime) -> str:
    """`2015-06-16T09:19:47.155Z`; sorts as text."""
    return when.isoformat(timespec="milliseconds")[:23] + "Z"


def moment(text: str, formats: Sequence[str], timezone: str) -> datetime:
    """The moment, in UTC, that the text names in the one format that fits.

    Raises:
        Unfit: No format fits, two fit differently, or the clocks never showed that time.
    """
    written = trimmed(text)
    zone = _zone(timezone)
    found = {_in_utc(read, zone) for each in formats if (read := _read(written, each)) is not None}
    if not found:
        raise Unfit("bad_date", f"this doesn't fit {_listed(formats)}")
    if len(found) > 1:
        raise Unfit(
            "ambiguous_date", f"this fits more than one of {_listed(formats)}, with different dates"
        )
    return found.pop()


def _listed(formats: Sequence[str]) -> str:
    return ", ".join(f'"{each}"' for each in formats)


@cache
def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def is_timezone(name: str) -> bool:
    """Whether the time zone database knows the name."""
    return name == "UTC" or name in available_timezones()


def format_problem(format_: str) -> str:
    """What is wrong with a date format; "" where nothing is."""
    if format_ in NAMED:
        return ""
    if "%" not in format_:
        return f"a date format holds codes like %Y, or is one of {', '.join(NAMED)}"
    if re.search(r"%[ZcxX]", format_):
        return "%Z, %c, %x and %X depend on the machine; write the zone out, and name it in `timezone:`"
    try:
        datetime.strptime("", format_)  # noqa: DTZ007  only the format is tried
    except ValueError as error:
        if "does not match format" not in str(error):
            return f"this isn't a date format: {error}"
    return "" if re.search(r"%[YyGs]", format_) else "the date format has no year (%Y)"


def _read(text: str, format_: str) -> datetime | None:
    """The time as written: with a zone where the text names one."""
    try:
        if format_ == ISO:
            return _iso(text)
        if format_ in NUMERIC:
            return _numeric(text, format_)
        return datetime.strptime(text, format_)  # noqa: DTZ007  the zone comes from the mapping
    except (ValueError, OverflowError):
        return None


def _iso(text: str) -> datetime | None:
    if not _ISO.fullmatch(text):
        return None
    return datetime.fromisoformat(text.replace(" UTC", "Z").replace("UTC", "Z"))


def _numeric(text: str, format_: str) -> datetime | None:
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    if format_ == "excel_serial":
        return _EXCEL_EPOCH + timedelta(milliseconds=round(number * 86_400_000))
    seconds = number / 1000 if format_ == "unix_ms" else number
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=round(seconds * 1000))


def _in_utc(when: datetime, zone: tzinfo) -> datetime:
    """Where the clocks went back, a time that was shown twice is the first one."""
    if when.tzinfo is not None:
        return _shifted(when)
    local = when.replace(tzinfo=zone)
    utc = _shifted(local)
    if utc.astimezone(zone).replace(tzinfo=None) != when:
        raise Unfit("nonexistent_time", "the clocks of the time zone skipped this time")
    return utc


def _shifted(when: datetime) -> datetime:
    try:
        return when.astimezone(UTC)
    except OverflowError:
        raise Unfit("bad_date", "this date is outside of the calendar") from None
