"""A spreadsheet, opened: its header, what was found in it, and its rows in chunks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

from importer import codes
from importer.errors import SourceError
from importer.guard import PROBLEM_COLUMN, restored
from importer.loader import damage
from importer.loader.content import Content
from importer.loader.delimited import RUN_TOGETHER
from importer.loader.facts import Facts
from importer.loader.foreign_rows import MOST_TOTALS, ForeignRows, are_totals
from importer.loader.formats import open_table
from importer.loader.header import Header, is_blank, letter, read_header
from importer.loader.options import SourceOptions
from importer.loader.table import MOST_COLUMNS, Block, Table
from importer.model import Chunk, Problem

if TYPE_CHECKING:
    from typing import Self

_MOST_CELLS = 1_000_000
_DEFAULTS = SourceOptions()


def open_source(path: str, options: SourceOptions = _DEFAULTS) -> Source:
    """Open a spreadsheet: a file, "-" for standard input, or `archive.zip::table.csv`.

    Use it in a `with` statement. Raises SourceError where there is no table of answers in it.
    """
    content = Content(path)
    try:
        table = open_table(content, options)
    except BaseException:
        content.close()
        raise
    try:
        return Source(content, table, options)
    except BaseException:
        table.close()
        content.close()
        raise


class Source:
    """A table with a header. `name` and `sheet` ("" for text) say where; `header` holds the labels in
    file order, duplicates as they stand, blanks as "". `blank_rows` counts those below the header
    that the last complete reading left out; None before that."""

    def __init__(self, content: Content, table: Table, options: SourceOptions) -> None:
        self._content, self._table = content, table
        self._skipped = frozenset(options.skip_rows)
        self.name, self.sheet = content.name, table.sheet
        found = read_header(table.head, options, self.place)
        if len(found.labels) > MOST_COLUMNS:
            raise _too_wide(self.place, found)
        self.header = _widened(found, table.width(len(found.labels)))
        self._below = max(found.rows, default=0)
        self._refuse_swallowing(table.head)
        head = zip(table.head.rows, table.head.cells, strict=True)
        above = [cells for row, cells in head if row in found.rows or row in self._skipped]
        self._foreign = ForeignRows(above, self.header)
        self.facts = self._facts(found)
        self.blank_rows: int | None = None

    @property
    def place(self) -> str:
        """File and sheet, as a message names them."""
        return f"{self.name}, sheet {self.sheet}" if self.sheet else self.name

    def chunks(self, size: int = 1_000) -> Iterator[Chunk]:
        """The rows below the header that are not blank, `size` at most at a time; each call reads the
        file from its start. Raises SourceError where the file breaks off."""
        size = max(1, min(size, _MOST_CELLS // max(len(self.header), 1)))
        last = done = 0
        waiting: tuple[Block, list[int]] | None = None
        for block in self._table.blocks(size):
            self._refuse_swallowing(block)
            kept = [
                at
                for at, row in enumerate(block.rows)
                if self._is_data(row) and not is_blank(block.cells[at])
            ]
            last, done = block.rows[-1], done + len(kept)
            if kept:
                if waiting:
                    yield self._chunk(*waiting, ends=_only_totals(block, kept))
                waiting = block, kept
        if waiting:
            yield self._chunk(*waiting, ends=True)
        self.blank_rows = self._data_rows(last) - done

    @property
    def preamble(self) -> tuple[tuple[str, ...], ...]:
        """The rows above the data, header and skipped rows too, as they stand in the file."""
        last = self._below
        while last + 1 in self._skipped:
            last += 1
        head = dict(zip(self._table.head.rows, self._table.head.cells, strict=True))
        width = len(self.header)
        return tuple(tuple(_fitted(head.get(row, []), width)) for row in range(1, last + 1))

    def close(self) -> None:
        """End the reading, and delete what was spooled."""
        self._table.close()
        self._content.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def label(self, index: int) -> str:
        """A column's name as a message gives it: its label, or its letter where it has none."""
        return self.header[index] or f"column {letter(index)}"

    def _refuse_swallowing(self, block: Block) -> None:
        """A row that is no data and has run together with others takes answers along that nobody counts."""
        for row, problem in block.problems.items():
            if problem.message == RUN_TOGETHER and not self._is_data(row):
                raise SourceError(
                    f"{self.place}, row {row}: it is no answer, but a quote in it may have swallowed "
                    "the lines below.",
                    hint=problem.fix,
                )

    def _data_rows(self, last: int) -> int:
        """How many rows up to `last` stand below the header and are not skipped."""
        skipped = sum(self._below < row <= last for row in self._skipped)
        return max(last - self._below, 0) - skipped

    def _is_data(self, row: int) -> bool:
        return row > self._below and row not in self._skipped

    def _chunk(self, block: Block, kept: Sequence[int], *, ends: bool) -> Chunk:
        """`ends`: nothing but totals follows."""
        width = len(self.header)
        rows = [block.rows[at] for at in kept]
        cells = [block.cells[at] for at in kept]
        problems = {each.row: each for each in self._foreign.repeated(rows, cells)}
        if ends:
            problems |= {each.row: each for each in self._foreign.totals(rows, cells)}
        problems |= {row: block.problems[row] for row in rows if row in block.problems}
        if set(map(len, cells)) != {width}:
            problems |= self._ragged(block, kept)
            cells = [_fitted(row, width) for row in cells]
        columns = tuple(zip(*cells, strict=True))
        if self.header[-1] == PROBLEM_COLUMN:
            columns = tuple(tuple(map(restored, column)) for column in columns)
        return Chunk(columns, rows, problems, tuple(self._damage(block, rows, columns)))

    def _ragged(self, block: Block, kept: Sequence[int]) -> dict[int, Problem]:
        width = len(self.header)
        over = (at for at in kept if len(block.cells[at]) > width)
        return {
            block.rows[at]: _ragged_row(block.rows[at], width)
            for at in over
            if not is_blank(block.cells[at][width:])
        }

    def _damage(
        self, block: Block, rows: Sequence[int], columns: Sequence[Sequence[str]]
    ) -> Iterator[Problem]:
        labels = [self.label(index) for index in range(len(self.header))]
        yield from damage.found_in(labels, rows, columns)
        place = {row: at for at, row in enumerate(rows)} if block.marks else {}
        for mark in block.marks:
            if mark.row in place and mark.column < len(labels):
                value = columns[mark.column][place[mark.row]]
                yield damage.problem(mark.code, mark.row, labels[mark.column], value)

    def _facts(self, header: Header) -> Facts:
        head = self._table.head
        data = (
            row
            for row, cells in zip(head.rows, head.cells, strict=True)
            if self._is_data(row) and not is_blank(cells)
        )
        facts = self._table.facts
        return replace(facts, header_rows=header.rows, first_data_row=next(data, 0))


def _only_totals(block: Block, kept: Sequence[int]) -> bool:
    return len(kept) <= MOST_TOTALS and all(are_totals(block.cells[at]) for at in kept)


def _too_wide(place: str, header: Header) -> SourceError:
    last = letter(len(header.labels) - 1)
    return SourceError(
        f"{place}: the header reaches column {last}; at most {MOST_COLUMNS:,} columns can be read.",
        hint=f"Is there a stray cell in column {last}? Clear it.",
    )


def _widened(header: Header, width: int) -> tuple[str, ...]:
    """Columns beyond the labels: blank, or letters where there is no header at all."""
    extra = range(len(header.labels), width)
    return header.labels + tuple("" if header.rows else letter(index) for index in extra)


def _fitted(cells: list[str], width: int) -> list[str]:
    short = width - len(cells)
    return cells + [""] * short if short > 0 else cells[:width] if short else cells


def _ragged_row(row: int, width: int) -> Problem:
    return Problem(
        code="ragged_row",
        message=f"The row has more cells than the header, which has {width}: they may have shifted.",
        row=row,
        fix=codes.of("file")["ragged_row"].remedy,
    )
