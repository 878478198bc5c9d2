"""calamine and openpyxl give the same text, cell by cell, for every sample."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from pathlib import Path

import openpyxl
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from importer.loader.calamine_book import CalamineBook
from importer.loader.openpyxl_book import OpenpyxlBook
from importer.loader.sheets import Book, Row
from tests.loader import workbooks


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


def by_calamine(path: str) -> list[Row]:
    with closing(CalamineBook(path, "xlsx")) as book:
        return rows(book)


def by_openpyxl(path: str) -> list[Row]:
    with closing(OpenpyxlBook(path)) as book:
        return rows(book)


def rows(book: Book) -> list[Row]:
    """All rows of all sheets that are not blank."""
    return [row for sheet in book.sheets for row in book.rows(sheet.name) if row.cells]


def test_every_kind_of_cell(tmp_path: Path) -> None:
    path = everything(tmp_path / "all.xlsx")
    ours, theirs = by_calamine(path), by_openpyxl(path)
    for our, their in zip(ours, theirs, strict=True):
        assert our == their
    assert len(ours) == len(VALUES)


def test_another_programs_workbook() -> None:
    path = str(DATA / "kinds.xlsx")
    assert by_calamine(path) == by_openpyxl(path)


def test_real_workbook(cases: Path) -> None:
    path = str(cases / "nps" / "botanic_numbers_13954.xlsx")
    found = by_calamine(path)
    assert found == by_openpyxl(path)
    assert len(found) == 13_955


def test_iso_dates(tmp_path: Path) -> None:
    iso = '<c r="A1" t="d"><v>2024-03-05T10:20:30</v></c><c r="B1" t="d"><v>2024-03-05</v></c>'
    path = workbooks.by_hand(tmp_path / "iso.xlsx", f'<row r="1">{iso}</row>')
    assert by_calamine(path) == by_openpyxl(path)
