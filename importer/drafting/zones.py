"""The time zone that a column's name says: `Submitted at (GMT+2)`, `Date (EST)`, `America/New_York`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from importer.drafting.yaml import OPEN
from importer.mapping.problems import Unfit
from importer.mapping.transforms.clocks import ZONE, in_utc, is_timezone, offset_of

_PLACE = re.compile(r"(?<![A-Za-z])[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_-]+){1,2}")
_BRACKETS = re.compile(r"[(\[]([^()\[\]]+)[)\]]")
_LAST = re.compile(r"[\s_,-]([A-Z]{2,4})$")
_REGIONS: Mapping[str, str] = {
    **dict.fromkeys(("EST", "EDT"), "America/New_York"),
    **dict.fromkeys(("MST", "MDT"), "America/Denver"),
    **dict.fromkeys(("PST", "PDT"), "America/Los_Angeles"),
    **dict.fromkeys(("CET", "CEST", "MEZ", "MESZ"), "Europe/Berlin"),
    **dict.fromkeys(("EET", "EEST"), "Europe/Helsinki"),
    **dict.fromkeys(("WET", "WEST"), "Europe/Lisbon"),
    **dict.fromkeys(("AEST", "AEDT"), "Australia/Sydney"),
    **dict.fromkeys(("NZST", "NZDT"), "Pacific/Auckland"),
}
"""Where an abbreviation in a column's name may be meant for winter and summer alike."""
_PLACES: Mapping[str, str] = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
}
_SHARED = frozenset({"CST", "CDT", "IST", "BST", "AST", "ADT", "GST", "NST", "SST", "ECT", "AMT"})


def zone_of_label(label: str, moments: Sequence[datetime]) -> tuple[str, str] | None:
    """The `timezone:` and how it is known; None where the name says none. `moments` are the column's dates:
    by them an abbreviation is a question, or none."""
    for place in _PLACE.findall(label):
        if is_timezone(place):
            return place, f"its name says {place}"
    for said in _said(label):
        if found := _meant(said, moments):
            return found
    return ("UTC", "its name says UTC") if "utc" in label.casefold() else None


def _said(label: str) -> list[str]:
    """The parts of a name that may be a zone: in brackets, behind `GMT` or `UTC`, or the last word."""
    offsets = [each[0] for each in ZONE.finditer(label) if each[0][:3].upper() in {"GMT", "UTC"}]
    last = [] if label.isupper() else _LAST.findall(label)
    return [*(each.strip() for each in _BRACKETS.findall(label)), *offsets, *last]


def _meant(said: str, moments: Sequence[datetime]) -> tuple[str, str] | None:
    word = said.split(maxsplit=1)[0] if said.split() else ""
    if word in _PLACES:
        return _PLACES[word], f"its name says {word}"
    if word in _SHARED:
        return OPEN, f"not known: its name says {word}, which several time zones share"
    offset = offset_of(said)
    if not offset:
        return None
    zone = "UTC" if offset in {"+0000", "-0000"} else f"UTC{offset[:3]}:{offset[3:]}"
    region = _REGIONS.get(said, "")
    if region and not all(_agree(each, zone, region) for each in moments):
        return OPEN, f"not known: {said} all year ({zone}), or {region} with its summer time?"
    return zone, f"its name says {said}"


def _agree(moment: datetime, zone: str, region: str) -> bool:
    try:
        return moment.tzinfo is not None or in_utc(moment, zone) == in_utc(moment, region)
    except Unfit:
        return False
