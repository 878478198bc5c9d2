"""Which tool wrote a file, and where its header rows are.

`read_grid` takes a source that was opened without a header; `recognise` compares its first rows with
the presets' signatures, `layout` finds the header rows; `check_answers` refuses a sheet of totals.
Nothing is guessed by resemblance: a tool is known by what only it writes, and a header by rows that don't
fit the columns below them.
"""

from __future__ import annotations

from importer.recognition.answers import check_answers
from importer.recognition.grid import Grid, read_grid
from importer.recognition.header import Layout, layout
from importer.recognition.tool import Match, recognise

__all__ = ["Grid", "Layout", "Match", "check_answers", "layout", "read_grid", "recognise"]
