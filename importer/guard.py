"""Cells that a spreadsheet program shows and never runs.

A cell that begins with = + - @, a tab or a carriage return is taken for a formula by Excel and others
(OWASP, "CSV Injection"). Such a cell gets a leading apostrophe; plain numbers such as -5 stay. `restored`
takes exactly that apostrophe off again, so that a mended file can be fed back.
"""

from __future__ import annotations

import re

PROBLEM_COLUMN = "problem"
"""The last column of a problems.csv, by which the loader knows that its cells are guarded."""

_STARTS = frozenset("=+-@\t\r'")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)")


def safe(cell: str) -> str:
    """The cell as it may stand in a CSV file that people open."""
    if cell and cell[0] in _STARTS and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


def restored(cell: str) -> str:
    """The cell as it stood before `safe`."""
    return cell[1:] if _GUARDED.match(cell) else cell
