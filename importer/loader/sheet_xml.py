"""What calamine doesn't tell of an .xlsx sheet: errors, formulas without a value, hidden rows.

calamine gives "" for all error cells and for formulas that were never calculated. So the sheet's XML
is searched for them (ECMA-376 part 1, 18.3.1.4: `t="e"` is an error, `f` a formula, `v` its value),
at the speed of a regular expression, and only where a block holds a trace of one.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

_BLOCK = 1 << 20
_LONGEST_CELL = 16 << 20
_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*[^>/])>(.*?)</(?:\w+:)?c>", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]+)</")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})(\d+)"')
_HIDDEN = re.compile(rb'<(?:\w+:)?row\s[^>]*\bhidden="(?:1|true)"')
_TRACES = (b't="e"', b"<f", b":f>", b":f ", b":f/")
_DATA = re.compile(rb"<(?:\w+:)?(?:v|t)(?:\s[^>]*)?>[^<]")


class NoReferences(Exception):
    """A cell that matters has no address (`r` may be left out); only counting would tell it."""


@dataclass(slots=True)
class Extras:
    """By row and column, both from 0: the text of error cells, and formulas without a value."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    uncalculated: set[tuple[int, int]] = field(default_factory=set)
    hidden_rows: int = 0

    def by_row(self) -> dict[int, list[int]]:
        """The columns of each row that has any."""
        places: dict[int, list[int]] = {}
        for row, column in sorted({*self.errors, *self.uncalculated}):
            places.setdefault(row, []).append(column)
        return places

    def notes(self) -> list[str]:
        """What the user should know."""
        if not self.hidden_rows:
            return []
        if self.hidden_rows == 1:
            return ["1 row is hidden or filtered away; it is read too."]
        return [f"{self.hidden_rows:,} rows are hidden or filtered away; they are read too."]


def sheet_part(archive: zipfile.ZipFile, name: str) -> str:
    """The path of a sheet's XML in the package, found as the standard says: by relationships."""
    book = _path("", next(iter(_targets(archive, "_rels/.rels", "/officeDocument").values())))
    folder, file = posixpath.split(book)
    targets = _targets(archive, f"{folder}/_rels/{file}.rels", "/worksheet")
    for sheet in ET.fromstring(archive.read(book)).iter():  # noqa: S314  in a child with limits
        if sheet.tag.endswith("}sheet") and sheet.get("name") == name:
            key = next(value for label, value in sheet.items() if label.endswith("}id"))
            return _path(folder, targets[key])
    raise KeyError(name)


def extras(archive: zipfile.ZipFile, part: str) -> Extras:
    """One pass over a sheet's XML. Raises NoReferences where addresses are left out."""
    found = Extras()
    for block in _blocks(archive, part):
        found.hidden_rows += len(_HIDDEN.findall(block)) if b"hidden=" in block else 0
        if any(trace in block for trace in _TRACES):
            for attributes, body in _CELL.findall(block):
                _note(found, attributes, body)
    return found


def has_data(archive: zipfile.ZipFile, part: str) -> bool:
    """True where a sheet has a cell with a value."""
    return any(_DATA.search(block) for block in _blocks(archive, part))


def _note(found: Extras, attributes: bytes, body: bytes) -> None:
    value = _VALUE.search(body)
    if b't="e"' in attributes:
        found.errors[_address(attributes)] = value[1].decode() if value else "#VALUE!"
    elif not value and b't="str"' not in attributes and _FORMULA.search(body):
        found.uncalculated.add(_address(attributes))


def _address(attributes: bytes) -> tuple[int, int]:
    reference = _REFERENCE.search(attributes)
    if not reference:
        raise NoReferences
    column = 0
    for letter in reference[1]:
        column = column * 26 + letter - ord("A") + 1
    return int(reference[2]) - 1, column - 1


def _blocks(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The XML in pieces that end before a cell or row begins."""
    kept = b""
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            kept += block
            cut = max(kept.rfind(b"<c "), kept.rfind(b":c "), kept.rfind(b"<row"))
            cut = kept.rfind(b"<", 0, cut + 1)
            if cut > 0:
                yield kept[:cut]
                kept = kept[cut:]
            elif len(kept) > _LONGEST_CELL:
                raise zipfile.BadZipFile("a cell of more than 16 MiB")
    yield kept


def _targets(archive: zipfile.ZipFile, part: str, kind: str) -> dict[str, str]:
    """The relationships of one kind that a part has: id -> target, relative to the part's folder."""
    relations = ET.fromstring(archive.read(part))  # noqa: S314  in a child with limits
    return {
        each.get("Id", ""): each.get("Target", "")
        for each in relations
        if each.get("Type", "").endswith(kind)
    }


def _path(folder: str, target: str) -> str:
    """A target that begins with a slash counts from the top of the package."""
    return posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
