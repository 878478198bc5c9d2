"""A sheet's XML in both gears: as one expression reads it and as a parser does, with the same outcome."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.loader import sheet_xml
from importer.loader.header import letter
from importer.loader.number_formats import moment
from importer.loader.row_pattern import Looks, RowPattern, note
from importer.loader.shared_strings import shared_strings
from importer.loader.sheets import Batch
from importer.loader.xlsx_cells import Cells

SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
STRINGS = ["", "shared", " spaced ", "<&>", "rich", "é\n🙂", "a_x000D_b"]


def part(xml: str, encoding: str = "utf-8") -> Callable[[], io.BytesIO]:
    return lambda: io.BytesIO(xml.encode(encoding))


def sheet(rows: str) -> str:
    """A plain sheet."""
    return f"<worksheet {SPACE}><sheetData>{rows}</sheetData><pageMargins/></worksheet>"


def table() -> Cells:
    """Seven shared texts; style 1 is a date."""
    plain = "".join(f'<si><t xml:space="preserve">{escape(each)}</t></si>' for each in STRINGS)
    rich = "<si><r><t>ri</t></r><r><rPr/><t>ch</t></r><rPh><t>spoken</t></rPh></si>"
    items = plain.replace('<si><t xml:space="preserve">rich</t></si>', rich)
    return Cells(shared_strings(part(f"<sst {SPACE}>{items}</sst>")), {1: moment})


def read(xml: str, encoding: str = "utf-8") -> Batch:
    """All rows of a sheet."""
    found = Batch()
    survey = sheet_xml.survey(part(xml, encoding))
    for batch in sheet_xml.batches(part(xml, encoding), table(), survey):
        found.extend(batch)
    found.marks.sort()
    assert survey.last >= max(found.rows, default=0)
    return found


def by_parser(xml: str) -> Batch:
    """The same, made to go through the parser by a comment."""
    commented = xml.replace("<sheetData>", "<!-- --><sheetData>")
    assert not sheet_xml.survey(part(commented)).root
    return read(commented)


def cell(at: str, attributes: str, content: str) -> str:
    return f'<c r="{at}"{attributes}>{content}</c>'


letters = st.text("ab &<>\"'_x0041é🙂\n#.E5", max_size=8)
inline = letters.map(lambda text: (' t="inlineStr"', f"<is><t>{escape(text)}</t></is>"))
spaced = letters.map(lambda text: (' s="1" t="str"', f'<v xml:space="preserve">{escape(text)}</v>'))
shared = st.integers(0, len(STRINGS) - 1).map(lambda at: (' t="s"', f"<v>{at}</v>"))
numbers = st.one_of(st.integers(-(10**18), 10**18), st.floats(allow_nan=False)).map(str)
number = numbers.map(lambda text: ("", f"<v>{text}</v>"))
date = st.floats(0, 3_000_000).map(lambda days: (' s="1"', f"<v>{days}</v>"))
formula = st.sampled_from(
    [
        ("", "<f>1+1</f><v>2</v>"),
        ("", '<f t="shared" si="0"/><v>3</v>'),
        (' t="str"', '<f>""</f><v></v>'),
        ("", "<f>A1&amp;B1</f>"),
        ("", "<f>NOW()</f><v/>"),
    ]
)
other = st.sampled_from(
    [
        (' t="e"', "<v>#REF!</v>"),
        (' t="b"', "<v>1</v>"),
        (' s="2"', ""),
        (' t="inlineStr"', "<is><r><t>a</t></r><r><t>b</t></r></is>"),
        (' t="d"', "<v>2024-03-05T10:20:30</v>"),
    ]
)
cells = st.one_of(inline, spaced, shared, number, date, formula, other)
rows = st.lists(st.dictionaries(st.integers(0, 5), cells, max_size=5), max_size=12)


def prefixed(xml: str) -> str:
    """The same sheet as programs write it that give each tag a prefix."""
    return re.sub(r"<(/?)(\w)", r"<\1x:\2", xml).replace("xmlns=", "xmlns:x=")


@settings(max_examples=150, deadline=None)
@given(rows, st.integers(1, 40))
def test_both_gears_read_the_same(table: list[dict[int, tuple[str, str]]], again: int) -> None:
    written = [
        "".join(cell(f"{letter(at)}{row}", *row_cells[at]) for at in sorted(row_cells))
        for row, row_cells in enumerate(table * again, start=1)
    ]
    xml = sheet("".join(f'<row r="{row}">{text}</row>' for row, text in enumerate(written, 1)))
    assert read(xml) == by_parser(xml)
    assert read(prefixed(xml)) == read(xml)


USUAL = cell("A1", ' t="inlineStr"', "<is><t>a</t></is>") + cell("C1", "", "<v>5</v>")


def many(change: dict[int, str]) -> str:
    """3,000 rows that look alike, but for some."""
    usual = (USUAL.replace("1", str(row)) for row in range(1, 3_001))
    return sheet(
        "".join(
            change.get(row, f'<row r="{row}" spans="1:3">{text}</row>')
            for row, text in enumerate(usual, start=1)
        )
    )


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ('<row r="1500"/>', []),
        ('<row r="1500"><c r="A1500"/></row>', []),
        ('<row spans="1:3" r="1500"><c t="b" r="B1500"><v>0</v></c></row>', ["", "FALSE"]),
        ('<row r="1500"><c><v>1</v></c><c r="D1500"><v>2</v></c><c><v>3</v></c></row>', "1  23"),
        ('<row r="1500"> <c r="A1500"><v>1</v></c>\n</row>', ["1"]),
        ("<row r='1500'><c r='A1500'><v>&#49;</v></c></row>", ["1"]),
        ('<row r="1500"><c r="B1500"><v>1</v></c><c r="A1500"><v>2</v></c></row>', ["2", "1"]),
        ('<row r="1500"><c r="XFD1500"><v>1</v></c></row>', [*[""] * 16_383, "1"]),
        ('<row r="1500"><c r="A1500"><v> 7 </v></c></row>', ["7"]),
        ('<row r="1500"><c r="A1500"><v>what</v></c></row>', ["what"]),
        ('<row r="1500"><c r="A1500" t="zz"><v>what</v></c></row>', ["what"]),
        ('<row r="1500"><c r="A1500"><v>1</v><extLst><x/></extLst></c></row>', ["1"]),
    ],
)
def test_a_row_unlike_the_others(row: str, cells: list[str] | str) -> None:
    found = read(many({1_500: row}))
    read_there = dict(zip(found.rows, found.cells, strict=True))
    assert read_there.pop(1_500, []) == [each.strip() for each in cells]
    assert list(read_there) == [row for row in range(1, 3_001) if row != 1_500]
    assert set(map(tuple, read_there.values())) == {("a", "", "5")}


def test_every_column_changes_its_look_now_and_then() -> None:
    kinds = ['<c r="A0"><v>1</v></c>', '<c r="A0" s="1"><v>1</v></c>', '<c r="B0"><v>1</v></c>']
    change = {
        row: f'<row r="{row}">{kinds[row % 3].replace("0", str(row))}</row>'
        for row in range(1, 3_001, 7)
    }
    found = read(many(change))
    assert found.rows == list(range(1, 3_001))
    expected = {0: ["1"], 1: ["1900-01-01"], 2: ["", "1"]}
    for row, cells in zip(found.rows, found.cells, strict=True):
        assert cells == (expected[row % 3] if row in change else ["a", "", "5"])


def test_only_rows_that_look_like_those_noted_match() -> None:
    looks: Looks = set()
    usual = f'<row r="1">{USUAL}</row>'
    note(ET.fromstring(usual), looks)
    pattern = RowPattern(looks, table())
    assert pattern.read(usual) == Batch([1], [["a", "", "5"]])
    assert pattern.read(usual.replace('<c r="A1"', '<c r="B1"')) is None
    assert pattern.read(usual + usual.replace("</row>", "")) is None
    assert RowPattern(set(), table()).read(usual) is None


def test_shared_texts_in_any_order() -> None:
    texts = [f"text {n}" if n % 100 else "" for n in range(70_000)]
    items = "".join(f"<si><t>{text}</t></si>" for text in texts)
    strings = shared_strings(part(f"<sst {SPACE}>{items}</sst>"))
    order = random.Random(1).sample(range(70_000), 3_000) + list(range(0, 70_000, 64))
    assert strings.texts(["", *map(str, order)]) == ["", *(texts[at] for at in order)]


def test_characters_that_no_text_can_hold_stay_as_they_stand() -> None:
    text = "_x0000_ _xD83D_ _x0009_ _X0009_"
    strings = shared_strings(part(f"<sst {SPACE}><si><t>{text}</t></si></sst>"))
    assert strings.texts(["0"]) == ["_x0000_ _xD83D_ \t _X0009_"]


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_other_encodings(encoding: str) -> None:
    xml = f'<?xml version="1.0" encoding="{encoding}"?>' + sheet(
        f'<row r="1">{cell("A1", " t=" + chr(34) + "str" + chr(34), "<v>é</v>")}</row>'
    )
    assert read(xml, encoding).cells == [["é"]]


def test_prefixes_cdata_and_a_byte_order_mark() -> None:
    row = '<x:row r="3"><x:c r="A3" t="str"><x:v><![CDATA[</row><c>]]></x:v></x:c></x:row>'
    xml = f"<x:worksheet {SPACE.replace('xmlns', 'xmlns:x')}><x:sheetData>{row}</x:sheetData></x:worksheet>"
    assert (read(xml).rows, read(xml).cells) == ([3], [["</row><c>"]])
    assert read("\ufeff" + sheet(f'<row r="1">{USUAL}</row>')).cells == [["a", "", "5"]]


def test_line_ends_are_those_of_xml() -> None:
    text = '<row r="1"><c r="A1" t="str"><v>a\r\nb\rc&#13;d</v></c></row>'
    assert read(sheet(text)).cells == by_parser(sheet(text)).cells == [["a\nb\nc\rd"]]


def test_a_row_longer_than_a_block() -> None:
    text = "x" * 400_000
    row = "".join(cell(f"{at}2", ' t="str"', f"<v>{text}</v>") for at in "ABCD")
    found = read(sheet(f'<row r="1">{USUAL}</row><row r="2">{row}</row>'))
    assert found.cells == [["a", "", "5"], [text] * 4]


@pytest.mark.parametrize(
    "broken",
    [
        many({1_500: '<row r="9"/><row r="9"><c r="A9"><v>1</v></c></row>'}),
        many({1_500: '<row r="1500"><c r="A1500"><v>1</v></c>'}),
        many({1_500: '<row r="1500"><c r="A1500"><v>1</v></row>'}),
        many({1_500: '<row r="1500"><c r="A1500" t="str"><v>&nbsp;</v></c></row>'}),
        many({1_500: '<row r="1500"><c r="ZZZ1500"><v>1</v></c></row>'}),
        many({1_500: '<row r="1500"><c r="A1500" t="s"><v>7</v></c></row>'}),
        many({1_500: '<row r="1500"><c r="A1500" t="s"><v>-1</v></c></row>'}),
        many({3_000: f'<row r="3000000">{USUAL}</row>'}),
        many({3_000: f'<row r="3000">{USUAL}'}),
        many({})[:-30],
        f"<!DOCTYPE x>{many({})}",
    ],
)
def test_a_broken_sheet_is_refused(broken: str) -> None:
    with pytest.raises((zipfile.BadZipFile, SyntaxError, IndexError)):
        read(broken)
