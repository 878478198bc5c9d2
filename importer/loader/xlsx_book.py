"""XLSX and XLSM, streamed: one row at a time is in memory, and the workbook's shared texts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial

from importer.loader import sheet_xml
from importer.loader.number_formats import shows
from importer.loader.shared_strings import SharedStrings, shared_strings
from importer.loader.sheets import Batch
from importer.loader.xlsx_cells import Cells
from importer.loader.xlsx_package import Package


class XlsxBook:
    """A workbook, read by its XML. A sheet is passed over once to its end (is it whole? which is its
    last row?) before its first row is given."""

    def __init__(self, path: str) -> None:
        self._package = Package(path)
        self.sheets = self._package.sheets

    def has_data(self, sheet: str) -> bool:
        return sheet_xml.has_data(partial(self._package.sheet, sheet))

    def rows(self, sheet: str) -> XlsxRows:
        return XlsxRows(partial(self._package.sheet, sheet), self._cells)

    def close(self) -> None:
        """Close the file."""
        self._package.close()

    @cached_property
    def _cells(self) -> Cells:
        strings, styles = self._package.part("sharedStrings"), self._package.part("styles")
        return Cells(
            shared_strings(partial(self._package.open, strings))
            if strings
            else SharedStrings(iter(())),
            shows(
                self._package.tree(styles) if styles else None,
                since_1904=self._package.since_1904,
            ),
        )


class XlsxRows:
    """The rows of one sheet."""

    def __init__(self, part: sheet_xml.Open, cells: Cells) -> None:
        self._part, self._cells = part, cells
        self._found = sheet_xml.survey(part)
        self.last = self._found.last
        self.notes = list(_notes(self._found.hidden))

    def __iter__(self) -> Iterator[Batch]:
        return sheet_xml.batches(self._part, self._cells, self._found)


def _notes(hidden: int) -> Iterator[str]:
    if hidden == 1:
        yield "1 row is hidden or filtered away; it is read too."
    elif hidden:
        yield f"{hidden:,} rows are hidden or filtered away; they are read too."
