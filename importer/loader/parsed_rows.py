"""Rows of an .xlsx sheet by a real parser: whatever XML allows, at a tenth of the speed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from importer.loader.sheets import Batch
from importer.loader.xlsx_cells import Cells, big_numbers, column
from importer.loader.xml_stream import child, local_name, rich_text

_REFERENCE = re.compile(r"([A-Z]+)[0-9]+")


def add_row(row: ET.Element, number: int, cells: Cells, batch: Batch) -> None:
    """Puts a row's cells and marks into `batch`."""
    placed = dict[int, str]()
    for at, cell in cells_of(row):
        placed[at], mark = _read(cell, cells)
        if mark:
            batch.marks.append((number, at, mark))
    width = 1 + max(placed, default=-1)
    batch.add(number, [placed.get(at, "") for at in range(width)])


def number_of(row: ET.Element, before: int) -> int:
    """A row's number; one without counts on from the row before."""
    return int(row.get("r", before + 1))


def has_value(row: ET.Element) -> bool:
    """True where a cell of the row holds something."""
    return any(local_name(each) in ("v", "t") and each.text for each in row.iter())


def cells_of(row: ET.Element) -> Iterator[tuple[int, ET.Element]]:
    """The cells with their columns; one without an address stands to the right of the one before."""
    at = -1
    for cell in row:
        if local_name(cell) == "c":
            reference = _REFERENCE.match(cell.get("r", ""))
            at = column(reference[1]) if reference else at + 1
            yield at, cell


def _read(cell: ET.Element, cells: Cells) -> tuple[str, str]:
    """A cell's text, and its mark or ""."""
    named, inline, value = cell.get("t", "n"), child(cell, "is"), child(cell, "v")
    text = rich_text(inline) if inline is not None else (value is not None and value.text) or ""
    if not text:
        formula = named != "str" and child(cell, "f") is not None
        return "", "formula_without_value" if formula else ""
    kind = cells.of(named, cell.get("s", "0"))
    mark = "big_number" if kind.number and big_numbers([text]) else ""
    return kind.texts([text])[0], mark
