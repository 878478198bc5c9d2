"""Dates: strictly read, sent in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.mapping.problems import Unfit
from importer.mapping.transforms import formats
from importer.mapping.transforms.clocks import in_utc
from importer.mapping.transforms.dates import timestamps
from importer.mapping.transforms.halves import halves
from tests.mapping.making import codes, trait, with_traits

ISO_READ = [
    ("2015-06-16T09:19:47.155Z", "2015-06-16T09:19:47.155Z"),
    ("2015-06-16T09:19:47Z", "2015-06-16T09:19:47.000Z"),
    ("2015-06-16 09:19:47", "2015-06-16T09:19:47.000Z"),
    ("2015-06-16 09:19:47 UTC", "2015-06-16T09:19:47.000Z"),
    ("2015-06-16 09:19", "2015-06-16T09:19:00.000Z"),
    ("2015-06-16", "2015-06-16T00:00:00.000Z"),
    ("2015-06-16T09:19:47+02:00", "2015-06-16T07:19:47.000Z"),
    ("2015-06-16 09:19:47 +0200", "2015-06-16T07:19:47.000Z"),
    ("2015-06-16T09:19:47-08", "2015-06-16T17:19:47.000Z"),
    ("2015-06-16T09:19:47,155999999Z", "2015-06-16T09:19:47.155Z"),
    ("0001-01-01", "0001-01-01T00:00:00.000Z"),
]


@pytest.mark.parametrize(("cell", "sent"), ISO_READ)
def test_iso_is_read_where_no_format_is_given(cell: str, sent: str) -> None:
    assert trait("{column: T, type: date}", cell) == sent


@pytest.mark.parametrize(
    ("how", "cell", "sent"),
    [
        ('format: "%d.%m.%Y"', "24.12.2020", "2020-12-24T00:00:00.000Z"),
        ('format: "%d.%m.%Y", timezone: Europe/Prague', "24.12.2020", "2020-12-23T23:00:00.000Z"),
        ('format: "%m/%d/%Y %I:%M:%S %p"', "11/03/2021 07:40:47 PM", "2021-11-03T19:40:47.000Z"),
        ('format: "%d %b %Y"', "3 Nov 2021", "2021-11-03T00:00:00.000Z"),
        ('format: "%Y-%m-%d %H:%M:%S %z"', "2021-11-03 10:00:00 +0100", "2021-11-03T09:00:00.000Z"),
        ("format: excel_serial", "43831.375", "2020-01-01T09:00:00.000Z"),
        ("format: excel_serial", "1", "1899-12-31T00:00:00.000Z"),
        ("format: unix", "1434446387", "2015-06-16T09:19:47.000Z"),
        ("format: unix", "1434446387.155", "2015-06-16T09:19:47.155Z"),
        ("format: unix_ms", "1434446387155", "2015-06-16T09:19:47.155Z"),
        ("format: unix, timezone: Europe/Prague", "0", "1970-01-01T00:00:00.000Z"),
        ('format: ["%d.%m.%Y", iso]', "2020-12-24", "2020-12-24T00:00:00.000Z"),
        ('format: ["%d/%m/%Y", "%m/%d/%Y"]', "24/12/2020", "2020-12-24T00:00:00.000Z"),
        ('format: ["%d/%m/%Y", "%m/%d/%Y"]', "12/12/2020", "2020-12-12T00:00:00.000Z"),
        ("timezone: Europe/Prague", "2020-10-25 02:30:00", "2020-10-25T00:30:00.000Z"),
        ("timezone: Europe/Prague", "2020-03-29 03:00:00", "2020-03-29T01:00:00.000Z"),
        ("timezone: Australia/Lord_Howe", "2021-10-03 02:30:00", "2021-10-02T15:30:00.000Z"),
    ],
)
def test_formats_and_zones(how: str, cell: str, sent: str) -> None:
    assert trait(f"{{column: T, type: date, {how}}}", cell) == sent


@pytest.mark.parametrize(
    ("how", "cell", "code"),
    [
        ("", "24.12.2020", "bad_date"),
        ("", "2021-02-29", "bad_date"),
        ("", "2021-01-01T25:00", "bad_date"),
        ("", "2021-01-01 tomorrow", "bad_date"),
        ("", "20210101", "bad_date"),
        ("", "43831", "bad_date"),
        ('format: "%d.%m.%Y"', "24.12.2020 x", "bad_date"),
        ('format: "%d.%m.%Y"', "31.2.2020", "bad_date"),
        ('format: ["%d/%m/%Y", "%m/%d/%Y"]', "11/12/2020", "ambiguous_date"),
        ("format: excel_serial", "1e5", "bad_date"),
        ("format: unix", "999999999999999", "bad_date"),
        ("format: unix", "-5", "bad_date"),
        ("timezone: Europe/Prague", "2020-03-29 02:30:00", "nonexistent_time"),
        ("timezone: Europe/Prague", "0001-01-01", "bad_date"),
        ("timezone: America/New_York", "9999-12-31 23:00", "bad_date"),
        ("", "0001-01-01T00:00:00+10:00", "bad_date"),
    ],
)
def test_what_is_no_date(how: str, cell: str, code: str) -> None:
    separator = ", " if how else ""
    text = with_traits(f"{{t: {{column: T, type: date{separator}{how}}}}}")
    assert codes(text, T=cell) == [code]


NUMERIC = [
    "%Y-%m-%d %H:%M:%S",
    "%d.%m.%Y",
    "%m/%d/%Y %H:%M",
    "%Y%m%d",
    "%d%m%Y%H%M%S",
    "%Y",
    "%m-%Y",
    "%Y-%m-%dT%H",
]


@pytest.mark.parametrize("pattern", NUMERIC)
@given(
    when=st.datetimes(min_value=datetime.fromisoformat("1000-01-01")),
    cut=st.integers(0, 3),
    zeros=st.booleans(),
)
def test_the_fast_reader_reads_as_strptime_does(
    pattern: str, when: datetime, cut: int, zeros: bool
) -> None:
    text = when.strftime(pattern)
    text = text if zeros else text.replace("0", "", cut)
    try:
        expected = datetime.strptime(text, pattern)  # noqa: DTZ007
    except ValueError:
        expected = None
    assert formats.compiled(pattern)(text) == expected


@given(text=st.text(alphabet="0123456789-/.: T", max_size=20), pattern=st.sampled_from(NUMERIC))
def test_and_refuses_what_strptime_refuses(text: str, pattern: str) -> None:
    try:
        expected = datetime.strptime(text, pattern)  # noqa: DTZ007
    except ValueError:
        expected = None
    assert formats.compiled(pattern)(text) == expected


ZONES = [
    "Europe/Prague",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
]


@given(
    local=st.datetimes(
        min_value=datetime.fromisoformat("1975-01-01"),
        max_value=datetime.fromisoformat("2035-01-01"),
    ),
    zone=st.sampled_from(ZONES),
)
def test_utc_is_what_the_zone_database_says(local: datetime, zone: str) -> None:
    aware = local.replace(tzinfo=ZoneInfo(zone))
    utc = aware.astimezone(UTC)
    there = utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
    if there:
        assert in_utc(local, zone) == utc.replace(tzinfo=None)
    else:
        with pytest.raises(Unfit, match="skipped"):
            in_utc(local, zone)


@given(when=st.datetimes(timezones=st.just(UTC)), more=st.integers(0, 10**10))
def test_timestamps_sort_as_the_moments_do(when: datetime, more: int) -> None:
    try:
        later = when + timedelta(milliseconds=more)
    except OverflowError:
        return
    read = timestamps((), "")
    first, second = read(when.isoformat()), read(later.isoformat())
    assert first <= second
    assert len(first) == len("2015-06-16T09:19:47.155Z")


HALVED = [
    *("iso", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M", "%m/%d/%y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S"),
    *("%d-%b-%Y %H:%M",),
]


def in_one_piece(text: str, pattern: str, zone: str) -> str | None:
    """The timestamp without the shortcut by halves."""
    when = formats.compiled(pattern)(text)
    if when is None:
        return None
    utc = in_utc(when, zone) if when.tzinfo is None else when.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds") + "Z"


@settings(max_examples=300)
@given(
    when=st.datetimes(datetime.fromisoformat("1970-01-01"), datetime.fromisoformat("2060-01-01")),
    pattern=st.sampled_from(HALVED),
    zone=st.sampled_from(["UTC", *ZONES]),
    spoil=st.sampled_from(["", "", "", "0", " ", "T", ".5", "Z"]),
    at=st.integers(0, 20),
)
def test_reading_by_halves_is_reading_the_whole(
    when: datetime, pattern: str, zone: str, spoil: str, at: int
) -> None:
    written = when.strftime("%Y-%m-%d %H:%M:%S" if pattern == "iso" else pattern)
    text = written[:at] + spoil + written[at:]
    found = halves(pattern, zone)
    assert found is not None
    shortcut = found(text)
    if shortcut is not None:
        assert shortcut == in_one_piece(text, pattern, zone)
    elif not spoil:
        assert zone != "UTC", "in UTC no day is special"


@pytest.mark.parametrize(
    "pattern", ["%d.%m.%Y", "unix", "%Y %b %d %H:%M", "%H:%M %d.%m.%Y", "%Y-%m-%d %z"]
)
def test_other_formats_are_read_whole(pattern: str) -> None:
    assert halves(pattern, "UTC") is None


@pytest.mark.parametrize(
    "text", ["2021-1-5 10:00:00", "2021-01-05T10:00 11:00:00", "2021-01-05 1:00:00"]
)
def test_iso_stays_strict(text: str) -> None:
    assert halves(formats.ISO, "UTC")(text) is None  # type: ignore[misc]  # there is one for ISO
