"""The libraries that read workbooks: python-calamine; openpyxl for an .xlsx that it would damage."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from importer.sources import cells, probe
from importer.sources.cells import is_big, is_moment, is_padded, text
from importer.sources.probe import Package
from importer.sources.sheets import Batch, Rows, Sheet

# XLSX and XLSM: by python-calamine, or by openpyxl where calamine would lose something.


class XlsxBook:
    """A workbook. `careful`: read it by openpyxl, whatever the probe says."""

    def __init__(self, path: str, *, careful: bool = False) -> None:
        self._path, self._careful = path, careful
        self._package = Package(path)
        self.sheets = self._package.sheets

    def has_data(self, sheet: str) -> bool:
        return probe.has_data(self._package.open(self._package.sheet(sheet)))

    def rows(self, sheet: str) -> Rows:
        """The sheet's rows. It is passed over once to its end before its first row is given."""
        found = self._look(sheet)
        notes = list(_notes(found.hidden))
        why = found.why or self._why_texts
        rows = None if self._careful or why else self._by_calamine(sheet, notes)
        return rows or self._by_openpyxl(sheet, notes)

    def close(self) -> None:
        """Close the file."""
        self._package.close()

    def _look(self, sheet: str) -> probe.Findings:
        part, codes = self._package.sheet(sheet), list(enumerate(self._codes))
        return probe.look(
            self._package.open(part),
            self._package.size(part),
            [at for at, code in codes if is_padded(code)],
            [at for at, code in codes if is_moment(code)],
        )

    def _by_calamine(self, sheet: str, notes: list[str]) -> Rows | None:
        """None where calamine can't read it. (Where it dies of it, the parent asks openpyxl.)"""

        try:
            return CalamineRows(opened(self._path).get_sheet_by_name(sheet), notes)
        except BaseException as error:  # a panic in Rust is no Exception
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            return None

    def _by_openpyxl(self, sheet: str, notes: list[str]) -> Rows:
        from importer.sources.openpyxl_reader import OpenpyxlRows, shared_texts

        part = self._package.part("sharedStrings")
        texts = shared_texts(self._package.open(part)) if part else {}
        shows = cells.shows(self._codes, since_1904=self._package.since_1904)
        return OpenpyxlRows(self._package.open(self._package.sheet(sheet)), texts, shows, notes)

    @cached_property
    def _codes(self) -> list[str]:
        part = self._package.part("styles")
        return cells.codes(self._package.tree(part) if part else None)

    @cached_property
    def _why_texts(self) -> str:
        part = self._package.part("sharedStrings")
        return probe.look_at_texts(self._package.open(part)) if part else ""


def _notes(hidden: int) -> Iterator[str]:
    if hidden == 1:
        yield "1 row is hidden or filtered away; it is read too."
    elif hidden:
        yield f"{hidden:,} rows are hidden or filtered away; they are read too."


# Workbooks by python-calamine: all of XLSB, XLS and ODS, and most sheets of XLSX. It holds the whole
# sheet in memory.

_ISO_DURATION = re.compile(r"PT(\d+)H(\d\d)M(\d\d)S")
_ERRORS_ARE_BLANK = (
    "In this format an error (#REF!) can't be told from a blank cell; save it as .xlsx to see them."
)


def opened(path: str) -> CalamineWorkbook:
    """The workbook, whatever its name says it is."""
    with Path(path).open("rb") as file:
        file.seek(0)  # on macOS all who open a descriptor's path share one place in it
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
        batch = Batch()
        for number, values in enumerate(self._sheet.iter_rows(), start=1):
            cells = [each if type(each) is str and plain else shown(each) for each in values]
            batch.add(number, left + cells)
            batch.marks.extend(
                (number, len(left) + at, "big_number")
                for at, value in enumerate(values)
                if type(value) is float and is_big(value)
            )
            if batch.full:
                yield batch
                batch = Batch()
        yield batch


def _ods_text(value: object) -> str:
    """ODS durations of a day and more come as ISO 8601 text."""
    if type(value) is not str:
        return text(value)
    duration = _ISO_DURATION.fullmatch(value) if value[:2] == "PT" else None
    return ":".join(duration.groups()) if duration else value
