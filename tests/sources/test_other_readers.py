"""The two libraries that read .xlsx: which one reads a sheet, that both give the same text for what
calamine may read, and that the sheet's XML says the same."""

from __future__ import annotations

import datetime as dt
import random
import re
from contextlib import closing
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import BadZipFile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from importer.sources import probe
from importer.sources.engines import XlsxBook
from importer.sources.sheets import Batch
from tests.cases.expected import both, place
from tests.cases.made import SHOP_BOOK
from tests.sources import oracle, workbooks

DATA = Path(__file__).parent / "data"
SAMPLES = Path(__file__).parents[2] / "sample_data"
CALAMINE, OPENPYXL = "CalamineRows", "OpenpyxlRows"
FORMATS = {1: "date", 2: "00000"}
STYLES = (
    f'<styleSheet xmlns="{oracle.SPACE}"><numFmts count="2"><numFmt numFmtId="170" formatCode="00000"/>'
    '<numFmt numFmtId="171" formatCode="d.m.yyyy"/></numFmts><fills><fill/></fills>'
    '<cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="171"/><xf numFmtId="170"/>'
    '<xf numFmtId="10"/></cellXfs></styleSheet>'
)
"""Styles 1 to 3: a date, zeros in front, a percentage. openpyxl's own workbooks refuse them for the fill."""


def read(path: str | Path, *, careful: bool = False) -> tuple[str, Batch]:
    """The first sheet, and which library read it."""
    with closing(XlsxBook(str(path), careful=careful)) as book:
        rows = book.rows(book.sheets[0].name)
        found = Batch()
        for batch in rows:
            found.rows.extend(batch.rows)
            found.cells.extend(batch.cells)
            found.marks.extend(batch.marks)
        return type(rows).__name__, found


def table(path: str | Path, *, careful: bool = False) -> oracle.Table:
    """The cells by row."""
    found = read(path, careful=careful)[1]
    return dict(zip(found.rows, found.cells, strict=True))


def sheet(path: Path, rows: str, *texts: str, before: str = "") -> str:
    """A workbook with these rows, shared texts (the XML of each `si`), and `STYLES`."""
    items = "".join(f"<si>{each}</si>" for each in texts)
    parts = {"xl/styles.xml": STYLES}
    if texts:
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{oracle.SPACE}">{items}</sst>'
    return workbooks.with_parts(workbooks.by_hand(path, rows, before=before), parts)


def row(number: int, *cells: str) -> str:
    """A row of cells `ATTRIBUTES|CONTENT`, from column A."""
    written = (
        f'<c r="{chr(65 + at)}{number}" {attributes}>{content}</c>'
        for at, (attributes, _, content) in enumerate(each.partition("|") for each in cells)
    )
    return f'<row r="{number}">{"".join(written)}</row>'


