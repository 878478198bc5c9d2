"""Workbooks as the child sees them: the seam between the two libraries, and the choice of a sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Protocol

from importer.errors import SourceError
from importer.sources.table import MOST_TEXT

TOGETHER = 500
"""Rows of a batch at most."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A tab of a workbook; only a `table` (not a chart or a macro sheet) can be read."""

    name: str
    table: bool = True
    visible: bool = True


@dataclass(slots=True)
class Batch:
    """Some rows that follow one another, blank ones left out: their numbers, and each one's cells as
    text, without trailing blank ones. `marks` are row, column (from 0) and code of damage."""

    rows: list[int] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    marks: list[tuple[int, int, str]] = field(default_factory=list)
    letters: int = 0

    def add(self, row: int, cells: list[str]) -> None:
        """The next row; a blank one is left out."""
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            self.rows.append(row)
            self.cells.append(cells)
            self.letters += sum(map(len, cells))

    @property
    def full(self) -> bool:
        """Whether it is time for the next one."""
        return len(self.rows) >= TOGETHER or self.letters >= MOST_TEXT


@dataclass(frozen=True, slots=True)
class Layout:
    """What a sheet hides and merges. `columns`: first and last of each hidden run, from 0. `merged`: first
    row (from 1) and column (from 0), last row and column of each merged cell."""

    hidden_rows: int = 0
    columns: Sequence[tuple[int, int]] = ()
    merged: Sequence[tuple[int, int, int, int]] = ()


class Rows(Protocol):
    """The rows of a sheet, how they are laid out, and notes for the user."""

    @property
    def notes(self) -> Sequence[str]: ...

    @property
    def layout(self) -> Layout: ...

    def __iter__(self) -> Iterator[Batch]: ...


class Book(Protocol):
    """A workbook, whichever library reads it."""

    @property
    def sheets(self) -> Sequence[Sheet]: ...

    @property
    def since_1904(self) -> bool:
        """True where it counts days from 1904, as Excel for the Mac once did."""
        ...

    def has_data(self, sheet: str) -> bool:
        """True where a cell of the sheet holds something."""
        ...

    def rows(self, sheet: str) -> Rows:
        """The sheet's rows from row 1, columns from A."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """The sheet to read, and what the user should know about the others."""

    sheet: str
    notes: tuple[str, ...] = ()


def choose_sheet(book: Book, wanted: str | int | None, name: str) -> Choice:
    """The sheet asked for, else the first visible one with data. Raises SourceError, naming all."""
    if wanted is not None:
        asked, notes = _asked_for(book, wanted, name), list[str]()
        shown = (each for each in book.sheets if each.table and each.visible)
        with suppress(Exception):  # what is wrong with another sheet is no matter here
            notes += _notes(asked, [each for each in shown if book.has_data(each.name)])
        return Choice(asked.name, tuple(notes[:1]))
    filled = [each for each in book.sheets if each.table and book.has_data(each.name)]
    if not filled:
        raise SourceError(f"{name}: no sheet of this workbook holds data.", hint=_named(book))
    chosen = ([each for each in filled if each.visible] or filled)[0]
    return Choice(chosen.name, tuple(_notes(chosen, filled)))


def _notes(chosen: Sheet, filled: Sequence[Sheet]) -> Iterator[str]:
    others = [_shown(each) for each in filled if each is not chosen]
    if others:
        yield f"Other sheets with data: {', '.join(others)}."
    if not chosen.visible:
        yield f"The sheet {chosen.name} is hidden; it is the only one with data."


def _asked_for(book: Book, wanted: str | int, name: str) -> Sheet:
    sheet = _numbered(book, wanted) if isinstance(wanted, int) else _called(book, wanted)
    if sheet is None:
        near = get_close_matches(str(wanted), [each.name for each in book.sheets], n=1)
        mean = f" Did you mean {near[0]}?" if near else ""
        raise SourceError(f"{name} has no sheet {wanted}.", hint=_named(book) + mean)
    if not sheet.table:
        raise SourceError(
            f"{name}: the sheet {sheet.name} is a chart or a macro.", hint=_named(book)
        )
    if not book.has_data(sheet.name):
        raise SourceError(f"{name}: the sheet {sheet.name} is empty.", hint=_named(book))
    return sheet


def _numbered(book: Book, number: int) -> Sheet | None:
    return book.sheets[number - 1] if 0 < number <= len(book.sheets) else None


def _called(book: Book, wanted: str) -> Sheet | None:
    exact = [each for each in book.sheets if each.name == wanted]
    folded = wanted.strip().casefold()
    loose = [each for each in book.sheets if each.name.strip().casefold() == folded]
    number = _numbered(book, int(wanted)) if wanted.isascii() and wanted.isdigit() else None
    return next(iter(exact or loose), number)


def _shown(sheet: Sheet) -> str:
    return sheet.name if sheet.visible else f"{sheet.name} (hidden)"


def _named(book: Book) -> str:
    return f"It has: {', '.join(map(_shown, book.sheets))}." if book.sheets else "It has none."
