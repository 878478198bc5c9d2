"""What a file is: its tool, its header, what each column holds; and the mapping drafted from that.

`draft` is the door; what only a person can know is marked `"?"`, and a mapping with one left is refused."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

from importer.discovery.choices import Choices, choices_of
from importer.discovery.column import Column, Confidence, columns
from importer.discovery.draft import (
    Draft,
    Known,
    Wishes,
    as_init_reads,
    candidates,
    draft,
    ends_in_words,
    in_words,
    laid_out,
    sheet_of_answers,
    unsure_of_person,
)
from importer.discovery.header import Grid, Layout, ToolRows, layout, read_grid
from importer.discovery.questions import Named, Question
from importer.discovery.roles import Property, Role, named
from importer.discovery.table import shown_sample
from importer.discovery.tool import Match, check_answers, recognise
from importer.discovery.understand import Analysis, Dated, FoundColumn, analyse
from importer.discovery.waves import Waves, first_wave, waves
from importer.sources import SourceOptions, open_source

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "Analysis",
    "Choices",
    "Column",
    "Confidence",
    "Dated",
    "Draft",
    "FoundColumn",
    "Grid",
    "Known",
    "Layout",
    "Match",
    "Named",
    "Property",
    "Question",
    "Role",
    "ToolRows",
    "Waves",
    "Wishes",
    "analyse",
    "as_init_reads",
    "candidates",
    "check_answers",
    "choices_of",
    "columns",
    "draft",
    "ends_in_words",
    "first_wave",
    "in_words",
    "init",
    "laid_out",
    "layout",
    "named",
    "read_grid",
    "recognise",
    "sheet_of_answers",
    "shown_sample",
    "unsure_of_person",
    "waves",
]


def init(
    file: str | PathLike[str] | DataFrame,
    wishes: Wishes | None = None,
    *,
    sheet: str | int | None = None,
) -> Draft:
    """Draft the mapping of a file or a DataFrame: `text` is the YAML, `open` its lines that a person has to
    fill in. Asks nobody and writes nothing. Without a `sheet` it is the one that looks like answers. Raises
    SourceError, and UsageError where several tools fit."""
    wishes = wishes or Wishes()
    read = SourceOptions(
        sheet, (), encoding=wishes.encoding or None, delimiter=wishes.delimiter or None
    )
    with open_source(file, read) as opened, sheet_of_answers(opened, read, wishes) as source:
        return draft(source, wishes)
