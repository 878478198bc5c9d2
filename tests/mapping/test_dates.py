"""Dates: strictly read, sent in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.mapping.text import Columnwise, TransformError
from importer.mapping.transforms import date_formats
from importer.mapping.transforms.cached_dates import halves
from importer.mapping.transforms.date_formats import ISO, in_utc
from importer.mapping.transforms.dates import timestamps
from importer.model import Invalid, Response
from tests.mapping.making import body, chunk, codes, compiled, refused, run, trait, with_traits

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
    ("1901-01-01", "1901-01-01T00:00:00.000Z"),
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
        ("format: excel_serial", "367", "1901-01-01T00:00:00.000Z"),
        ("format: excel_serial_1904", "42369.375", "2020-01-01T09:00:00.000Z"),
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
    assert date_formats.compiled(pattern)(text) == expected


@given(text=st.text(alphabet="0123456789-/.: T", max_size=20), pattern=st.sampled_from(NUMERIC))
def test_and_refuses_what_strptime_refuses(text: str, pattern: str) -> None:
    try:
        expected = datetime.strptime(text, pattern)  # noqa: DTZ007
    except ValueError:
        expected = None
    assert date_formats.compiled(pattern)(text) == expected


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
        with pytest.raises(TransformError, match="skipped"):
            in_utc(local, zone)


@given(
    when=st.datetimes(
        datetime.fromisoformat("1901-01-01"),
        datetime.fromisoformat("2100-01-01"),
        timezones=st.just(UTC),
    ),
    more=st.integers(0, 10**10),
)
def test_timestamps_sort_as_the_moments_do(when: datetime, more: int) -> None:
    later = when + timedelta(milliseconds=more)
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
    when = date_formats.compiled(pattern)(text)
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
    shortcut = found.read(text)
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
    found = halves(ISO, "UTC")
    assert found is not None
    assert found.read(text) is None


@settings(max_examples=300)
@given(
    start=st.datetimes(datetime.fromisoformat("1899-06-01"), datetime.fromisoformat("2102-01-01")),
    steps=st.lists(st.integers(0, 400_000), min_size=1, max_size=12),
    pattern=st.sampled_from([*HALVED, "%Y-%m-%d %M:%H", "%Y-%m-%d %S:%M:%H", "%d/%m/%Y %H:%M"]),
    zone=st.sampled_from(["UTC", "Asia/Kolkata", "GMT+5:45", *ZONES]),
    spoil=st.sampled_from(["", "", "0", " ", "T", ":", "60", "\u0663", "Z"]),
    at=st.integers(0, 20),
    answered=st.booleans(),
)
def test_a_column_is_read_as_its_cells_are(
    start: datetime,
    steps: list[int],
    pattern: str,
    zone: str,
    spoil: str,
    at: int,
    answered: bool,
) -> None:
    shape = "%Y-%m-%d %H:%M:%S" if pattern == "iso" else pattern
    cells = [(start + timedelta(seconds=step)).strftime(shape) for step in steps]
    cells += [cells[0][:at] + spoil + cells[0][at:], "", *cells]
    timestamps.cache_clear()
    read = timestamps((pattern,), zone, answered=answered)

    def one(text: str) -> str:
        try:
            return read(text)
        except TransformError as unfit:
            return unfit.code

    alone = list(map(one, cells))
    assert isinstance(read, Columnwise)
    assert read.column(cells, one) == alone
    assert read.column(cells, one) == alone, "now that the halves are known"


@pytest.mark.parametrize(
    ("cells", "met"),
    [
        (["2021-01-05 10:00:00"], True),
        (["2021-01-05T10:00:00Z"], False),
        (["2021-01-05T10:00:00Z", "", "x"], False),
        (["2021-01-05T10:00:00Z", "2021-01-05 10:00:00"], True),
    ],
)
def test_a_column_without_zones_is_told_of_in_each_file(cells: list[str], met: bool) -> None:
    mapping = with_traits("{at: {column: T, type: date}}")
    header = ["Id", "Score", "T"]
    for _ in range(2):  # halves that are known from another file
        made = compiled(mapping, header)
        made.run(chunk(header, [["7", "9", each] for each in cells]))
        assert bool(made.taken_for_utc) == met


FORMS = [
    ("%Y. %m. %d %p %I:%M:%S", "2025. 3. 9 오후 4:01:01", "2025. 3. 9 오전 12:30:00"),
    ("%Y/%m/%d %p %I:%M:%S", "2025/3/9 下午 4:01:01", "2025/3/9 上午 12:30:00"),
    ("%Y年%m月%d日%p%I:%M:%S", "2025年3月9日午後4:01:01", "2025年3月9日午前0:30:00"),
    ("%d/%m/%Y %I:%M:%S %p", "9/3/2025 4:01:01 p. m.", "9/3/2025 12:30:00 a. m."),
    ("%d/%m/%Y %I:%M:%S %p", "9/3/2025 4:01:01\u202fp.\u00a0m.", "9/3/2025 12:30:00 a.m."),
    ("%d/%m/%Y %I:%M:%S %p", "9/3/2025 4:01:01 μ.μ.", "9/3/2025 12:30:00 Π.Μ."),
    ("%Y. %m. %d. %p %I:%M:%S", "2025. 3. 9. du. 4:01:01", "2025. 3. 9. de. 12:30:00"),
    ("%d.%m.%Y %p %I:%M:%S", "9.3.2025 ÖS 4:01:01", "9.3.2025 ÖÖ 12:30:00"),
    ("%d/%m/%Y %I:%M:%S %p", "9/3/2025 4:01:01 م", "9/3/2025 12:30:00 ص"),
    ("%d.%m.%Y %I:%M:%S %p", "9.3.2025 4:01:01 nachm.", "9.3.2025 12:30:00 vorm."),
    ("%Y-%m-%d %I:%M:%S %p", "2025-03-09 4:01:01 em", "2025-03-09 12:30:00 fm"),
    ("%d.%m.%Y %I:%M:%S %p", "9.3.2025 4:01:01 odp.", "9.3.2025 12:30:00 dop."),
    ("%d/%m/%Y %I:%M:%S %p", "9/3/2025 4:01:01 CH", "9/3/2025 12:30:00 SA"),
    ("%m/%d/%Y %I:%M:%S%p", "3/9/2025 4:01:01P", "3/9/2025 12:30:00A"),
    ("%d.%m.%Y %I:%M:%S %p", "9.3.2025 4:01:01 сл.об.", "9.3.2025 12:30:00 пр.об."),
    ("%b %d, %Y %I:%M:%S %p", "Mar 9, 2025 4:01:01 Pm", "Mar 9, 2025 12:30:00 A.M."),
]


@pytest.mark.parametrize(("format_", "afternoon", "night"), FORMS)
def test_morning_and_afternoon_in_every_language(format_: str, afternoon: str, night: str) -> None:
    how = f'{{column: T, type: date, format: "{format_}", timezone: UTC}}'
    assert trait(how, afternoon) == "2025-03-09T16:01:01.000Z"
    assert trait(how, night) == "2025-03-09T00:30:00.000Z"


@pytest.mark.parametrize(
    "text",
    [
        "9/3/2025 4:01",
        "9/3/2025 16:01 a. m.",
        "9/3/2025 4:01 x. m.",
        "9/3/2025 4:01 pam",
        "4:01 PM",
    ],
)
def test_what_is_neither_morning_nor_afternoon(text: str) -> None:
    how = '{column: T, type: date, format: "%d/%m/%Y %I:%M %p", timezone: UTC}'
    assert codes(with_traits(f"{{t: {how}}}"), T=text) == ["bad_date"]


@pytest.mark.parametrize(
    ("format_", "text", "sent"),
    [
        ("%Y/%m/%d %H:%M:%S %z", "2025/03/09 10:20:30 +0900", "2025-03-09T01:20:30.000Z"),
        ("%d.%m.%Y %H:%M %z", "09.03.2025 10:20 +02:00", "2025-03-09T08:20:00.000Z"),
        ("%d.%m.%Y %H:%M %z", "09.03.2025 10:20 +2", "2025-03-09T08:20:00.000Z"),
        ("%d.%m.%Y %H:%M %z", "09.03.2025 10:20 GMT+5:30", "2025-03-09T04:50:00.000Z"),
        ("%Y-%m-%d %H:%M:%S%z", "2025-03-09 10:20:30GMT-04:00", "2025-03-09T14:20:30.000Z"),
        ("%b %d, %Y %I:%M %p (%z)", "Mar 9, 2025 10:20 PM (UTC-05:00)", "2025-03-10T03:20:00.000Z"),
        ("%d/%m/%Y %I:%M %p %z", "9/3/2025 10:20 p. m. GMT−3", "2025-03-10T01:20:00.000Z"),
        ("%Y-%m-%d %H:%M %z", "2025-07-09 10:20 EST", "2025-07-09T15:20:00.000Z"),
        ("%Y-%m-%d %H:%M %z", "2025-07-09 10:20 CEST", "2025-07-09T08:20:00.000Z"),
        ("%a, %d %b %Y %H:%M:%S %z", "Sun, 09 Mar 2025 10:20:30 GMT", "2025-03-09T10:20:30.000Z"),
        (
            "%a, %d %b %Y %H:%M:%S %z",
            "Sun, 9 Mar 2025 10:20:30 +0200 (EET)",
            "2025-03-09T08:20:30.000Z",
        ),
        (
            "%a %b %d %Y %H:%M:%S %z",
            "Sun Mar 09 2025 10:20:30 GMT+0100 (Central European Standard Time)",
            "2025-03-09T09:20:30.000Z",
        ),
        ("%a %b %d %H:%M:%S %z %Y", "Sun Mar 9 10:20:30 JST 2025", "2025-03-09T01:20:30.000Z"),
        ("%d.%m.%Y %H:%M UTC%z", "09.03.2025 10:20 UTC+2", "2025-03-09T08:20:00.000Z"),
    ],
)
def test_a_zone_in_the_text_however_it_is_written(format_: str, text: str, sent: str) -> None:
    """Whatever zone the mapping names for others."""
    assert (
        trait(f'{{column: T, type: date, format: "{format_}", timezone: Asia/Tokyo}}', text) == sent
    )


@pytest.mark.parametrize("zone", ["IST", "CST", "BST", "+25:00", "GMT+15", "XYZ", "+", ""])
def test_a_zone_that_several_share_or_that_is_none(zone: str) -> None:
    how = with_traits('{t: {column: T, type: date, format: "%Y-%m-%d %H:%M %z"}}')
    assert codes(how, T=f"2025-03-09 10:20 {zone}".strip()) == ["bad_date"]


@pytest.mark.parametrize(
    ("zone", "sent", "told"),
    [
        ("GMT+2", "2025-07-09T08:20:00.000Z", "02:00 hours ahead of UTC"),
        ("UTC-05:30", "2025-07-09T15:50:00.000Z", "05:30 hours behind UTC"),
        ("'+0100'", "2025-07-09T09:20:00.000Z", "01:00 hours ahead of UTC"),
        ("Etc/GMT+2", "2025-07-09T12:20:00.000Z", ""),
        ("America/New_York", "2025-07-09T14:20:00.000Z", ""),
    ],
)
def test_an_offset_as_the_time_zone_means_what_people_mean(zone: str, sent: str, told: str) -> None:
    text = with_traits(f"{{t: {{column: T, type: date, timezone: {zone}}}}}")
    assert body(text, T="2025-07-09 10:20")["traits"]["t"] == sent
    notes = compiled(text, ["Id", "Score", "T"]).notes
    assert [told in each for each in notes] == ([True] if told else [])


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("PST", "PST all year is UTC-08:00"),
        ("EDT", "EDT all year is UTC-04:00"),
        ("IST", "Where clocks change, a place"),
        ("GMT+25", "Where clocks change, a place"),
        ("Berlin", "Where clocks change, a place"),
        ("Europe/Pargue", 'Did you mean "Europe/Prague"?'),
    ],
)
def test_no_wrong_zone_is_suggested(zone: str, said: str) -> None:
    found = refused(with_traits(f"{{t: {{column: T, type: date, timezone: {zone}}}}}"))
    assert said in found
    assert ("Did you mean" in found) == ("/" in zone)


@pytest.mark.parametrize(
    "format_",
    [
        *("%Y/%m/%d %H:%M:%S +%f", "%d.%m.%Y %H:%M +%S:%f", "%b %d, %Y %H:%M (UTC-%S:%f)"),
        *("%Y-%m-%d %I:%M", "%Y. %m. %d 오후 %I:%M:%S", "%d.%m.%Y %H:%M %p"),
    ],
)
def test_a_format_that_would_read_something_else_is_refused(format_: str) -> None:
    found = refused(with_traits(f'{{t: {{column: T, type: date, format: "{format_}"}}}}'))
    assert "%z" in found or "%p" in found


@pytest.mark.parametrize("year", ["2567", "0024", "1900", "9999", "0113", "1445"])
def test_a_year_that_can_not_be_has_words_of_its_own(year: str) -> None:
    how = '{column: T, type: date, format: "%d/%m/%Y"}'
    for name in ("t", "respondedAt"):
        found = run(with_traits(f"{{{name}: {how}}}"), T=f"15/03/{year}")
        assert isinstance(found, Invalid)
        [problem] = found.problems
        assert problem.code == "bad_date"
        assert problem.message.startswith("the year isn't from ")
        assert "another calendar" in problem.fix


def test_an_answer_is_no_older_than_surveys_and_no_younger_than_next_year() -> None:
    """A birthday and the end of a contract may be both."""
    next_ = datetime.now(UTC).year + 1
    for year, fits in ((1989, False), (1990, True), (next_, True), (next_ + 1, False)):
        text = with_traits("{respondedAt: {column: T, type: date}}")
        assert isinstance(run(text, T=f"{year}-06-15"), Response) == fits
    assert trait("{column: T, type: date}", "1944-06-15") == "1944-06-15T00:00:00.000Z"
    assert trait("{column: T, type: date}", "2044-06-15") == "2044-06-15T00:00:00.000Z"


@pytest.mark.parametrize(
    ("format_", "cells", "told"),
    [
        ("iso", ["2025-03-09T10:20:30Z", "2025-03-09T10:20:30+02:00", ""], False),
        ("iso", ["2025-03-09T10:20:30Z", "2025-03-09 10:20:30"], True),
        ("iso", ["2025-03-09"], True),
        ("unix", ["1741515630"], False),
        ("%d.%m.%Y %H:%M %z", ["09.03.2025 10:20 EST"], False),
        ("%d.%m.%Y %H:%M", ["09.03.2025 10:20"], True),
        ("iso", ["soon"], False),
    ],
)
def test_utc_is_said_to_be_assumed_only_where_it_was(
    format_: str, cells: list[str], told: bool
) -> None:
    text = with_traits(f'{{t: {{column: T, type: date, format: "{format_}"}}}}')
    made = compiled(text, ["Id", "Score", "T"])
    made.run(chunk(["Id", "Score", "T"], [["u", "9", cell] for cell in cells]))
    assert bool(made.taken_for_utc) == told
