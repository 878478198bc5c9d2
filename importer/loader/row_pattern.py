"""Rows of an .xlsx sheet as programs usually write them, many at once by one regular expression.

The expression is made from rows that a parser has read: their columns in order, each with the
attributes that its cells were seen with. It matches whole rows only, so that nothing is passed over: a
row with anything else in it does not match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from xml.etree import ElementTree as ET

from importer.loader.header import letter
from importer.loader.parsed_rows import cells_of
from importer.loader.sheets import Batch
from importer.loader.xlsx_cells import Cells, Kind, big_numbers
from importer.loader.xml_stream import unescaped

_ROW = r'<row r="([0-9]++)"[^>]*+>'
_FORMULA = r"(?:<f[^<]*+(?:</f>)?+)?+"
_VALUE = rf'{_FORMULA}<v(?: xml:space="preserve")?+>([^<]++)</v></c>'
_CONTENT = {
    "inlineStr": r'<is><t(?: xml:space="preserve")?+>([^<]*+)</t></is></c>',
    "str": rf'{_FORMULA}<v(?: xml:space="preserve")?+>([^<]*+)</v></c>',
}
"""What cells of a type hold, if not a value: only a formula that gives a text may give an empty one."""
_BLANK = r"[^>]*+(?<=/)>"
_MOST_LOOKS = 10_000
_EMPTY = "/"

Looks = set[tuple[int, str]]
"""Columns, each with attributes that a cell had there (` s="1" t="s"`), or `/` where it was empty."""


def note(row: ET.Element, looks: Looks) -> None:
    """Adds what a parsed row's cells look like; hostile variety is passed by, and cells that don't begin
    with their address."""
    for at, cell in cells_of(row):
        first, *others = cell.items() or [("", "")]
        if first[0] == "r" and len(looks) < _MOST_LOOKS:
            attributes = "".join(f' {name}="{value}"' for name, value in others)
            looks.add((at, attributes if len(cell) else _EMPTY))


class RowPattern:
    """Reads the rows whose cells look like those that were noted."""

    def __init__(self, looks: Looks, cells: Cells) -> None:
        columns = [
            (at, [each for _, each in group if each != _EMPTY])
            for at, group in groupby(sorted(looks), key=itemgetter(0))
        ]
        parts = [_cell(at, [(each, cells[each]) for each in filled]) for at, filled in columns]
        self._rows = re.compile(f"{_ROW}{''.join(parts)}</row>")
        self._kinds = [[cells[each] for each in filled] for _, filled in columns if filled]
        self._places = [at for at, filled in columns if filled]
        self._gaps = self._places != list(range(len(self._places)))

    def read(self, text: str) -> Batch | None:
        """The rows in `text`, or None where any of them doesn't match."""
        found = self._rows.findall(text) if self._kinds else []
        if not found or not len(found) == text.count("<row") == text.count("</row>"):
            return None
        numbers, *groups = zip(*found, strict=True)
        values = [list(map(unescaped, each)) for each in groups] if "&" in text else groups
        rows, batch = list(map(int, numbers)), Batch()
        columns = self._columns(values, rows, batch)
        place = _spread(self._places) if self._gaps else list
        for number, cells in zip(rows, zip(*columns, strict=True), strict=True):
            batch.add(number, place(cells))
        return batch

    def _columns(
        self, groups: Sequence[Sequence[str]], rows: Sequence[int], batch: Batch
    ) -> Iterator[Sequence[str]]:
        """The texts by column, of the columns that were seen; the marks go into `batch`."""
        left = iter(groups)
        for at, kinds in zip(self._places, self._kinds, strict=True):
            texts = [_texts(kind, next(left), rows, at, batch) for kind in kinds]
            yield texts[0] if len(texts) == 1 else list(map("".join, zip(*texts, strict=True)))


def _spread(places: Sequence[int]) -> Callable[[Sequence[str]], list[str]]:
    """Puts the cells of a row into their columns, as far as there are any: one may stand far off."""

    def place(cells: Sequence[str]) -> list[str]:
        filled = [at for at, cell in enumerate(cells) if cell]
        placed = [""] * (places[filled[-1]] + 1 if filled else 0)
        for at in filled:
            placed[places[at]] = cells[at]
        return placed

    return place


def _texts(
    kind: Kind, values: Sequence[str], rows: Sequence[int], at: int, batch: Batch
) -> Sequence[str]:
    if kind.number:
        batch.marks.extend((rows[index], at, "big_number") for index in big_numbers(values))
    return kind.texts(values)


def _cell(at: int, filled: Sequence[tuple[str, Kind]]) -> str:
    """The expression of one column's cell, which may be empty or missing."""
    ways = [f"{re.escape(each)}>{_CONTENT.get(kind.type, _VALUE)}" for each, kind in filled]
    return f'(?:<c r="{letter(at)}[0-9]++"(?:{"|".join([*ways, _BLANK])}))?+'
