"""How a column writes dates: every format that fits all of its values, or the question which one it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from importer.discovery import lexicon
from importer.discovery.column import Profile
from importer.discovery.yaml_text import OPEN
from importer.mapping.text import TransformError
from importer.mapping.transforms.date_formats import (
    compiled,
    half,
    in_utc,
    is_timezone,
    offset_of,
    zones,
)

NO_DATE = frozenset(
    {
        *("1980-01-01 00:00:00", "1980-01-01", "0000-00-00", "0000-00-00 00:00:00", "1900-01-01"),
        *("1900-01-01 00:00:00", "1970-01-01 00:00:00", "1970-01-01", "0001-01-01", "9999-12-31"),
        *("01/01/1900", "01.01.1900", "n/a", "na", "-", "none", "null", "never"),
        *("[not completed]", "not completed", "in progress", "incomplete"),
    }
)
"""Texts that stand for no date; LimeSurvey's is 1980-01-01 00:00:00."""
MOST = 3
_SPLIT = re.compile(r"\d+|[^\W\d_]+\.?|\W|_")
_PAIRS: Mapping[frozenset[str], str] = {
    frozenset({"CST", "CDT"}): "America/Chicago",
    frozenset({"CDT"}): "America/Chicago",
    frozenset({"AST", "ADT"}): "America/Halifax",
    frozenset({"GMT", "BST"}): "Europe/London",
    frozenset({"IST", "IDT"}): "Asia/Jerusalem",
}
"""Abbreviations of which several zones use each, and only one zone all of them."""
_WEEK = re.compile(r"(?<![^\W\d_])(?:W|KW|CW|WK|Q)[ .-]?\d", re.IGNORECASE)
"""`2024-W10-2`: a week's number, or a quarter's, which as a month would be another date."""
_PLACES = {"%z": "\ue000", "%p": "\ue001"}
"""Stand in a text for its zone, and for morning or afternoon, while it is taken to pieces."""
_RANGE = re.compile(r"\d:\d\d ?[-–] ?(\d\d?:\d\d)$")
_COMPACT = re.compile(r"(?:19|20)\d{6}(?:\d{6})?")
_FAMILIES = ("day first", "month first", "year first")


@dataclass(frozen=True, slots=True)
class DateReading:
    """`formats` for the mapping, `timezone` where the values or the label name one ("": not), `na` what
    stands for no date; `example` is a value and its moment in this reading. `unread` counts values that
    none of the formats fits."""

    formats: tuple[str, ...]
    order: str = ""
    timezone: str = ""
    na: tuple[str, ...] = ()
    example: str = ""
    unread: int = 0

    def moment(self, text: str) -> datetime | None:
        """What a value means in this reading; None where no format fits."""
        return _moment(self.formats, text)

    @property
    def written(self) -> str:
        """How it is written; of days and months in words the order stands in the format."""
        formats = ", ".join(self.formats)
        return formats if "%b" in formats.casefold() else f"{self.order} {formats}".strip()


def readings(profile: Profile, *, numbers: bool = False) -> tuple[DateReading, ...]:
    """The ways to read a column as dates: none where it holds none, several where it is a question (day
    first or month first). `numbers`: its name says that it holds dates, so Unix times and Excel's serial
    numbers count."""
    counts, na = profile.without(NO_DATE)
    if not counts:
        return ()
    # The zone that the values name by abbreviations of which each is used by several; else "".
    ends = frozenset(end[0] for text in counts if (end := _ABBREVIATION.search(text)))
    zone, bare = _PAIRS.get(ends, ""), dict(counts)
    if _are_ranges(counts):
        return ()
    if numbers and (name := _counting(bare)):
        return (DateReading((name,), na=na),)
    found = [
        reading
        for family in _FAMILIES
        if (reading := _reading(family, bare, counts, zone, na)) is not None
    ]
    best = min((each.unread for each in found), default=0)
    kept = _steady(_unlike([each for each in found if each.unread == best], list(bare)), list(bare))
    return _as_excel_may_have_read(kept[0], list(bare)) if len(kept) == 1 else kept


