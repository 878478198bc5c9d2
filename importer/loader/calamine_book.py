"""Workbooks by python-calamine: XLSB, XLS and ODS. It holds the whole sheet in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
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


class CalamineBook:
    """A workbook that isn't XML, or is ODS."""

    def __init__(self, path: str) -> None:
        with Path(path).open("rb") as file:
            self._book = CalamineWorkbook.from_filelike(file)
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
        return CalamineRows(self._book.get_sheet_by_name(sheet))

    def close(self) -> None:
        """Close the file."""
        self._book.close()


class CalamineRows:
    """The rows of one sheet. calamine leaves out the blank columns on the left; they are put back, so
    that a column's letter stays what Excel shows."""

    notes = (_ERRORS_ARE_BLANK,)

    def __init__(self, sheet: CalamineSheet) -> None:
        self._sheet = sheet
        self.last = sheet.end[0] + 1 if sheet.end else 0

    def __iter__(self) -> Iterator[Batch]:
        left = [""] * (self._sheet.start or (0, 0))[1]
        numbered = enumerate(self._sheet.iter_rows(), start=1)
        while rows := list(islice(numbered, _TOGETHER)):
            batch = Batch()
            for number, values in rows:
                batch.add(number, left + list(map(_text, values)))
                batch.marks.extend(
                    (number, len(left) + at, "big_number")
                    for at, value in enumerate(values)
                    if type(value) is float and is_big(value)
                )
            yield batch


def _text(value: object) -> str:
    """ODS durations of a day and more come as ISO 8601 text."""
    if type(value) is not str:
        return text(value)
    duration = _ISO_DURATION.fullmatch(value) if value[:2] == "PT" else None
    return ":".join(duration.groups()) if duration else value
