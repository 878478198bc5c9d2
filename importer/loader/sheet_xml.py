"""An .xlsx sheet, streamed from its XML (ECMA-376 part 1, 18.3.1): a survey, then its rows in batches."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO
from xml.etree import ElementTree as ET

from importer.loader.parsed_rows import add_row, has_value, number_of
from importer.loader.piece_reader import PieceReader
from importer.loader.sheets import Batch
from importer.loader.xlsx_cells import Cells
from importer.loader.xml_stream import NotPlain, decoded, elements, pieces

Open = Callable[[], IO[bytes]]
"""Opens the part from its start."""

_START = b"<row"
_ROOT = re.compile(rb"<worksheet(?:\s[^>]*)?>")
_ROW = re.compile(rb'<row\b[^>]*?\sr="([0-9]+)"')
_HIDDEN = re.compile(rb'<row\s[^>]*\bhidden="(?:1|true)"')
_VALUE = re.compile(rb"<(?:v|t)(?:\s[^>]*)?>[^<]")
_LAST_ROW = 1_048_576
_TOGETHER = 1_000


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over a sheet tells: its last row with a value, how many rows are hidden, and the
    root's tag where the XML is plain."""

    last: int
    hidden: int
    root: str = ""


def survey(part: Open) -> Survey:
    """One pass to the sheet's end, its checksum included. Raises BadZipFile, ParseError where the sheet
    is broken."""
    try:
        with part() as stream:
            return _survey_of_pieces(pieces(stream, b"worksheet", b"row"))
    except NotPlain:
        with part() as stream:
            return _survey_of_elements(elements(stream, "row"))


def has_data(part: Open) -> bool:
    """True where a sheet has a cell with a value."""
    try:
        with part() as stream:
            return any(map(_VALUE.search, pieces(stream, b"worksheet", b"row")))
    except NotPlain:
        with part() as stream:
            return any(map(has_value, elements(stream, "row")))


def batches(part: Open, cells: Cells, found: Survey) -> Iterator[Batch]:
    """The rows that are not blank. Raises BadZipFile where their numbers don't ascend."""
    before = 0
    read = _by_piece(part, cells, found.root) if found.root else _by_element(part, cells)
    for batch in read:
        _refuse_disorder([before, *batch.rows])
        before = batch.rows[-1] if batch.rows else before
        yield batch


def _refuse_disorder(numbers: list[int]) -> None:
    if sorted(set(numbers)) != numbers or numbers[-1] > _LAST_ROW:
        raise zipfile.BadZipFile(f"rows out of order near row {numbers[0]}")


def _survey_of_pieces(parts: Iterable[bytes]) -> Survey:
    last = hidden = 0
    root, piece = b"", b""
    for piece in parts:
        opening = None if root else _ROOT.search(piece)
        root = opening[0] if opening else root
        hidden += len(_HIDDEN.findall(piece)) if b"hidden=" in piece else 0
        last = _last_row(piece) or last
    if not root or b"</worksheet>" not in piece:
        raise NotPlain
    return Survey(last, hidden, root.decode())


def _last_row(piece: bytes) -> int:
    """The number of the last row with a value, 0 where none has."""
    start, end = piece.rfind(_START), len(piece)
    while start >= 0 and not _VALUE.search(piece, start, end):
        start, end = piece.rfind(_START, 0, start), start
    found = _ROW.match(piece, max(start, 0))
    if start >= 0 and not found:
        raise NotPlain
    return int(found[1]) if found else 0


def _survey_of_elements(rows: Iterable[ET.Element]) -> Survey:
    last = hidden = number = 0
    for row in rows:
        number = number_of(row, number)
        hidden += row.get("hidden") in ("1", "true")
        last = number if has_value(row) else last
    return Survey(last, hidden)


def _by_piece(part: Open, cells: Cells, root: str) -> Iterator[Batch]:
    reader = PieceReader(cells, root)
    with part() as stream:
        for piece in map(decoded, pieces(stream, b"worksheet", b"row")):
            yield reader.read(piece)


def _by_element(part: Open, cells: Cells) -> Iterator[Batch]:
    number, batch = 0, Batch()
    with part() as stream:
        for row in elements(stream, "row"):
            number = number_of(row, number)
            add_row(row, number, cells, batch)
            if len(batch.rows) == _TOGETHER:
                yield batch
                batch = Batch()
    yield batch
