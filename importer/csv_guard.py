"""Cells that a spreadsheet program shows and never runs.

A cell that begins with = + - @, whatever their width and whatever unseen stands before them, or with a tab
or a line break, is taken for a formula by Excel and others (OWASP, "CSV Injection"). Such a cell gets a
leading apostrophe; so does what follows a separator within a cell, since an Excel of another country
separates there, quotes or none. Plain numbers such as -5, and `5,-`, stay. `restored` takes exactly those
apostrophes off again, so that a mended file can be fed back.
"""

from __future__ import annotations

import re

PROBLEM_COLUMN = "problem"
"""The last column of a problems.csv, by which the loader knows that its cells are guarded."""

_SIGN = r"[=+\-@＝＋－＠﹦﹢﹣﹫⁼₌⁺₊﬩]"
"""Every character whose compatible form (NFKC) is one of the four."""
_BLANK = r"[^\S\t\r\n]|[\x00-\x08\x0e-\x1b\x7f-\x9f\xad\u180e\u200b-\u200f\u2060\ufeff]"
"""White space but for that which separates, and what nobody sees."""
_FIRST = rf"(?:[\t\r\n\v\f]|(?:{_BLANK})*{_SIGN})"
_PERHAPS = re.compile(rf"{_SIGN}|^'*[\t\r\n\v\f]")
_FORMULA = re.compile(rf"'*{_FIRST}")
_GUARDED = re.compile(rf"'+{_FIRST}")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)")

_SEPARATORS = r"[;,\t|\n\r]"
_HARMLESS = rf"(?:{_BLANK})*(?:[+-]?\d+(?:\.\d*)?|{_SIGN}+)(?:{_BLANK})*(?:[;,]|\Z)"
_INSIDE = re.compile(rf"({_SEPARATORS})(?!{_HARMLESS})(?='*(?:{_BLANK})*{_SIGN})")
_GUARDED_INSIDE = re.compile(rf"({_SEPARATORS})'(?='*(?:{_BLANK})*{_SIGN})")


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
    if not _PERHAPS.search(cell):
        return cell
    begins = _FORMULA.match(cell) and not _NUMBER.fullmatch(cell.strip())
    cell = _INSIDE.sub(r"\1'", cell)
    return "'" + cell if begins else cell


def restored(cell: str) -> str:
    """The cell as it stood before `safe`."""
    if "'" not in cell:
        return cell
    return _GUARDED_INSIDE.sub(r"\1", cell[1:] if _GUARDED.match(cell) else cell)
