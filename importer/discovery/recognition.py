"""A file, opened as `init` reads it: its sheet, its header rows, its tool."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from os import PathLike

from importer.discovery.draft import laid_out, sheet_of_answers
from importer.discovery.header import layout, read_grid
from importer.errors import ImporterError
from importer.sources.inspect import Inspection, inspect
from importer.sources.source import Source, open_source
from importer.sources.table import Facts, SourceOptions


@dataclass(frozen=True, slots=True)
class Known:
    """What `init` finds of a sheet as well: its tool, and rows that are neither header nor answers; `refused`
    says why it writes no mapping."""

    tool: str = ""
    skipped: tuple[int, ...] = ()
    refused: str = ""


def as_init_reads(
    file: str | PathLike[str], options: SourceOptions, stack: ExitStack
) -> tuple[Source, Known]:
    """The sheet and the header that `init` takes."""
    bare = replace(options, header_rows=())
    opened = stack.enter_context(open_source(file, bare))
    source = stack.enter_context(sheet_of_answers(opened, bare))
    grid = read_grid(source)
    tool = refused = ""
    try:
        match, found = laid_out(source, grid)
        tool = match.preset.about.tool if match else ""
    except ImporterError as error:
        refused, found = str(error).splitlines()[0], layout(grid)
    again = replace(
        options, sheet=source.sheet or None, header_rows=found.header, skip_rows=found.skipped
    )
    return stack.enter_context(source.reopened(again)), Known(tool, found.skipped, refused)


def inspect_file(
    file: str | PathLike[str], options: SourceOptions | None = None
) -> tuple[Facts, Inspection]:
    """How a file was read (its encoding, sheet, header), and what is in it; as `init` reads it, where no
    header rows are given. Raises SourceError."""
    asked = options or SourceOptions()
    with ExitStack() as stack:
        if asked.header_rows is None and not asked.skip_rows:
            source, _ = as_init_reads(file, asked, stack)
        else:
            source = stack.enter_context(open_source(file, asked))
        return source.facts, inspect(source)
