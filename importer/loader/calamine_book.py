"""Workbooks by python-calamine: XLSX, XLSM, XLSB, XLS and ODS."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from importer.loader.cells import is_big, text
from importer.loader.sheet_xml import Extras, extras, has_data, sheet_part
from importer.loader.sheets import Row, Sheet

_ISO_DURATION = re.compile(r"PT(\d+)H(\d\d)M(\d\d)S")
_ERRORS_ARE_BLANK = (
    "In this format an error (#REF!) can't be told from a blank cell; save it as .xlsx to see them."
)


class CalamineBook:
    """A workbook. `kind` is its format; what calamine doesn't tell of an .xlsx comes from its XML."""

    def __init__(self, path: str, kind: str) -> None:
        with Path(path).open("rb") as file:
            self._book = CalamineWorkbook.from_filelike(file)
        self._archive = zipfile.ZipFile(path) if kind == "xlsx" else None
        self.sheets = [
            Sheet(
                each.name,
                each.typ == SheetTypeEnum.WorkSheet,
                each.visible == SheetVisibleEnum.Visible,
            )
            for each in self._book.sheets_metadata
        ]

    def has_data(self, sheet: str) -> bool:
        """By the XML where there is one: loading a whole sheet takes longer."""
        if self._archive:
            return has_data(self._archive, sheet_part(self._archive, sheet))
        return self._book.get_sheet_by_name(sheet).start is not None

    def rows(self, sheet: str) -> CalamineRows:
        """The sheet's rows; the whole sheet is in memory from here on."""
        if not self._archive:
            loaded = self._book.get_sheet_by_name(sheet)
            return CalamineRows(loaded, Extras(), [_ERRORS_ARE_BLANK])
        found = extras(self._archive, sheet_part(self._archive, sheet))
        return CalamineRows(self._book.get_sheet_by_name(sheet), found, found.notes())

    def close(self) -> None:
        """Close the file, if its XML was read too."""
        self._book.close()
        if self._archive:
            self._archive.close()


class CalamineRows:
    """The rows of one sheet. calamine leaves out the blank columns on the left; they are put back, so
    that a column's letter stays what Excel shows."""

    def __init__(self, sheet: CalamineSheet, found: Extras, notes: list[str]) -> None:
        self._sheet, self._extras = sheet, found
        self.last = sheet.end[0] + 1 if sheet.end else 0
        self.notes = notes

    def __iter__(self) -> Iterator[Row]:
        left = [""] * (self._sheet.start or (0, 0))[1]
        special = self._extras.by_row()
        for index, values in enumerate(self._sheet.iter_rows()):
            cells = left + [_text(value) for value in values]
            marks = [
                (index + 1, len(left) + at, "big_number")
                for at, value in enumerate(values)
                if type(value) is float and is_big(value)
            ]
            if index in special:
                marks += _overlaid(cells, index, self._extras, special[index])
            while cells and not cells[-1]:
                cells.pop()
            yield Row(index + 1, cells, tuple(marks))


def _text(value: object) -> str:
    """ODS durations of a day and more come as ISO 8601 text."""
    if type(value) is not str:
        return text(value)
    duration = _ISO_DURATION.fullmatch(value) if value[:2] == "PT" else None
    return ":".join(duration.groups()) if duration else value


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
