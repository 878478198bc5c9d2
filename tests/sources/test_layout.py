"""What Excel and LibreOffice show otherwise than it is stored, in each container: merged and hidden cells,
zeros in front, days since 1904, errors."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlwt
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from importer.sources.table import SourceOptions
from tests.sources import workbooks
from tests.sources.reading import read
from tests.sources.workbooks import ods_cell, ods_row

ROWS = [["Kunde", "Note"], ["k1", "9"], ["k2", ""], ["k3", "8"], ["k4", "7"]]
Maker = Callable[[Path], str]


def merged_xlsx(path: Path) -> str:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in ROWS:
        sheet.append(row)
    sheet.merge_cells("B2:B3")
    sheet.merge_cells("A1:A1")
    sheet.row_dimensions[4].hidden = True
    sheet.column_dimensions["B"].hidden = True
    sheet.column_dimensions.group("F", "XFD", hidden=True)
    book.save(path.with_suffix(".xlsx"))
    return str(path.with_suffix(".xlsx"))


def merged_by_openpyxl(path: Path) -> str:
    """A sheet that calamine must not read."""
    name = merged_xlsx(path)
    return workbooks.repacked(name, change=lambda text: text.replace("<t>k4<", "<t>k4 <"))


def merged_xls(path: Path) -> str:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Blatt")
    for at, row in enumerate(ROWS):
        for column, cell in enumerate(row):
            if (at, column) not in ((1, 1), (2, 1)):
                sheet.write(at, column, cell)
    sheet.write_merge(1, 2, 1, 1, "9")
    sheet.row(3).hidden = True
    for column in (1, *range(5, 40)):
        sheet.col(column).hidden = True
    book.save(str(path.with_suffix(".xls")))
    return str(path.with_suffix(".xls"))


def merged_ods(path: Path) -> str:
    spanned = 'table:number-rows-spanned="2" table:number-columns-spanned="1"'
    columns = (
        '<table:table-column/><table:table-column table:visibility="collapse"/>'
        '<table:table-column table:number-columns-repeated="3"/>'
        '<table:table-column table:visibility="collapse" table:number-columns-repeated="16000"/>'
    )
    rows = (
        ods_row("Kunde", "Note"),
        ods_row("k1", ods_cell("string", "", "9", how=spanned)),
        ods_row("k2", "<table:covered-table-cell/>"),
        ods_row("k3", "8", how='table:visibility="filter"'),
        ods_row("k4", "7"),
        ods_row("", how='table:number-rows-repeated="1048571" table:visibility="collapse"'),
    )
    return workbooks.ods(path.with_suffix(".ods"), columns + "".join(rows))


@pytest.mark.parametrize("make", [merged_xlsx, merged_by_openpyxl, merged_xls, merged_ods])
def test_merged_and_hidden_cells_are_told(tmp_path: Path, make: Maker) -> None:
    found = read(make(tmp_path / "a"))
    assert [[cell.strip() for cell in row] for row in found.cells] == ROWS[1:]
    assert found.damaged() == [("merged_cell", 3, "Note")]
    assert "(B2:B3)" in found.damage[0].message
    assert found.facts.notes == (
        "1 row is hidden or filtered away; it is read too.",
        "The column B is hidden; it is read too.",
    )


def test_several_hidden_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["a", "b", "c", "d"])
    sheet.append([1, 2, 3, 4])
    sheet.column_dimensions.group("B", "C", hidden=True)
    book.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx").facts.notes == (
        "The columns B, C are hidden; they are read too.",
    )


def test_a_person_over_several_rows_and_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Survey of spring", None, None])
    sheet.append(["firm", "contact", "score"])
    sheet.append(["Acme", None, 9])
    for score in range(8):
        sheet.append([None, None, score])
    sheet.append(["Bolt", "Ann", 3])
    sheet.merge_cells("A1:C1")
    sheet.merge_cells("A3:B11")
    book.save(tmp_path / "a.xlsx")
    found = read(tmp_path / "a.xlsx", SourceOptions(header_rows=(2,)), size=2)
    contact = [(row, "contact") for row in range(3, 12)]
    assert {(row, column) for _, row, column in found.damaged()} == {
        *contact,
        *((row, "firm") for row in range(4, 12)),
    }
    assert all("(A3:B11)" in each.message for each in found.damage)


def test_merged_cells_that_hold_nothing_or_lose_nothing_are_not_told(tmp_path: Path) -> None:
    """Blank ones, those above the answers, and a value that stands below the merged cell."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["id", "score", "note"], ["u1", 9, None], ["u2", 8, None], ["u3", 7, "x"]):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    path = workbooks.repacked(
        str(tmp_path / "a.xlsx"),
        change=lambda text: text.replace(
            "</sheetData>",
            '</sheetData><mergeCells count="3"><mergeCell ref="C2:C3"/><mergeCell ref="A1:A1"/>'
            '<mergeCell ref="B2:B3"/></mergeCells>',
        ),
    )
    found = read(path)
    assert (found.cells, found.damage) == ([["u1", "9", ""], ["u2", "8", ""], ["u3", "7", "x"]], [])


