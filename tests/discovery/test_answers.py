"""Sheets that hold nobody's answers are refused, with the reason; all others are let through."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from importer.discovery import Grid, check_answers
from importer.errors import SourceError

Rows = Sequence[Sequence[str]]

CROSS = [
    ["AMONG ADULTS", "", "Adults", "Age", ""],
    ["", "", "", "18 - 34", "35 and up"],
    ["How satisfied are you?", "", "", "", ""],
    ["", "Very", "37%", "29%", "42%"],
    ["", "Somewhat", "46%", "47%", "44%"],
    ["", "Not at all", "17%", "24%", "14%"],
]
COUNTS = [
    ["Region", "Total", "Men", "Total", "Promoters", "Passives", "Detractors"],
    ["North", "148", "70", "78", "25%", "32%", "43%"],
    ["South", "188", "90", "98", "28%", "33%", "39%"],
    ["West", "102", "60", "42", "21%", "39%", "40%"],
    ["East", "99", "40", "59", "30%", "30%", "40%"],
]
PLAN = [
    ["type", "name", "label::English (en)", "hint"],
    ["start", "start", "", ""],
    ["begin_group", "intro", "Introduction", ""],
    ["select_one yes_no", "consent", "Do you agree?", ""],
]
ANSWERS = [
    ["Customer", "Date", "Discount", "Open rate", "Click rate", "NPS"],
    ["a", "2025-01-05", "10%", "50%", "12%", "9"],
    ["b", "2025-01-06", "15%", "40%", "10%", "3"],
    ["c", "2025-01-07", "10%", "33%", "11%", "8"],
    ["d", "2025-01-08", "0%", "20%", "9%", "7"],
]


def check(rows: Rows) -> None:
    check_answers(Grid(range(1, len(rows) + 1), rows), "file.csv, sheet Totals")


@pytest.mark.parametrize("rows", [CROSS, COUNTS])
def test_totals_are_refused_with_the_reason(rows: Rows) -> None:
    with pytest.raises(SourceError, match=r"file.csv, sheet Totals: .*table of totals") as raised:
        check(rows)
    assert "one row for each person" in raised.value.hint


def test_the_plan_of_a_form_is_refused_with_the_reason() -> None:
    with pytest.raises(SourceError, match="the plan of a form"):
        check(PLAN)


def test_answers_with_percentages_beside_them_are_answers() -> None:
    check(ANSWERS)
    check([["type", "name", "label"], ["bug", "Jane", "late"], ["idea", "Joe", "soon"]])


def test_a_sheet_of_blank_rows_is_told_as_that() -> None:
    with pytest.raises(SourceError, match="every row is blank"):
        check([])
