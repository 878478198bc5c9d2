"""CSV, TSV and other delimited text: the dialect first, then the rows."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from importer import codes
from importer.errors import SourceError
from importer.model import Problem
from importer.sources import encoding
from importer.sources.files import Content
from importer.sources.table import HEAD, MOST_TEXT, WHOLE, Facts, Part, RowBlock, SourceOptions

if TYPE_CHECKING:
    import _csv


# How a text file writes its cells: by which delimiter, and how quotes stand in and around them.
#
# The delimiter is what a `sep=` line says, else the one that cuts the rows evenly. Other habits
# than those of RFC 4180 are taken only where they read rows that are broken without them, and break
# none.

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


# CSV, TSV and other delimited text.

LONGEST_CELL = 16 << 20
"""Letters: a longer one is a quote that never closes, which takes in the rest of the file."""
_SAMPLE = 1 << 18
"""Letters from which delimiter and quote are found."""


class DelimitedTable:
    """A text file as rows of cells."""

    sheet = ""

    def __init__(self, content: Content, options: SourceOptions) -> None:
        csv.field_size_limit(LONGEST_CELL)
        self._content = content
        self._encoding = encoding.detect(content, options.encoding)
        sample = self._sample()
        encoding.refuse_binary(content.name, sample)
        self._declared = declared(io.StringIO(sample, newline="").readline())
        delimiter = _one_character(options.delimiter) or self._declared
        delimiter = delimiter or find_delimiter(sample)
        self._dialect = find_dialect(sample, delimiter)
        self.head = next(self.blocks(HEAD), RowBlock((), ()))
        self.facts = self._facts(sample, options.sheet)

    def width(self, labels: int) -> int:
        """As many as the header has: a row with more has shifted."""
        return labels

    def blocks(self, size: int, part: Part = WHOLE) -> Iterator[RowBlock]:
        """All rows from the first, or those of a part, at most `size` at a time."""
        with self._rows(part) as rows:
            yield from self._blocks(rows, size, part)

    def cuts(self, size: int) -> Iterator[tuple[RowBlock, Part | None]]:
        """Every block, and the part that begins behind it, where one may. Of what can't be cut, nothing."""
        codec = encoding.line_codec(self._encoding.codec)
        if not codec or self._content.compression:
            return
        with self._content.open() as stream:
            lines = encoding.Lines(stream, codec)
            rows = _Rows(self._content.name, self._begun(lines), self._dialect)
            for block in self._blocks(rows, size, WHOLE):
                yield block, rows.cut(lines)

    def close(self) -> None:
        """Nothing stays open between two calls of `blocks`."""

    def _blocks(self, rows: _Rows, size: int, part: Part) -> Iterator[RowBlock]:
        number = part.row
        while cells := list(islice(rows.within(MOST_TEXT), size)):
            ended = part.end is None and cells[-1] and cells[-1][-1].endswith(_END_OF_FILE)
            if ended and rows.is_last():
                cells[-1][-1] = cells[-1][-1].rstrip(_END_OF_FILE)
            if self._encoding.formulas:
                cells = [list(map(plain, row)) for row in cells]
            numbers = range(number, number + len(cells))
            number += len(cells)
            yield RowBlock(numbers, cells, rows.problems)
            rows.problems = {}

    @contextmanager
    def _rows(self, part: Part) -> Iterator[_Rows]:
        name, start = self._content.name, part.start - part.lead
        with self._content.open(start, part.end) as stream, self._text(stream, start) as text:
            rows = _Rows(name, text if start else self._begun(text), self._dialect)
            if part.lead:
                rows.begin(part)
            yield rows

    def _begun(self, lines: Iterator[str]) -> Iterable[str]:
        """The lines without what stands at the very top: a byte order mark, a line `sep=`."""
        first = next(lines, "").lstrip("\ufeff")
        return lines if self._declared else chain([first] if first else [], lines)

    def _text(self, stream: io.BufferedReader, start: int = 0) -> io.TextIOWrapper:
        codec = self._encoding.codec
        codec = "utf-8" if start and codec == "utf-8-sig" else codec
        return io.TextIOWrapper(stream, encoding=codec, errors=encoding.ERRORS, newline="")

    def _sample(self) -> str:
        """The start of the text, without the line at which it was cut."""
        with self._content.open() as stream, self._text(stream) as text:
            sample = text.read(_SAMPLE).lstrip("\ufeff")
        cut = max(sample.rfind("\n"), sample.rfind("\r"))
        return sample[: cut + 1] if len(sample) >= _SAMPLE - 1 and cut > 0 else sample

    def _facts(self, sample: str, sheet: str | int | None) -> Facts:
        return Facts(
            format="csv",
            size=self._content.size,
            sha256=self._content.sha256,
            compression=self._content.compression,
            encoding=self._encoding.codec,
            encoding_known_by=self._encoding.known_by,
            encoding_samples=tuple(self._encoding.samples.values()),
            encoding_lines=tuple(self._encoding.samples),
            delimiter=self._dialect.delimiter,
            notes=tuple(self._notes(sample, sheet)),
        )

    def _notes(self, sample: str, sheet: str | int | None) -> Iterator[str]:
        if sheet is not None:
            yield f"It is text and has no sheets: that sheet {str(sheet)!r} was asked for says nothing."
        if self._declared:
            yield "The line `sep=` at its top is an instruction and has no row number, as in Excel."
        if self._encoding.formulas and any(
            cell != plain(cell) for cell in self._sample_cells(sample)
        ):
            yield 'Cells are written as ="text", so that Excel leaves them alone; their text is read.'
        if self._dialect.backslash:
            yield 'A quote in a text is written \\" in this file; it is read as ".'
        if self._dialect.blanks:
            yield "Blanks stand between delimiters and quotes in this file; they are left out."

    def _sample_cells(self, sample: str) -> Iterator[str]:
        lines = self._dialect.plain(io.StringIO(sample, newline=""))
        return chain.from_iterable(self._dialect.rows(lines, strict=False))


