"""The parts of an .xlsx (ECMA-376 part 2): which XML holds what, found by relationships."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from xml.etree import ElementTree as ET

from importer.loader.sheets import Sheet


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
        if b"<!DOCTYPE" in data:
            raise zipfile.BadZipFile("a document type in a workbook")
        return ET.fromstring(data)  # noqa: S314  without a document type, in a child with limits

    def close(self) -> None:
        """Close the file."""
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
