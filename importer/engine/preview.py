"""One row of a file as a mapping has it: each cell, each step of its reading, and the body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from importer.errors import UsageError
from importer.mapping import Document, Trace, trace
from importer.mapping import compile as compile_mapping
from importer.model import Chunk, Mapped
from importer.sources import Source


@dataclass(frozen=True, slots=True)
class Previewed:
    """A row (as Excel numbers it), or one wave of it; `cells` are the file's own. `before` and `after` are
    the rows beside it, as far as they are known without reading on (0: there is none before)."""

    row: int
    wave: str
    traces: tuple[Trace, ...]
    mapped: Mapped
    cells: Sequence[str]
    before: int = 0
    after: int = 0


def preview(source: Source, document: Document, row: int | None = None) -> list[Previewed]:
    """The row as each wave has it; the first that holds something, where none is asked for. No other row is
    mapped. Raises UsageError where there is none, and MappingError where the mapping doesn't fit the file."""
    # A preview hashes with no secret: its anonymous ids are examples.
    compiled = compile_mapping(
        document,
        source.header,
        secret=b"preview",
        file=source.place,
        since_1904=source.facts.since_1904,
    )
    chunk, before, after = _chunk(source, row)
    cells, epoch = [cell for (cell,) in chunk.columns], source.facts.since_1904
    traces = (trace(wave, source.header, cells, since_1904=epoch) for wave in document.by_wave)
    rows = zip(document.by_wave, traces, compiled.run(chunk), strict=True)
    return [
        Previewed(chunk.rows[0], wave.wave, tuple(steps), each, cells, before, after)
        for wave, steps, each in rows
    ]


def _chunk(source: Source, row: int | None) -> tuple[Chunk, int, int]:
    """The one row, as a chunk, and the numbers of those beside it; the first that holds something, where none
    is asked for."""
    last = 0
    for chunk in source.chunks():
        wanted, before = chunk.rows[0] if row is None else row, last
        last = chunk.rows[-1]
        if wanted in chunk.rows:
            at = list(chunk.rows).index(wanted)
            one = Chunk([(column[at],) for column in chunk.columns], [wanted], chunk.problems)
            after = chunk.rows[at + 1] if at + 1 < len(chunk.rows) else wanted + 1
            return one, chunk.rows[at - 1] if at else before, after
        if row is not None and row < last:
            break
    if row is None:
        raise UsageError(f"{source.place} has no rows below its header.")
    raise UsageError(
        f"Row {row} of {source.place} holds no answer: it is blank, a header row, or beyond the end.",
        hint=f"Its first row is {source.facts.first_data_row}. Rows count as in Excel, from 1.",
    )
