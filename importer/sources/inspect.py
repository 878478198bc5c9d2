"""A source at a glance: how full each column is, how many different values it has, and some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike

from importer.model import Problem
from importer.sources.source import Source, open_source
from importer.sources.table import Facts, SourceOptions, letter

MOST_DISTINCT = 1_000
_SAMPLES, _PLACES = 3, 3


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column: `filled` cells that are not blank; `distinct` different ones among them, counted up
    to `MOST_DISTINCT`; the first three of those."""

    letter: str
    label: str
    filled: int
    distinct: int
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """All problems of one code: how many, the first of them, and what to do."""

    code: str
    message: str
    fix: str
    count: int
    places: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a whole reading of a source shows."""

    rows: int
    blank_rows: int
    columns: tuple[ColumnView, ...]
    findings: tuple[Finding, ...]


def inspect(source: Source) -> Inspection:
    """Read the source once, from its start."""
    tallies = [_Tally() for _ in source.header]
    problems: dict[str, list[Problem]] = {}
    rows = 0
    for chunk in source.chunks():
        rows += len(chunk.rows)
        for tally, column in zip(tallies, chunk.columns, strict=True):
            tally.add(column)
        for problem in [*chunk.problems.values(), *chunk.damage]:
            problems.setdefault(problem.code, []).append(problem)
    columns = [
        ColumnView(letter(at), label, tally.filled, len(tally.seen), tuple(tally.seen)[:_SAMPLES])
        for at, (label, tally) in enumerate(zip(source.header, tallies, strict=True))
    ]
    findings = [_finding(found) for found in problems.values()]
    return Inspection(rows, source.blank_rows or 0, tuple(columns), tuple(findings))


def inspect_file(
    file: str | PathLike[str], options: SourceOptions | None = None
) -> tuple[Facts, Inspection]:
    """How a file was read (its encoding, sheet, header), and what is in it. Raises SourceError."""
    with open_source(file, options or SourceOptions()) as source:
        return source.facts, inspect(source)


@dataclass(slots=True)
class _Tally:
    filled: int = 0
    seen: dict[str, None] = field(default_factory=dict)

    def add(self, cells: Sequence[str]) -> None:
        filled = [cell for cell in cells if cell.strip()]
        self.filled += len(filled)
        if len(self.seen) < MOST_DISTINCT:
            self.seen |= dict.fromkeys(filled)
            self.seen = dict.fromkeys(list(self.seen)[:MOST_DISTINCT])


def _finding(problems: Sequence[Problem]) -> Finding:
    first = problems[0]
    places = tuple(problems[:_PLACES])
    return Finding(first.code, first.message, first.fix, len(problems), places)
