"""How a column writes dates: the one reading that fits, or the question which."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.discovery.column import Profile
from importer.discovery.dates import readings, zone_of_label
from importer.discovery.yaml_text import OPEN
from importer.mapping.transforms import date_formats
from importer.mapping.transforms.date_formats import compiled, months


def formats(*texts: str, numbers: bool = False) -> list[tuple[str, ...]]:
    return [each.formats for each in readings(Profile.of(texts), numbers=numbers)]


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        ("2021-01-05", "iso"),
        ("2021-01-05T10:00:00.123Z", "iso"),
        ("2021-01-05 10:00:00 +02:00", "iso"),
        ("25.12.2020 9:05", "%d.%m.%Y %H:%M"),
        ("12/25/2020", "%m/%d/%Y"),
        ("12/25/20 10:00 PM", "%m/%d/%y %I:%M %p"),
        ("2020/12/25 10:00:00", "%Y/%m/%d %H:%M:%S"),
        ("25-Dec-2020", "%d-%b-%Y"),
        ("December 25, 2020 10:00", "%B %d, %Y %H:%M"),
        ("Fri, 25 Dec 2020 10:00:00", "%a, %d %b %Y %H:%M:%S"),
        ("2020. 12. 25 오후 9:05:00", "%Y. %m. %d %p %I:%M:%S"),
        ("2020/12/25 上午 9:05:00", "%Y/%m/%d %p %I:%M:%S"),
        ("2020年12月25日午後9:05", "%Y年%m月%d日%p%I:%M"),
        ("25/12/2020 9:05:00 p. m.", "%d/%m/%Y %I:%M:%S %p"),
        ("25/12/2020 9:05:00\u202fp.\u00a0m.", "%d/%m/%Y %I:%M:%S %p"),
        ("25/12/2020 9:05 μ.μ.", "%d/%m/%Y %I:%M %p"),
        ("2020. 12. 25. du. 9:05:00", "%Y. %m. %d. %p %I:%M:%S"),
        ("25.12.2020 ÖS 9:05", "%d.%m.%Y %p %I:%M"),
        ("25/12/2020 9:05 م", "%d/%m/%Y %I:%M %p"),
        ("25.12.2020 9:05 nachm.", "%d.%m.%Y %I:%M %p"),
        ("2020-12-25 9:05 em", "%Y-%m-%d %I:%M %p"),
        ("25.12.2020 9:05 odp.", "%d.%m.%Y %I:%M %p"),
        ("25/12/2020 9:05 CH", "%d/%m/%Y %I:%M %p"),
        ("12/25/20 9:05P", "%m/%d/%y %I:%M%p"),
        ("2020/12/25 10:20:30 +0900", "%Y/%m/%d %H:%M:%S %z"),
        ("25.12.2020 10:20 +02:00", "%d.%m.%Y %H:%M %z"),
        ("25.12.2020 10:20 +2", "%d.%m.%Y %H:%M %z"),
        ("Dec 25, 2020 10:20 AM (UTC-05:00)", "%b %d, %Y %I:%M %p (%z)"),
        ("25.12.2020 10:20 [GMT+1]", "%d.%m.%Y %H:%M [%z]"),
        ("2020-12-25 10:20:30GMT-04:00", "%Y-%m-%d %H:%M:%S%z"),
        ("2020-12-25 10:20:30 EST", "%Y-%m-%d %H:%M:%S %z"),
        ("Fri, 25 Dec 2020 10:00:00 +0200", "%a, %d %b %Y %H:%M:%S %z"),
        ("Fri, 25 Dec 2020 10:00:00 GMT", "%a, %d %b %Y %H:%M:%S %z"),
        ("25/Dec/2020:10:00:00 +0900", "%d/%b/%Y:%H:%M:%S %z"),
        ("25.12.2020 10:20:30.5", "%d.%m.%Y %H:%M:%S.%f"),
        ("25.12.2020 10:20 Uhr", "%d.%m.%Y %H:%M Uhr"),
        ("20201225", "%Y%m%d"),
        ("20201225101500", "%Y%m%d%H%M%S"),
    ],
)
def test_one_reading(text: str, format_: str) -> None:
    assert formats(text) == [(format_,)]


def test_day_and_month_that_could_be_either_is_a_question() -> None:
    assert formats("03/04/2021", "05/06/2021") == [("%d/%m/%Y",), ("%m/%d/%Y",)]


def test_one_value_above_12_answers_it_for_the_column() -> None:
    assert formats("03/04/2021", "25/06/2021") == [("%d/%m/%Y",)]
    assert formats("03/04/2021", "06/25/2021") == [("%m/%d/%Y",)]


def test_equal_days_and_months_are_no_question() -> None:
    assert len(formats("05/05/2021", "06/06/2021")) == 1


def test_a_year_of_two_digits_may_stand_first() -> None:
    assert formats("24-03-13", "24-06-25") == [("%d-%m-%y",), ("%y-%m-%d",)]
    assert len(formats("10/11/12", "09/10/11")) == 3
    assert formats("12-25-20") == [("%m-%d-%y",)]
    assert formats("13.04.24", "05.06.24") == [("%d.%m.%y",)]
    many = [f"{n:02}-{1 + n % 12:02}" for n in (1, 5, 9, 14, 20, 28)]
    assert formats(*(f"24-{each[3:]}-{each[:2]}" for each in many)) == [("%y-%m-%d",)]
    assert formats(*(f"{each}-24" for each in many)) == [("%d-%m-%y",)]


def test_several_formats_of_one_column() -> None:
    assert formats("25.12.2020", "26.12.2020 10:00") == [("%d.%m.%Y %H:%M", "%d.%m.%Y")] or formats(
        "25.12.2020", "26.12.2020 10:00"
    ) == [("%d.%m.%Y", "%d.%m.%Y %H:%M")]


@pytest.mark.parametrize(
    ("text", "name"),
    [("1788042655", "unix"), ("1788042655123", "unix_ms"), ("43831.375", "excel_serial")],
)
def test_numbers_are_dates_only_where_the_name_says_so(text: str, name: str) -> None:
    assert formats(text, numbers=True) == [(name,)]
    assert formats(text) == []


@pytest.mark.parametrize(
    ("texts", "zone"),
    [
        (["2020/06/05 11:34:01 AM CST", "2020/08/05 11:34:01 AM CDT"], "America/Chicago"),
        (["2020/01/05 11:34:01 AM GMT", "2020/08/05 11:34:01 AM BST"], "Europe/London"),
        (["2020/06/05 11:34:01 AM CST"], ""),
        (["2020/06/05 11:34:01 AM GMT+2"], ""),
        (["2020-06-05 11:34:01"], ""),
    ],
)
def test_a_zone_in_the_text(texts: list[str], zone: str) -> None:
    [reading] = readings(Profile.of(texts))
    assert reading.timezone == zone


def test_marks_for_no_date_are_set_apart() -> None:
    [reading] = readings(Profile.of(["1980-01-01 00:00:00", "2021-02-03 10:00:00"]))
    assert reading.na == ("1980-01-01 00:00:00",)


@pytest.mark.parametrize(
    "text",
    [
        "25.12.2020 10:20-11:50",
        "2020-12-25 10:20 - 11:50",
        "hello",
        "12",
        "10-49",
        "1.2.3",
        "9/10",
        "2021",
        "0012",
        "99.99.9999",
        "2024-W10-2",
        "KW 10/2024 2",
        "2024 Q1 05",
    ],
)
def test_no_dates(text: str) -> None:
    assert formats(text) == []


@given(
    st.sampled_from(
        ["%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d", "%d %b %Y", "%Y/%m/%d %H:%M"]
    ),
    st.lists(
        st.datetimes(datetime(1995, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001  local times
        min_size=1,
        max_size=8,
    ),
)
def test_the_format_that_wrote_a_column_is_among_its_readings(
    format_: str, moments: list[datetime]
) -> None:
    """And each reading reads every value."""
    texts = [moment.strftime(format_) for moment in moments]
    found = readings(Profile.of(texts))
    day = timedelta(days=1)

    def read(formats_: tuple[str, ...], text: str) -> datetime | None:
        return next((when for each in formats_ if (when := compiled(each)(text))), None)

    assert any(
        all(
            (when := read(each.formats, text)) and abs(when - moment) < day
            for text, moment in zip(texts, moments, strict=True)
        )
        for each in found
    )


def test_several_offsets_of_one_column_are_one_format() -> None:
    texts = [
        "2020/06/05 9:34:01 AM GMT+2",
        "2020/06/06 9:34:01 PM GMT+2",
        "2020/11/07 1:34:01 PM GMT+1",
    ]
    assert formats(*texts) == [("%Y/%m/%d %I:%M:%S %p %z",)]
    texts = ["5.6.2020 9:34 CEST", "6.6.2020 21:34 CEST", "17.11.2020 13:34 CET"]
    assert formats(*texts) == [("%d.%m.%Y %H:%M %z",)]


def test_morning_and_afternoon_are_never_letters_like_others() -> None:
    """Read as text, they would leave an afternoon twelve hours early."""
    assert formats("2024年1月13日 下午04時01分", "2024年1月14日 上午11時01分") == [
        ("%Y年%m月%d日 %p%I時%M分",)
    ]
    assert formats("2024. 1. 13. 오후 4시 1분", "2024. 1. 14. 오전 11시 1분") == [
        ("%Y. %m. %d. %p %I시 %M분",)
    ]
    assert formats("2024/1/13 4点1分 下午", "2024/1/14 11点1分 上午") == [("%Y/%m/%d %I点%M分 %p",)]
    for pair in (
        ("13/1/2024 4 PM", "14/1/2024 11 AM"),
        ("2024/1/13(下午) 4:01", "2024/1/14(上午) 11:01"),
    ):
        assert not any("%H" in each for found in formats(*pair) for each in found)
    assert formats("2024年1月13日 16時01分", "2024年1月14日 11時01分") == [
        ("%Y年%m月%d日 %H時%M分",)
    ]


@pytest.mark.parametrize(
    ("label", "zone"),
    [
        ("Submitted at (Pacific Time)", "America/Los_Angeles"),
        ("Start (Eastern Time, US and Canada)", "America/New_York"),
        ("Ended, Mountain Standard Time", "America/Denver"),
        ("Date (Central European Time)", OPEN),
        ("Answered (India Standard Time)", OPEN),
        ("Submitted (local time)", OPEN),
        ("Completion Time", ""),
        ("Central office: Time", ""),
    ],
)
def test_zones_as_people_call_them(label: str, zone: str) -> None:
    found = zone_of_label(label, ())
    assert (found[0] if found else "") == zone


def test_spans_of_time_are_no_offsets() -> None:
    texts = [f"2020-12-2{n} 0{n}:00-{n + 6:02}:00" for n in range(1, 7)]
    assert formats(*texts) == []


def test_true_dates_beside_texts() -> None:
    """As a workbook has them where somebody typed some: read, each in its way."""
    mixed = [
        "2021-04-03 10:00:00",
        "2021-05-25 11:00:00",
        "25.04.2021 12:00:00",
        "6.5.2021 9:00:00",
    ]
    assert formats(*mixed) == [("iso", "%d.%m.%Y %H:%M:%S")]


def test_true_dates_that_excel_may_have_read_the_other_way_are_a_question() -> None:
    """Not one above 12 among them, and each text above 12: 03/04/2021 became 4 March in an American Excel."""
    mixed = ["2021-03-04", "2021-05-06", "25/04/2021", "26/04/2021", "2021-07-12"]
    assert formats(*mixed) == [("iso", "%d/%m/%Y"), ("%Y-%d-%m", "%d/%m/%Y")]
    assert formats(*mixed, "2021-07-13") == [("iso", "%d/%m/%Y")]
    assert formats(*mixed, "01/04/2021") == [("iso", "%d/%m/%Y")]


@pytest.mark.parametrize(
    ("texts", "format_", "last"),
    [
        (["juil. 22, 2024", "août 1, 2024", "mai 5, 2024"], "%b %d, %Y", (2024, 5, 5)),
        (["12. März 2024 10:20", "3. April 2024 9:05"], "%d. %b %Y %H:%M", (2024, 4, 3)),
        (["3 de marzo de 2024", "12 de mayo de 2024"], "%d de %b de %Y", (2024, 5, 12)),
        (["12. března 2024", "4. listopadu 2024"], "%d. %b %Y", (2024, 11, 4)),
        (["12 января 2024", "3 мая 2024"], "%d %b %Y", (2024, 5, 3)),
        (["Sept. 5, 2024", "May 7, 2024"], "%b %d, %Y", (2024, 5, 7)),
        (["05-out-2024", "06-dez-2024"], "%d-%b-%Y", (2024, 12, 6)),
    ],
)
def test_months_in_words(texts: list[str], format_: str, last: tuple[int, int, int]) -> None:
    [reading] = readings(Profile.of(texts))
    assert reading.formats == (format_,)
    assert reading.moment(texts[-1]).timetuple()[:3] == last  # type: ignore[union-attr]
    assert compiled(format_.replace("%b", "%B"))(texts[-1]) == reading.moment(texts[-1])


@pytest.mark.parametrize("text", ["4 listopada 2024", "4 Mario 2024", "Marta 4, 2024 Lima"])
def test_words_that_are_no_month_for_sure_are_none(text: str) -> None:
    assert readings(Profile.of([text])) == ()


def test_no_name_is_of_two_months() -> None:
    said = tomllib.loads(Path(date_formats.__file__).with_name("months.toml").read_text("utf-8"))
    names = [name for year in said.values() for at in year for name in set(at.split())]
    assert all(len(year) == 12 for year in said.values())
    assert set(names) == set(months())
    of = {
        name: {at for year in said.values() for at in range(12) if name in year[at].split()}
        for name in names
    }
    assert [name for name, at in of.items() if len(at) > 1] == []


def test_the_order_is_said_where_numbers_leave_one() -> None:
    written = [
        readings(Profile.of((text,)))[0].written
        for text in ("Mar 4, 2024", "15/03/2024", "2024-03-04")
    ]
    assert written == ["%b %d, %Y", "day first %d/%m/%Y", "year first iso"]


def test_a_mark_for_a_survey_that_nobody_sent_is_no_date() -> None:
    [found] = readings(
        Profile.of(("2024-03-04 10:11:12", "[not completed]", "2024-03-05 10:11:12"))
    )
    assert (found.formats, found.na) == (("iso",), ("[not completed]",))