RULE = {
    "text": ('t="str"|<v>a</v>', "a", ""),
    "score": ("|<v>7</v>", "7", ""),
    "id of 15 digits": ("|<v>123456789012345</v>", "123456789012345", ""),
    "percentage": ('s="3"|<v>0.85</v>', "0.85", ""),
    "date": ('s="1"|<v>45356.25</v>', "2024-03-05T06:00:00", ""),
    "boolean": ('t="b"|<v>true</v>', "TRUE", ""),
    "ISO date": ('t="d"|<v>2024-03-05T10:20:30</v>', "2024-03-05T10:20:30", ""),
    "ISO date with a zone": ('t="d"|<v>2024-03-05T10:20:30Z</v>', "2024-03-05T10:20:30Z", ""),
    "formula": ("|<f>1+1</f><v>2</v>", "2", ""),
    "formula that gives an empty text": ('t="str"|<f>""</f><v></v>', "", ""),
    "shared formula": ('|<f t="shared" si="0"/><v>3</v>', "3", ""),
    "text with an entity": ('t="inlineStr"|<is><t>&#65;&amp;</t></is>', "A&", ""),
    "escaped": ('t="str"|<v>a_x000D__x005F_x0041_</v>', "a\r_x0041_", ""),
    "kept spaces": ('t="inlineStr"|<is><t xml:space="preserve"> a </t></is>', " a ", ""),
    "phonetic": ('t="inlineStr"|<is><t>課</t><rPh sb="0" eb="1"><t>カ</t></rPh></is>', "課", ""),
    "style that isn't there": ('s="99"|<v>1</v>', "1", ""),
    "empty style": ('s=""|<v>1</v>', "1", ""),
    "what is no number": ("|<v>what</v>", "what", ""),
    "error": ('t="e"|<v>#REF!</v>', "#REF!", "an error cell"),
    "error in other quotes": ("t='e'|<v>#N/A</v>", "#N/A", "an error cell"),
    "id of 16 digits": ("|<v>1234567890123456</v>", "1234567890123456", "a number of 16 digits"),
    "id of 17": ("|<v>12345678901234567</v>", "12345678901234567", "a number of 16 digits"),
    "negative": ("|<v>-12345678901234567</v>", "-12345678901234567", "a number of 16 digits"),
    "zeros in front": ('s="2"|<v>42</v>', "00042", "zeros in front"),
    "date before 1900": ('s="1"|<v>-1</v>', "-1", "a date before 1900"),
    "formula without a value": ("|<f>1+1</f>", "", "a formula without a value"),
    "formula with an empty value": ("|<f>1+1</f><v/>", "", "a formula without a value"),
    "shared formula without": ('|<f t="shared" si="0"/>', "", "a formula without a value"),
    "CDATA": ('t="str"|<v><![CDATA[<a>]]></v>', "<a>", "CDATA"),
    "comment": ('t="str"|<v>a<!-- c -->b</v>', "ab", "CDATA or a comment"),
    "digit as an entity": ("|<v>1&#49;</v>", "11", "an entity"),
    "number with a space": ("|<v> 7 </v>", "7", "with a space"),
    "outer space": ('t="inlineStr"|<is><t>a </t></is>', "a ", "begins or ends with a space"),
    "rich text": (
        't="inlineStr"|<is><r><t>a</t></r><r><rPr/><t> b</t></r></is>',
        "a b",
        "begins or ends with a space",
    ),
    "NUL": ('t="str"|<v>a_x0000_</v>', "a_x0000_", "a NUL"),
}


@pytest.mark.parametrize("kind", RULE)
def test_who_reads_what(tmp_path: Path, kind: str) -> None:
    """A sheet with one such cell, in its 300th row: beyond the probe's first block."""
    cell, text, why = RULE[kind]
    said = "a usual text, " * 70
    usual = f't="inlineStr"|<is><t>{said}end</t></is>'
    rows = "".join(row(n, usual, "|<v>5</v>") for n in range(1, 300)) + row(300, cell, usual)
    assert len(rows) > 1 << 18
    path = sheet(tmp_path / "a.xlsx", rows)
    reader, found = read(path)
    assert reader == (OPENPYXL if why else CALAMINE)
    assert found.cells[-1] == [text, f"{said}end"]
    assert found.cells[0] == [f"{said}end", "5"]
    assert len(found.rows) == 300
    assert table(path, careful=True) == table(path)
    with closing(XlsxBook(path)) as book:
        assert why in book._look(book.sheets[0].name).why


@pytest.mark.parametrize(
    ("text", "value", "why"),
    [
        ("<t>a</t>", "a", False),
        ('<t xml:space="preserve"> a</t>', " a", False),
        ("<t><![CDATA[<a>]]></t>", "<a>", False),
        ("<r><t>a</t></r><r><t>b</t></r><rPh sb='0' eb='1'><t>c</t></rPh>", "ab", False),
        ("<t> a</t>", " a", True),
        ("<r><t>a</t></r><r><t>\nb</t></r>", "a\nb", True),
        ("<t>_x0000_</t>", "_x0000_", True),
    ],
)
def test_who_reads_shared_texts(tmp_path: Path, text: str, value: str, why: bool) -> None:
    path = sheet(tmp_path / "a.xlsx", row(1, 't="s"|<v>1</v>', 't="s"|<v>0</v>'), "<t>x</t>", text)
    assert read(path)[0] == (OPENPYXL if why else CALAMINE)
    assert table(path) == table(path, careful=True) == oracle.read(path) == {1: [value, "x"]}


