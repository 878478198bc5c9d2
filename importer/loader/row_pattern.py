"""Rows of an .xlsx sheet as programs usually write them, many at once by one regular expression.

The expression is made from rows that a parser has read: their columns in order, each with the
attributes that its cells were seen with. It matches whole rows only, so that nothing is passed over: a
row with anything else in it does not match.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from xml.etree import ElementTree as ET

from importer.loader.header import letter
from importer.loader.parsed_rows import cells_of
from importer.loader.sheets import Batch
from importer.loader.xlsx_cells import Cells, Kind, is_big_number
from importer.loader.xml_stream import unescaped

_ROW = r'<row r="([0-9]++)"[^>]*+>'
_TEXT = r'<is><t(?: xml:space="preserve")?+>([^<]*+)</t></is></c>'
_VALUE = r'(?:<f[^<]*+(?:</f>)?+)?+<v(?: xml:space="preserve")?+>([^<]++)</v></c>'
_BLANK = r"[^>]*+(?<=/)>"
_MOST_SEEN = 2_000

Seen = dict[int, dict[str, None]]
"""Columns, and the attributes that cells had there (` s="1" t="s"`), in the order of their coming."""


def note(row: ET.Element, seen: Seen) -> None:
    """Adds what a parsed row's cells look like; hostile variety is passed by."""
    for at, cell in cells_of(row):
        attributes = "".join(f' {name}="{value}"' for name, value in islice(cell.items(), 1, None))
        if len(cell) and sum(map(len, seen.values())) < _MOST_SEEN:
            seen.setdefault(at, {})[attributes] = None


class RowPattern:
    """Reads the rows that look like those `seen`."""

    def __init__(self, seen: Mapping[int, Mapping[str, None]], cells: Cells) -> None:
        columns = sorted(seen.items())
        self._kinds = [[cells[each] for each in attributes] for _, attributes in columns]
        self._places = [at for at, _ in columns]
        parts = [_cell(at, attributes, cells) for at, attributes in columns]
        self._rows = re.compile(f"{_ROW}{''.join(parts)}</row>")

    def read(self, text: str) -> Batch | None:
        """The rows in `text`, or None where any of them doesn't match."""
        found = self._rows.findall(text) if self._kinds else []
        if not found or len(found) != text.count("</row>"):
            return None
        numbers, *groups = zip(*found, strict=True)
        rows, batch = list(map(int, numbers)), Batch()
        values = [list(map(unescaped, each)) for each in groups] if "&" in text else groups
        columns = self._columns(values, rows, batch)
        for number, cells in zip(rows, zip(*columns, strict=True), strict=True):
            batch.add(number, list(cells))
        return batch

    def _columns(
        self, groups: Sequence[Sequence[str]], rows: Sequence[int], batch: Batch
    ) -> list[Sequence[str]]:
        """The texts by column from A, blank ones where none was seen."""
        columns: list[Sequence[str]] = [[""] * len(rows)] * (self._places[-1] + 1)
        left = iter(groups)
        for at, kinds in zip(self._places, self._kinds, strict=True):
            texts = [_texts(kind, next(left), rows, at, batch) for kind in kinds]
            columns[at] = (
                texts[0] if len(texts) == 1 else list(map("".join, zip(*texts, strict=True)))
            )
        return columns


def _texts(
    kind: Kind, values: Sequence[str], rows: Sequence[int], at: int, batch: Batch
) -> Sequence[str]:
    if kind.number:
        big = [row for row, value in zip(rows, values, strict=True) if is_big_number(value)]
        batch.marks.extend((row, at, "big_number") for row in big)
    return [value and kind.text(value) for value in values]


def _cell(at: int, attributes: Mapping[str, None], cells: Cells) -> str:
    """The expression of one column's cell, which may be blank or missing."""
    ways = [f"{re.escape(each)}>{_TEXT if cells[each].inline else _VALUE}" for each in attributes]
    return f'(?:<c r="{letter(at)}[0-9]++"(?:{"|".join([*ways, _BLANK])}))?+'
