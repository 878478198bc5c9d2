"""The XML of a workbook's parts, in two gears: pieces of text for the usual, elements for all else.

Programs that write workbooks write plain UTF-8 without comments or CDATA, so that a piece can
be searched with regular expressions, ten times as fast as elements are built. What isn't plain goes
through a real parser; both hold one row at a time, whatever the size of the part.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import IO, cast
from xml.etree import ElementTree as ET

Events = Iterator[tuple[str, ET.Element]]

_BLOCK = 1 << 19
_LONGEST = 16 << 20
_DECLARED = re.compile(rb"""<\?xml[^>]*\sencoding=["']([\w-]+)["']""")
_ENTITY = re.compile(r"&(?:#(\d+)|#x([0-9A-Fa-f]+)|(\w+));")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SURROGATES = range(0xD800, 0xE000)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


class NotPlain(Exception):
    """The part holds something that only a parser reads right."""


def pieces(stream: IO[bytes], root: bytes, name: bytes) -> Iterator[bytes]:
    """The part in pieces, all but the first of which begin with an element of this name; tags without
    the prefix that some programs give them all. Raises NotPlain; BadZipFile where a piece would be longer
    than 16 MiB."""
    kept = stream.read(_BLOCK)
    prefix = _prefix(kept, root)
    start = b"<" + prefix + name
    while block := stream.read(_BLOCK):
        cut = kept.rfind(start)
        if cut > 0:
            yield _checked(kept[:cut], prefix)
            kept = kept[cut:]
        elif len(kept) > _LONGEST:
            raise zipfile.BadZipFile(f"more than {_LONGEST >> 20} MiB without {start.decode()}")
        kept += block
    yield _checked(kept, prefix)


def decoded(piece: bytes) -> str:
    """A piece as text, with line ends as XML wants them."""
    text = piece.decode()
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def elements(stream: IO[bytes], name: str) -> Iterator[ET.Element]:
    """Every element of this name, by a parser; each is forgotten before the next. Raises ParseError,
    and BadZipFile for a document type, which no workbook has and which is how entity bombs begin."""
    parser: ET.XMLPullParser[ET.Element] = ET.XMLPullParser(("start", "end"))
    parents = list[ET.Element]()
    while block := stream.read(_BLOCK):
        if b"<!DOCTYPE" in block:
            raise zipfile.BadZipFile("a document type in a workbook")
        parser.feed(block)
        for event, element in cast("Events", parser.read_events()):
            if event == "start":
                parents.append(element)
            elif parents.pop() is element and local_name(element) == name:
                yield element
                parents[-1].remove(element)
    parser.close()


def local_name(element: ET.Element) -> str:
    """An element's name without its namespace: strict and transitional workbooks differ in that."""
    return element.tag.rpartition("}")[2]


def child(element: ET.Element, name: str) -> ET.Element | None:
    """The first child of this name."""
    return next((each for each in element if local_name(each) == name), None)


def rich_text(element: ET.Element) -> str:
    """All text of a string item (ECMA-376 part 1, 18.4.8), but for `rPh`, which says how it is spoken."""
    return "".join(
        (part.text or "") if local_name(part) == "t" else rich_text(part)
        for part in element
        if local_name(part) in ("t", "r")
    )


def unescaped(text: str) -> str:
    """Text with its entities put in. Raises BadZipFile for one that XML doesn't know."""
    return _ENTITY.sub(_character, text)


def excel_text(text: str) -> str:
    """Characters that XML can't hold are written as `_x000D_` (ECMA-376 part 1, 22.9.2.19)."""
    return _ESCAPED.sub(_escaped, text) if "_x" in text else text


def _escaped(found: re.Match[str]) -> str:
    """NUL and half a character stay as they stand: not every text can hold them."""
    code = int(found[1], 16)
    return found[0] if code in _SURROGATES or not code else chr(code)


def _character(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name:
        if name not in _NAMED:
            raise zipfile.BadZipFile(f"the unknown entity &{name};")
        return _NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if code in _SURROGATES:
        raise zipfile.BadZipFile(f"half a character, {found[0]}")
    return chr(code)


def _prefix(start: bytes, root: bytes) -> bytes:
    """The prefix of the root's name (`x:`), or none, by the part's first bytes."""
    declared = _DECLARED.search(start[:200])
    found = re.search(rb"<((?:\w+:)?)" + root + rb"[\s>]", start[:4_096])
    if not found or (declared and declared[1].lower() not in (b"utf-8", b"us-ascii")):
        raise NotPlain
    return found[1]


def _checked(piece: bytes, prefix: bytes) -> bytes:
    """A `<` is always that of a tag, since comments and CDATA are not plain."""
    if b"!" in piece and b"<!" in piece:
        raise NotPlain
    return piece.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</") if prefix else piece