# Numbers that are shown otherwise than they are stored.


def numbers_xls(path: Path) -> str:
    book = xlwt.Workbook()
    book.dates_1904 = True
    sheet = book.add_sheet("A")
    shown = ["00000", "General", "General", "yyyy-mm-dd hh:mm", "[Red][<-25]General;[Blue]0"]
    values = [42, 12345678901234567, 43895.25, 43895.25, 50]
    for at, (name, value, code) in enumerate(zip("abcde", values, shown, strict=True)):
        sheet.write(0, at, name)
        sheet.write(1, at, value, xlwt.easyxf(num_format_str=code))
    book.save(str(path.with_suffix(".xls")))
    return str(path.with_suffix(".xls"))


def numbers_xlsx(path: Path) -> str:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.worksheets[0]
    sheet.append(list("abcde"))
    sheet.append(
        [42, 12345678901234567, 43895.25, dt.datetime.fromisoformat("2024-03-06T06:00"), 50]
    )
    sheet["A2"].number_format = "00000"
    book.save(path.with_suffix(".xlsx"))
    return str(path.with_suffix(".xlsx"))


def numbers_ods(path: Path) -> str:
    cells = (
        ods_cell("float", 'office:value="42"', "00042"),
        ods_cell("float", 'office:value="12345678901234567"', "12345678901234600"),
        ods_cell("float", 'office:value="43895.25"', "43895.25"),
        ods_cell("date", 'office:date-value="2024-03-06T06:00:00"', "06.03.24"),
        ods_cell("currency", 'office:value="50"', "50,00 €"),
    )
    epoch = '<table:null-date table:date-value="1904-01-01"/>'
    return workbooks.ods(
        path.with_suffix(".ods"),
        ods_row(*"abcde") + ods_row(*cells),
        before=f"<table:calculation-settings>{epoch}</table:calculation-settings>",
    )


@pytest.mark.parametrize(
    ("make", "whole"),
    [
        (numbers_xlsx, "1.234567890123457E+16"),
        (numbers_xls, "1.2345678901234568E+16"),
        (numbers_ods, "12345678901234567"),
    ],
)
def test_numbers_keep_their_zeros_digits_and_epoch(tmp_path: Path, make: Maker, whole: str) -> None:
    """All digits that the file holds: openpyxl writes 16 of them, an .xls holds a double."""
    found = read(make(tmp_path / "a"))
    assert found.cells == [["00042", whole, "43895.25", "2024-03-06T06:00:00", "50"]]
    assert found.facts.since_1904
    assert ("big_number", 2, "b") in found.damaged()


def errors_xls(path: Path) -> str:
    book = xlwt.Workbook()
    sheet = book.add_sheet("A")
    for at, name in enumerate(("a", "b", "c")):
        sheet.write(0, at, name)
    sheet.row(1).set_cell_error(0, "#REF!")
    sheet.row(1).set_cell_error(1, 42)
    sheet.row(1).set_cell_boolean(2, 1)
    book.save(str(path.with_suffix(".xls")))
    return str(path.with_suffix(".xls"))


def errors_ods(path: Path) -> str:
    wrong = 'office:string-value="" calcext:value-type="error"'
    cells = (
        ods_cell("string", wrong, "#REF!"),
        ods_cell("string", wrong, "#N/A"),
        ods_cell("boolean", 'office:boolean-value="true"', "WAHR"),
    )
    return workbooks.ods(path.with_suffix(".ods"), ods_row(*"abc") + ods_row(*cells))


@pytest.mark.parametrize("make", [errors_xls, errors_ods])
def test_errors_are_no_blank_cells(tmp_path: Path, make: Maker) -> None:
    found = read(make(tmp_path / "a"))
    assert found.cells == [["#REF!", "#N/A", "TRUE"]]
    assert found.damaged() == [("excel_error", 2, "a"), ("excel_error", 2, "b")]


# XLS: code pages, formats and tabs.