def _steady(found: Sequence[DateReading], texts: Sequence[str]) -> tuple[DateReading, ...]:
    """Without those that take days for years: `13-04-24` and `24-04-13` are told apart by how few the years
    are that the others need."""
    years = [len({when.year for text in texts if (when := each.moment(text))}) for each in found]
    fewest = min(years, default=0)
    return tuple(
        each for each, n in zip(found, years, strict=True) if n < max(_TELLING, 3 * fewest)
    )


def _as_excel_may_have_read(reading: DateReading, texts: Sequence[str]) -> tuple[DateReading, ...]:
    """Where true dates stand beside texts: an Excel of another country has read `03/04/2021` its own way
    and left `25/04/2021` alone. It may have, where no true date's day is above 12, and each text's is."""
    true = {text: None for text in texts if _fits("iso", text)}
    rest = [when for text in texts if text not in true and (when := reading.moment(text))]
    if not true or not rest or len(true) + len(rest) < _TELLING:
        return (reading,)
    if max(int(text[8:10]) for text in true) > 12 or min(when.day for when in rest) <= 12:
        return (reading,)
    swapped = dict.fromkeys(
        "%Y-%d-%m" + (" %H:%M:%S" if text[10:].count(":") == 2 else " %H:%M" if ":" in text else "")
        for text in true
    )
    others = tuple(each for each in reading.formats if each != "iso")
    return (
        replace(reading, order="as they stand", example=next(iter(true))),
        replace(
            reading,
            order="day and month were swapped",
            formats=(*swapped, *others),
            example=next(iter(true)),
        ),
    )


_TELLING = 4
"""So many values tell more than chance does."""


def _reading(
    family: str, bare: Mapping[str, int], counts: Mapping[str, int], zone: str, na: tuple[str, ...]
) -> DateReading | None:
    # The fewest formats of a family that fit the values, `MOST` at most, and how many they don't.
    left = dict(bare)
    chosen: list[str] = []
    while left and len(chosen) < MOST:
        tried = {
            format_: [text for text in left if _fits(format_, text)]
            for text in list(left)[:5]
            for format_ in _candidates(family, text)
        }
        best = max(tried, key=lambda each: len(tried[each]), default="")
        if not best or not tried[best]:
            break
        chosen.append(best)
        left = {text: count for text, count in left.items() if text not in set(tried[best])}
    formats, unread = tuple(chosen), sum(left.values())
    if not formats or unread > 0.1 * sum(bare.values()):
        return None
    if family != "year first" and formats == ("iso",):
        return None
    return DateReading(formats, family, zone, na, next(iter(counts)), unread)


def _fits(format_: str, text: str) -> bool:
    when = compiled(format_)(text)
    return when is not None and 1970 <= when.year <= 2100


def _unlike(found: Sequence[DateReading], texts: Sequence[str]) -> tuple[DateReading, ...]:
    """Without readings that give the same dates as another."""
    kept: dict[tuple[datetime | None, ...], DateReading] = {}
    for each in found:
        moments = tuple(_moment(each.formats, text) for text in texts)
        kept.setdefault(moments, each)
    return tuple(kept.values())


def _moment(formats: Sequence[str], text: str) -> datetime | None:
    return next((when for each in formats if (when := compiled(each)(text))), None)


def _candidates(family: str, text: str) -> Iterator[str]:
    """Formats of one family that have the text's own shape."""
    if _fits("iso", text):
        yield "iso"
        return
    if family == "year first" and _COMPACT.fullmatch(text):
        yield "%Y%m%d" + ("%H%M%S" if len(text) > 8 else "")
        return
    if _WEEK.search(text):
        return
    pieces = [" " if piece.isspace() else piece for piece in _SPLIT.findall(_marked(text))]
    numbers = [i for i, piece in enumerate(pieces) if piece.isdigit()]
    words = [i for i, piece in enumerate(pieces) if piece.rstrip(".").isalpha() and len(piece) >= 3]
    if any(_is_foreign(pieces[i]) for i in words):
        return
    for parts in _date_parts(family, pieces, numbers, words):
        clock = [i for i in numbers if i not in parts]
        codes = {**parts, **_clock(pieces, clock)}
        if all(i in codes for i in clock):
            written = (codes.get(i, piece.replace("%", "%%")) for i, piece in enumerate(pieces))
            format_ = "".join(written)
            for code, mark in _PLACES.items():
                format_ = format_.replace(mark, code)
            yield format_


