"""What a file is: its tool, its header, what each column holds; and the mapping drafted from that.

`draft` is the door; what only a person can know is marked `"?"`, and a mapping with one left is refused."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

from importer.discovery.choices import Choices as Choices
from importer.discovery.choices import choices_of as choices_of
from importer.discovery.column import Column as Column
from importer.discovery.column import Confidence as Confidence
from importer.discovery.column import columns as columns
from importer.discovery.draft import Draft as Draft
from importer.discovery.draft import Known as Known
from importer.discovery.draft import Wishes as Wishes
from importer.discovery.draft import as_init_reads as as_init_reads
from importer.discovery.draft import candidates as candidates
from importer.discovery.draft import draft as draft
from importer.discovery.draft import ends_in_words as ends_in_words
from importer.discovery.draft import in_words as in_words
from importer.discovery.draft import laid_out as laid_out
from importer.discovery.draft import sheet_of_answers as sheet_of_answers
from importer.discovery.draft import unsure_of_person as unsure_of_person
from importer.discovery.header import Grid as Grid
from importer.discovery.header import Layout as Layout
from importer.discovery.header import ToolRows as ToolRows
from importer.discovery.header import layout as layout
from importer.discovery.header import read_grid as read_grid
from importer.discovery.questions import Named as Named
from importer.discovery.questions import Question as Question
from importer.discovery.roles import Property as Property
from importer.discovery.roles import Role as Role
from importer.discovery.roles import named as named
from importer.discovery.table import shown_sample as shown_sample
from importer.discovery.tool import Match as Match
from importer.discovery.tool import check_answers as check_answers
from importer.discovery.tool import recognise as recognise
from importer.discovery.understand import Analysis as Analysis
from importer.discovery.understand import Dated as Dated
from importer.discovery.understand import FoundColumn as FoundColumn
from importer.discovery.understand import analyse as analyse
from importer.discovery.waves import Waves as Waves
from importer.discovery.waves import first_wave as first_wave
from importer.discovery.waves import waves as waves
from importer.sources import SourceOptions, open_source

if TYPE_CHECKING:
    from pandas import DataFrame


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