_FORMULA = re.compile(r'="((?:[^"]|"")*)"')


def plain(cell: str) -> str:
    """The text of a cell that stands there as a formula, `="007"`, which is how some tools keep Excel from
    making a number of it; any other cell as it is."""
    found = _FORMULA.fullmatch(cell) if cell.startswith('="') else None
    return found[1].replace('""', '"') if found else cell


RUN_TOGETHER = "A quote in the middle of a cell; rows may have run together here."
_STRAY = "A quote in the middle of a cell: where the cell ends is not clear."
_REST = "This line may be the rest of a cell above, in which a quote stands that doesn't belong."
_SPACED = "A blank before a quote: the quotes would become part of the text."
_END_OF_FILE = "\x1a"  # Ctrl-Z, which programs of DOS write at the end
_NEVER = "\n\n"  # what no line holds


class _Rows:
    """The rows of a text, each read strictly. `problems` collects those that can't be.

    A row ends with its line unless a quote is open. So a row that comes after the last line was
    asked for holds a quote that is never closed; and a row over several lines that strict parsing
    refuses was opened by a quote that did not mean it. Where the line below is as wide as a row, the
    broken row ends with its line and swallows no other; what follows is trusted where its numbers stand
    in the columns where the last sound row had them.
    """

    def __init__(self, name: str, lines: Iterable[str], how: Dialect) -> None:
        self.problems: dict[int, Problem] = {}
        self._name, self._lines, self._dialect = name, iter(how.plain(lines)), how
        self._again: list[str] = []
        self._of_this_row: list[str] = []
        self._row = self._doubtful = self._beyond = self._unread = self._read = 0
        self._above = self._unsound = 0
        self._sound: list[str] = []
        self._ended = False
        self._suspect: tuple[int, int] | None = None
        self._reader = how.rows(self._watched(), strict=True)
        self._spaced = _NEVER if how.blanks else f'{how.delimiter} "'

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        self._of_this_row.clear()
        self._row += 1
        try:
            cells = next(self._reader)
        except csv.Error as error:
            return self._read_leniently(error)
        if self._doubtful or self._spaced in self._of_this_row[0]:
            self._doubt(cells)
        elif len(cells) < len(self._sound) and not self._of_this_row[-1].endswith(("\n", "\r")):
            self._tell("", "cut_row")
        else:
            self._sound = cells
        return cells

    def within(self, letters: int) -> Iterator[list[str]]:
        """The next rows, until they have so many letters."""
        end = self._read + letters
        for row in self:
            yield row
            if self._read >= end:
                return

    def begin(self, part: Part) -> None:
        """Read the row above a part, which is sound, and go on as if all the rows above had been read."""
        next(self)
        self._row, self._above = part.row - 1, part.line - self._reader.line_num
        self._read = 0

    def cut(self, lines: encoding.Lines) -> Part | None:
        """The part that begins with the next row, where that is read in the light of nothing but the last
        one; `lines` are those of the text."""
        if self._again or self._doubtful or self._row == self._unsound:
            return None
        lead = lines.at - lines.starts[-len(self._of_this_row)]
        lines.starts.clear()
        return Part(lines.at, None, self._row + 1, self._lines_above, lead)

    def is_last(self) -> bool:
        """True where no line follows."""
        if not self._again:
            self._again += islice(self._lines, 1)
        return not self._again

    def _watched(self) -> Iterator[str]:
        keep, again = self._of_this_row.append, self._again
        while True:
            while again:
                keep(again[-1])
                yield again.pop()
            for line in self._lines:
                keep(line)
                self._read += len(line)
                yield line
                if again:
                    break
            else:
                self._ended = True
                return

    def _read_leniently(self, error: csv.Error) -> list[str]:
        """The cells of a row that strict parsing refuses, as far as they can be told."""
        if "field larger" in str(error):
            raise self._never_closed(f"a cell of more than {LONGEST_CELL >> 20} MiB") from error
        if self._ended:
            raise self._never_closed("a quote that is never closed") from error
        self._unsound = self._row
        first = self._of_this_row[0]
        cells = self._strict(self._tidy(first))
        if cells is not None:
            return cells
        before = list(self._of_this_row)
        lines = chain(before, self._watched())
        cells, below = next(self._dialect.rows(lines, strict=False)), self._of_this_row[1:]
        self._beyond += len(self._of_this_row) - len(before)
        # `_watched` keeps what the lenient reader takes beyond the lines that the strict one had.
        if self._ended:
            raise self._never_closed("a quote that is never closed") from error
        self._suspect = self._suspect or (self._row, self._first_line())
        if below and self._is_wide(below[0]):
            self._again += reversed(below)
            self._unread += len(below)
            del self._of_this_row[1:]
            self._doubtful = len(below)
            cells, below = next(self._dialect.rows([first], strict=False)), []
        self._tell(RUN_TOGETHER if below else _STRAY)
        return cells

    def _tidy(self, line: str) -> str:
        """The line without blanks between a closing quote and what ends the cell."""
        return re.sub(rf'" +(?=[{re.escape(self._dialect.delimiter)}\r\n]|$)', '"', line)

    def _strict(self, line: str) -> list[str] | None:
        try:
            return next(self._dialect.rows([line], strict=True))
        except csv.Error:
            return None

    def _is_wide(self, line: str) -> bool:
        cells = self._strict(line)
        return cells is not None and len(cells) == len(self._sound) > 1

    def _doubt(self, cells: list[str]) -> None:
        """Look twice at a row that would have been swallowed, or has a blank before a quote."""
        if self._doubtful:
            self._doubtful = max(self._doubtful - len(self._of_this_row), 0)
            numbers = list(map(_is_number, cells))
            if not any(numbers) or numbers != list(map(_is_number, self._sound)):
                return self._tell(_REST)
        if any(map(BLANK_QUOTED.fullmatch, cells)):
            return self._tell(_SPACED)
        self._sound = cells
        return None

    def _tell(self, message: str, code: str = "stray_quote") -> None:
        self._unsound, kind = self._row, codes.of("file")[code]
        quote = f"Look at line {self._first_line()} of the text: double or remove the quote."
        fix = quote if message else kind.remedy
        self.problems[self._row] = Problem(code, message or kind.meaning, self._row, fix=fix)

    def _never_closed(self, what: str) -> SourceError:
        row, line = self._suspect or (self._row, self._first_line())
        return SourceError(
            f"{self._name}, row {row}: {what} opens in this row (line {line} of the text).",
            hint="Close the quote, or write it twice where it belongs to the text.",
        )

    def _first_line(self) -> int:
        return self._lines_above - len(self._of_this_row) + 1

    @property
    def _lines_above(self) -> int:
        """The next row's, in the whole text."""
        return self._above + self._reader.line_num + self._beyond - self._unread


def _is_number(cell: str) -> bool:
    return cell.strip().replace(".", "").replace(",", "").isdigit()


def _one_character(given: str | None) -> str:
    named = {"tab": "\t", r"\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
    delimiter = named.get(given or "", given or "")
    if len(delimiter) > 1 or delimiter in ("\n", "\r", '"'):
        raise SourceError(f"{given!r} can't be a delimiter.", hint="Give one character, or `tab`.")
    return delimiter
