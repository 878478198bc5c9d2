"""The rows of an .xlsx sheet by openpyxl: slow, but nothing is lost, and one row at a time is in memory.

What reads is openpyxl's parser of worksheets, and not its read-only worksheet around it: that one drops
rows that stand out of order and cells to the right of a row's last one, and loading the workbook for it
fails where a style, a drawing or a relationship is odd, none of which matters here.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import IO, Any
from xml.etree import ElementTree as ET

from openpyxl.worksheet._reader import FORMULA_TAG, INLINE_STRING, ROW_TAG, WorkSheetParser

from importer.sources.cells import Show, is_big, iso, shown, text
from importer.sources.sheets import Batch, Layout

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SURROGATES = range(0xD800, 0xE000)
_STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
_MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_WORKSHEET = f"{{{_MAIN.decode()}}}worksheet"
_BOOLEANS = {"1": "TRUE", "true": "TRUE", "0": "FALSE", "false": "FALSE"}


class OpenpyxlRows:
    """The rows of one sheet. `shows`: by style, how a number is shown where not as it stands."""

    notes = ()

    def __init__(
        self, sheet: IO[bytes], texts: Mapping[int, str], shows: Mapping[int, Show], layout: Layout
    ) -> None:
        self._sheet, self._texts, self._shows, self.layout = sheet, texts, shows, layout

    def __iter__(self) -> Iterator[Batch]:
        before, batch = 0, Batch()
        with self._sheet as stream:
            for number, cells in _Parser(_Transitional(stream), self._texts).parse():
                if number <= before:
                    raise zipfile.BadZipFile(f"row {number} stands after row {before}")
                before = number
                self._add(number, cells, batch)
                if batch.full:
                    yield batch
                    batch = Batch()
        yield batch

    def _add(self, number: int, cells: Sequence[Mapping[str, Any]], batch: Batch) -> None:
        placed = dict[int, str]()
        for cell in cells:
            at, kind, value = cell["column"] - 1, cell["kind"], cell["value"]
            show = self._shows.get(cell["style_id"] or 0) if kind == "n" else None
            placed[at] = shown(show, value) if show else _text(kind, value)
            if kind == "unsaved":
                batch.marks.append((number, at, "formula_without_value"))
            elif kind == "n" and is_big(value):
                batch.marks.append((number, at, "big_number"))
        batch.add(number, [placed.get(at, "") for at in range(max(placed, default=-1) + 1)])


class _Parser(WorkSheetParser):
    """openpyxl's parser, for what it gives of a cell: place, style and value. Types that it would refuse
    (`true`) or reshape (ISO dates) come as they are written. `kind` says which type it was."""

    def __init__(self, source: _Transitional, texts: Mapping[int, str]) -> None:
        super().__init__(source, texts, data_only=True)

    def parse(self) -> Generator[tuple[int, list[dict[str, Any]]], None, None]:
        """The rows, and nothing else of the sheet: openpyxl's own refuses it for an odd data validation."""
        for _, element in ET.iterparse(self.source):  # noqa: S314  no document type, in a child with limits
            last = element.tag
            if element.tag == ROW_TAG:
                number, cells = self.parse_row(element)  # type: ignore[arg-type]  # the stubs want less
                yield (cells[0]["row"] if cells else number), cells
                element.clear()
                self.row_dimensions.clear()
        if last != _WORKSHEET:
            raise zipfile.BadZipFile(f"a sheet that begins with {last}")

    def parse_cell(self, element: ET.Element) -> dict[str, Any]:
        kind, inline = element.get("t", "n"), element.find(INLINE_STRING)
        if kind in ("b", "d", "inlineStr"):
            element.set("t", "str")
        try:
            cell: dict[str, Any] = super().parse_cell(element)
        except KeyError as error:
            raise zipfile.BadZipFile(f"the shared text {error} is missing") from error
        except ValueError:
            if kind != "n":
                raise
            kind = "str"  # a number that is none is kept as it is written
            element.set("t", kind)
            cell = super().parse_cell(element)
        if inline is not None:
            kind, cell["value"] = "str", _rich(inline)  # openpyxl's own takes three times as long
        elif cell["value"] is None:
            kind = "unsaved" if kind != "str" and element.find(FORMULA_TAG) is not None else ""
        return {**cell, "kind": kind}


class _Transitional:
    """A part whose first bytes name the namespace that openpyxl knows: it reads no strict workbooks, which
    differ in that alone."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._first = stream, True

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        if self._first:
            data, self._first = data.replace(_STRICT, _MAIN), False
        return data


def shared_texts(stream: IO[bytes]) -> dict[int, str]:
    """Reads `sharedStrings.xml` (ECMA-376 part 1, 18.4), as it is written: openpyxl's own reading takes
    `x005F_` out of every text. By number; no list, of which -1 would be the last."""
    found = dict[int, str]()
    with stream:
        for _, element in ET.iterparse(stream):  # noqa: S314  no document type, in a child with limits
            if _name(element) == "si":
                found[len(found)] = _rich(element)
                element.clear()
    return found


def _rich(element: ET.Element) -> str:
    """All text of a string item, but for `rPh`, which says how it is spoken."""
    return "".join(
        (part.text or "") if _name(part) == "t" else _rich(part)
        for part in element
        if _name(part) in ("t", "r")
    )


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(kind: str, value: str | float | None) -> str:
    if not isinstance(value, str):
        return text(value)
    if kind in ("s", "str"):
        return _ESCAPED.sub(_character, value) if "_x" in value else value
    if kind == "b":
        return _BOOLEANS.get(value.strip(), value)
    return iso(value) if kind == "d" else value


def _character(found: re.Match[str]) -> str:
    """Characters that XML can't hold are written as `_x000D_` (ECMA-376 part 1, 22.9.2.19). NUL and half a
    character stay as they stand: not every text can hold them."""
    code = int(found[1], 16)
    return found[0] if code in _SURROGATES or not code else chr(code)
