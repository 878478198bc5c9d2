"""From the first rows of a table to the labels of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from importer.errors import SourceError
from importer.loader.options import SourceOptions
from importer.loader.table import HEAD, Block


@dataclass(frozen=True, slots=True)
class Header:
    """The labels in file order, duplicates and blanks as they stand, and the rows they came from."""

    labels: tuple[str, ...]
    rows: tuple[int, ...]


def letter(index: int) -> str:
    """A column's letter as Excel shows it; `index` counts from 0: A, B, ... Z, AA."""
    before, last = divmod(index, 26)
    return (letter(before - 1) if before else "") + chr(ord("A") + last)


def is_blank(cells: Sequence[str]) -> bool:
    """True where no cell holds more than white space."""
    return not any(map(str.strip, cells))


def read_header(head: Block, options: SourceOptions, place: str) -> Header:
    """The header of a table, by its first rows. `place` is the file and sheet, for errors."""
    _refuse_summary(head, place)
    if options.header_rows == ():
        width = max((len(cells) for cells in head.cells if not is_blank(cells)), default=0)
        return Header(tuple(map(letter, range(width))), ())
    rows = options.header_rows or (_first_row(head, place),)
    return Header(_joined([_cells(head, row, place) for row in rows], options.header_join), rows)


def _first_row(head: Block, place: str) -> int:
    for row, cells in zip(head.rows, head.cells, strict=True):
        if not is_blank(cells):
            return row
    raise SourceError(f"{place}: the first {len(head.rows)} rows are blank.", hint="Is it empty?")


def _cells(head: Block, row: int, place: str) -> list[str]:
    found = dict(zip(head.rows, head.cells, strict=True)).get(row, [])
    if is_blank(found):
        raise SourceError(
            f"{place}: row {row} should be the header, but {_what_is_there(head, row)}.",
            hint="Rows are numbered as Excel shows them, from 1.",
        )
    return found


def _what_is_there(head: Block, row: int) -> str:
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


def _refuse_summary(head: Block, place: str) -> None:
    for row, cells in zip(head.rows, head.cells, strict=True):
        first, second = ([cell.strip().lower() for cell in cells] + ["", ""])[:2]
        if first == "answer choices" and second.startswith("response"):
            raise SourceError(
                f"{place}, row {row}: this is a summary export (choices and percentages); "
                "the answers of single people are not in it.",
                hint="In SurveyMonkey, export `All individual responses` instead of `Summary data`.",
            )
