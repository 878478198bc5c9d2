"""Rows from a piece of a sheet's XML: together where they look like rows before, else one by one."""

from __future__ import annotations

import re
import zipfile
from xml.etree import ElementTree as ET

from importer.loader.parsed_rows import add_row
from importer.loader.row_pattern import Looks, RowPattern, note
from importer.loader.sheets import Batch
from importer.loader.xlsx_cells import Cells

_END = "</row>"
_CELL = re.compile(r"<c[\s>]")
_PARTS = 30


class PieceReader:
    """Learns what the rows of one sheet look like. `root` is the tag that the sheet's XML begins with."""

    def __init__(self, cells: Cells, root: str) -> None:
        self._cells, self._root = cells, root
        self._looks: Looks = set()
        self._pattern = RowPattern(self._looks, cells)
        self._parsed = 0

    def read(self, piece: str) -> Batch:
        """The rows of a piece that ends before a row, or where the sheet does."""
        alike = self._pattern.read(piece)
        return alike or self._in_parts(piece)

    def _in_parts(self, piece: str) -> Batch:
        *rows, rest = piece.split(_END)
        if _CELL.search(rest.partition("</sheetData")[0]):
            raise zipfile.BadZipFile("a row without an end")
        batch = Batch()
        if rows:
            self._add([row + _END for row in rows], batch)
        return batch

    def _add(self, rows: list[str], batch: Batch) -> None:
        """The rows that don't match are found in ever smaller parts."""
        alike = self._pattern.read("".join(rows))
        if alike:
            batch.extend(alike)
        elif len(rows) == 1:
            self._parse(rows[0], batch)
        else:
            size = max(1, len(rows) // _PARTS)
            for start in range(0, len(rows), size):
                self._add(rows[start : start + size], batch)

    def _parse(self, text: str, batch: Batch) -> None:
        """`text` may hold rows without cells too, and whatever stands before the first."""
        start = max(text.find("<row"), 0)
        for row in ET.fromstring(f"{self._root}{text[start:]}</worksheet>"):  # noqa: S314  in a child with limits
            add_row(row, int(row.attrib["r"]), self._cells, batch)
            note(row, self._looks)
        self._parsed += 1
        if self._parsed & (self._parsed - 1) == 0:
            self._pattern = RowPattern(self._looks, self._cells)
