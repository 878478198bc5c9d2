"""The parts of an .xlsx, and which library reads a sheet: python-calamine, but for what it would lose."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import IO
from xml.etree import ElementTree as ET

from importer.model import column_of
from importer.sources.sheets import Layout, Sheet

# Which library reads a sheet of an .xlsx: python-calamine, but for what it would lose or change.
#
# One look at the sheet's XML decides, by what calamine 0.9 was seen to do; `docs/workbooks.md` has
# the list. The XML is searched, not parsed: a parser takes forty times as long.

_BLOCK = 1 << 18
_OVERLAP = 1 << 10
"""What is searched for is shorter than that, so that it can't hide between two blocks."""
MOST_XML = 160 << 20
"""Bytes of a sheet's XML. calamine holds the whole sheet in memory, two to three times its XML."""

_VALUE = re.compile(rb"<(?:\w+:)?[vt](?:\s[^>]*)?>(?:[^<]|<!\[CDATA\[)")
_HIDDEN = re.compile(rb"""<(?:\w+:)?row\s[^>]*\bhidden=["'](?:1|true)["']""")
_COLUMNS = re.compile(rb"<(?:\w+:)?col\s[^>]*>")
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^>]*\bref=["']([A-Z]+)(\d+):([A-Z]+)(\d+)["']""")
_DECLARED = re.compile(rb"""<\?xml[^>]*\sencoding=["']([\w-]+)["']""")
_UNSAVED = re.compile(
    rb"""<(?:\w+:)?c\b(?![^>]*\st=["']str["'])[^>]*>\s*"""
    rb"<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</[\w:]+>)\s*"
    rb"(?:<(?:\w+:)?v\s*(?:/>|></[\w:]+>)\s*)?</"
)
_OUTER_SPACE = re.compile(rb"<(?:\w+:)?t>(?:\s|[^<]*\s</)")
_OUTER_SPACE_LIKELY = re.compile(rb"t>(?:[ \n\t\r]|(?<=[ \n\t\r]</t>)|(?<=:t>))")
_FORMULA_LIKELY = re.compile(rb"f[ />](?<=[<:]f.)")
"""A pattern that begins with a letter that stands for itself is found ten times as fast as the others."""

_ERROR = "an error cell, or a shared text without a number"
_NUMBER = "a number of 16 digits or more, or with a space or an entity in it"
_LOST = (
    (re.compile(rb"""t=["'](?:e["']|s["'][^>]*><[\w:]+>(?!\d*(?:\Z|(?<=\d)<)))"""), _ERROR),
    (re.compile(rb"v>(?:-?\d{16}|\s|[^<&]{0,30}&#)"), _NUMBER),
    (re.compile(rb"<!"), "CDATA or a comment"),
)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look at a sheet tells: why calamine must not read it ("" where it may), and its layout."""

    why: str
    layout: Layout


def has_data(stream: IO[bytes]) -> bool:
    """True where a sheet has a cell with a value."""
    return any(
        _VALUE.search(text) or (first and _foreign(text)) for text, first, _ in _texts(stream)
    )


def look(stream: IO[bytes], size: int, padded: Collection[int], dates: Collection[int]) -> Findings:
    """Passes over a sheet to its end, its checksum included. `padded`, `dates`: the styles that show
    zeros in front, and moments. Raises BadZipFile for what is broken or declares a document type."""
    lost = list(_LOST)
    if padded:
        lost.append((_styled(padded, rb"[^>]*>"), "numbers shown with zeros in front"))
    if dates:
        lost.append((_styled(dates, rb"[^>]*><(?:\w+:)?v>-"), "a date before 1900"))
    why = "" if size <= MOST_XML else f"more than {MOST_XML >> 20} MiB"
    hidden, columns = 0, list[tuple[int, int]]()
    merged = list[tuple[int, int, int, int]]()
    for text, first, new in _texts(stream):
        if b"hidden" in text:
            hidden += sum(each.end() > new for each in _HIDDEN.finditer(text))
            columns += _hidden_columns(text, new)
        if b"mergeCell " in text:
            found = (each for each in _MERGED.finditer(text) if each.end() > new)
            for left, top, right, bottom in (each.groups() for each in found):
                merged.append(
                    (int(top), column_of(left.decode()), int(bottom), column_of(right.decode()))
                )
        _refuse_document_type(text)
        why = why or _why(text, lost, first)
    return Findings(why, Layout(hidden, columns, merged))


def _hidden_columns(text: bytes, new: int) -> Iterator[tuple[int, int]]:
    for each in _COLUMNS.finditer(text):
        if each.end() > new:
            said = dict(re.findall(rb"""(\w+)=["'](\w+)["']""", each[0]))
            if said.get(b"hidden") in (b"1", b"true"):
                yield int(said.get(b"min", 1)) - 1, int(said.get(b"max", 1)) - 1


def look_at_texts(stream: IO[bytes]) -> str:
    """Why calamine must not read the workbook's shared texts, or ""."""
    why = ""
    for text, first, _ in _texts(stream):
        _refuse_document_type(text)
        why = why or (_FOREIGN if first and _foreign(text) else _why_text(text))
    return why


_FOREIGN = "XML in another encoding than UTF-8"


def _why(text: bytes, lost: list[tuple[re.Pattern[bytes], str]], first: bool) -> str:
    if first and _foreign(text):
        return _FOREIGN
    found = next((why for pattern, why in lost if pattern.search(text)), "")
    if not found and _FORMULA_LIKELY.search(text) and _UNSAVED.search(text):
        return "a formula without a value"
    return found or _why_text(text)


def _why_text(text: bytes) -> str:
    """calamine trims a text that isn't marked to keep its spaces, and joins the words of rich text so."""
    if b"_x0000_" in text:
        return "a NUL"
    if _OUTER_SPACE_LIKELY.search(text) and _OUTER_SPACE.search(text):
        return "a text that begins or ends with a space"
    return ""


def _styled(styles: Collection[int], then: bytes) -> re.Pattern[bytes]:
    return re.compile(
        rb"""s=["'](?:%b)["']%b""" % (b"|".join(b"%d" % each for each in styles), then)
    )


def _foreign(start: bytes) -> bool:
    declared = _DECLARED.search(start[:200])
    return start[:2] in (b"\xff\xfe", b"\xfe\xff") or (
        declared is not None and declared[1].lower() not in (b"utf-8", b"us-ascii")
    )


_DOCTYPES = tuple("<!DOCTYPE".encode(coding) for coding in ("utf-8", "utf-16-le", "utf-16-be"))


def _refuse_document_type(text: bytes) -> None:
    """No workbook has one, and it is how entity bombs begin; in any encoding that the parser reads."""
    if any(each in text for each in _DOCTYPES):
        raise zipfile.BadZipFile("a document type in a workbook")


class WithoutDocumentType:
    """A part of a workbook, for a parser: reading it raises BadZipFile where it declares a document type."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._tail = stream, b""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        data = self._stream.read(size)
        _refuse_document_type(self._tail + data)
        self._tail = data[-16:]
        return data


def _texts(stream: IO[bytes]) -> Iterator[tuple[bytes, bool, int]]:
    """The XML in blocks that overlap: each, whether it is the first, and where its new part begins."""
    with stream:
        tail, first = b"", True
        while block := stream.read(_BLOCK):
            text = tail + block
            yield text, first, len(tail)
            tail, first = text[-_OVERLAP:], False


# The parts of an .xlsx (ECMA-376 part 2): which XML holds what, found by relationships.


@dataclass(frozen=True, slots=True)
class _Relation:
    kind: str
    part: str


class Package:
    """A workbook's sheets in their order, and its parts. Names are compared without case, and with `\\`
    for `/`: programs that write them so exist, and Excel opens what they write."""

    def __init__(self, path: str) -> None:
        self._archive = zipfile.ZipFile(path)
        self._names = {_plain(name): name for name in self._archive.namelist()}
        self._book = self._found_book()
        self._related = self._relations(self._book)
        self._root = self.tree(self._book)
        self._sheets = {each.get("name", ""): each for each in _all(self._root, "sheet")}

    @property
    def sheets(self) -> list[Sheet]:
        """All tabs; charts and macro sheets are no tables."""
        return [
            Sheet(
                name,
                self._relation_of(name).kind == "worksheet",
                element.get("state", "visible") == "visible",
            )
            for name, element in self._sheets.items()
        ]

    @property
    def since_1904(self) -> bool:
        """True where days are counted from 1904."""
        settings = next(_all(self._root, "workbookPr"), None)
        return settings is not None and settings.get("date1904") in ("1", "true")

    def sheet(self, name: str) -> str:
        """The part that holds a sheet."""
        return self._relation_of(name).part

    def part(self, kind: str) -> str | None:
        """The part of this kind (`styles`, `sharedStrings`) that the workbook has, if any: where it says,
        or where everyone puts it."""
        usual = posixpath.join(posixpath.dirname(self._book), f"{kind}.xml")
        found = [each.part for each in self._related.values() if each.kind == kind]
        return next((part for part in [*found, usual] if _plain(part) in self._names), None)

    def size(self, part: str) -> int:
        """Bytes of a part, unpacked, as the archive states them."""
        return self._archive.getinfo(self._names[_plain(part)]).file_size

    def open(self, part: str) -> IO[bytes]:
        """A part's bytes. Raises KeyError where there is no such part."""
        return self._archive.open(self._names[_plain(part)])

    def tree(self, part: str) -> ET.Element:
        """A small part, parsed. Raises BadZipFile where it declares a document type."""
        with self.open(part) as stream:
            data = stream.read()
        _refuse_document_type(data)
        return ET.fromstring(data)  # noqa: S314  without a document type, in a child with limits

    def close(self) -> None:
        self._archive.close()

    def _found_book(self) -> str:
        """Some programs leave out the relationships at the top."""
        named = [
            each.part for each in self._relations("").values() if each.kind == "officeDocument"
        ]
        found = [*named, *(name for name in self._names if re.search(r"(^|/)workbook\.xml$", name))]
        if not found:
            raise zipfile.BadZipFile("it holds no workbook; is it a document of another program?")
        return found[0]

    def _relation_of(self, sheet: str) -> _Relation:
        """The attribute's namespace differs between strict and transitional workbooks."""
        items = self._sheets[sheet].items()
        return self._related[next(value for label, value in items if label.endswith("}id"))]

    def _relations(self, part: str) -> dict[str, _Relation]:
        """By their id. A target that begins with a slash counts from the top of the package."""
        folder, file = posixpath.split(part)
        listed = posixpath.join(folder, "_rels", f"{file}.rels")
        if _plain(listed) not in self._names:
            return {}
        return {
            each.get("Id", ""): _Relation(
                each.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, each.get("Target", ""))).lstrip("/"),
            )
            for each in self.tree(listed)
        }


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _all(root: ET.Element, name: str) -> Iterator[ET.Element]:
    return (each for each in root.iter() if each.tag.rpartition("}")[2] == name)