ADDRESSES = {
    "none": "<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>",
    "rows only": '<row r="2"><c><v>1</v></c></row><row r="5"><c><v>2</v></c><c><v>3</v></c></row>',
    "first none, then all": '<row><c><v>1</v></c></row><row r="4"><c r="B4"><v>2</v></c></row>',
    "mixed in a row": '<row r="2"><c><v>1</v></c><c r="D2"><v>2</v></c><c><v>3</v></c></row>',
    "cells out of order": '<row r="1"><c r="C1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
    "far right": '<row r="1"><c r="A1"><v>1</v></c></row><row r="9"><c r="XFD9"><v>2</v></c></row>',
}


@pytest.mark.parametrize("rows", ADDRESSES.values(), ids=ADDRESSES)
@pytest.mark.parametrize("dimension", ["", "A1", "ZZ9", "A1:XFD1048576", "what"])
def test_addresses_and_dimensions(tmp_path: Path, rows: str, dimension: str) -> None:
    path = sheet(tmp_path / "a.xlsx", rows, before=f'<dimension ref="{dimension}"/>')
    assert table(path) == table(path, careful=True) == oracle.read(path)


def test_what_calamine_refuses_goes_to_openpyxl(tmp_path: Path) -> None:
    for cell in ("|<v>1</v><extLst><x/></extLst>", 't="zz"|<v>1</v>', 't=""|<v>1</v>'):
        path = sheet(tmp_path / "a.xlsx", row(1, cell))
        assert (read(path)[0], table(path)) == (OPENPYXL, {1: ["1"]})


@pytest.mark.parametrize(
    "rows",
    [
        row(1, 't="s"|<v>7</v>'),
        row(1, 't="s"|<v>-1</v>'),
        row(1, 't="s"|<v>x</v>'),
        row(1, 't="str"|<v>&nbsp;</v>'),
        '<row r="1"><c r="A1"><v>1</v></row>',
        row(2, 't="e"|<v>#REF!</v>') + row(1, "|<v>1</v>"),
        row(2, 't="e"|<v>#REF!</v>') + row(2, "|<v>1</v>"),
    ],
)
def test_a_broken_sheet_is_refused(tmp_path: Path, rows: str) -> None:
    path = sheet(tmp_path / "a.xlsx", rows, "<t>only</t>")
    with pytest.raises((BadZipFile, SyntaxError, ValueError)):
        read(path)


PACKAGES = {
    "as usual": {},
    "backslashes": {"rename": lambda name: name.replace("/", "\\")},
    "another case": {"rename": lambda name: name.replace("sheet1", "Sheet1")},
    "no relationships at the top": {"without": "_rels/.rels"},
    "no content types": {"without": "[Content_Types].xml"},
    "strict": {"change": workbooks.strict},
    "prefixes": {"change": workbooks.prefixed},
    "UTF-16": {"change": workbooks.utf_16},
}


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
@pytest.mark.parametrize("error", [False, True])
def test_packages_that_programs_write(tmp_path: Path, package: dict, error: bool) -> None:  # type: ignore[type-arg]
    """By calamine, and by openpyxl where there is an error cell beside."""
    rows = row(1, 't="s"|<v>0</v>', 't="e"|<v>#REF!</v>' if error else "|<v>9</v>")
    path = workbooks.repacked(sheet(tmp_path / "a.xlsx", rows, "<t>é</t>"), **package)
    with closing(XlsxBook(path)) as book:
        assert book.has_data(book.sheets[0].name)
    assert table(path) == {1: ["é", "#REF!" if error else "9"]}


