"""The texts that an .xlsx keeps once for all its cells, in little memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import IO
from xml.etree import ElementTree as ET
from zipfile import BadZipFile

from importer.loader.xml_stream import (
    NotPlain,
    decoded,
    elements,
    excel_text,
    local_name,
    pieces,
    rich_text,
    unescaped,
)

_PLAIN = re.compile(r'<si><t(?: xml:space="preserve")?>([^<]*)</t></si>')
_ROOT = re.compile(r"<sst(?:\s[^>]*)?>")
_BETWEEN = "\0"
_BITS = 6
_REST = (1 << _BITS) - 1
_MOST_PAGES = 1_024


class SharedStrings:
    """Texts by their number, from 0. A `str` each would take several times the memory: they are kept as
    UTF-8, some together, and those in use as texts."""

    def __init__(self, batches: Iterator[list[str]]) -> None:
        self._pages = _Pages(list(_packed(chain.from_iterable(batches))))

    def texts(self, numbers: Sequence[str]) -> list[str]:
        """The texts of these numbers, as cells hold them; "" for "". Raises IndexError where there is
        no such text."""
        pages = self._pages
        return [
            pages[(at := int(number)) >> _BITS][at & _REST] if number else "" for number in numbers
        ]


class _Pages(dict[int, list[str]]):
    """The texts of the pages in use."""

    def __init__(self, packed: list[bytes]) -> None:
        super().__init__()
        self._packed = packed

    def __missing__(self, number: int) -> list[str]:
        if number < 0:
            raise IndexError(number)
        if len(self) > _MOST_PAGES:
            self.clear()
        page = self[number] = self._packed[number].decode().split(_BETWEEN)
        return page


def _packed(texts: Iterator[str]) -> Iterator[bytes]:
    while page := list(islice(texts, 1 << _BITS)):
        joined = _BETWEEN.join(page)
        if joined.count(_BETWEEN) != len(page) - 1:
            raise BadZipFile("a NUL in a text")
        yield joined.encode()


def shared_strings(part: Callable[[], IO[bytes]]) -> SharedStrings:
    """Reads `sharedStrings.xml` (ECMA-376 part 1, 18.4); `part` opens it."""
    try:
        with part() as stream:
            return SharedStrings(_by_piece(stream))
    except NotPlain:
        with part() as stream:
            return SharedStrings([excel_text(rich_text(item))] for item in elements(stream, "si"))


def _by_piece(stream: IO[bytes]) -> Iterator[list[str]]:
    root = "<sst>"
    for piece in map(decoded, pieces(stream, b"sst", b"si")):
        texts = _PLAIN.findall(piece)
        opening = _ROOT.search(piece)
        root = opening[0] if opening else root
        if len(texts) != piece.count("<si"):
            items = piece[opening.end() if opening else 0 :].replace("</sst>", "")
            parsed = ET.fromstring(f"{root}{items}</sst>")  # noqa: S314  in a child with limits
            texts = [rich_text(item) for item in parsed if local_name(item) == "si"]
        elif "&" in piece:
            texts = list(map(unescaped, texts))
        yield list(map(excel_text, texts)) if "_x" in piece else texts
