"""A spreadsheet, opened: the format its bytes have, its header, and its rows in chunks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING

from importer import codes
from importer.errors import SourceError
from importer.model import Chunk, Problem, is_frame, letter
from importer.privacy import PROBLEM_COLUMN, restored
from importer.settings import path_text
from importer.sources import damage
from importer.sources.csv import RUN_TOGETHER, DelimitedTable
from importer.sources.files import Content
from importer.sources.foreign_rows import ForeignRows, only_totals
from importer.sources.formats import open_table
from importer.sources.frames import Frame
from importer.sources.table import (
    HEAD,
    MOST_COLUMNS,
    WHOLE,
    Facts,
    Header,
    Part,
    RowBlock,
    SourceOptions,
    Table,
    is_blank,
    read_header,
)

if TYPE_CHECKING:
    from typing import Self

    from pandas import DataFrame


# A spreadsheet, opened: its header, what was found in it, and its rows in chunks.

_MOST_CELLS = 1_000_000
"""Of a chunk: the wider a file, the fewer of its rows are in memory at once."""
_CHUNK = 1_000
"""Rows."""
_DEFAULTS = SourceOptions()


def open_source(
    path: str | PathLike[str] | DataFrame,
    options: SourceOptions = _DEFAULTS,
    *,
    name: str = "",
    links: bool = True,
) -> Source:
    """Open a table: a file, "-" for standard input, `archive.zip::table.csv`, or a DataFrame. Messages
    call it `name`; without `links` a path that is one is refused.

    Use it in a `with` statement. Raises SourceError where there is no table of answers in it.
    """
    content = (
        Frame(path, name, options.header_join)
        if is_frame(path)
        else Content(path_text(path, "open_source()"), name, links=links)
    )
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

    def __init__(self, content: Content | Frame, table: Table, options: SourceOptions) -> None:
        self._content, self._table, self._asked = content, table, options
        options = _of_named(options) if table.facts.named else options
        self._skipped = frozenset(options.skip_rows)
        self.name, self.sheet = content.name, table.sheet
        found = read_header(table.head, options, self.place)
        if found.labels[-1:] == (PROBLEM_COLUMN,):
            cells = [list(map(restored, row)) for row in table.head.cells]
            found = read_header(replace(table.head, cells=cells), options, self.place)
        if len(found.labels) > MOST_COLUMNS:
            raise _too_wide(self.place, found)
        self.header = _widened(found, table.width(len(found.labels)))
        self._below = max(found.rows, default=0)
        self._refuse_swallowing(table.head)
        head = zip(table.head.rows, table.head.cells, strict=True)
        above = [cells for row, cells in head if row in found.rows or row in self._skipped]
        head = zip(table.head.rows, table.head.cells, strict=True)
        answers = [(row, each) for row, each in head if self._is_data(row) and not is_blank(each)]
        whole = len(table.head.rows) < HEAD
        self._foreign = partial(ForeignRows, above, self.header, answers, whole=whole)
        self.facts = self._facts(found)
        self.blank_rows: int | None = None

    @property
    def place(self) -> str:
        """File and sheet, as a message names them."""
        return f"{self.name}, sheet {self.sheet}" if self.sheet else self.name

    def chunks(self, size: int = _CHUNK, part: Part = WHOLE) -> Iterator[Chunk]:
        """The rows below the header that are not blank, or those of a part of the file, `size` at most at a
        time; each call reads from the start. Raises SourceError where the file breaks off, and behind the
        last row where it changed meanwhile."""
        try:
            yield from self._chunks(self._size(size), part)
        except SourceError:
            self.hold()  # what was found in it may be half of a new file
            raise
        self.hold()

    def parts(self, rows_of_part: int, size: int = _CHUNK) -> Iterator[Part]:
        """The file in parts of so many rows or some more, in their order: the chunks of one after the other
        are those of the whole. What can't be cut, or holds rows that are nobody's answers, is one part.
        Raises SourceError as `chunks` does."""
        found: list[Part] = []
        begun, cut = WHOLE, None
        table, size, foreign = self._table, self._size(size), self._foreign()
        for block, behind in table.cuts(size) if isinstance(table, DelimitedTable) else ():
            self._refuse_swallowing(block)
            kept = self._kept(block)
            rows, cells = [block.rows[at] for at in kept], [block.cells[at] for at in kept]
            if any(
                each.code != "repeated_header" for each in foreign.found(rows, cells, self._skipped)
            ):
                found, begun = [], WHOLE  # only who reads all of it knows where they begin and end
                break
            # What stands above nothing but totals, or blank rows, may be the end of the answers.
            if (
                kept
                and cut
                and cut.row - begun.row >= rows_of_part
                and not only_totals(block, kept)
            ):
                found.append(replace(begun, end=cut.start))
                begun = cut
            cut = behind if kept else cut or behind
        self.hold()
        yield from (*found, begun)

    def hold(self) -> None:
        """Raise SourceError where the file is no longer what it was when it was opened."""
        self._content.hold()

    def _size(self, size: int) -> int:
        return max(1, min(size, _MOST_CELLS // max(len(self.header), 1)))

    def _blocks(self, size: int, part: Part) -> Iterator[RowBlock]:
        table = self._table
        if isinstance(table, DelimitedTable):
            return table.blocks(size, part)
        return table.blocks(size)

    def _kept(self, block: RowBlock) -> Sequence[int]:
        filled: Sequence[int] = range(len(block.cells))
        if not all(cells and cells[0].strip() for cells in block.cells):
            filled = [at for at in filled if any(map(str.strip, block.cells[at]))]
        if block.rows[0] > self._below and not self._skipped:
            return filled
        return [at for at in filled if self._is_data(block.rows[at])]

    def _chunks(self, size: int, part: Part) -> Iterator[Chunk]:
        last, done = part.row - 1, 0
        foreign = self._foreign()
        waiting: tuple[RowBlock, Sequence[int]] | None = None
        for block in self._blocks(size, part):
            self._refuse_swallowing(block)
            kept = self._kept(block)
            last, done = block.rows[-1], done + len(kept)
            if kept:
                if waiting:
                    yield self._chunk(*waiting, foreign, ends=only_totals(block, kept))
                waiting = block, kept
        if waiting:
            yield self._chunk(*waiting, foreign, ends=part.end is None)
        self.blank_rows = self._data_rows(last) - self._data_rows(part.row - 1) - done

    @property
    def preamble(self) -> tuple[tuple[str, ...], ...]:
        """The rows above the data, header and skipped rows too, as they stand in the file. Where columns have
        names of their own, these, as often as the mapping takes a row of a spreadsheet for no data: it reads
        what is written below such a preamble."""
        if self.facts.named:
            return (self.header,) * _rows_above(self._asked)
        last = self._below
        while last + 1 in self._skipped:
            last += 1
        head = dict(zip(self._table.head.rows, self._table.head.cells, strict=True))
        width = len(self.header)
        return tuple(tuple(_fitted(head.get(row, []), width)) for row in range(1, last + 1))

    @contextmanager
    def reopened(self, options: SourceOptions) -> Iterator[Source]:
        """The same content read in another way: another sheet, another header."""
        table = open_table(self._content, options)
        try:
            yield Source(self._content, table, options)
        finally:
            table.close()

    def close(self) -> None:
        """End the reading, and delete what was spooled."""
        self._table.close()
        self._content.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def label(self, index: int) -> str:
        """A column's name as a message gives it: its label, or its letter where it has none."""
        return self.header[index] or f"column {letter(index)}"

    def _refuse_swallowing(self, block: RowBlock) -> None:
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

    def _chunk(
        self, block: RowBlock, kept: Sequence[int], foreign: ForeignRows, *, ends: bool
    ) -> Chunk:
        """`ends`: nothing but totals follows."""
        width = len(self.header)
        rows, cells = block.rows, block.cells
        if len(kept) < len(rows):
            rows, cells = [rows[at] for at in kept], [cells[at] for at in kept]
        problems = {each.row: each for each in foreign.found(rows, cells, self._skipped)}
        if ends:
            problems |= {each.row: each for each in foreign.at_the_end(rows, cells)}
        told = block.problems
        cut = {row for row in problems if row in told and told[row].code == "cut_row"}
        problems |= {row: told[row] for row in rows if row in told and row not in cut}
        if set(map(len, cells)) != {width}:
            problems |= self._ragged(block, kept)
            cells = [_fitted(row, width) for row in cells]
        columns = tuple(zip(*cells, strict=True))
        if self.header[-1] == PROBLEM_COLUMN:
            columns = tuple(tuple(map(restored, column)) for column in columns)
        return Chunk(columns, rows, problems, tuple(self._damage(block, rows, columns)))

    def _ragged(self, block: RowBlock, kept: Sequence[int]) -> dict[int, Problem]:
        width = len(self.header)
        over = (at for at in kept if len(block.cells[at]) > width)
        return {
            block.rows[at]: _ragged_row(block.rows[at], width)
            for at in over
            if not is_blank(block.cells[at][width:])
        }

    def _damage(
        self, block: RowBlock, rows: Sequence[int], columns: Sequence[Sequence[str]]
    ) -> Iterator[Problem]:
        labels = [self.label(index) for index in range(len(self.header))]
        yield from damage.found_in(labels, rows, columns)
        place = {row: at for at, row in enumerate(rows)} if block.marks else {}
        for mark in block.marks:
            if mark.row in place and mark.column < len(labels):
                value = columns[mark.column][place[mark.row]]
                yield damage.problem(mark.code, mark.row, labels[mark.column], value, mark.where)

    def _facts(self, header: Header) -> Facts:
        head = self._table.head
        data = (
            row
            for row, cells in zip(head.rows, head.cells, strict=True)
            if self._is_data(row) and not is_blank(cells)
        )
        facts = self._table.facts
        notes = (*facts.notes, *(_meaningless(self._asked) if facts.named else ()))
        first = next(data, 0)
        return replace(facts, header_rows=header.rows, first_data_row=first, notes=notes)


def _of_named(options: SourceOptions) -> SourceOptions:
    """Row 0 names the columns, and every other is a record, whatever is said of a spreadsheet's rows: a
    mapping that was written for one would leave out people's answers."""
    return replace(options, header_rows=(0,), skip_rows=())


def _rows_above(asked: SourceOptions) -> int:
    """How many rows of a spreadsheet a mapping takes for header or no data, by the last of them."""
    header = (1,) if asked.header_rows is None else asked.header_rows
    return max((*header, *asked.skip_rows), default=0)


def _meaningless(asked: SourceOptions) -> Iterator[str]:
    if asked.skip_rows or asked.header_rows not in {None, (), (0,), (1,)}:
        yield (
            "Its columns have names of their own: `header_row`, `header_rows` and `skip_rows` of the mapping "
            "say nothing here, and every record counts."
        )


def _too_wide(place: str, header: Header) -> SourceError:
    last, labelled = letter(len(header.labels) - 1), sum(map(bool, header.labels))
    stray = f"Is there a stray cell in column {last}? Clear it."
    return SourceError(
        f"{place}: the header reaches column {last}; at most {MOST_COLUMNS:,} columns can be read.",
        hint="Delete the columns that aren't imported." if labelled > MOST_COLUMNS else stray,
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