def test_odd_parts_beside_the_cells_do_not_matter(tmp_path: Path) -> None:
    """openpyxl's own workbooks refuse the styles, its own sheets the validation."""
    path = sheet(tmp_path / "a.xlsx", row(1, 't="e"|<v>#REF!</v>'))
    odd = '</sheetData><dataValidations><dataValidation type="odd"/></dataValidations>'
    workbooks.repacked(path, change=lambda text: text.replace("</sheetData>", odd))
    with pytest.raises(TypeError):
        openpyxl.load_workbook(path, read_only=True)
    assert table(path) == {1: ["#REF!"]}


letters = st.text("ab &<>\"'_x0041é🙂\n#.E5", max_size=8)
KEEP = ' xml:space="preserve"'
cells = st.one_of(
    letters.map(lambda text: f't="inlineStr"|<is><t{KEEP}>{escape(text)}</t></is>'),
    letters.map(lambda text: f't="inlineStr"|<is><t>{escape(text)}</t></is>'),
    letters.map(lambda text: f't="str"|<v{KEEP}>{escape(text)}</v>'),
    st.integers(0, 3).map(lambda at: f't="s"|<v>{at}</v>'),
    st.integers(0, 10).map(lambda score: f"|<v>{score}</v>"),
    st.integers(-(10**18), 10**18).map(lambda number: f"|<v>{number}</v>"),
    st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False).map(
        lambda number: f"|<v>{number!r}</v>"
    ),
    st.integers(-2, 2_958_465).map(lambda days: f's="1"|<v>{days}</v>'),
    st.integers(-9, 99_999).map(lambda number: f's="2"|<v>{number}</v>'),
    st.sampled_from([RULE[kind][0] for kind in RULE if kind not in ("NUL", "boolean", "ISO date")]),
    st.just("|"),
)
tables = st.lists(st.lists(cells, max_size=5), max_size=6)


@settings(max_examples=60, deadline=None)
@given(tables, st.integers(1, 3))
def test_any_sheet_is_what_its_xml_says(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], apart: int
) -> None:
    """Whoever reads it. Hypothesis wants one folder for all of its examples."""
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    xml = "".join(row(at * apart, *each) for at, each in enumerate(rows, 1))
    path = sheet(folder / "a.xlsx", xml, "<t/>", "<t>shared</t>", f"<t{KEEP}> x</t>", "<t>é</t>")
    expected = oracle.read(path, FORMATS)
    assert table(path) == expected
    assert table(path, careful=True) == expected


def moment(*parts: int) -> dt.datetime:
    """Workbooks know no time zone."""
    return dt.datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


VALUES: list[tuple[object, str | None]] = [
    (5, None),
    (6666761644, None),
    (-3.5, None),
    (0.1 + 0.2, None),
    (1 / 3, None),
    (1e-5, None),
    (1.5e-12, None),
    (1e14, None),
    (1.5e300, None),
    (0.85, "0%"),
    (43831.375, None),
    (True, None),
    (False, None),
    (dt.date(2024, 3, 5), None),
    (moment(2024, 3, 5), "yyyy-mm-dd hh:mm:ss"),
    (moment(2024, 3, 5, 10, 20, 30), None),
    (moment(2024, 3, 5, 23, 59, 59, 999000), None),
    (moment(2024, 3, 5, 10, 20, 30, 123000), "dd.mm.yyyy hh:mm"),
    (dt.time(10, 20, 30), None),
    (dt.time(0, 0), None),
    (dt.timedelta(hours=30, minutes=15), "[h]:mm:ss"),
    (dt.timedelta(minutes=61), "[m]:ss"),
    ("00123", None),
    ("'+12", None),
    ("1e5", None),
    ("NA", None),
    ("", None),
    ("  spaces ", None),
    ("line\nbreak", None),
    ("tab\tand nbsp\u00a0", None),
    ("_x000D_ and _x0041_ and _x00zz_", None),
    ("žluťoučký 日本 🙂", None),
    ("<b>&amp;</b>", None),
    ("x" * 32_767, None),
    (CellRichText("plain ", TextBlock(InlineFont(b=True), "bold"), " end"), None),
]
LOST: list[tuple[object, str | None]] = [
    ("#REF!", None),
    ("=1+1", None),
    (42, "00000"),
    (2**53 - 1, None),
]


