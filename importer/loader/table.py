"""The seam between the formats and the source: a table is a head and blocks of text rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from importer.loader.facts import Facts
from importer.model import Problem

HEAD = 200
"""How many rows are looked at to find the header; a header row must be among them."""
MOST_COLUMNS = 5_000
"""A header that reaches further is a stray cell, not a survey."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Damage that only the format's own reader can see. `column` counts from 0."""

    row: int
    column: int
    code: str


@dataclass(frozen=True, slots=True)
class Block:
    """Rows as the format gives them, header rows too; ragged, as they stand. Blank rows may be left
    out, since each row has its number; a block is never empty."""

    rows: Sequence[int]
    cells: Sequence[list[str]]
    problems: Mapping[int, Problem] = field(default_factory=dict)
    marks: Sequence[Mark] = ()


class Table(Protocol):
    """One sheet or text file. `head` is its first `HEAD` rows at most that are not left out."""

    facts: Facts
    sheet: str
    head: Block

    def width(self, labels: int) -> int:
        """How many columns there are where the header has `labels` cells."""
        ...

    def blocks(self, size: int) -> Iterator[Block]:
        """All rows from the first, at most `size` at a time."""
        ...

    def close(self) -> None:
        """Give back whatever is open."""
        ...
