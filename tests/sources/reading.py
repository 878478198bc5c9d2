"""What the tests read with: the whole table at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from importer.model import Problem
from importer.sources.source import open_source
from importer.sources.table import Facts, SourceOptions


@dataclass(frozen=True, slots=True)
class Read:
    """Everything that a source gives: `rows` are (row number, cells)."""

    header: tuple[str, ...]
    rows: list[tuple[int, list[str]]]
    problems: dict[int, Problem]
    damage: list[Problem]
    facts: Facts
    sheet: str
    blank_rows: int | None

    @property
    def cells(self) -> list[list[str]]:
        """The rows without their numbers."""
        return [cells for _, cells in self.rows]

    def damaged(self) -> list[tuple[str, int, str]]:
        """Code, row and column of each damage."""
        return [(each.code, each.row, each.column) for each in self.damage]


def read(path: str | Path, options: SourceOptions | None = None, size: int = 5_000) -> Read:
    """Read a whole source, in chunks of `size`."""
    with open_source(str(path), options or SourceOptions()) as source:
        rows = list[tuple[int, list[str]]]()
        problems, damage = dict[int, Problem](), list[Problem]()
        for chunk in source.chunks(size):
            assert 0 < len(chunk.rows) <= size
            assert {type(cell) for column in chunk.columns for cell in column} <= {str}
            rows += zip(chunk.rows, map(list, chunk.lines), strict=True)
            problems |= chunk.problems
            damage += chunk.damage
        facts, blank = replace(source.facts), source.blank_rows
        return Read(source.header, rows, problems, damage, facts, source.sheet, blank)


def written(path: Path, content: str | bytes) -> str:
    """A file with this content, byte for byte; its path as text."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)
