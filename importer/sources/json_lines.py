"""JSON lines (.jsonl, .ndjson): an object on each line; its keys are the columns.

Numbers stand as they are written, with every digit. An object in an object becomes columns with a dot
(`user.id`), a list its JSON text. The columns are the keys of all lines, in the order in which they first
appear: the file is read once for them before its rows, and no more than a line of it is in memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from importer import codes
from importer.errors import SourceError
from importer.model import Problem
from importer.sources.files import Content
from importer.sources.table import HEAD, MOST_COLUMNS, Facts, RowBlock, SourceOptions, in_blocks
from importer.sources.values import NO_NUMBER

LONGEST_LINE = 4 << 20
"""Bytes. Parsed, a line of mere brackets takes some forty times as much."""
UNREAD = "unreadable line"
"""The column that holds the lines which can't be read, where there are any: no other may, since any may be
an id or a key."""
BEGIN = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{[ \t]*["}]')


def is_whole(head: bytes) -> bool:
    """Whether the first line, which begins with an object, is one as a whole, as far as it is seen; one over
    several lines is JSON, but no JSON lines."""
    line, end, _ = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    try:
        return not end or _Object is type(_DECODER.decode(line.decode()))
    except (ValueError, RecursionError):
        return False


class _Object(list[tuple[str, object]]):
    """The keys and values of an object, as they stand."""


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def _constant(name: str) -> str | None:
    """What Python writes, though it is no JSON: a missing number, or none that there is."""
    return None if name == "NaN" else NO_NUMBER


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Object, parse_int=_Number, parse_float=_Number, parse_constant=_constant
)


class JsonLinesTable:
    """A file of JSON lines; row 0 holds the labels, and a row has the number of its line."""

    sheet = ""

    def __init__(self, content: Content, options: SourceOptions) -> None:
        self._content = content
        self._labels, read = self._keys()
        first = next(self.blocks(HEAD - 1), RowBlock((), ()))
        self.head = RowBlock((0, *first.rows), (self._labels, *first.cells))
        asked = options.sheet is not None or options.encoding or options.delimiter
        self.facts = Facts(
            format="jsonl",
            size=content.size,
            sha256=content.sha256,
            compression=content.compression,
            notes=(_NOTHING_ELSE,) if asked else (),
        )
        if not any(map(str.strip, self._labels)) and read:
            raise SourceError(
                f"{content.name}: no object in it has a key.", hint="Export it again."
            )

    def width(self, labels: int) -> int:
        """As many as there are labels."""
        return labels

    def blocks(self, size: int) -> Iterator[RowBlock]:
        """All rows, at most `size` at a time."""
        place = {label: at for at, label in enumerate(self._labels)}
        problems: dict[int, Problem] = {}

        def rows() -> Iterator[tuple[int, list[str]]]:
            for number, line in self._lines():
                fields, code = _fields(line)
                if code:
                    kind = codes.of("file")[code]
                    problems[number] = Problem(code, kind.meaning, number, fix=kind.remedy)
                cells = [""] * len(place)
                for key, text in fields:
                    if key not in place:  # nor was it, when the keys were collected
                        raise SourceError(f"{self._content.name}, line {number}: its keys changed.")
                    cells[place[key]] = text
                yield number, cells

        for block in in_blocks(rows(), size):
            found = {row: problems.pop(row) for row in block.rows if row in problems}
            yield RowBlock(block.rows, block.cells, found)

    def close(self) -> None:
        """Nothing stays open between two calls of `blocks`."""

    def _keys(self) -> tuple[list[str], int]:
        """The labels, and how many lines there are."""
        labels: dict[str, None] = {}
        unread = read = 0
        for _, line in self._lines():
            fields, code = _fields(line)
            read, unread = read + 1, unread + bool(code)
            labels |= dict.fromkeys(key for key, _ in fields if not code)
            if len(labels) > MOST_COLUMNS:
                raise SourceError(
                    f"{self._content.name} has more than {MOST_COLUMNS:,} keys.",
                    hint="Keys must name columns; values that differ in each line can't be keys.",
                )
        return [*labels, *((UNREAD,) if unread and UNREAD not in labels else ())], read

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines that aren't blank, by their number. Raises SourceError for one that is too long."""
        with self._content.open() as stream:
            for number, line in enumerate(iter(lambda: stream.readline(LONGEST_LINE + 1), b""), 1):
                if len(line) > LONGEST_LINE:
                    raise SourceError(
                        f"{self._content.name}, line {number}: it has more than {LONGEST_LINE >> 20} MiB.",
                        hint="Each holds one record. Of a single document, jq makes them: jq -c '.[]'",
                    )
                bare = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
                if bare.strip():
                    yield number, bare


_NOTHING_ELSE = (
    "JSON lines are UTF-8, without sheets and delimiters: what was asked of these says nothing."
)


def _fields(line: bytes) -> tuple[Sequence[tuple[str, str]], str]:
    """The keys of a line's object, with the texts of their values, and ""; or the line itself below `UNREAD`,
    and the code of its problem."""
    try:
        found = _DECODER.decode(line.decode())
        fields = list(islice(_flat(found), MOST_COLUMNS + 1)) if type(found) is _Object else None
    except (ValueError, RecursionError):
        fields = None
    if fields is not None and len(dict(fields)) == len(fields):
        return fields, ""
    text = line.decode("utf-8", "replace").strip()
    return [(UNREAD, text)], "bad_line" if fields is None else "repeated_key"


def _flat(fields: _Object, before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in fields:
        if type(value) is _Object:
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, _text(value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return "" if value is None else written(value)


def written(value: object) -> str:
    """A value as JSON text, its numbers as they were written."""
    if isinstance(value, _Object):
        return "{" + ", ".join(f"{written(key)}: {written(each)}" for key, each in value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return str(value) if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)