def _marked(text: str) -> str:
    """The text with a mark for its zone, and one for its half of the day."""
    for zone in reversed(list(zones().finditer(text))):
        if offset_of(zone[0]) and re.search(r"\d[:.]\d\d", text[: zone.start()]):
            text = text[: zone.start()] + _PLACES["%z"] + text[zone.end() :]
            break
    found = half().finditer(text)
    halves = [each for each in found if _beside_a_time(text, each.start(), each.end())]
    if not halves:
        return "" if _HALF_SAID.search(text) else text
    return text[: halves[-1].start()] + _PLACES["%p"] + text[halves[-1].end() :]


_HALF_SAID = re.compile(r"[上下]午|午[前後]|오[전후]|\d\s*[ap]\.?\s?m\b", re.IGNORECASE)
"""Tells morning from afternoon wherever it stands: as a letter like any other it would be lost."""


def _beside_a_time(text: str, start: int, end: int) -> bool:
    """Whether a time of day ends here, or begins there."""
    before, after = text[:start], text[end:]
    return bool(_TIME_ENDS.search(before) or _TIME_BEGINS.match(after))


_TIME_ENDS = re.compile(r"(?:\d[:.]\d\d|\d ?[時时點点시分분秒초])\s*$")
_TIME_BEGINS = re.compile(r"\s*\d{1,2}(?:[:.]\d\d| ?[時时點点시])")


def _is_foreign(word: str) -> bool:
    """Whether a word has no place in a date: neither month, day, zone nor hour."""
    hours = lexicon.texts("hour")
    return not (_month(word) or _weekday(word) or word.upper() == word or word.casefold() in hours)


_ORDERS = {"day first": "dmy", "month first": "mdy", "year first": "ymd"}


def _date_parts(
    family: str, pieces: Sequence[str], numbers: Sequence[int], words: Sequence[int]
) -> Iterator[dict[int, str]]:
    month = next((i for i in words if _month(pieces[i])), None)
    if month is not None and len(numbers) >= 2:
        codes = {month: _month(pieces[month])}
        weekday = {i: _weekday(pieces[i]) for i in words if i != month and _weekday(pieces[i])}
        first, second = numbers[:2]
        order = "ymd" if first < month and len(pieces[first]) == 4 else "dmy"
        day, year = (second, first) if order == "ymd" else (first, second)
        if (family == "year first") == (order == "ymd") and family != "month first":
            yield {**codes, **weekday, day: "%d", year: _year(pieces[year])}
        return
    if len(numbers) < 3:
        return
    three = numbers[:3]
    codes = {
        i: {"d": "%d", "m": "%m", "y": _year(pieces[i])}[part]
        for i, part in zip(three, _ORDERS[family], strict=True)
    }
    begin, between, end = pieces[three[0]], pieces[three[0] + 1], pieces[three[2]]
    short = family == "year first" and len(begin) == len(end) == 2 and between in {"-", "/"}
    if ((len(begin) == 4) == (family == "year first") or short) and between != ":":
        yield codes


def _year(digits: str) -> str:
    return "%Y" if len(digits) == 4 else "%y"


def _month(word: str) -> str:
    for code in ("%b", "%B"):
        try:
            datetime.strptime(f"2000 {word}", f"%Y {code}")  # noqa: DTZ007  only the word is tried
        except ValueError:
            continue
        return code
    return "%b" if compiled("%b %Y")(f"{word} 2000") else ""


