"""How a column writes dates: every format that fits all of its values, or the question which one it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from importer.inference import lexicon
from importer.inference.profile import Profile
from importer.mapping.transforms.formats import compiled

NO_DATE = frozenset(
    {
        *("1980-01-01 00:00:00", "1980-01-01", "0000-00-00", "0000-00-00 00:00:00", "1900-01-01"),
        *("1900-01-01 00:00:00", "1970-01-01 00:00:00", "1970-01-01", "0001-01-01", "9999-12-31"),
        *("01/01/1900", "01.01.1900", "n/a", "na", "-", "none", "null", "never"),
    }
)
"""Texts that stand for no date; LimeSurvey's is 1980-01-01 00:00:00."""
MOST = 3
_SPLIT = re.compile(r"\d+|[A-Za-zÀ-ž]+\.?|[^\dA-Za-z]")
_ZONES: Mapping[str, str] = {
    **dict.fromkeys(("EST", "EDT"), "America/New_York"),
    **dict.fromkeys(("CST", "CDT"), "America/Chicago"),
    **dict.fromkeys(("MST", "MDT"), "America/Denver"),
    **dict.fromkeys(("PST", "PDT"), "America/Los_Angeles"),
    **dict.fromkeys(("CET", "CEST", "MEZ", "MESZ"), "Europe/Berlin"),
    **dict.fromkeys(("BST", "WEST"), "Europe/London"),
    **dict.fromkeys(("EET", "EEST"), "Europe/Helsinki"),
    **dict.fromkeys(("GMT", "UTC"), "UTC"),
}
"""What clocks print beside a time, and a zone that keeps it."""
_OFFSET = re.compile(r"(?:GMT|UTC)([+-])(\d{1,2})(?::?(00|30|45))?$")
_UNEVEN: Mapping[str, str] = {
    "+4:30": "Asia/Kabul",
    "+5:30": "Asia/Kolkata",
    "+5:45": "Asia/Kathmandu",
    "+6:30": "Asia/Yangon",
    "+8:45": "Australia/Eucla",
    "+9:30": "Australia/Darwin",
}
"""Offsets that aren't whole hours, of zones whose clocks never change."""
_COMPACT = re.compile(r"(?:19|20)\d{6}(?:\d{6})?")
_FAMILIES = ("day first", "month first", "year first")


@dataclass(frozen=True, slots=True)
class Reading:
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


def readings(profile: Profile, *, numbers: bool = False) -> tuple[Reading, ...]:
    """The ways to read a column as dates: none where it holds none, several where it is a question (day
    first or month first). `numbers`: its name says that it holds dates, so Unix times and Excel's serial
    numbers count."""
    counts, na = profile.without(NO_DATE)
    if not counts:
        return ()
    zone, bare = _zoned(counts)
    if numbers and (name := _counting(bare)):
        return (Reading((name,), na=na),)
    found = [
        reading
        for family in _FAMILIES
        if (reading := _reading(family, bare, counts, zone, na)) is not None
    ]
    best = min((each.unread for each in found), default=0)
    return _unlike([each for each in found if each.unread == best], list(bare))


def _reading(
    family: str, bare: Mapping[str, int], counts: Mapping[str, int], zone: str, na: tuple[str, ...]
) -> Reading | None:
    formats, unread = _cover(family, bare)
    if not formats or unread > 0.1 * sum(bare.values()):
        return None
    return Reading(formats, family, zone, na, next(iter(counts)), unread)


def _cover(family: str, bare: Mapping[str, int]) -> tuple[tuple[str, ...], int]:
    """The fewest formats of a family that fit the values, `MOST` at most, and how many they don't."""
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
    return tuple(chosen), sum(left.values())


def _fits(format_: str, text: str) -> bool:
    when = compiled(format_)(text)
    return when is not None and 1970 <= when.year <= 2100


def _unlike(found: Sequence[Reading], texts: Sequence[str]) -> tuple[Reading, ...]:
    """Without readings that give the same dates as another."""
    kept: dict[tuple[datetime | None, ...], Reading] = {}
    for each in found:
        moments = tuple(_moment(each.formats, text) for text in texts)
        kept.setdefault(moments, each)
    return tuple(kept.values())


def _moment(formats: Sequence[str], text: str) -> datetime | None:
    return next((when for each in formats if (when := compiled(each)(text))), None)


def _candidates(family: str, text: str) -> Iterator[str]:
    """Formats of one family that have the text's own shape."""
    if family == "year first" and _fits("iso", text):
        yield "iso"
        return
    if family == "year first" and _COMPACT.fullmatch(text):
        yield "%Y%m%d" + ("%H%M%S" if len(text) > 8 else "")
        return
    zone = _OFFSET.search(text)
    pieces = _SPLIT.findall(text[: zone.start()] if zone else text)
    pieces += [zone[0]] if zone else []
    numbers = [i for i, piece in enumerate(pieces) if piece.isdigit()]
    words = [i for i, piece in enumerate(pieces) if piece.isalpha() and len(piece) >= 3]
    if any(_is_foreign(pieces[i]) for i in words):
        return
    for parts in _date_parts(family, pieces, numbers, words):
        clock = [i for i in numbers if i not in parts]
        codes = {**parts, **_clock(pieces, clock)}
        if all(i in codes for i in clock):
            yield "".join(codes.get(i, piece.replace("%", "%%")) for i, piece in enumerate(pieces))


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
    if (len(pieces[three[0]]) == 4) == (family == "year first") and pieces[three[0] + 1] != ":":
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
    return ""


def _weekday(word: str) -> str:
    for code in ("%a", "%A"):
        try:
            datetime.strptime(word, code)  # noqa: DTZ007  only the word is tried
        except ValueError:
            continue
        return code
    return ""


def _clock(pieces: Sequence[str], at: Sequence[int]) -> dict[int, str]:
    """Codes for the time of day; AM and PM make it a clock of twelve hours."""
    half = {i: "%p" for i, piece in enumerate(pieces) if piece.upper() in {"AM", "PM"}}
    codes = ["%I" if half else "%H", "%M", "%S", "%f"]
    if not at or len(at) > len(codes):
        return {}
    return {**dict(zip(at, codes, strict=False)), **half}


def _zoned(counts: Mapping[str, int]) -> tuple[str, dict[str, int]]:
    """The zone that the values name, and the values; where they name none: ""."""
    ends = {text.rsplit(" ", 1)[-1] for text in counts}
    zones = {zone for end in ends if (zone := _ZONES.get(end, "") or _fixed(end))}
    return (zones.pop() if len(zones) == 1 else ""), dict(counts)


def _fixed(end: str) -> str:
    """`GMT+2` as a zone of the time zone database, whose signs are the other way round."""
    found = _OFFSET.fullmatch(end)
    if not found or not 0 < int(found[2]) <= 12:
        return ""
    if (found[3] or "00") != "00":
        return _UNEVEN.get(f"{found[1]}{int(found[2])}:{found[3]}", "")
    return f"Etc/GMT{'-' if found[1] == '+' else '+'}{int(found[2])}"


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
