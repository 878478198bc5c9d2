"""Parts of a delimited text: where it can be cut so that each part, read by itself, is as it is in the whole.

A line break in quotes ends no row, so that no search for line breaks finds the ends of rows; one pass by the
very reader that reads the rows does. Cut is only where nothing of a row above says how the next is read.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib import import_module

from importer.sources import encoding

_BLOCK = 1 << 20


def line_codec(codec: str) -> str:
    """The codec for one line of a text in `codec`, where its line breaks can be found among the bytes, and
    each line be decoded by itself: UTF-8, and encodings of one byte a letter that have ASCII's breaks. "" for
    every other."""
    if codec in ("utf-8", "utf-8-sig"):
        return "utf-8"
    if codec in ("ascii", "iso8859-1"):
        return codec
    try:
        table = getattr(import_module(f"encodings.{codec.replace('-', '_')}"), "decoding_table", "")
    except ImportError:
        return ""
    breaks = [at for at, letter in enumerate(table) if letter in "\r\n"]
    return codec if breaks == [0x0A, 0x0D] and table[0x0A] == "\n" else ""


class Lines:
    """The lines of a text, as `io.TextIOWrapper(newline="")` has them; `starts` are the bytes at which those
    begin that were taken since it was last emptied, `at` is where the next one does."""

    def __init__(self, stream: io.BufferedReader, codec: str) -> None:
        self.starts: list[int] = []
        self.at = 0
        self._codec = codec
        self._lines = _lines(stream)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.starts.append(self.at)
        self.at += len(line)
        return line.decode(self._codec, encoding.ERRORS)


def _lines(stream: io.BufferedReader) -> Iterator[bytes]:
    left = b""
    while block := stream.read(_BLOCK):
        lines = (left + block).splitlines(keepends=True)
        # A \r at its end may be half of a \r\n.
        left = b"" if block.endswith(b"\n") else lines.pop()
        yield from lines
    if left:
        yield left
