"""A file, opened as `init` reads it: its sheet, its header rows, its tool."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING

from importer.discovery.column import Column
from importer.discovery.dates import DateReading
from importer.discovery.draft import Draft, laid_out, sheet_of_answers
from importer.discovery.header import layout, read_grid
from importer.discovery.scales import Scale
from importer.errors import ImporterError
from importer.sources import Facts, Inspection, Source, SourceOptions, open_source
from importer.sources.inspect import inspect

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, slots=True)
class Known:
    """What `init` finds of a sheet as well: its tool, and rows that are neither header nor answers; `refused`
    says why it writes no mapping."""

    tool: str = ""
    skipped: tuple[int, ...] = ()
    refused: str = ""


def as_init_reads(
    file: str | PathLike[str] | DataFrame, options: SourceOptions, stack: ExitStack
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
    file: str | PathLike[str] | DataFrame, options: SourceOptions | None = None
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


# What only a person can say of the columns: offered by whoever asks.


def unsure_of_person(drafted: Draft) -> bool:
    """Whether no column is surely the person's, or an id beside it may be that as well."""
    sure = any(each.sure == "sure" for each in drafted.people)
    response = drafted.meaning.response
    return not sure or (response is not None and response.sure == "not known")


def candidates(drafted: Draft) -> list[Column]:
    """Columns that may be people's ids, those that are taken for that first, then those that differ most:
    not ratings, not the date, not what is personal for its own sake."""
    meaning, known = drafted.meaning, [each.column for each in drafted.people]
    rated = {each.index for asked in meaning.questions if asked.scale for each in asked.columns}
    other = {each.column.index for each in (meaning.answered, meaning.signed_up) if each}
    other |= {each.index for each in (*meaning.private, *known)}
    found = [
        each for each in drafted.columns if each.index not in rated | other and _may_be_id(each)
    ]
    return [*known, *sorted(found, key=lambda each: (-each.profile.distinct, each.index))]


def _may_be_id(column: Column) -> bool:
    """Whether it has a name, is filled in most rows, and hardly a value comes twice."""
    profile = column.profile
    return (
        bool(column.label.strip())
        and profile.filled * 2 > profile.rows
        and profile.distinct > 0.8 * profile.filled
    )


def in_words(reading: DateReading, example: str) -> str:
    """The day that a value is in this reading: `3 April 2025`."""
    when = reading.moment(example)
    return f"{when.day} {when:%B %Y}" if when else ", ".join(reading.formats)


def ends_in_words(scale: Scale) -> tuple[str, str]:
    """What it means that the high end of a scale is the best, and that the low one is."""
    low, high = scale.ends or (scale.low, scale.high)
    return str(high), f"{low}: it is sent as {high}"
