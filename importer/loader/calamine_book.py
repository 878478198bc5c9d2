"""Workbooks by python-calamine: XLSX, XLSM, XLSB, XLS and ODS."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from importer.loader.cells import BIG, text
from importer.loader.sheet_xml import Extras, extras, has_data, sheet_part
from importer.loader.sheets import Row, Sheet


class CalamineBook:
    """A workbook; the errors and hidden rows of an .xlsx come from its XML."""

    def __init__(self, path: str, kind: str) -> None:
        with Path(path).open("rb") as file:
            self._book = CalamineWorkbook.from_filelike(file)
        self._archive = zipfile.ZipFile(path) if kind == "xlsx" else None
        self._loaded: dict[str, CalamineSheet] = {}
        self.sheets = [
            Sheet(
                each.name,
                each.typ == SheetTypeEnum.WorkSheet,
                each.visible == SheetVisibleEnum.Visible,
            )
            for each in self._book.sheets_metadata
        ]

    def has_data(self, sheet: str) -> bool:
        if self._archive:
            return has_data(self._archive, sheet_part(self._archive, sheet))
        return self._book.get_sheet_by_name(sheet).start is not None

    def rows(self, sheet: str) -> CalamineRows:
        found = Extras()
        if self._archive:
            found = extras(self._archive, sheet_part(self._archive, sheet))
        return CalamineRows(self._book.get_sheet_by_name(sheet), found)


class CalamineRows:
    """The rows of one sheet. calamine leaves out the blank columns on the left; they are put back, so
    that a column's letter stays what Excel shows."""

    def __init__(self, sheet: CalamineSheet, found: Extras) -> None:
        self._sheet, self._extras = sheet, found
        self.last = sheet.end[0] + 1 if sheet.end else 0
        hidden = found.hidden_rows
        self.notes = (
            [f"{hidden} rows are hidden or filtered away; they are read too."] if hidden else []
        )

    def __iter__(self) -> Iterator[Row]:
        left = [""] * (self._sheet.start or (0, 0))[1]
        special = _by_row(self._extras)
        for index, values in enumerate(self._sheet.iter_rows()):
            cells = left + [value if type(value) is str else text(value) for value in values]
            marks = [
                (index + 1, len(left) + at, "big_number")
                for at, value in enumerate(values)
                if type(value) is float and (value >= BIG or value <= -BIG)
            ]
            if index in special:
                marks += _overlaid(cells, index, self._extras, special[index])
            while cells and not cells[-1]:
                cells.pop()
            yield Row(index + 1, cells, tuple(marks))


def _by_row(found: Extras) -> dict[int, list[int]]:
    places: dict[int, list[int]] = {}
    for row, column in sorted({*found.errors, *found.uncalculated}):
        places.setdefault(row, []).append(column)
    return places


def _overlaid(
    cells: list[str], row: int, found: Extras, columns: list[int]
) -> Iterator[tuple[int, int, str]]:
    """Put what calamine leaves blank into `cells`; the marks of formulas without a value."""
    for column in columns:
        cells += [""] * (column + 1 - len(cells))
        if (row, column) in found.errors:
            cells[column] = found.errors[row, column]
        else:
            yield row + 1, column, "formula_without_value"
