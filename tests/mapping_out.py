"""A file and a mapping -> what becomes of each row: loader and mapping together, nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from importer.mapping import compile as compile_mapping
from importer.mapping import load
from importer.mapping.blocks import SourceBlock
from importer.model import Invalid, Mapped, Problem, Response, Skipped
from importer.sources.source import open_source
from importer.sources.table import SourceOptions

SECRET = b"the same in every test"


@dataclass(frozen=True, slots=True)
class Out:
    """Every row of a file, mapped; `damage` is what the file had lost before."""

    mapped: Sequence[Mapped]
    damage: Sequence[Problem]
    blank_rows: int
    notes: Sequence[str]
    unmapped: Sequence[str]

    @property
    def responses(self) -> list[Response]:
        return [each for each in self.mapped if isinstance(each, Response)]

    @property
    def invalid(self) -> list[Invalid]:
        return [each for each in self.mapped if isinstance(each, Invalid)]

    @property
    def skipped(self) -> Counter[str]:
        return Counter(each.rule for each in self.mapped if isinstance(each, Skipped))

    @property
    def causes(self) -> Counter[str]:
        return Counter(problem.code for each in self.invalid for problem in each.problems)

    @property
    def bodies(self) -> bytes:
        """The bodies, one a line."""
        return b"".join(each.body + b"\n" for each in self.responses)


def mapping_out(file: Path, mapping: Path) -> Out:
    """Map a whole file."""
    document = load(str(mapping))
    with open_source(str(file), options(document.source)) as source:
        compiled = compile_mapping(document, source.header, secret=SECRET, file=source.name)
        chunks = list(source.chunks())
        return Out(
            mapped=[each for chunk in chunks for each in compiled.run(chunk)],
            damage=[each for chunk in chunks for each in chunk.damage],
            blank_rows=source.blank_rows or 0,
            notes=(*compiled.notes, *compiled.taken_for_utc),
            unmapped=compiled.unmapped,
        )


def options(source: SourceBlock) -> SourceOptions:
    """What a mapping says of its file, as the loader takes it."""
    rows = (source.header_row,) if source.header_row else source.header_rows
    return SourceOptions(
        sheet=source.sheet,
        header_rows=rows,
        header_join=source.header_join,
        skip_rows=source.skip_rows,
        encoding=source.encoding or None,
        delimiter=source.delimiter or None,
    )