def everything(path: Path, values: list[tuple[object, str | None]]) -> str:
    """A workbook of these values, in column C from row 7, with a merged cell beside."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for number, (value, shown_as) in enumerate(values, start=7):
        cell = sheet.cell(number, 3)
        cell.value = value  # type: ignore[assignment]  # rich text is missing in the stubs
        if shown_as:
            cell.number_format = shown_as
        sheet.cell(number, 5, f"row {number}")
    sheet.merge_cells("G7:H8")
    sheet["G7"] = "merged"
    book.save(path)
    return str(path)


def test_every_kind_of_cell(tmp_path: Path) -> None:
    path = everything(tmp_path / "all.xlsx", VALUES)
    (reader, by_calamine), (_, by_openpyxl) = read(path), read(path, careful=True)
    assert reader == CALAMINE
    assert by_calamine == by_openpyxl
    assert len(by_calamine.rows) == len(VALUES)
    assert not by_calamine.marks
    lost = everything(tmp_path / "lost.xlsx", [*VALUES, *LOST])
    reader, found = read(lost)
    assert reader == OPENPYXL
    assert found.cells[: len(VALUES)] == by_calamine.cells
    assert [cells[2] for cells in found.cells[len(VALUES) :]] == [
        *("#REF!", "", "00042", "9007199254740991")
    ]
    last = len(VALUES) + len(LOST) + 6
    assert found.marks == [(last - 2, 2, "formula_without_value"), (last, 2, "big_number")]


@pytest.mark.parametrize(
    "path", [*SAMPLES.glob("*.xlsx"), DATA / "kinds.xlsx"], ids=lambda path: path.name
)
def test_other_programs_workbooks(path: Path) -> None:
    found = table(path)
    assert len(found) > 10
    assert found == table(path, careful=True)


@pytest.mark.parametrize("file", both([(SHOP_BOOK,)], [("nps/botanic_numbers_13954.xlsx",)]))
def test_workbook_of_thousands(file: str) -> None:
    path = place(file)
    assert read(path)[0] == CALAMINE
    assert table(path) == table(path, careful=True) == oracle.read(path)


@pytest.mark.parametrize(
    "shown",
    [
        *("General", "0.00", "yyyy-mm-dd hh:mm", "h:mm", "[h]:mm:ss", "[mm]:ss", "mm:ss.0"),
        *('0.00"d"', "[Red]0", "General;d", "\\d0", "_d0", "0.0E+0", "AM/PM", 'yyyy"年"'),
        *("[$-409]d-mmm-yy;@", "[$€-2] #,##0.00", "[<1]h", "[ENG][$-409]mmm", "*d0", "d\\.m"),
    ],
)
@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904])
def test_numbers_in_every_format(tmp_path: Path, shown: str, epoch: dt.datetime | None) -> None:
    chance = random.Random(shown)
    numbers = [0, 0.25, 0.5, 0.99999999, 1, 1.5, 58.5, 59, 60, 60.5, 61, 61.25, 43831.375]
    numbers += [chance.uniform(0, 2_950_000) for _ in range(30)]
    numbers += [chance.randrange(90_000 * 86_400) / 86_400 for _ in range(30)]
    path = formatted(tmp_path / "a.xlsx", numbers, shown, epoch)
    assert read(path)[0] == CALAMINE
    assert table(path) == table(path, careful=True)


@pytest.mark.parametrize("number", [*range(60), 81])
def test_formats_known_by_number(tmp_path: Path, number: int) -> None:
    """27 to 36 and 50 to 58 are dates in Chinese, Japanese and Korean workbooks."""
    path = sheet(tmp_path / "a.xlsx", row(1, 's="1"|<v>45356.25</v>', 's="1"|<v>0.5</v>'))
    workbooks.with_parts(path, {"xl/styles.xml": STYLES.replace('"171"/>', f'"{number}"/>')})
    assert table(path) == table(path, careful=True)
    if number in (14, 31, 58):
        assert table(path)[1][0] == "2024-03-05T06:00:00"


@pytest.mark.parametrize(
    ("number", "text"),
    [(-1, "-1"), (-0.5, "-0.5"), (2_958_465.5, "9999-12-31T12:00:00"), (2_958_466, "2958466")],
)
def test_what_is_no_date_of_excels_stays_a_number(tmp_path: Path, number: float, text: str) -> None:
    path = formatted(tmp_path / "a.xlsx", [number, 1e300], "yyyy-mm-dd", None)
    assert table(path) == table(path, careful=True) == {1: [text, "1E+300"]}


def formatted(path: Path, numbers: list[float], shown: str, epoch: dt.datetime | None) -> str:
    """One row of numbers, all in one format."""
    book = openpyxl.Workbook()
    book.epoch = epoch or book.epoch
    sheet = book.worksheets[0]
    sheet.append(numbers)
    for cell in sheet[1]:
        cell.number_format = shown
    book.save(path)
    return str(path)


def test_ids_that_differ_stay_different(tmp_path: Path) -> None:
    """As digits; and as Excel writes doubles, whose last digits nobody knows."""
    ids = [
        "12345678901234567",
        "12345678901234568",
        "1.2345678901234568E+17",
        "1.234567890123457E+17",
    ]
    path = sheet(
        tmp_path / "a.xlsx", "".join(row(at, f"|<v>{each}</v>") for at, each in enumerate(ids, 1))
    )
    found = [cells[0] for cells in read(path)[1].cells]
    assert found == ids
    assert len(read(path)[1].marks) == 4


def test_a_big_sheet_is_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sheet(tmp_path / "a.xlsx", row(1, "|<v>1</v>"))
    assert read(path)[0] == CALAMINE
    monkeypatch.setattr(probe, "MOST_XML", 100)
    assert read(path)[0] == OPENPYXL
    assert table(path) == {1: ["1"]}


def test_what_is_searched_for_cannot_hide_between_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = row(1, 't="str"|<v>a</v>') * 3 + row(2, 't="e"|<v>#REF!</v>').replace(
        "<row", '<row hidden="1"'
    )
    monkeypatch.setattr(probe, "_OVERLAP", 100)
    path = sheet(tmp_path / "a.xlsx", rows)
    for size in range(101, 400):
        monkeypatch.setattr(probe, "_BLOCK", size)
        with closing(XlsxBook(path)) as book:
            found = book._look(book.sheets[0].name)
        assert (found.why[:13], found.layout.hidden_rows) == ("an error cell", 1), size


def test_a_block_that_ends_within_a_cell_is_no_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = (
        't="s"|<v>0</v>',
        "|<f>1+1</f><v>2</v>",
        't="str"|<f>""</f><v></v>',
        's="1"|<v>45000</v>',
    )
    path = sheet(tmp_path / "a.xlsx", row(1, *cells) + row(2, *cells), "<t>a</t>")
    monkeypatch.setattr(probe, "_OVERLAP", 100)
    for size in range(101, 500):
        monkeypatch.setattr(probe, "_BLOCK", size)
        with closing(XlsxBook(path)) as book:
            assert not book._look(book.sheets[0].name).why, size


def test_the_parts_of_openpyxl_that_the_reading_rests_on() -> None:
    """They are not documented; a version without them must fail here, not at a user's."""
    from openpyxl.worksheet._reader import FORMULA_TAG, INLINE_STRING, ROW_TAG, WorkSheetParser

    assert {ROW_TAG, FORMULA_TAG, INLINE_STRING} == {
        f"{{{oracle.SPACE}}}{name}" for name in ("row", "f", "is")
    }
    parser = WorkSheetParser("", {}, data_only=True)
    assert (parser.row_counter, parser.row_dimensions) == (0, {})
    assert re.match(r"3\.", openpyxl.__version__)
