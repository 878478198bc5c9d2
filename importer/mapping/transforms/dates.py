"""The transform to dates. A date is sent as `2015-06-16T09:19:47.155Z`: UTC, always with milliseconds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from importer.mapping.text import Columnwise, TransformError, trimmed
from importer.mapping.transforms.cached_dates import halves
from importer.mapping.transforms.date_formats import (
    ISO,
    SERIAL,
    SERIAL_1904,
    UNIX,
    compiled,
    in_utc,
)
from importer.mapping.transforms.registry import transform

if TYPE_CHECKING:
    from importer.mapping.blocks import Trait


@transform("trait", "format", "timezone")
def date(text: str, how: Trait) -> str:
    """A date or time, sent in UTC. `format` is strptime's, a list of such, or `iso` (the default),
    `excel_serial`, `unix`, `unix_ms`; `timezone` is that of times that name none (default: UTC)."""
    return timestamps(how.format, how.timezone)(text)


def counted(formats_: tuple[str, ...], *, since_1904: bool) -> tuple[str, ...]:
    """The formats, of which `excel_serial` means what it means in the file."""
    serial = SERIAL_1904 if since_1904 else SERIAL
    return tuple(serial if each == SERIAL else each for each in formats_)


YEARS = (1901, 2100)
"""Of a date about a person: 1900 and 0001 are marks for no date, 2567 is another calendar's year."""
_FIRST_ANSWER = 1990


@lru_cache(maxsize=256)
def timestamps(
    formats_: tuple[str, ...], timezone: str, *, answered: bool = False
) -> Callable[[str], str]:
    """The function from a text to `2015-06-16T09:19:47.155Z`, the moment that it names in the one format
    that fits. Timestamps sort as text. No formats: ISO 8601; no timezone: UTC. `answered`: of an answer,
    so from 1990 to next year. It raises `TransformError` where no format fits, two fit
    differently, the clocks never showed that time, or the year can't be."""
    wanted = formats_ or (ISO,)
    first, *others = map(compiled, wanted)
    zone = timezone or "UTC"
    quick = None if others else halves(wanted[0], zone)
    low, high = (_FIRST_ANSWER, datetime.now(UTC).year + 1) if answered else YEARS
    earliest, latest = f"{low}-", f"{high + 1}-"

    def timestamp(text: str) -> str:
        written = trimmed(text)
        found = None if quick is None else quick.read(written)
        if found is None:
            when = first(written)
            if others:
                when = _only([when, *(read(written) for read in others)], zone, wanted)
            if when is None:
                raise TransformError("bad_date", f"this doesn't fit {_listed(wanted)}")
            found = _utc(when, zone).isoformat("T", "milliseconds") + "Z"
        if not earliest <= found < latest:
            raise TransformError("bad_date", f"the year isn't from {low} to {high}", _YEAR_FIX)
        return found

    return timestamp if quick is None else Columnwise(timestamp, quick.column(earliest, latest))


_YEAR_FIX = (
    "Is it a year of another calendar, or one of two digits (%y)? Marks for no date go into `na:`."
)


def names_zone(formats_: Sequence[str], text: str) -> bool:
    """Whether the text says its own zone, or needs none (Unix times); true where it is no date at all."""
    return all(
        each in UNIX or (when := compiled(each)(trimmed(text))) is None or when.tzinfo
        for each in formats_ or (ISO,)
    )


def may_lack_zone(formats_: Sequence[str]) -> bool:
    """Whether a text that fits can be without a zone: one of `%z` must name it, Unix times need none."""
    return any(
        each not in UNIX and "%z" not in re.findall("%.", each) for each in formats_ or (ISO,)
    )


def _only(read: Sequence[datetime | None], zone: str, wanted: Sequence[str]) -> datetime | None:
    """The one time that was read, if formats agree on it."""
    times = [when for when in read if when is not None]
    if len({_utc(when, zone) for when in times}) > 1:
        raise TransformError("ambiguous_date", f"this fits {_listed(wanted)} with different dates")
    return times[0] if times else None


def _utc(when: datetime, timezone: str) -> datetime:
    """The moment in UTC, as a naive time; one without a zone is what a clock of `timezone` showed."""
    if when.tzinfo is None:
        return in_utc(when, timezone)
    try:
        return when.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise TransformError("bad_date", "this date is outside of the calendar") from None


def _listed(wanted: Sequence[str]) -> str:
    return " and ".join(f'"{each}"' for each in wanted)
