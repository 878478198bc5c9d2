"""Date formats, compiled, and time zones: from what a clock showed to UTC."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from datetime import timezone as fixed
from functools import cache, lru_cache, partial
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from importer import resources
from importer.mapping.text import TransformError

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


@cache
def zones() -> re.Pattern[str]:
    """What a text names a zone by: an offset or an abbreviation, and a remark in round brackets behind it."""
    return re.compile(
        r"(?:(?<=[\s\d([])|^)(?:(?:GMT|UTC)\s?[+−–-]\s?\d{1,2}(?::?\d\d)?|[+−–-]\d\d?(?::?\d\d)?|"
        rf"(?:{_NAMED}))(?![\w:+-])"
        r"(?:\s?\([^()]*\))?"
    )


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
        TransformError: The clocks went forward over it, or the calendar ends there.
    """
    if timezone == "UTC":
        return local
    try:
        offset = offset_of_day(local.date(), timezone)
        return _exact(local, timezone) if offset is None else local - offset
    except OverflowError:
        raise TransformError("bad_date", "this date is outside of the calendar") from None


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
        raise TransformError("nonexistent_time", "the clocks of the time zone skipped this time")
    return utc.replace(tzinfo=None)


@cache
def _zone(name: str) -> tzinfo:
    if offset := _offset(name):
        minutes = int(offset[1:3]) * 60 + int(offset[3:])
        return fixed(timedelta(minutes=minutes if offset[0] == "+" else -minutes))
    return ZoneInfo(name)


# Date formats, compiled: text -> the time as written, or None where it doesn't fit.

ISO = "iso"
UNIX = ("unix", "unix_ms")
"""Seconds or milliseconds since 1970 in UTC."""
SERIAL, SERIAL_1904 = "excel_serial", "excel_serial_1904"
"""Days since 1900, or 1904, as a workbook counts them."""
NAMED = (ISO, SERIAL, SERIAL_1904, *UNIX)
"""Formats with a name; every other is a strptime pattern and holds a `%`."""
Read = Callable[[str], datetime | None]

_EPOCHS = {SERIAL: datetime(1899, 12, 30), SERIAL_1904: datetime(1904, 1, 1)}  # noqa: DTZ001
"""Local times until their zone is known."""
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?)?"
    r"( ?(?:Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?))?"
)
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]+)?")
_CODES = {
    "Y": r"([0-9]{4})",
    "m": r"(1[0-2]|0?[1-9])",
    "d": r"(3[01]|[12][0-9]|0?[1-9])",
    "H": r"(2[0-3]|[01]?[0-9])",
    "M": r"([0-5]?[0-9])",
    "S": r"(6[01]|[0-5]?[0-9])",
}
"""strptime's codes that are plain numbers, as strptime reads them."""


def problem(format_: str) -> str:
    """What is wrong with a date format; "" where nothing is."""
    if format_ in NAMED:
        return ""
    if "%" not in format_:
        return f"a date format holds codes like %Y, or is one of {', '.join(NAMED)}"
    if re.search(r"%[ZcxX]", format_):
        return "%Z, %c, %x and %X depend on the machine; write the zone's text out, and say `timezone:`"
    if said := _misread(format_):
        return said
    try:
        datetime.strptime("", format_)  # noqa: DTZ007  only the format is tried
    except ValueError as error:
        if "does not match format" not in str(error):
            return f"this isn't a date format: {error}"
    return "" if re.search(r"%[YyG]", format_) else "the date format has no year (%Y)"


_PARTS = ("YyG", "mbBj", "dj", "HI", "M", "S", "f", "p", "z", "aAuw", "UWV")
"""Codes of one part of a date each, of which a format has one."""


