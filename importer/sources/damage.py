"""What a file had already lost before it came here: one problem per cell, told before anything is sent.

A chunk of 5,000 rows is first searched as one text, at the speed of `str.find`; cells are looked at
one by one only where a trace was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from importer import codes
from importer.model import Problem
from importer.privacy import is_excel_error

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
_SERIALS = re.compile(rf"\|{_SERIAL.pattern}\|")
_DATE_LABEL = re.compile(r"\bdate\b|datum|fecha|timestamp|_at$|submitted|created", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_MOJIBAKE = re.compile(
    "Ã[\u0080-\u009f¡-ª¬-º¼-¿ƒ„†‡ˆ‰Š‹ŒŽ˜™š›œžŸ€‚]|Â[\u0080-\u00bf]|â€[\u0080-\u009f™œ\u009dž¦“”¢]"
    "|ðŸ|ï»¿|ï¿½|[ÐÑ][\u0080-\u00bfƒ‚„†‡ˆ‰Š‹ŒŽ€][ÐÑ]|√[©®†§¥¢º≥±°]|‚Äô|‚Äú|‚Äù"
    "|[a-zß-ÿ](?:‚|[„ˆ‡ƒ‰‹Š¤Œ”](?=[a-zß-ÿ‚„ˆ‡ƒ‰‹Š¤Œ]))"
    "|(?<![\\w‘’])‚[a-zß-ÿ](?![^‘’']*[‘’'])"
)
"""The last two lines: letters of DOS (cp850, cp437) read as Windows', whose marks stand within no word.
German quotes begin with ‚ and end with ‘."""
_EXCEL_LIMIT = 32_767
"""UTF-16 units that a cell of Excel holds: a text of just that length was cut there."""


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
    _Trace("mojibake", ("Ã", "Â", "â€", "ð", "ï", "Ð", "Ñ", "√", *"‚„ˆ‡ƒ‰‹Š¤Œ”"), _MOJIBAKE.search),
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


def problem(code: str, row: int, label: str, value: str, where: str = "") -> Problem:
    """The problem of one damaged cell. `where`: the cells that it is one of."""
    kind = codes.of("file")[code]
    message = f"{kind.meaning.removesuffix('.')} ({where})." if where else kind.meaning
    return Problem(code, message, row, label, value, kind.remedy)


def _suspects(cells: Sequence[str], label: str) -> Iterator[tuple[str, Callable[[str], object]]]:
    """The kinds of damage that a column may hold, by a look at its text as a whole."""
    text = f"{_BETWEEN}{_BETWEEN.join(cells)}{_BETWEEN}"
    for trace in _TRACES:
        if any(each in text for each in trace.anywhere):
            yield trace.code, trace.cell
    if not text.isprintable() and _CONTROL.search(text):
        yield "control_character", _CONTROL.search
    if len(text) * 2 > _EXCEL_LIMIT and max(map(len, cells)) * 2 >= _EXCEL_LIMIT:
        yield "cut_cell", _cut
    if "-" in text and _holds_ranges(cells, most=len(cells) if _ID_LABEL.search(label) else 50):
        yield "month_range", _MONTHS.fullmatch
    if _ID_LABEL.search(label) and _holds_groups(cells):
        yield "grouped_id", _GROUPED.fullmatch
    if _DATE_LABEL.search(label) and _SERIALS.search(text):
        yield "date_serial", _SERIAL.fullmatch


def _holds_groups(cells: Sequence[str]) -> bool:
    """True where all cells are whole numbers in groups of three: `1.10` and `12 a` are ids of their own."""
    return all(_SHORT.fullmatch(cell) or _GROUPED.fullmatch(cell) for cell in cells)


def _holds_ranges(cells: Sequence[str], most: int) -> bool:
    """True for a column of answers such as `50-99`, or of ids such as `3-17`, where a month can only be a
    range that Excel ate. Answers are few, ids may be as many as rows."""
    values = set(cells)
    return len(values) <= most and any(map(_RANGE.fullmatch, values))
