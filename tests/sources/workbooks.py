"""Workbooks written by hand, for what no library would write: broken, lying or hostile ones."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import openpyxl

SHEET = "xl/worksheets/sheet1.xml"
_START = (
    '<?xml version="1.0"?>'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
)
_END = "</sheetData></worksheet>"


def saved(path: Path, rows: Iterable[Sequence[object]], sheet: str = "Answers") -> str:
    """A workbook with one sheet, by openpyxl; its path as text."""
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.title = sheet
    for row in rows:
        page.append(list(row))
    book.save(path)
    return str(path)


def by_hand(path: Path, rows: str, *, before: str = "", prologue: str = "") -> str:
    """A workbook whose sheet has the given XML in its `sheetData`."""
    return in_pieces(
        path,
        [_START.replace("<worksheet", prologue + "<worksheet"), before, "<sheetData>", rows, _END],
    )


def in_pieces(path: Path, pieces: Iterable[str]) -> str:
    """A workbook whose sheet is the given XML, written piece by piece."""
    template = io.BytesIO()
    openpyxl.Workbook().save(template)
    with (
        zipfile.ZipFile(template) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as to,
    ):
        for name in source.namelist():
            if name != SHEET:
                to.writestr(name, source.read(name))
        with to.open(SHEET, "w") as part:
            for piece in pieces:
                part.write(piece.encode())
    return str(path)


def repacked(
    path: str,
    *,
    rename: Callable[[str], str] = str,
    without: str = "",
    change: Callable[[str], str] = str,
) -> str:
    """The same workbook, packed anew under other names, without a part, or with its XML changed."""
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist() if name != without}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as to:
        for name, data in parts.items():
            text = change(data.decode())
            to.writestr(rename(name), text.encode("utf-16" if UTF_16 in text else "utf-8"))
    return path


def with_parts(path: str, parts: Mapping[str, str]) -> str:
    """The same workbook with these parts in it, and shared texts related to it."""
    relation = (
        '<Relationship Id="rIdTexts" Target="sharedStrings.xml" Type="http://schemas.openxmlformats.org'
        '/officeDocument/2006/relationships/sharedStrings"/></Relationships>'
    )
    with zipfile.ZipFile(path) as source:
        all_parts = {name: source.read(name).decode() for name in source.namelist()}
    all_parts |= parts
    if "xl/sharedStrings.xml" in parts:
        relations = all_parts["xl/_rels/workbook.xml.rels"]
        all_parts["xl/_rels/workbook.xml.rels"] = relations.replace("</Relationships>", relation)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as to:
        for name, text in all_parts.items():
            to.writestr(name, text)
    return path


UTF_16 = '<?xml version="1.0" encoding="utf-16"?>'


def utf_16(text: str) -> str:
    """A sheet that says it is UTF-16."""
    return text.replace('<?xml version="1.0"?>', UTF_16) if "<worksheet" in text else text


def strict(text: str) -> str:
    """A part as "Strict Open XML" has it."""
    office = "http://schemas.openxmlformats.org"
    for kind, place in (("spreadsheetml", "main"), ("officeDocument", "relationships")):
        text = text.replace(
            f"{office}/{kind}/2006/{place}", f"http://purl.oclc.org/ooxml/{kind}/{place}"
        )
    return text


def prefixed(text: str) -> str:
    """A sheet as programs write it that give each tag a prefix."""
    if "<worksheet" not in text:
        return text
    return re.sub(r"<(/?)(\w)", r"<\1x:\2", text).replace("xmlns=", "xmlns:x=")


def row(number: int, *cells: tuple[str, str]) -> str:
    """A row of text cells, each a column letter and a text."""
    return (
        f'<row r="{number}">'
        + "".join(text(f"{at}{number}", value) for at, value in cells)
        + "</row>"
    )


def text(address: str, value: str) -> str:
    """An inline text cell."""
    return f'<c r="{address}" t="inlineStr"><is><t>{value}</t></is></c>'


_ODS = (
    " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "style")
    )
    + ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)


def ods(path: Path, table: str, *, before: str = "", styles: str = "", prologue: str = "") -> str:
    """An OpenDocument spreadsheet: the XML inside of its table, before the table, and of its styles."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f"{prologue}<office:document-content {_ODS}><office:automatic-styles>{styles}"
            f"</office:automatic-styles><office:body><office:spreadsheet>{before}"
            f'<table:table table:name="Answers">{table}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return str(path)


def ods_row(*cells: str, how: str = "") -> str:
    """A row of an OpenDocument table; a cell that begins with `<` stands as it is, another is its text."""
    return f"<table:table-row {how}>" + "".join(map(_ods_cell, cells)) + "</table:table-row>"


def _ods_cell(cell: str) -> str:
    if cell.startswith("<"):
        return cell
    return ods_cell("string", "", cell) if cell else "<table:table-cell/>"


def ods_cell(kind: str, said: str, *shown: str, how: str = "") -> str:
    """A cell of this type: `said` are its value's attributes, `shown` its paragraphs."""
    paragraphs = "".join(f"<text:p>{each}</text:p>" for each in shown)
    return (
        f'<table:table-cell office:value-type="{kind}" {said} {how}>{paragraphs}</table:table-cell>'
    )


def xlsb(path: Path, rows: Sequence[Sequence[object]]) -> str:
    """A minimal XLSB (MS-XLSB): numbers, text, booleans; None is no cell."""
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    package = "http://schemas.openxmlformats.org/package/2006/"
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": f'<Types xmlns="{package}content-types"/>',
        "_rels/.rels": _relations(package, relation + "officeDocument", "xl/workbook.bin"),
        "xl/_rels/workbook.bin.rels": _relations(
            package, relation + "worksheet", "worksheets/sheet1.bin"
        ),
        "xl/workbook.bin": _xlsb_book(),
        "xl/worksheets/sheet1.bin": _xlsb_sheet(rows),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return str(path)


def _relations(package: str, kind: str, target: str) -> str:
    return (
        f'<?xml version="1.0"?><Relationships xmlns="{package}relationships">'
        f'<Relationship Id="rId1" Type="{kind}" Target="{target}"/></Relationships>'
    )


def _xlsb_book() -> bytes:
    sheet = struct.pack("<II", 0, 1) + _wide("rId1") + _wide("Answers")
    return _record(131) + _record(143) + _record(156, sheet) + _record(144) + _record(132)


def _xlsb_sheet(rows: Sequence[Sequence[object]]) -> bytes:
    size = struct.pack("<IIII", 0, len(rows) - 1, 0, max(map(len, rows)) - 1)
    out = _record(129) + _record(148, size) + _record(145)
    for number, cells in enumerate(rows):
        out += _record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, 0, 0, 0))
        out += b"".join(
            _xlsb_cell(at, value) for at, value in enumerate(cells) if value is not None
        )
    return out + _record(146) + _record(130)


def _xlsb_cell(column: int, value: object) -> bytes:
    place = struct.pack("<II", column, 0)
    if isinstance(value, bool):
        return _record(4, place + bytes([value]))
    if isinstance(value, int | float):
        return _record(5, place + struct.pack("<d", value))
    return _record(6, place + _wide(str(value)))


def _wide(value: str) -> bytes:
    encoded = value.encode("utf-16-le")
    return struct.pack("<I", len(encoded) // 2) + encoded


def _record(kind: int, data: bytes = b"") -> bytes:
    """MS-XLSB 2.1.4: type and size in groups of seven bits."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, rest = b"", len(data)
    while rest > 0x7F:
        size, rest = size + bytes([rest & 0x7F | 0x80]), rest >> 7
    return head + size + bytes([rest]) + data