def _misread(format_: str) -> str:
    """What would be read wrongly without a word: `%Y-%M-%d` takes minutes for months."""
    codes = re.findall("%(.)", format_)
    for part in _PARTS:
        if len(twice := [each for each in codes if each in part]) > 1:
            return (
                f"%{twice[0]} and %{twice[1]} are the same part of a date, which stands there once"
            )
    said = set(codes)
    if "d" in said and not said & set("mbB"):
        return "the date format has a day and no month (%m; %M is minutes)"
    if "M" in said and not said & set("HI"):
        return "the date format has minutes and no hour (%H); %m is the month"
    if ("%I" in format_) != ("%p" in format_):
        return (
            "%I, an hour of twelve, goes with %p, morning or afternoon (AM, p. m., 下午, μ.μ. ...)"
        )
    if re.search(r"\+%[HMSf]|(GMT|UTC)-%[HMSf]|-%S:%f", format_):
        return "this would read an offset as a time of day: %z reads +0200, GMT-04:00, EST"
    return ""


@lru_cache(maxsize=256)
def compiled(format_: str) -> Read:
    """The format as a function; the time has a zone where the text names one."""
    if format_ == ISO:
        return _iso
    if format_ in _EPOCHS:
        return lambda text: _after(_EPOCHS[format_], text, 86_400_000)
    if format_ in UNIX:
        return _since_1970(1000 if format_ == "unix" else 1)
    return _numeric(format_) or _strptime(format_)


_AM = (
    "am|a|오전|上午|午前|凌晨|早上|清晨|πμ|de|öö|ص|vorm|vormittags|fm|dop|ap|пробед|проб|дп|sa|pg|ก่อนเที่ยง|पूर्वाह्न|priešpiet"
    "|priekšp|לפנהצ|قظ"
)
_PM = (
    "pm|p|오후|下午|午後|晚上|傍晚|μμ|du|ös|م|nachm|nachmittags|em|odp|ip|pop|слоб|пп|ch|ptg|หลังเที่ยง|अपराह्न|popiet"
    "|pēcp|אחהצ|بظ"
)
_HALVES = dict.fromkeys(_AM.split("|"), "AM") | dict.fromkeys(_PM.split("|"), "PM")
"""Morning and afternoon as Google Forms, Sheets and Excel write them, without dots and spaces: English,
Spanish, Korean, Chinese, Japanese, Greek, Hungarian, Turkish, Arabic, German, Swedish, Czech, Finnish,
Bulgarian, Ukrainian, Vietnamese, Malay, Thai, Hindi, Lithuanian, Latvian, Hebrew, Persian."""
_GAP = "[.\\s\"\u05f4'’]*"
_GLUED = r"[\u0e00-\u0e7f\u3000-\u9fff\uac00-\ud7af]"


def _marker(word: str) -> str:
    """The word with any dots and spaces in it. Letters of other words may stand beside it in Chinese only."""
    if re.match(_GLUED, word):
        return word
    return rf"(?<![^\W\d_]){_GAP.join(word)}(?![^\W\d_])\.?"


@cache
def half() -> re.Pattern[str]:
    """What tells morning from afternoon in a text. To compile it takes a fortieth of a command's start, and
    most files have no use for it."""
    return re.compile("|".join(map(_marker, sorted(_HALVES, key=len, reverse=True))), re.IGNORECASE)


def half_of(marker: str) -> str:
    """`AM` or `PM`."""
    return _HALVES[re.sub(_GAP, "", marker).casefold().replace("µ", "μ")]


@cache
def months() -> Mapping[str, str]:
    """Names of months in many languages, long and short, in small letters, and their English names."""
    import tomllib

    content, _ = resources.small(Path(__file__).with_name("months.toml"))
    said = tomllib.loads(content.decode())
    return {
        name: english.capitalize()
        for year in said.values()
        for (english, *_), names in zip(
            map(str.split, said["en"]), map(str.split, year), strict=True
        )
        for name in names
    }


_WORD = re.compile(r"([^\W\d_]{3,})\.?")


def _in_english(text: str, letters: int | None) -> str:
    """With names of months as strptime knows them: whole, or so many letters of each."""

    def english(found: re.Match[str]) -> str:
        month = months().get(found[1].casefold())
        return month[:letters] if month else found[0]

    return _WORD.sub(english, text)


