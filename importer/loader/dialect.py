"""Which delimiter a text file has: a `sep=` line, else the one that cuts its rows evenly."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter

CANDIDATES = (",", ";", "\t", "|", "^", "~", ":")
_RARE = frozenset("^~:")
_SEP_LINE = re.compile(r'\A"?sep=(.)"?[\r\n]*\Z', re.IGNORECASE | re.DOTALL)


def declared(line: str) -> str:
    """The delimiter that a first line such as `sep=;` declares, else "". Excel takes such a line
    as an instruction and doesn't show it: the row below it is row 1."""
    found = _SEP_LINE.match(line)
    return found[1] if found else ""


def find_delimiter(sample: str) -> str:
    """The delimiter of the text's first rows; a comma where there is but one column."""
    return max(CANDIDATES, key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(sample: str, delimiter: str) -> float:
    """0 to 1: the share of the rows that have the commonest width over 1, more for wider ones.

    Times and the like hold a rare delimiter in every row of one column, but not in its label: a
    rare one must cut the first row too.
    """
    widths = [len(row) for row in _rows(sample, delimiter) if any(row)]
    common, times = Counter(widths).most_common(1)[0] if widths else (1, 1)
    if common == 1 or (delimiter in _RARE and widths[0] != common):
        return 0.0
    return times / len(widths) * (1 - 1 / (2 * common))


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter))
    except csv.Error:
        return []
