"""Where in a row each value comes from, what becomes of its text, and which rows are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from importer import codes
from importer.mapping.blocks import SkipRule
from importer.mapping.ids import hashed, is_dummy
from importer.mapping.text import (
    AsIs,
    Columnwise,
    Template,
    TooSlow,
    TransformError,
    compile_pattern,
    folded,
    trimmed,
)
from importer.model import Chunk, Problem

# A transform's results, remembered per distinct text.

MAX_ENTRIES = 4_096
MAX_TEXT = 256


@dataclass(frozen=True, slots=True)
class CellProblem:
    """A problem that belongs to a text, before it has a row."""

    code: str
    message: str
    column: str = ""
    value: str = ""
    fix: str = ""

    def at(self, row: int) -> Problem:
        """The problem of the row that Excel numbers so."""
        fix = self.fix or codes.of("mapping")[self.code].remedy
        return Problem(self.code, self.message, row, self.column, self.value, fix)


Result = object
"""A value to send, `None` for blank, or a `CellProblem`."""


class Memo(dict[str, Result]):
    """`memo[text]` is what `read` makes of the text. Most columns hold few distinct texts: those are
    worked out once. The number and the length of what is kept are bounded.

    `faulty` says whether any text so far was a fault.
    """

    __slots__ = ("column", "faulty", "read")

    def __init__(self, read: Callable[[str], Result], column: str) -> None:
        super().__init__()
        self.read = read
        self.column = column
        self.faulty = False

    def __missing__(self, text: str) -> Result:
        try:
            result = self.read(text)
        except TransformError as unfit:
            self.faulty = True
            result = CellProblem(unfit.code, unfit.message, self.column, text, unfit.fix)
        if len(text) <= MAX_TEXT and len(self) < MAX_ENTRIES:
            self[text] = result
        return result


# Compiled values: where in a chunk each comes from, and what becomes of the text.

Results = Sequence[Result]


class Extractor(Protocol):
    """A value per row."""

    @property
    def column(self) -> str:
        """What people are told of where it comes from: names of columns, or ""."""

    @property
    def faulty(self) -> bool:
        """Whether some result so far may have been a fault."""

    def results(self, chunk: Chunk) -> Results:
        """One result per row: a value, None for blank, or a fault."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same for every row; None where an optional column is absent."""

    value: Result
    column: str = ""
    faulty: bool = False

    def results(self, chunk: Chunk) -> Results:
        return [self.value] * len(chunk.rows)


@dataclass(frozen=True, slots=True)
class One:
    """From one column."""

    position: int
    memo: Memo

    @property
    def column(self) -> str:
        return self.memo.column

    @property
    def faulty(self) -> bool:
        return self.memo.faulty

    def results(self, chunk: Chunk) -> Results:
        """What the memo makes of each cell."""
        cells, read = chunk.columns[self.position], self.memo.read
        if isinstance(read, AsIs) and read.all(cells):
            return cells
        if isinstance(read, Columnwise):
            return read.column(cells, self.memo.__getitem__)
        return list(map(self.memo.__getitem__, cells))


def _filled(result: Result) -> bool:
    return result is not None


@dataclass(frozen=True, slots=True)
class First:
    """From the first of several columns that isn't blank; `counts` may ask for more than that."""

    readings: Sequence[Extractor]
    counts: Callable[[Result], bool] = _filled

    @property
    def column(self) -> str:
        """The names of all the columns."""
        return ", ".join(each.column for each in self.readings)

    @property
    def faulty(self) -> bool:
        """Whether any of the columns is."""
        return any(each.faulty for each in self.readings)

    def results(self, chunk: Chunk) -> Results:
        """The first result that counts; where none does, the first that isn't blank."""
        columns = [each.results(chunk) for each in self.readings]
        if len(columns) == 1 or not (self.readings[0].faulty or None in columns[0]):
            return columns[0]
        return [self._first(row) for row in zip(*columns, strict=True)]

    def _first(self, row: Sequence[Result]) -> Result:
        filled = None
        for result in row:
            if self.counts(result):
                return result
            if filled is None:
                filled = result
        return filled