def _strptime(format_: str) -> Read:
    """strptime, with more of what people write: `%p` and months in many languages, `%z` as `GMT+2`."""
    format_ = re.sub(r"(?:GMT|UTC)\s?%z", "%z", format_)
    clock = "%p" in format_
    hours = format_.replace("%I", "%H")
    spellings: list[Callable[[str], str]] = [str]  # most texts need no other
    if "%b" in format_.lower():
        spellings.append(partial(_in_english, letters=None if "%B" in format_ else 3))

    def plain(text: str) -> datetime | None:
        for spelled in spellings:
            try:
                return datetime.strptime(spelled(text), format_)  # noqa: DTZ007  the zone comes from the mapping
            except ValueError:
                continue
        return None

    def timed(text: str) -> datetime | None:
        """Of `0:30 PM`, too, as Japanese clocks show it, and of `16:01 PM`."""
        for marker in half().finditer(text):
            am_pm = half_of(marker[0])
            filled = f"{text[: marker.start()]}{am_pm}{text[marker.end() :]}"
            try:
                when = datetime.strptime(filled, hours)  # noqa: DTZ007  as above
            except ValueError:
                continue
            if when.hour > 12 and am_pm == "PM":
                return when
            if when.hour <= 12:
                return when.replace(hour=when.hour % 12 + (12 if am_pm == "PM" else 0))
        return None

    local = (lambda text: plain(text) or timed(text)) if clock else plain
    return _zoned(local) if "%z" in format_ else local


def _zoned(read: Read) -> Read:
    """The reader, where the zone may be written in any way; the last that the text holds is tried first."""

    def zoned(text: str) -> datetime | None:
        if (when := read(text)) is not None:
            return when
        for zone in reversed(list(zones().finditer(text))):
            offset = offset_of(zone[0])
            if offset and (when := read(text[: zone.start()] + offset + text[zone.end() :])):
                return when
        return None

    return zoned


_FAST = re.compile(r"(%[YmdHMS]|[-/.: T])+")


def _numeric(format_: str) -> Read | None:
    """A reader for formats of plain numbers only, several times as fast as strptime; None for others."""
    codes = re.findall("%(.)", format_)
    in_full = _FIELDS.startswith("".join(sorted(codes, key=_FIELDS.find)))
    if not _FAST.fullmatch(format_) or not codes or not in_full:
        return None
    parts = (_CODES.get(piece[1:]) or re.escape(piece) for piece in re.findall("%.|[^%]", format_))
    pattern = re.compile(re.sub(r"(\\ )+", r"\\s+", "".join(parts)), re.IGNORECASE)
    ordered = [code for code in _FIELDS if code in codes]
    indexes = [codes.index(code) for code in ordered]
    rest = (1, 1, 1, 0, 0, 0)[len(ordered) :]

    def read(text: str) -> datetime | None:
        found = pattern.fullmatch(text)
        if found is None:
            return None
        digits = found.groups()
        try:
            return datetime(*[int(digits[index]) for index in indexes], *rest)  # type: ignore[arg-type]  # noqa: DTZ001
        except ValueError:
            return None

    return read


_FIELDS = "YmdHMS"


def _iso(text: str) -> datetime | None:
    """ISO 8601 (RFC 3339), a space or `T` between date and time, the zone and the time optional."""
    if not _ISO.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text[:11] + text[11:].replace(" ", "").replace("UTC", "Z"))
    except ValueError:
        return None


def _since_1970(milliseconds: int) -> Read:
    return lambda text: _after(_UNIX_EPOCH, text, milliseconds)


def _after(epoch: datetime, text: str, milliseconds: int) -> datetime | None:
    """So many days (or seconds) after it, exact to the millisecond."""
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return epoch + timedelta(milliseconds=round(float(text) * milliseconds))
    except OverflowError:
        return None
