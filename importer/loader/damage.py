"""What a file had already lost before it came here: one problem per cell, told before anything is sent.

A chunk of 5,000 rows is first searched as one text, at the speed of `str.find`; cells are looked at
one by one only where a trace was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from importer.guard import is_excel_error
from importer.model import Problem


@dataclass(frozen=True, slots=True)
class Damage:
    """A kind of damage: what it means, and what the user can do about it."""

    code: str
    meaning: str
    remedy: str


DAMAGE = {
    each.code: each
    for each in (
        Damage(
            "scientific_id",
            "A long number was saved as 1.23E+15: its last digits are gone.",
            "Export again from the tool, and don't open the file in Excel before the import.",
        ),
        Damage(
            "float_id",
            "A long whole number was saved with a decimal part (6666761644.0): ids won't match.",
            "Export the column as text, or cut the `.0` off.",
        ),
        Damage(
            "grouped_id",
            "Ids seem to be numbers with a mark for thousands (12.120): they won't match 12120.",
            "Export the column as text; if the ids are written so, nothing.",
        ),
        Damage(
            "big_number",
            "A number of 16 digits or more: Excel keeps 15, the rest may be wrong.",
            "Export again with this column as text; as CSV straight from the tool it is whole.",
        ),
        Damage(
            "excel_error",
            "The cell holds an error of Excel (or ####, a column too narrow), not a value.",
            "Mend the formula, or widen the column, and save the file again.",
        ),
        Damage(
            "formula_without_value",
            "The cell holds a formula whose result was never saved: it reads as blank.",
            "Open the file in Excel, let it calculate, and save it again.",
        ),
        Damage(
            "cut_cell",
            "The cell has 32,767 characters, the most that Excel keeps: the end is cut off.",
            "Take the whole text from the tool's own CSV export.",
        ),
        Damage(
            "mojibake",
            "The text was decoded wrongly before it was saved (Ã© where é belongs).",
            "Export again as UTF-8; if only this reading is wrong, give the encoding.",
        ),
        Damage(
            "lost_character",
            "The cell holds �, a character that could not be read.",
            "Give the right encoding, or export again as UTF-8.",
        ),
        Damage(
            "control_character",
            "The cell holds an invisible control character (NUL, say).",
            "Export again; the file was cut or put together from pieces.",
        ),
        Damage(
            "month_range",
            "A range of numbers (10-49) was turned into a month (Oct-49).",
            "Export again from the tool, and don't open the file in Excel before the import.",
        ),
        Damage(
            "date_serial",
            "A date column holds a bare number: days since 1900, as Excel counts them.",
            "Format the column as a date in Excel, and save the file again.",
        ),
    )
}
"""Every kind of damage by its code."""

_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_SCIENTIFIC = re.compile(r"[+-]?\d(?:[.,](\d+))?E\+(\d+)")
_FLOAT_ID = re.compile(r"\d{7,}\.0")
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+|\d{1,3}(?: \d{3})+")
_SHORT = re.compile(r"\d{0,3}")
_ID_LABEL = re.compile(
    r"(?:\b|_|(?<=[a-z]))(?:ids?|ID|key|nr|no|number|code|uid)\b|nummer|numero|número|numéro|номер|番号|编号|번호",
    re.IGNORECASE,
)
_MONTHS = re.compile(rf"(?:{_MONTH})-\d\d|\d{{1,2}}-(?:{_MONTH})|\d{{4}}-\d\d-\d\d")
_RANGE = re.compile(r"\d[\d,.]* ?[-–] ?\d[\d,.]*")
_SERIAL = re.compile(r"[2-6]\d{4}(?:[.,]\d+)?")
_DATE_LABEL = re.compile(r"\bdate\b|datum|fecha|timestamp|_at$|submitted|created", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_MOJIBAKE = re.compile(
    "Ã[\u0080-\u009f¡-ª¬-º¼-¿ƒ„†‡ˆ‰Š‹ŒŽ˜™š›œžŸ€‚]|Â[\u0080-\u00bf]|â€[\u0080-\u009f™œ\u009dž¦“”¢]"
    "|ðŸ|ï»¿|ï¿½|[ÐÑ][\u0080-\u00bfƒ‚„†‡ˆ‰Š‹ŒŽ€][ÐÑ]|√[©®†§¥¢º≥±°]|‚Äô|‚Äú|‚Äù"
)
_EXCEL_LIMIT = 32_767


def _scientific(cell: str) -> bool:
    found = _SCIENTIFIC.fullmatch(cell)
    return found is not None and int(found[2]) >= max(9, len(found[1] or "") + 1)


def _cut(cell: str) -> bool:
    """Excel counts in UTF-16 units."""
    return (
        len(cell) * 2 >= _EXCEL_LIMIT
        and len(cell.encode("utf-16-le", "replace")) == 2 * _EXCEL_LIMIT
    )


@dataclass(frozen=True, slots=True)
class _Trace:
    """How a kind of damage is found: what a text must hold for it, then what a cell must be."""

    code: str
    anywhere: tuple[str, ...]
    cell: Callable[[str], object]


_BETWEEN = "|"
_TRACES = (
    _Trace("scientific_id", ("E+",), _scientific),
    _Trace("float_id", (".0" + _BETWEEN,), _FLOAT_ID.fullmatch),
    _Trace("excel_error", ("#",), lambda cell: is_excel_error(cell) or cell.startswith("#####")),
    _Trace("mojibake", ("Ã", "Â", "â€", "ð", "ï", "Ð", "Ñ", "√", "‚Ä"), _MOJIBAKE.search),
    _Trace("lost_character", ("\ufffd",), lambda cell: "\ufffd" in cell),
)


def found_in(
    labels: Sequence[str], rows: Sequence[int], columns: Sequence[Sequence[str]]
) -> Iterator[Problem]:
    """The damage in a chunk: `columns` holds the cells by column, `labels` their names."""
    for label, cells in zip(labels, columns, strict=True):
        for code, damaged in _suspects(cells, label):
            for row, cell in zip(rows, cells, strict=True):
                if damaged(cell):
                    yield problem(code, row, label, cell)


def problem(code: str, row: int, label: str, value: str) -> Problem:
    """The problem of one damaged cell."""
    kind = DAMAGE[code]
    return Problem(code, kind.meaning, row, label, value, kind.remedy)


def _suspects(cells: Sequence[str], label: str) -> Iterator[tuple[str, Callable[[str], object]]]:
    """The kinds of damage that a column may hold, by a look at its text as a whole."""
    text = _BETWEEN.join(cells) + _BETWEEN
    for trace in _TRACES:
        if any(each in text for each in trace.anywhere):
            yield trace.code, trace.cell
    if not text.isprintable() and _CONTROL.search(text):
        yield "control_character", _CONTROL.search
    if len(text) * 2 > _EXCEL_LIMIT and max(map(len, cells)) * 2 >= _EXCEL_LIMIT:
        yield "cut_cell", _cut
    if "-" in text and _holds_ranges(cells):
        yield "month_range", _MONTHS.fullmatch
    if _ID_LABEL.search(label) and _holds_groups(cells):
        yield "grouped_id", _GROUPED.fullmatch
    if _DATE_LABEL.search(label):
        yield "date_serial", _SERIAL.fullmatch


def _holds_groups(cells: Sequence[str]) -> bool:
    """True where all cells are whole numbers in groups of three: `1.10` and `12 a` are ids of their own."""
    return all(_SHORT.fullmatch(cell) or _GROUPED.fullmatch(cell) for cell in cells)


def _holds_ranges(cells: Sequence[str]) -> bool:
    """True for a column of answers such as `50-99`, where a month can only be a range that Excel ate."""
    values = set(cells)
    return len(values) < 50 and any(map(_RANGE.fullmatch, values))
