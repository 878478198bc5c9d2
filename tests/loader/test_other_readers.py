"""Our own reading of .xlsx beside openpyxl's and calamine's: the same text, cell by cell."""

from __future__ import annotations

import datetime as dt
import random
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from python_calamine import CalamineWorkbook

from importer.loader.cells import is_big, text
from importer.loader.xlsx_book import XlsxBook
from importer.loader.xml_stream import excel_text
from tests.loader import workbooks

Table = dict[tuple[str, int], list[str]]
"""Cells by sheet and row, without blank rows and trailing blank cells."""


def moment(*parts: int) -> dt.datetime:
    """Workbooks know no time zone."""
    return dt.datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


DATA = Path(__file__).parent / "data"

VALUES: list[tuple[object, str | None]] = [
    (5, None),
    (6666761644, None),
    (2**53 - 1, None),
    (2**53 + 2, None),
    (123456789012345678901234, None),
    (1234567890123456, None),
    (-3.5, None),
    (0.1 + 0.2, None),
    (1 / 3, None),
    (1e-5, None),
    (1.5e-12, None),
    (1e15, None),
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
    ("#REF!", None),
    ("=1+1", None),
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


def everything(path: Path) -> str:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for number, (value, shown_as) in enumerate(VALUES, start=7):
        cell = sheet.cell(number, 3)
        cell.value = value  # type: ignore[assignment]  # rich text is missing in the stubs
        if shown_as:
            cell.number_format = shown_as
        sheet.cell(number, 5, f"row {number}")
    sheet.merge_cells("G7:H8")
    sheet["G7"] = "merged"
    book.save(path)
    return str(path)


def ours(path: str) -> Table:
    """As the importer reads it."""
    found: Table = {}
    with closing(XlsxBook(path)) as book:
        for sheet in book.sheets:
            for batch in book.rows(sheet.name):
                rows = zip(batch.rows, batch.cells, strict=True)
                found |= {(sheet.name, row): cells for row, cells in rows}
    return found


def marked(path: str, code: str) -> set[int]:
    """The rows of the first sheet where the importer sees this damage."""
    with closing(XlsxBook(path)) as book:
        batches = book.rows(book.sheets[0].name)
        return {row for batch in batches for row, _, mark in batch.marks if mark == code}


def by_openpyxl(path: str) -> Table:
    with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
        sheets = [sheet for sheet in book if isinstance(sheet, ReadOnlyWorksheet)]
        return {
            (sheet.title, row): cells
            for sheet in sheets
            for row, values in enumerate(sheet.iter_rows(values_only=True), start=1)
            if (cells := _trimmed([excel_text(text(value)) for value in values]))
        }


def by_calamine(path: str) -> Table:
    """calamine can't tell errors from blank cells."""
    book = CalamineWorkbook.from_path(path)
    return {
        (name, row): cells
        for name in book.sheet_names
        for row, values in enumerate(
            book.get_sheet_by_name(name).to_python(skip_empty_area=False), start=1
        )
        if (cells := _trimmed(list(map(text, values))))
    }


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def test_every_kind_of_cell(tmp_path: Path) -> None:
    path = everything(tmp_path / "all.xlsx")
    assert len(ours(path)) == len(VALUES)
    assert ours(path) == by_openpyxl(path)
    big = {row for row, (value, _) in enumerate(VALUES, start=7) if is_big(value)}
    assert marked(path, "big_number") == big
    assert len(marked(path, "formula_without_value")) == 1


def test_another_programs_workbook() -> None:
    path = str(DATA / "kinds.xlsx")
    assert ours(path) == by_openpyxl(path)
    assert by_calamine(path) == {
        key: _trimmed(["" if cell[:1] == "#" else cell for cell in cells])
        for key, cells in ours(path).items()
    }


def test_real_workbook(cases: Path) -> None:
    path = str(cases / "nps" / "botanic_numbers_13954.xlsx")
    assert ours(path) == by_calamine(path)
    assert len(ours(path)) == 13_955


@pytest.mark.parametrize(
    "shown",
    [
        *("General", "0.00", "yyyy-mm-dd hh:mm", "h:mm", "[h]:mm:ss", "[mm]:ss", "mm:ss.0"),
        *('0.00"d"', "[Red]0", "General;d", "\\d0", "_d0", "0.0E+0", "AM/PM", 'yyyy"年"'),
        *("[$-409]d-mmm-yy;@", "[$€-2] #,##0.00", "[<1]h", "[ENG][$-409]mmm"),
    ],
)
@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904])
def test_numbers_in_every_format(tmp_path: Path, shown: str, epoch: dt.datetime | None) -> None:
    chance = random.Random(shown)
    numbers: list[float] = [
        0,
        0.25,
        0.5,
        0.99999999,
        1,
        1.5,
        58.5,
        59,
        60,
        60.5,
        61,
        61.25,
        43831.375,
    ]
    numbers += [chance.uniform(0, 2_950_000) for _ in range(30)]
    numbers += [chance.randrange(90_000 * 86_400) / 86_400 for _ in range(30)]
    path = formatted(tmp_path / "a.xlsx", numbers, shown, epoch)
    assert ours(path) == by_calamine(path)


@pytest.mark.parametrize(
    ("number", "text"),
    [(-1, "-1"), (-0.5, "-0.5"), (2_958_465.5, "9999-12-31T12:00:00"), (2_958_466, "2958466")],
)
def test_what_is_no_date_of_excels_stays_a_number(tmp_path: Path, number: float, text: str) -> None:
    path = formatted(tmp_path / "a.xlsx", [number, 1e300], "yyyy-mm-dd", None)
    assert ours(path)["Sheet", 1] == [text, "1E+300"]


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


def test_iso_dates(tmp_path: Path) -> None:
    iso = '<c r="A1" t="d"><v>2024-03-05T10:20:30</v></c><c r="B1" t="d"><v>2024-03-05</v></c>'
    path = workbooks.by_hand(tmp_path / "iso.xlsx", f'<row r="1">{iso}</row>')
    assert ours(path) == by_openpyxl(path)
    assert ours(path)["Sheet", 1] == ["2024-03-05T10:20:30", "2024-03-05"]
