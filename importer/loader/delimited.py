"""CSV, TSV and other delimited text."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice

from importer.errors import SourceError
from importer.loader import dialect, encoding
from importer.loader.content import Content
from importer.loader.facts import Facts
from importer.loader.options import SourceOptions
from importer.loader.table import HEAD, Block
from importer.model import Problem

LONGEST_CELL = 16 << 20
_SAMPLE = 1 << 18
_REAL_CONTROLS = frozenset("\t\n\r\f\v\x1a")


class DelimitedTable:
    """A text file as rows of cells."""

    sheet = ""

    def __init__(self, content: Content, options: SourceOptions) -> None:
        csv.field_size_limit(LONGEST_CELL)
        self._content = content
        self._encoding = encoding.detect(content, options.encoding)
        sample = self._sample()
        _refuse_binary(content.name, sample)
        self._declared = dialect.declared(io.StringIO(sample, newline="").readline())
        self._delimiter = _one_character(options.delimiter) or self._declared
        self._delimiter = self._delimiter or dialect.find_delimiter(sample)
        self.head = next(self.blocks(HEAD), Block((), ()))
        self.facts = self._facts(sample, options.sheet)

    def width(self, labels: int) -> int:
        """As many as the header has: a row with more has shifted."""
        return labels

    def blocks(self, size: int) -> Iterator[Block]:
        """All rows from the first, at most `size` at a time."""
        with self._rows() as rows:
            number = 1
            while cells := list(islice(rows, size)):
                if self._encoding.formulas:
                    cells = [list(map(plain, row)) for row in cells]
                numbers = range(number, number + len(cells))
                number += len(cells)
                yield Block(numbers, cells, rows.problems)
                rows.problems = {}

    def close(self) -> None:
        """Nothing stays open between two calls of `blocks`."""

    @contextmanager
    def _rows(self) -> Iterator[_Rows]:
        with self._content.open() as stream, self._text(stream) as text:
            first = text.readline().lstrip("\ufeff")
            lines = text if self._declared else chain([first] if first else [], text)
            yield _Rows(self._content.name, lines, self._delimiter)

    def _text(self, stream: io.BufferedReader) -> io.TextIOWrapper:
        codec = self._encoding.codec
        return io.TextIOWrapper(stream, encoding=codec, errors="replace", newline="")

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
            encoding_samples=self._encoding.samples,
            delimiter=self._delimiter,
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

    def _sample_cells(self, sample: str) -> Iterator[str]:
        rows = csv.reader(io.StringIO(sample, newline=""), delimiter=self._delimiter)
        return chain.from_iterable(rows)


_FORMULA = re.compile(r'="((?:[^"]|"")*)"')


def plain(cell: str) -> str:
    """The text of a cell that stands there as a formula, `="007"`, which is how some tools keep Excel from
    making a number of it; any other cell as it is."""
    found = _FORMULA.fullmatch(cell) if cell.startswith('="') else None
    return found[1].replace('""', '"') if found else cell


class _Rows:
    """The rows of a text. `problems` collects rows in which a stray quote may have swallowed others.

    A row ends with its line unless a quote is open. So a row that comes after the last line was
    asked for holds a quote that is never closed; and a row over several lines that strict parsing
    refuses was opened by a quote that did not mean it.
    """

    def __init__(self, name: str, lines: Iterator[str] | chain[str], delimiter: str) -> None:
        self.problems: dict[int, Problem] = {}
        self._name, self._lines, self._delimiter = name, lines, delimiter
        self._of_this_row: list[str] = []
        self._row = 0
        self._ended = False
        self._suspect: tuple[int, int] | None = None
        self._reader = csv.reader(self._watched(), delimiter=delimiter)

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        self._of_this_row.clear()
        self._row += 1
        try:
            cells = next(self._reader)
        except csv.Error as error:
            raise self._never_closed(f"a cell of more than {LONGEST_CELL >> 20} MiB") from error
        if len(self._of_this_row) > 1 or self._ended:
            self._check_quotes()
        return cells

    def _watched(self) -> Iterator[str]:
        keep = self._of_this_row.append
        for line in self._lines:
            keep(line)
            yield line
        self._ended = True

    def _check_quotes(self) -> None:
        if self._ended:
            raise self._never_closed("a quote that is never closed")
        if not _strictly_quoted(self._of_this_row, self._delimiter):
            self._suspect = self._suspect or (self._row, self._first_line())
            self.problems[self._row] = Problem(
                code="stray_quote",
                message="A quote in the middle of a cell; rows may have run together here.",
                row=self._row,
                fix=f"Look at line {self._first_line()} of the text: double or remove the quote.",
            )

    def _never_closed(self, what: str) -> SourceError:
        row, line = self._suspect or (self._row, self._first_line())
        return SourceError(
            f"{self._name}, row {row}: {what} opens in this row (line {line} of the text).",
            hint="Close the quote, or write it twice where it belongs to the text.",
        )

    def _first_line(self) -> int:
        return self._reader.line_num - len(self._of_this_row) + 1


def _strictly_quoted(lines: list[str], delimiter: str) -> bool:
    try:
        return len(list(csv.reader(lines, delimiter=delimiter, strict=True))) == 1
    except csv.Error:
        return False


def _one_character(given: str | None) -> str:
    named = {"tab": "\t", r"\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
    delimiter = named.get(given or "", given or "")
    if len(delimiter) > 1 or delimiter in ("\n", "\r", '"'):
        raise SourceError(f"{given!r} can't be a delimiter.", hint="Give one character, or `tab`.")
    return delimiter


def _refuse_binary(name: str, sample: str) -> None:
    odd = sum(unicodedata.category(char) == "Cc" for char in sample if char not in _REAL_CONTROLS)
    if odd > 8 and odd * 50 > len(sample):
        raise SourceError(
            f"{name} is not text: it is full of control characters.",
            hint="Export it as CSV or XLSX. If it is text, name its encoding.",
        )
