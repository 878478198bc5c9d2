"""Workbooks by python-calamine: all of XLSB, XLS and ODS, and most sheets of XLSX. It holds the whole
sheet in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from importer.loader.cells import is_big, text
from importer.loader.sheets import Batch, Sheet

_ISO_DURATION = re.compile(r"PT(\d+)H(\d\d)M(\d\d)S")
_TOGETHER = 500
_ERRORS_ARE_BLANK = (
    "In this format an error (#REF!) can't be told from a blank cell; save it as .xlsx to see them."
)


def opened(path: str) -> CalamineWorkbook:
    """The workbook, whatever its name says it is."""
    with Path(path).open("rb") as file:
        return CalamineWorkbook.from_filelike(file)


class CalamineBook:
    """A workbook that isn't XML, or is ODS."""

    def __init__(self, path: str, *, ods: bool = False) -> None:
        self._book, self._ods = opened(path), ods
        self.sheets = [
            Sheet(
                each.name,
                each.typ == SheetTypeEnum.WorkSheet,
                each.visible == SheetVisibleEnum.Visible,
            )
            for each in self._book.sheets_metadata
        ]

    def has_data(self, sheet: str) -> bool:
        return self._book.get_sheet_by_name(sheet).start is not None

    def rows(self, sheet: str) -> CalamineRows:
        """The sheet's rows; the whole sheet is in memory from here on."""
        found = self._book.get_sheet_by_name(sheet)
        return CalamineRows(found, (_ERRORS_ARE_BLANK,), ods=self._ods)

    def close(self) -> None:
        """Close the file."""
        self._book.close()


class CalamineRows:
    """The rows of one sheet. calamine leaves out the blank columns on the left; they are put back, so
    that a column's letter stays what Excel shows."""

    def __init__(self, sheet: CalamineSheet, notes: Sequence[str], *, ods: bool = False) -> None:
        self._sheet, self.notes = sheet, notes
        self._ods, self._text = ods, _ods_text if ods else text

    def __iter__(self) -> Iterator[Batch]:
        left, shown, plain = [""] * (self._sheet.start or (0, 0))[1], self._text, not self._ods
        numbered = enumerate(self._sheet.iter_rows(), start=1)
        while rows := list(islice(numbered, _TOGETHER)):
            batch = Batch()
            for number, values in rows:
                cells = [each if type(each) is str and plain else shown(each) for each in values]
                batch.add(number, left + cells)
                batch.marks.extend(
                    (number, len(left) + at, "big_number")
                    for at, value in enumerate(values)
                    if type(value) is float and is_big(value)
                )
            yield batch


def _ods_text(value: object) -> str:
    """ODS durations of a day and more come as ISO 8601 text."""
    if type(value) is not str:
        return text(value)
    duration = _ISO_DURATION.fullmatch(value) if value[:2] == "PT" else None
    return ":".join(duration.groups()) if duration else value
