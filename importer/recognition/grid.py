"""A sheet as it stands, before anybody knows which row is the header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importer.loader import Source

MOST_ROWS = 50_000
"""As many rows are looked at; a column's kind is clear long before."""
HEAD = 200
"""A header stands among these."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Rows that are not blank: `cells[i]` is the row that Excel numbers `rows[i]`; all have one width.

    `whole` says whether that is the whole file.
    """

    rows: Sequence[int]
    cells: Sequence[Sequence[str]]
    whole: bool = True

    @property
    def width(self) -> int:
        """Cells in a row."""
        return max(map(len, self.cells[:HEAD]), default=0)

    def at(self, row: int) -> Sequence[str]:
        """The cells of a row by Excel's number; blank where the row is."""
        head = dict(zip(self.rows[:HEAD], self.cells[:HEAD], strict=True))
        return head.get(row, [""] * self.width)

    def below(self, row: int, skipped: Sequence[int] = ()) -> list[Sequence[str]]:
        """The rows after this one, without those that are skipped."""
        pairs = zip(self.rows, self.cells, strict=True)
        return [cells for number, cells in pairs if number > row and number not in skipped]


def read_grid(source: Source) -> Grid:
    """The first `MOST_ROWS` rows of a source that was opened with `header_rows=()`."""
    rows: list[int] = []
    cells: list[Sequence[str]] = []
    for chunk in source.chunks():
        rows += chunk.rows
        cells += chunk.lines
        if len(rows) >= MOST_ROWS:
            return Grid(rows[:MOST_ROWS], cells[:MOST_ROWS], whole=False)
    return Grid(rows, cells)
