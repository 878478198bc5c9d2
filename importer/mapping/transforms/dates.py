"""The transform to dates. A date is sent as `2015-06-16T09:19:47.155Z`: UTC, always with milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from importer.mapping.blanks import trimmed
from importer.mapping.problems import Unfit
from importer.mapping.transforms import formats
from importer.mapping.transforms.clocks import in_utc
from importer.mapping.transforms.halves import halves
from importer.mapping.transforms.registry import transform

if TYPE_CHECKING:
    from importer.mapping.traits import Trait


@transform("trait", "format", "timezone")
def date(text: str, how: Trait) -> str:
    """A date or time, sent in UTC. `format` is strptime's, a list of such, or `iso` (the default),
    `excel_serial`, `unix`, `unix_ms`; `timezone` is that of times that name none (default: UTC)."""
    return timestamps(how.format, how.timezone)(text)


@lru_cache(maxsize=256)
def timestamps(formats_: tuple[str, ...], timezone: str) -> Callable[[str], str]:
    """The function from a text to `2015-06-16T09:19:47.155Z`, the moment that it names in the one format
    that fits. Timestamps sort as text. No formats: ISO 8601; no timezone: UTC. It raises `Unfit` where no
    format fits, two fit differently, or the clocks never showed that time."""
    wanted = formats_ or (formats.ISO,)
    first, *others = map(formats.compiled, wanted)
    zone = timezone or "UTC"
    quick = None if others else halves(wanted[0], zone)

    def timestamp(text: str) -> str:
        written = trimmed(text)
        if quick is not None and (found := quick(written)) is not None:
            return found
        when = first(written)
        if others:
            when = _only([when, *(read(written) for read in others)], zone, wanted)
        if when is None:
            raise Unfit("bad_date", f"this doesn't fit {_listed(wanted)}")
        return _utc(when, zone).isoformat("T", "milliseconds") + "Z"

    return timestamp


def _only(read: Sequence[datetime | None], zone: str, wanted: Sequence[str]) -> datetime | None:
    """The one time that was read, if formats agree on it."""
    times = [when for when in read if when is not None]
    if len({_utc(when, zone) for when in times}) > 1:
        raise Unfit("ambiguous_date", f"this fits {_listed(wanted)} with different dates")
    return times[0] if times else None


def _utc(when: datetime, timezone: str) -> datetime:
    """The moment in UTC, as a naive time; one without a zone is what a clock of `timezone` showed."""
    if when.tzinfo is None:
        return in_utc(when, timezone)
    try:
        return when.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise Unfit("bad_date", "this date is outside of the calendar") from None


def _listed(wanted: Sequence[str]) -> str:
    return " and ".join(f'"{each}"' for each in wanted)
