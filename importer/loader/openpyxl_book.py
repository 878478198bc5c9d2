"""XLSX by openpyxl, where calamine can't: slower by far, but it needs no memory for blank cells."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import Any

from openpyxl import load_workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from importer.loader.cells import is_big, text
from importer.loader.sheet_xml import Extras, NoReferences, extras, sheet_part
from importer.loader.sheets import Row, Sheet

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class OpenpyxlBook:
    """A workbook in openpyxl's read-only mode."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._book = load_workbook(path, read_only=True, data_only=True)
        self.sheets = [
            Sheet(
                each.title,
                isinstance(each, ReadOnlyWorksheet),
                getattr(each, "sheet_state", "visible") == "visible",
            )
            for each in self._book
        ]

    def close(self) -> None:
        """Close the file."""
        self._book.close()

    def has_data(self, sheet: str) -> bool:
        return any(row.cells for row in self.rows(sheet))

    def rows(self, sheet: str) -> OpenpyxlRows:
        return OpenpyxlRows(self._book[sheet], self._extras(sheet))

    def _extras(self, sheet: str) -> Extras:
        """Formulas without a value; without addresses they can't be told, and read as blank."""
        try:
            with zipfile.ZipFile(self._path) as archive:
                return extras(archive, sheet_part(archive, sheet))
        except NoReferences:
            return Extras()


class OpenpyxlRows:
    """The rows of one sheet, whatever its `<dimension>` claims (that may be a lie)."""

    last = 0

    def __init__(self, sheet: Any, found: Extras) -> None:
        sheet.reset_dimensions()
        self._sheet, self._extras = sheet, found
        self.notes = ["Read with openpyxl, since calamine could not.", *found.notes()]

    def __iter__(self) -> Iterator[Row]:
        special = self._extras.by_row()
        for index, values in enumerate(self._sheet.iter_rows(values_only=True)):
            cells = [_unescaped(value) if type(value) is str else text(value) for value in values]
            marks = [
                (index + 1, at, "big_number") for at, value in enumerate(values) if is_big(value)
            ]
            if index in special:
                marks += [
                    (index + 1, at, "formula_without_value")
                    for at in special[index]
                    if not cells[at]
                ]
            while cells and not cells[-1]:
                cells.pop()
            yield Row(index + 1, cells, tuple(marks))


def _unescaped(value: str) -> str:
    """Characters that XML can't hold are written as `_x000D_` (ECMA-376 part 1, 22.9.2.19)."""
    if "_x" not in value:
        return value
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
