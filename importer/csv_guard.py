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


_ERROR = re.compile(
    r"#[¡¿]?[^\W\d_][^\W\d]*(?:/[^\W\d])?(?:/0)?[!?]"
    r"|#(?:N/A|N/D|N/B|I/T|Н/Д|Δ/Υ|NV|ND|YOK|BRAK|HIÁNYZIK|NEDOSTUPNÝ|NENÍ_K_DISPOZICI|GETTING_DATA)"
)


def is_excel_error(cell: str) -> bool:
    """Whether the cell is an error value of Excel, in any language that it speaks: `#REF!`, `#¡VALOR!`,
    `#ССЫЛКА!`. They are in capitals; `#1234`, `#tag` and `#Wow!` are text."""
    return cell[:1] == "#" and _ERROR.fullmatch(cell) is not None and cell == cell.upper()


def safe(cell: str) -> str:
    """The cell as it may stand in a CSV file that people open."""
    if cell and cell[0] in _STARTS and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


def restored(cell: str) -> str:
    """The cell as it stood before `safe`."""
    return cell[1:] if _GUARDED.match(cell) else cell
