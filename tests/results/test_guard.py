"""Cells that a spreadsheet program shows and never runs, and that come back as they were."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.model import Chunk, Line, Status
from importer.privacy import restored, safe
from importer.results.files import write_problem_rows
from importer.sources.source import open_source
from importer.sources.table import SourceOptions

LINE = Line(0, 2, "", "", "", Status.INVALID, "c", "m", "", "", None, 0, "", None, None)

BLANK = r"[\s\x00-\x1f\u200b]*"
NUMBER = re.compile(rf"{BLANK}[+-]?([\d.,]+){BLANK}\Z")
HONEST = re.compile(rf"{BLANK}([+-]?\d+(\.\d*)?|[=+\-@＝＋－＠﹦﹢﹣﹫⁼₌⁺₊﬩]+){BLANK}([;,]|\Z)")

dangerous = st.text(st.sampled_from("'=+-@＝\t\r\n\x0b1.5,;| \u200ba"), max_size=8)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\n=1", "'\n'=1"),
        ("\x0b=1", "'\x0b=1"),
        ("\x0c=1", "'\x0c=1"),
        ("\nno", "'\nno"),
        (" =1", "' =1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("\u3000+1+1", "'\u3000+1+1"),
        ("\ufeff@a", "'\ufeff@a"),
        ("\u200b=1", "'\u200b=1"),
        ("\x00=1", "'\x00=1"),
        ("＝1+1", "'＝1+1"),
        ("＋1+1", "'＋1+1"),
        ("－1+1", "'－1+1"),
        ("＠SUM(A1)", "'＠SUM(A1)"),
        ("﹦1", "'﹦1"),
        (" ＝1", "' ＝1"),
        ("x;=1+1", "x;'=1+1"),
        ("x\t=1+1", "x\t'=1+1"),
        ("x| =1+1|y", "x|' =1+1|y"),
        ("x\n+1+1", "x\n'+1+1"),
        ("x\r\n@SUM(A1)", "x\r\n'@SUM(A1)"),
        ("x,＝1;-2+3", "x,'＝1;'-2+3"),
        ("x;'=1", "x;''=1"),
        ('x","=1', 'x","=1'),
        (" -5", " -5"),
        (" \t=", " \t="),
        (" \t=1+1", " \t'=1+1"),
        ("1;-5;+3", "1;-5;+3"),
        ("5,-", "5,-"),
        ("5,- EUR; ab", "5,'- EUR; ab"),
        ("+1 555 0100", "'+1 555 0100"),
        ("a; b", "a; b"),
        ("a, b - c", "a, b - c"),
        ("jane@example.com", "jane@example.com"),
        ("jane@example.com; joe@example.com", "jane@example.com; joe@example.com"),
        ("2026-03-01", "2026-03-01"),
        ("\u2212 5", "\u2212 5"),
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
    """Whichever separator the program that opens it goes by."""
    for separator in ("\0", ";", ",", "\t", "|", "\n", "\r"):
        for number, part in enumerate(safe(cell).split(separator)):
            bare = part.lstrip()
            if unicodedata.normalize("NFKC", bare)[:1] in ("=", "+", "-", "@"):
                # behind a line break, or a tab, it stands as behind any separator
                behind = number or {"\r", "\n", "\t"} & set(part.removesuffix(bare))
                honest = HONEST if behind else NUMBER
                assert honest.match(part), (separator, part)


def test_every_character_that_comes_to_a_formulas_sign_is_known() -> None:
    signs = {
        chr(code)
        for code in range(0x11_0000)
        if unicodedata.normalize("NFKC", chr(code)) in ("=", "+", "-", "@")
    }
    assert {each for each in signs if safe(f"{each}a") == f"{each}a"} == set()


def test_a_file_of_an_earlier_version_comes_back() -> None:
    for shown, cell in (("'=1+1", "=1+1"), ("'\t=1", "\t=1"), ("''=1", "'=1"), ("'-2;=3", "-2;=3")):
        assert restored(shown) == cell


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_rows_to_mend_are_read_as_they_were(tmp_path: Path, delimiter: str) -> None:
    """Through the file itself, by the loader's own reader."""
    cells = ["x;=1", " ＝1", "a, -b", "\n=1", "it's", "-5", "+1 555", "a;'=b", 'q"=1', "j@e.co"]
    path = tmp_path / "problems.csv"
    chunk = Chunk([(cell,) for cell in cells], [2])
    header = ["=Score", "0;-10 points", *(f"c{number}" for number in range(len(cells) - 2))]
    write_problem_rows(
        path, [header], [chunk], iter([LINE]), delimiter=delimiter, encoding="utf-8-sig"
    )
    with open_source(str(path), SourceOptions()) as source:
        assert list(source.header)[:-1] == header
        (read,) = source.chunks()
    assert [column[0] for column in read.columns][:-1] == cells
