"""The texts that an .xlsx keeps once for all its cells, in little memory."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import IO
from xml.etree import ElementTree as ET

from importer.loader.xml_stream import (
    NotPlain,
    decoded,
    elements,
    excel_text,
    pieces,
    rich_text,
    unescaped,
)

_PLAIN = re.compile(r'<si><t(?: xml:space="preserve")?>([^<]*)</t></si>')
_ROOT = re.compile(r"<sst(?:\s[^>]*)?>")


class SharedStrings:
    """Texts by their number, from 0: UTF-8 in one piece, and where each ends. A `str` each would take
    several times the memory."""

    def __init__(self, batches: Iterator[list[str]]) -> None:
        self._data, self._ends = bytearray(), array("Q", [0])
        for texts in batches:
            encoded = [excel_text(text).encode() for text in texts]
            self._ends.extend(accumulate(map(len, encoded), initial=self._ends.pop()))
            self._data += b"".join(encoded)

    def text(self, number: str) -> str:
        """The text of this number, as a cell holds it. Raises IndexError where there is none."""
        at = int(number)
        if at < 0:
            raise IndexError(at)
        return self._data[self._ends[at] : self._ends[at + 1]].decode()


def shared_strings(part: Callable[[], IO[bytes]]) -> SharedStrings:
    """Reads `sharedStrings.xml` (ECMA-376 part 1, 18.4); `part` opens it."""
    try:
        with part() as stream:
            return SharedStrings(_by_piece(stream))
    except NotPlain:
        with part() as stream:
            return SharedStrings([rich_text(item)] for item in elements(stream, "si"))


def _by_piece(stream: IO[bytes]) -> Iterator[list[str]]:
    root = "<sst>"
    for piece in map(decoded, pieces(stream, b"sst", b"</si>")):
        texts = _PLAIN.findall(piece)
        opening = _ROOT.search(piece)
        root = opening[0] if opening else root
        if len(texts) != piece.count("<si"):
            items = piece[opening.end() if opening else 0 :].replace("</sst>", "")
            texts = list(map(rich_text, ET.fromstring(f"{root}{items}</sst>")))  # noqa: S314
        elif "&" in piece:
            texts = list(map(unescaped, texts))
        yield texts
