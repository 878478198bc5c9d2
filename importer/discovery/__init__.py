"""What a file is: its tool, its header, what each column holds; and the mapping drafted from that.

`draft` is the door; what only a person can know is marked `"?"`, and a mapping with one left is refused."""

from __future__ import annotations

from importer.discovery.column import Column, Confidence, columns
from importer.discovery.draft import Draft, Wishes, candidates, draft, in_words
from importer.discovery.header import Grid, Layout, check_answers, layout, read_grid
from importer.discovery.questions import Named, Question
from importer.discovery.roles import Property, Role, named
from importer.discovery.tool import Match, recognise
from importer.discovery.understand import Analysis, Dated, FoundColumn, analyse
from importer.discovery.waves import Waves, first_wave, waves

__all__ = [
    "Analysis",
    "Column",
    "Confidence",
    "Dated",
    "Draft",
    "FoundColumn",
    "Grid",
    "Layout",
    "Match",
    "Named",
    "Property",
    "Question",
    "Role",
    "Waves",
    "Wishes",
    "analyse",
    "candidates",
    "check_answers",
    "columns",
    "draft",
    "first_wave",
    "in_words",
    "layout",
    "named",
    "read_grid",
    "recognise",
    "waves",
]
