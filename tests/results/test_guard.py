"""Cells that a spreadsheet program shows and never runs, and that come back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.csv_guard import restored, safe

dangerous = st.text(st.sampled_from("'=+-@\t\r1.5, a"), max_size=8)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("'=1", "''=1"),
        ("-5", "-5"),
        ("+3,5", "+3,5"),
        ("-.5", "-.5"),
        ("- no", "'- no"),
        ("it's", "it's"),
        ("'quoted'", "'quoted'"),
        ("", ""),
    ],
)
def test_what_would_run_is_guarded_and_nothing_else(cell: str, shown: str) -> None:
    assert safe(cell) == shown
    assert restored(shown) == cell


@given(st.text() | dangerous)
def test_every_cell_comes_back(cell: str) -> None:
    assert restored(safe(cell)) == cell


@given(st.text() | dangerous)
def test_nothing_begins_like_a_formula_but_a_plain_number(cell: str) -> None:
    shown = safe(cell)
    if shown[:1] in ("=", "+", "-", "@", "\t", "\r") and shown:
        assert shown.lstrip("+-").replace(",", "").replace(".", "").isdigit()
