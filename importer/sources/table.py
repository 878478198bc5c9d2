"""What formats and the source share: how a file is read, what was found in it, its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from typing import Protocol

from importer.errors import SourceError
from importer.model import Problem, letter

# What was found in a file before its rows are read.


class KnownBy(StrEnum):
    """How sure an encoding is."""

    BOM = "bom"
    """The file says so in its first bytes."""
    UTF_8 = "utf-8"
    """The whole file is valid UTF-8, which other text hardly ever is."""
    GUESSED = "guessed"
    """The most plausible reading; look at the samples."""
    GIVEN = "given"
    """The user said so."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A file as it was found. Rows are numbered as Excel shows them, from 1.

    `format`: csv, xlsx, xls, xlsb or ods; or one of `NAMED`. `size` (bytes) and `sha256` are those of the
    file as it lies there, before anything is unpacked. `encoding` (a Python codec) and `delimiter` are "" for
    workbooks, `sheets` is empty for text. `encoding_samples` are lines that show a guessed encoding
    at work, and `encoding_lines` their numbers in the text. `since_1904`: a workbook that counts days
    from 1904. `hidden` are the columns that a sheet doesn't show, from 0. `notes` are sentences for the user.
    """

    format: str
    size: int
    sha256: str
    compression: str = ""
    encoding: str = ""
    encoding_known_by: KnownBy | None = None
    encoding_samples: tuple[str, ...] = ()
    encoding_lines: tuple[int, ...] = ()
    delimiter: str = ""
    sheets: tuple[str, ...] = ()
    since_1904: bool = False
    hidden: tuple[int, ...] = ()
    header_rows: tuple[int, ...] = ()
    first_data_row: int = 0
    notes: tuple[str, ...] = ()

    @property
    def named(self) -> bool:
        """Whether its columns have names of their own: then they stand in row 0, and row 1 is the first
        record, which is the line of JSON lines, the case of SPSS, and the place in a DataFrame from 1."""
        return self.format in NAMED


NAMED = ("dataframe", "jsonl", "parquet", "sav")
"""The formats whose columns have names of their own."""


# The seam between the formats and the source: a table is a head and blocks of text rows.

HEAD = 200
"""How many rows are looked at to find the header; a header row must be among them."""
MOST_TEXT = 4 << 20
"""Letters that a block of rows holds at most, but for its last row: few rows may be much, and a zip of a
megabyte may be a gigabyte of them."""
MOST_COLUMNS = 5_000
"""A header that reaches further is a stray cell, not a survey."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Damage that only the format's own reader can see. `column` counts from 0; `where` is a range of cells
    that it is part of."""

    row: int
    column: int
    code: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Rows as the format gives them, header rows too; ragged, as they stand. Blank rows may be left
    out, since each row has its number; a block is never empty."""

    rows: Sequence[int]
    cells: Sequence[list[str]]
    problems: Mapping[int, Problem] = field(default_factory=dict)
    marks: Sequence[Mark] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a text that stand together (see `parts`). `start` and `end` are bytes of the file, `row` is the
    number of the first row as Excel shows it, `line` counts the lines of the text above it. `lead`: so many
    bytes above `start` begins the row by which a broken row below is judged. The last part has no `end`."""

    start: int = 0
    end: int | None = None
    row: int = 1
    line: int = 0
    lead: int = 0


WHOLE = Part()


def in_blocks(rows: Iterable[tuple[int, list[str]]], size: int) -> Iterator[RowBlock]:
    """Numbered rows as blocks of `size` at most, and of no more text than a block may hold."""
    numbers, cells, letters = list[int](), list[list[str]](), 0
    for number, row in rows:
        numbers.append(number)
        cells.append(row)
        letters += sum(map(len, row))
        if len(cells) >= size or letters >= MOST_TEXT:
            yield RowBlock(numbers, cells)
            numbers, cells, letters = [], [], 0
    if cells:
        yield RowBlock(numbers, cells)


class Table(Protocol):
    """One sheet or text file. `head` is its first `HEAD` rows at most that are not left out."""

    facts: Facts
    sheet: str
    head: RowBlock

    def width(self, labels: int) -> int:
        """How many columns there are where the header has `labels` cells."""
        ...

    def blocks(self, size: int) -> Iterator[RowBlock]:
        """All rows from the first, at most `size` at a time."""
        ...

    def close(self) -> None:
        """Give back whatever is open."""
        ...


# How a spreadsheet is to be read, where that can't be left to the loader.


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What overrules the loader; everything not given is found in the file.

    `sheet`: a name, or a number from 1. `header_rows`: as Excel numbers them; None is the first row
    that is not blank, () is no header at all (columns are then named A, B, ...). `skip_rows`: rows
    that are neither header nor data, such as Qualtrics' second and third row.
    """

    sheet: str | int | None = None
    header_rows: tuple[int, ...] | None = None
    header_join: str = " / "
    skip_rows: tuple[int, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None


# From the first rows of a table to the labels of its columns.


@dataclass(frozen=True, slots=True)
class Header:
    """The labels in file order, duplicates and blanks as they stand, and the rows they came from."""

    labels: tuple[str, ...]
    rows: tuple[int, ...]


def is_blank(cells: Sequence[str]) -> bool:
    """True where no cell holds more than white space."""
    return not any(map(str.strip, cells))


def read_header(head: RowBlock, options: SourceOptions, place: str) -> Header:
    """The header of a table, by its first rows. `place` is the file and sheet, for errors."""
    _refuse_summary(head, place)
    if options.header_rows == ():
        width = max((len(cells) for cells in head.cells if not is_blank(cells)), default=0)
        return Header(tuple(map(letter, range(width))), ())
    rows = options.header_rows or (_first_row(head, place),)
    return Header(_joined([_cells(head, row, place) for row in rows], options.header_join), rows)


def _first_row(head: RowBlock, place: str) -> int:
    for row, cells in zip(head.rows, head.cells, strict=True):
        if not is_blank(cells):
            return row
    blank = "row is" if len(head.rows) == 1 else f"{len(head.rows)} rows are"
    told = f"the first {blank} blank" if head.rows else "it holds no text"
    raise SourceError(f"{place}: {told}.", hint="Is it empty? Export it again.")


def _cells(head: RowBlock, row: int, place: str) -> list[str]:
    found = dict(zip(head.rows, head.cells, strict=True)).get(row, [])
    if is_blank(found):
        raise SourceError(
            f"{place}: row {row} should be the header, but {_what_is_there(head, row)}.",
            hint="Rows are numbered as Excel shows them, from 1.",
        )
    return found


def _what_is_there(head: RowBlock, row: int) -> str:
    if 0 < row <= max(head.rows, default=0):
        return "it is blank"
    if row > 0 and len(head.rows) >= HEAD:
        return f"only the first {HEAD} rows may be header rows"
    return f"the table ends at row {max(head.rows, default=0)}"


def _joined(rows: list[list[str]], join: str) -> tuple[str, ...]:
    """Rows above the last are filled from the left, where a label spans several columns."""
    width = max(map(len, rows))
    padded = [[cell.strip() and cell for cell in row] + [""] * (width - len(row)) for row in rows]
    filled = [*(list(_from_the_left(row)) for row in padded[:-1]), padded[-1]]
    columns = zip(*filled, strict=True)
    written = zip(*padded, strict=True)
    return tuple(
        join.join(dict.fromkeys(part for part in column if part)) if any(own) else ""
        for column, own in zip(columns, written, strict=True)
    )


def _from_the_left(cells: Sequence[str]) -> Iterator[str]:
    return accumulate(cells, lambda left, cell: cell or left)


def _refuse_summary(head: RowBlock, place: str) -> None:
    for row, cells in zip(head.rows, head.cells, strict=True):
        first, second = ([cell.strip().lower() for cell in cells] + ["", ""])[:2]
        if first == "answer choices" and second.startswith("response"):
            raise SourceError(
                f"{place}, row {row}: this is a summary export (choices and percentages); "
                "the answers of single people are not in it.",
                hint="In SurveyMonkey, export `All individual responses` instead of `Summary data`.",
            )
