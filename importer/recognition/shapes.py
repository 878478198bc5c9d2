"""What a cell is by its shape alone: enough to tell a header from the values below it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_SHAPES = (
    ("number", re.compile(r"[-+]?\d+(?:[.,]\d+)?%?")),
    ("date", re.compile(r"\d{1,4}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})[-/. ,]{1,2}\d{2,4}\b.*")),
    ("e-mail", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")),
    ("code", re.compile(r"(?=.*\d)[A-Za-z0-9_-]{8,}")),
    ("address", re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")),
)
_MOSTLY = 0.8


def shape(cell: str) -> str:
    """`number`, `date`, `e-mail`, `code`, `address`; "" for other text and for blanks."""
    text = cell.strip()
    return next((name for name, pattern in _SHAPES if pattern.fullmatch(text)), "")


def column_shape(cells: Sequence[str]) -> str:
    """The shape that most of a column's filled cells have; "" where they have none in common."""
    filled = [cell for cell in cells if cell.strip()]
    if not filled:
        return ""
    most, count = Counter(map(shape, filled)).most_common(1)[0]
    return most if count >= _MOSTLY * len(filled) else ""