@pytest.mark.parametrize("codepage", [1200, 1252, 1250, 932, 10000, 0])
def test_an_xls_of_any_code_page_has_no_nuls(tmp_path: Path, codepage: int) -> None:
    """BIFF8 is Unicode whatever its code page says; a program of Perl says 1252."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Réponses")
    rows: list[list[object]] = [["Prénom", "Note"], ["Zoë", 9], ["Łukasz", 8]]
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(at, column, cell)
    book.save(str(tmp_path / "a.xls"))
    data = (tmp_path / "a.xls").read_bytes()
    said = b"\x42\x00\x02\x00"
    assert said + b"\xb0\x04" in data
    (tmp_path / "a.xls").write_bytes(
        data.replace(said + b"\xb0\x04", said + codepage.to_bytes(2, "little"))
    )
    found = read(tmp_path / "a.xls")
    assert (found.sheet, found.header) == ("Réponses", ("Prénom", "Note"))
    assert (found.cells, found.damage) == ([["Zoë", "9"], ["Łukasz", "8"]], [])


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("General", "45356.25"),
        ("yyyy-mm-dd", "2024-03-05T06:00:00"),
        ("[$-407]d. mmmm yyyy;@", "2024-03-05T06:00:00"),
        ("[Red][<-25]General;General", "45356.25"),
        ("[h]:mm", "1088550:00:00"),
        ('0.00" d"', "45356.25"),
    ],
)
def test_a_number_of_an_xls_by_its_format(tmp_path: Path, code: str, shown: str) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("A")
    sheet.write(0, 0, "when")
    sheet.write(1, 0, 45356.25, xlwt.easyxf(num_format_str=code))
    book.save(str(tmp_path / "a.xls"))
    assert read(tmp_path / "a.xls").cells == [[shown]]


@pytest.mark.parametrize("number", [14, 22, 27, 31, 36, 50, 58])
def test_dates_of_an_xls_known_by_number(tmp_path: Path, number: int) -> None:
    """27 to 36 and 50 to 58 are dates in East Asian workbooks, without a code in the file."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("A")
    sheet.write(0, 0, "when")
    sheet.write(1, 0, 45356.25, xlwt.easyxf(num_format_str="0.0000"))
    book.save(str(tmp_path / "a.xls"))
    style = re.compile(rb"(\xe0\x00\x14\x00..)\xa5\x00", re.DOTALL)
    data, times = style.subn(
        lambda found: found[1] + bytes([number, 0]), (tmp_path / "a.xls").read_bytes()
    )
    (tmp_path / "a.xls").write_bytes(data)
    assert times == 1
    assert read(tmp_path / "a.xls").cells == [["2024-03-05T06:00:00"]]


def test_hidden_and_very_hidden_sheets_of_an_xls(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    for name, visibility in (("Raw", 1), ("Lists", 2), ("Answers", 0)):
        sheet = book.add_sheet(name)
        sheet.visibility = visibility
        sheet.write(0, 0, name)
        sheet.write(1, 0, 1)
    book.set_active_sheet(2)
    book.save(str(tmp_path / "a.xls"))
    found = read(tmp_path / "a.xls")
    assert found.sheet == "Answers"
    assert found.facts.notes == ("Other sheets with data: Raw (hidden), Lists (hidden).",)


# ODS: what it writes in its own way.


def test_an_ods_as_libreoffice_writes_it(tmp_path: Path) -> None:
    rows = (
        ods_row("a", "b", "c", "d"),
        ods_row(
            ods_cell("string", "", 'first<text:s text:c="3"/>line', "second<text:tab/>line"),
            ods_cell("time", 'office:time-value="PT30H15M00S"', "30:15:00"),
            ods_cell("date", 'office:date-value="2024-03-05T10:20:30.123000000"', "5. March"),
            ods_cell("percentage", 'office:value="0.85"', "85 %"),
        ),
        ods_row(
            '<table:table-cell office:value-type="string"><office:annotation><text:p>by Eve</text:p>'
            "</office:annotation><text:p>no <text:span>remark</text:span></text:p></table:table-cell>",
            ods_cell("float", 'office:value="7"', "07", how='table:number-columns-repeated="2"'),
            '<table:table-cell table:formula="of:=1+1"/>',
        ),
        ods_row("twice", how='table:number-rows-repeated="2"'),
        ods_row("", how='table:number-rows-repeated="1000000"'),
        ods_row("last"),
    )
    found = read(workbooks.ods(tmp_path / "a.ods", "".join(rows)))
    assert found.rows == [
        (2, ["first   line\nsecond\tline", "30:15:00", "2024-03-05T10:20:30.123", "0.85"]),
        (3, ["no remark", "07", "07", ""]),
        (4, ["twice", "", "", ""]),
        (5, ["twice", "", "", ""]),
        (1_000_006, ["last", "", "", ""]),
    ]
    assert found.damaged() == [("formula_without_value", 3, "d")]


def test_a_hidden_sheet_of_an_ods(tmp_path: Path) -> None:
    hidden = (
        '<style:style style:name="s1"><style:table-properties table:display="false"/></style:style>'
    )
    before = f'<table:table table:name="Lists" table:style-name="s1">{ods_row("x")}</table:table>'
    found = read(
        workbooks.ods(tmp_path / "a.ods", ods_row("a") + ods_row("1"), before=before, styles=hidden)
    )
    assert found.sheet == "Answers"
    assert found.facts.notes == ("Other sheets with data: Lists (hidden).",)
