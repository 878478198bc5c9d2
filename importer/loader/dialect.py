"""How a text file writes its cells: by which delimiter, and how quotes stand in and around them.

The delimiter is what a `sep=` line says, else the one that cuts the rows evenly. Other habits than those of
RFC 4180 are taken only where they read rows that are broken without them, and break none.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import _csv

CANDIDATES = (",", ";", "\t", "|", "^", "~", ":")
_RARE = frozenset("^~:")
_SEP_LINE = re.compile(r'\A"?sep=(.)"?[\r\n]*\Z', re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Dialect:
    """`blanks`: blanks between a delimiter and a quote are none of the text. `backslash`: `\\"` is a
    quote in the text. `doubled`: `\\\\` is one backslash there."""

    delimiter: str
    blanks: bool = False
    backslash: bool = False
    doubled: bool = False

    def rows(self, lines: Iterable[str], *, strict: bool) -> _csv.Reader:
        """A csv reader over the lines as `plain` gives them."""
        how: dict[str, Any] = {"delimiter": self.delimiter, "skipinitialspace": self.blanks}
        return csv.reader(lines, strict=strict, **how)

    def plain(self, lines: Iterable[str]) -> Iterable[str]:
        """The lines with every quote doubled that stands in a text."""
        if not self.backslash:
            return lines
        if self.doubled:
            return (_ESCAPED.sub(_unescaped, line) for line in lines)
        return (line.replace('\\"', '""') for line in lines)


BLANK_QUOTED = re.compile(r' +"[^"]*"\s*')
"""A cell whose quotes a blank makes part of its text."""
_ESCAPED = re.compile(r'\\(["\\])')
_LONE_BACKSLASH = re.compile(r'(?<!\\)(?:\\\\)*\\(?!["\\])')


def _unescaped(found: re.Match[str]) -> str:
    return '""' if found[1] == '"' else "\\"


def find_dialect(sample: str, delimiter: str) -> Dialect:
    """How the text's first rows write quotes."""
    found, broken = Dialect(delimiter), _broken(sample, Dialect(delimiter))
    if broken and '\\"' in sample:
        doubled = not _LONE_BACKSLASH.search(sample)
        escaped = replace(found, backslash=True, doubled=doubled)
        fewer = _broken(sample, escaped)
        found, broken = (escaped, fewer) if fewer < broken else (found, broken)
    spaced = replace(found, blanks=True)
    # Not the text alone: ` "` stands behind a comma inside of honest cells, too ("Slow, ""modern""").
    cells = chain.from_iterable(_rows(sample, delimiter))
    if any(map(BLANK_QUOTED.fullmatch, cells)) and _broken(sample, spaced) <= broken:
        return spaced
    return found


def _broken(sample: str, dialect: Dialect) -> int:
    """How many rows can't be read strictly, are odd inside, or have another width than most."""
    lines = io.StringIO(sample, newline="")
    rows = dialect.rows(dialect.plain(lines), strict=True)
    widths, errors = Counter[int](), 0
    while True:
        try:
            row = next(rows)
        except StopIteration:
            break
        except csv.Error:
            errors += 1
        else:
            errors += any(map(BLANK_QUOTED.fullmatch, row))
            widths[len(row)] += any(row)
    usual = max(widths.values(), default=0)
    return errors + widths.total() - usual


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