def _weekday(word: str) -> str:
    for code in ("%a", "%A"):
        try:
            datetime.strptime(word, code)  # noqa: DTZ007  only the word is tried
        except ValueError:
            continue
        return code
    return ""


def _clock(pieces: Sequence[str], at: Sequence[int]) -> dict[int, str]:
    """Codes for the time of day; morning and afternoon make it a clock of twelve hours. Nothing where a sign
    stands between its numbers: those are two times, or a time and something else."""
    codes = ["%I" if _PLACES["%p"] in pieces else "%H", "%M", "%S", "%f"]
    between = ["".join(pieces[i + 1 : j]) for i, j in pairwise(at)]
    if not at or len(at) > len(codes) or any(set("+-−–/()") & set(each) for each in between):
        return {}
    if len(at) == len(codes) and between[-1] not in {".", ","}:
        return {}
    return dict(zip(at, codes, strict=False))


_ABBREVIATION = re.compile(r"(?<=[\d\s])[A-Z]{3,4}(?=\)?$)")


def _are_ranges(counts: Mapping[str, int]) -> bool:
    """Whether the values are spans of time (`10:20-11:00`), not times and their offsets: a column has two or
    three offsets."""
    ends = {found[1] for text in counts if (found := _RANGE.search(text))}
    return len(ends) > 3 or any(not offset_of(f"-{each}") for each in ends)


def _counting(counts: Mapping[str, int]) -> str:
    """`unix`, `unix_ms` or `excel_serial`, where all values are such numbers of the years 1990 to 2100."""
    try:
        values = [float(text) for text in counts]
    except ValueError:
        return ""
    for name, low, high in (
        ("unix", 6.3e8, 4.1e9),
        ("unix_ms", 6.3e11, 4.1e12),
        ("excel_serial", 32_874, 73_051),
    ):
        if all(low <= value < high for value in values):
            return name
    return ""


# The time zone that a column's name says: `Submitted at (GMT+2)`, `Date (EST)`, `America/New_York`.

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
_US_ZONES: Mapping[str, str] = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
}
_CALLED = re.compile(
    r"\b(?:(?P<us>Eastern|Central|Mountain|Pacific)(?: Standard| Daylight)?"
    r"|(?:(?:Central|Eastern|Western) European|British|India|Japan|Korea|China|Australian \w+|local)"
    r"(?: Standard| Summer)?) Time\b",
    re.IGNORECASE,
)
"""Zones as people call them; of Europe's and the others it isn't known whether they mean summer time, too."""
_SHARED = frozenset({"CST", "CDT", "IST", "BST", "AST", "ADT", "GST", "NST", "SST", "ECT", "AMT"})


def zone_of_label(label: str, moments: Sequence[datetime]) -> tuple[str, str] | None:
    """The `timezone:` and how it is known; None where the name says none. `moments` are the column's dates:
    by them an abbreviation is a question, or none."""
    for place in _PLACE.findall(label):
        if is_timezone(place):
            return place, f"its name says {place}"
    # The parts of a name that may be a zone: in brackets, behind `GMT` or `UTC`, or the last
    # word.
    offsets = [each[0] for each in zones().finditer(label) if each[0][:3].upper() in {"GMT", "UTC"}]
    last = [] if label.isupper() else _LAST.findall(label)
    for said in [*(each.strip() for each in _BRACKETS.findall(label)), *offsets, *last]:
        if found := _meant(said, moments):
            return found
    if called := _CALLED.search(label):
        zone = _US_ZONES.get((called["us"] or "")[:1].upper() + "T", OPEN)
        return zone, f"{'not known: ' if zone == OPEN else ''}its name says {called[0]}"
    return ("UTC", "its name says UTC") if "utc" in label.casefold() else None


def _meant(said: str, moments: Sequence[datetime]) -> tuple[str, str] | None:
    word = said.split(maxsplit=1)[0] if said.split() else ""
    if word in _US_ZONES:
        return _US_ZONES[word], f"its name says {word}"
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
    except TransformError:
        return False
