"""The tool is known by its own columns, or not at all."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from importer.discovery import Grid, Match, read_grid, recognise
from importer.errors import UsageError
from importer.mapping import Shipped, shipped
from importer.mapping.document import Preset
from importer.resources import SAMPLES
from importer.sources.source import open_source
from importer.sources.table import SourceOptions

PRESETS = [each for each in shipped() if each.about.signature or each.about.first]


def grid(*rows: Sequence[str]) -> Grid:
    return Grid(range(1, len(rows) + 1), rows)


def preset(name: str, **about: object) -> Shipped:
    return Shipped(name, name, Preset.model_validate({"tool": name, **about}), "")


def known(table: Grid, *presets: Shipped, chosen: str = "") -> Match | None:
    return recognise(table, presets, chosen)


@pytest.mark.parametrize("name", [each.name for each in PRESETS])
def test_each_sample_is_known_as_its_own_tools(name: str) -> None:
    [file] = [path for path in SAMPLES.glob(f"{name}.*") if path.suffix != ".yaml"]
    with open_source(str(file), SourceOptions(header_rows=())) as source:
        match = recognise(read_grid(source), PRESETS)
    assert match is not None
    assert match.name == name
    assert match.complete


@pytest.mark.parametrize("name", ["generic_nps.csv", "excel_cp1252.csv", "ugly.csv"])
def test_files_of_no_tool_are_known_as_none(name: str) -> None:
    with open_source(str(SAMPLES / name), SourceOptions(header_rows=())) as source:
        assert recognise(read_grid(source), PRESETS) is None


def test_all_columns_of_the_signature_are_needed() -> None:
    acme = preset("acme", signature=["Score ID", ["When", "Wann"]])
    assert known(grid(["score id", "WANN", "x"]), acme)
    assert not known(grid(["score id", "x", "y"]), acme)


def test_the_first_column_counts_by_its_very_name() -> None:
    acme = preset("acme", first=["Timestamp"])
    assert known(grid(["Timestamp", "x"]), acme)
    assert not known(grid(["x", "Timestamp"]), acme)
    assert not known(grid(["timestamp", "x"]), acme)


def test_the_reason_names_the_row_and_the_columns() -> None:
    match = known(grid(["Report", ""], ["A", "B"]), preset("acme", signature=["A", "B"]))
    assert match is not None
    assert (match.row, match.reason) == (2, "row 2 has its columns A, B")


def test_two_tools_are_an_error_that_names_both() -> None:
    two = preset("one", signature=["A"]), preset("two", signature=["B"])
    with pytest.raises(UsageError, match=r"more than one tool: one .*; two ") as raised:
        known(grid(["A", "B"]), *two)
    assert "--preset one or --preset two" in raised.value.hint
    match = known(grid(["A", "B"]), *two, chosen="two")
    assert match is not None
    assert match.name == "two"


def test_the_row_above_decides_where_two_rows_fit() -> None:
    two = preset("one", signature=["A"]), preset("two", signature=["B"])
    match = known(grid(["A", "x"], ["B", "y"]), *two)
    assert match is not None
    assert match.name == "one"


def test_a_chosen_tool_that_the_file_isnt_of_is_refused() -> None:
    with pytest.raises(UsageError, match="isn't an export of one"):
        known(grid(["x"]), preset("one", signature=["A"]), chosen="one")


def test_marks_of_the_second_row_count_where_the_first_has_gaps() -> None:
    acme = preset("acme", signature=["A"], marks=["Response"])
    match = known(grid(["How?", ""], ["Response", "Why?"], ["9", "x"]), acme)
    assert match is not None
    assert not match.complete
    assert not known(grid(["How?", "Why?"], ["Response", "x"]), acme)


@pytest.mark.parametrize(
    ("header", "tool"),
    [
        ("ID,Score,Comment,Permalink,Person ID,Email,Created At", "delighted"),
        ("id,person,score,comment,permalink,created_at", "delighted"),
        ("Respondent ID,Start Date,End Date,Email Address,How likely are you …?", "surveymonkey"),
        ("ID,Score,Comment,Link,Person ID,Email,Created At", ""),
        ("ID,Score,Comment,Permalink,Email", ""),
        ("Respondent ID,Date,Email,NPS,Reason", ""),
        ("Respondent ID,Start Date,End Date,NPS,Reason", ""),
    ],
)
def test_tables_made_by_hand_of_an_export_are_the_tools_still(header: str, tool: str) -> None:
    match = recognise(grid(header.split(","), ["1"] * 7), PRESETS)
    assert (match.name if match else "") == tool


@pytest.mark.parametrize(
    "names", [("Response ID", "Date submitted", "Last page", "Start language")]
)
def test_limesurvey_with_codes_and_texts_together(names: Sequence[str]) -> None:
    codes = ("id", "submitdate", "lastpage", "startlanguage")
    header = [f"{code}. {name}" for code, name in zip(codes, names, strict=True)]
    row = ["21", "2026-01-01 18:17:00", "8", "en", "yes"]
    match = recognise(grid([*header, "Q1. Do you ski?"], row, row), PRESETS)
    assert match is not None
    assert match.name == "limesurvey"
