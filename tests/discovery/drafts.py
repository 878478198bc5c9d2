"""Drafts of files and of text, and what they say."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from importer.discovery import Column, Draft, Wishes, draft
from importer.model import letter
from importer.sources.source import open_source
from importer.sources.table import SourceOptions

SURVEY = "5d2f6c1e9b0a4c0017a3e1b2"
NONE = Wishes()
_QUESTION = "00000000-0000-4000-8000-{:012d}"


def drafted(path: str, wishes: Wishes = NONE) -> Draft:
    """The draft of a file."""
    options = SourceOptions(
        header_rows=(), encoding=wishes.encoding or None, delimiter=wishes.delimiter or None
    )
    with open_source(path, options) as source:
        return draft(source, wishes)


def drafted_rows(folder: Path, rows: Sequence[Sequence[str]], wishes: Wishes = NONE) -> Draft:
    """The draft of a table, written as CSV."""
    return drafted(str(written(folder, rows)), wishes)


def written(folder: Path, rows: Sequence[Sequence[str]]) -> Path:
    """The table as a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    path = folder / "answers.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def at(column: Column | None) -> str:
    """The column's letter; "" where there is none."""
    return letter(column.index) if column else ""


def filled_in(text: str) -> str:
    """The mapping as a person fills it in: a survey, a question each, nothing else touched."""
    lines, number = [], 0
    for line in text.splitlines():
        code, mark, note = line.partition("   # ")
        if code.startswith("campaign:"):
            code = code.replace('"?"', SURVEY)
        while re.match(r"  \w+: \"\?\"$", code):
            number += 1
            code = code.replace('"?"', _QUESTION.format(number), 1)
        lines.append(code + mark + note)
    return "\n".join(lines) + "\n"