@dataclass(frozen=True, slots=True)
class Joined:
    """From several columns, as one text."""

    parts: Sequence[One]
    join: str
    memo: Memo

    @property
    def column(self) -> str:
        """The name that stands for all the columns."""
        return self.memo.column

    @property
    def faulty(self) -> bool:
        """Whether a part or the whole is."""
        return self.memo.faulty or any(each.faulty for each in self.parts)

    def results(self, chunk: Chunk) -> Results:
        """The filled parts with `join` between them, read as one text."""
        columns = [each.results(chunk) for each in self.parts]
        return [self._joined(row) for row in zip(*columns, strict=True)]

    def _joined(self, row: Sequence[Result]) -> Result:
        filled = [part for part in row if part is not None]
        fault = next((part for part in filled if isinstance(part, CellProblem)), None)
        return fault or (self.memo[self.join.join(map(str, filled))] if filled else None)


@dataclass(frozen=True, slots=True)
class Filled:
    """A template, filled from several columns. Blank where `enough` isn't filled: any or all of them. `parts`
    read each column by itself, where a fault in one is a fault of the whole."""

    template: Template
    positions: Sequence[int]
    memo: Memo
    blank: Callable[[str], bool]
    enough: Callable[[Iterable[bool]], bool] = any
    parts: Sequence[Memo] = ()

    @property
    def column(self) -> str:
        return self.memo.column

    @property
    def faulty(self) -> bool:
        return self.memo.faulty

    def results(self, chunk: Chunk) -> Results:
        """The filled template, read as one text."""
        columns = [chunk.columns[position] for position in self.positions]
        return [self._filled(row) for row in zip(*columns, strict=True)]

    def _filled(self, row: Sequence[str]) -> Result:
        if not self.enough(not self.blank(cell) for cell in row):
            return None
        for part, cell in zip(self.parts, row):  # noqa: B905  no parts, or one for each column
            if (result := part[cell]).__class__ is CellProblem:
                return result
        return self.memo[self.template.fill(row)]


@dataclass(frozen=True, slots=True)
class Hashed:
    """A keyed hash of several columns; None where all are blank."""

    parts: Sequence[One]
    secret: bytes = field(repr=False)
    prefix: str
    faulty: bool = False

    @property
    def column(self) -> str:
        """The names of all the columns."""
        return ", ".join(each.column for each in self.parts)

    def results(self, chunk: Chunk) -> Results:
        columns = [each.results(chunk) for each in self.parts]
        return [self._hashed(row) for row in zip(*columns, strict=True)]

    def _hashed(self, row: Sequence[Result]) -> Result:
        if all(part is None for part in row):
            return None
        fault = next((part for part in row if part.__class__ is CellProblem), None)
        if fault is not None:
            return fault
        if all(part is None or is_dummy(str(part)) for part in row):
            return CellProblem("dummy_id", "the parts of the id stand for nothing", self.column)
        parts = ["" if part is None else str(part) for part in row]
        return hashed(parts, self.secret, self.prefix)


# Rows that the mapping leaves out on purpose.


@dataclass(frozen=True, slots=True)
class Skip:
    """One rule, compiled: the result of a row is the rule's words where it applies, else None."""

    reading: One

    def results(self, chunk: Chunk) -> Results:
        """Per row: the words, None, or a fault."""
        return self.reading.results(chunk)


def compile_rule(rule: SkipRule, position: int, column: str) -> Skip:
    """The rule over the column at `position`, which people know as `column`."""
    words = f"{column} {_words(rule)}"
    applies = _condition(rule)
    return Skip(One(position, Memo(lambda text: words if applies(trimmed(text)) else None, column)))


def _condition(rule: SkipRule) -> Callable[[str], bool]:
    if rule.among:
        among = frozenset(map(folded, rule.among))
        return lambda text: folded(text) in among
    if rule.not_in:
        allowed = frozenset(map(folded, rule.not_in))
        return lambda text: folded(text) not in allowed
    if rule.matches:
        return _search(rule.matches)
    return lambda text: (not text) == rule.blank


def _search(pattern: str) -> Callable[[str], bool]:
    compiled = compile_pattern(pattern)

    def search(text: str) -> bool:
        try:
            return compiled.found_in(text)
        except TooSlow:
            raise TransformError(
                "slow_pattern", "the pattern of a skip rule took too long"
            ) from None

    return search


def _words(rule: SkipRule) -> str:
    if rule.among:
        return f"is {_either(rule.among)}"
    if rule.not_in:
        return f"is not {_either(rule.not_in)}"
    if rule.matches:
        return f"matches {rule.matches}"
    return "is blank" if rule.blank else "is filled"


def _either(texts: Sequence[str]) -> str:
    return " or ".join(f'"{text}"' for text in texts)
