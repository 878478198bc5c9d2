"""Which format a file has, by its bytes: names lie (an .xls is often a web page)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from importer.errors import SourceError
from importer.sources.csv import DelimitedTable
from importer.sources.files import Content
from importer.sources.frames import Frame, FrameTable
from importer.sources.json_lines import BEGIN, JsonLinesTable, is_whole
from importer.sources.table import SourceOptions, Table
from importer.sources.workbook import ParquetTable, SpssTable, WorkbookTable

_EXPORT = "Open it in the program that made it, and export it as CSV or XLSX."


@dataclass(frozen=True, slots=True)
class Format:
    """A format that can be read; `recognises` looks at the first bytes."""

    recognises: Callable[[bytes], bool]
    open: Callable[[Content, SourceOptions], Table]


FORMATS = (
    Format(lambda head: head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")), WorkbookTable),
    Format(lambda head: head.startswith(b"PAR1"), ParquetTable),
    Format(lambda head: head.startswith((b"$FL2@(#)", b"$FL3@(#)")), SpssTable),
    Format(lambda head: BEGIN.match(head) is not None and is_whole(head), JsonLinesTable),
)
"""In the order in which they are asked; what none of them is, and no other thing known by name, is delimited
text. A new format is a new line."""

_NOT_TABLES = (
    (re.compile(rb"%PDF-|%!PS"), "a PDF", _EXPORT),
    (
        re.compile(
            rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*"
            rb"<(!doctype html|html|head|body|table|meta|div|style|script|font|center|title|link)\b",
            re.IGNORECASE | re.DOTALL,
        ),
        "a web page",
        "",
    ),
    (re.compile(rb"<stata_dta>|HEADER RECORD\*|ARROW1|X\n\0\0\0"), "a file of statistics", _EXPORT),
    (
        re.compile(rb"\s*<\?xml.{0,400}Excel\.Sheet", re.DOTALL),
        "an XML spreadsheet of Excel 2003",
        "",
    ),
    (re.compile(rb"\s*<(\?xml|[a-z]+[ >])", re.IGNORECASE), "XML", _EXPORT),
    (
        re.compile(rb"([A-Z][\w-]*:[^\n]*\n([ \t][^\n]*\n)*){0,30}MIME-Version: ", re.IGNORECASE),
        "a web archive or an e-mail",
        "",
    ),
    (
        re.compile(rb"ID;P\w*(;[NE])*\r?\n(P;PGeneral|[CB];[XY]\d+;)"),
        "a SYLK file",
        "Open it in Excel and save it as .xlsx.",
    ),
    (re.compile(rb"\x09[\x00\x02\x04][\x04\x06]\x00"), "a sheet of Excel 4 or older", ""),
    (re.compile(rb"version https://git-lfs"), "a pointer of Git LFS", "Fetch it: git lfs pull."),
    (re.compile(rb"/annex/objects/"), "a pointer of git-annex", "Fetch it: git annex get."),
    (re.compile(rb"\[InternetShortcut\]"), "a link", "Open it, and download the file itself."),
    (
        re.compile(
            rb"-----BEGIN (PGP|AGE)|age-encryption\.org|Salted__|\$ANSIBLE_VAULT"
            rb"|\x85[\x01-\x04]\x0c\x03|\x84\x5e\x03|\x8c\x0d\x04|\xc1[\xc0-\xcf].\x03|\xc3\x0d\x04"
        ),
        "encrypted",
        "Decrypt it first (gpg, age, openssl), and give the file that comes out.",
    ),
    (re.compile(rb"PK\x05\x06"), "an empty archive", "Export it again."),
    (
        re.compile(rb'\s*(\{\s*"[^"]*"\s*:|\[\s*[\[{])'),
        "JSON",
        "Write its records as JSON lines, an object on each line (jq -c '.[]'), or export it as CSV.",
    ),
    (re.compile(rb"PARE"), "an encrypted Parquet file", "Write it again without encryption."),
    (re.compile(rb"SQLite format 3\0"), "a database", _EXPORT),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8"), "a picture", _EXPORT),
    (
        re.compile(rb"7z\xbc\xaf|Rar!|\x28\xb5\x2f\xfd"),
        "an archive",
        "Unpack it and give the file inside.",
    ),
    (re.compile(rb"\{\\rtf"), "a text document", _EXPORT),
)
_SAVE_AS = (
    "Open it in Excel and save it as a real .xlsx: its name says workbook, its content doesn't."
)


def open_table(content: Content | Frame, options: SourceOptions) -> Table:
    """The table in `content`. Raises SourceError, naming what the file is where it is none."""
    if isinstance(content, Frame):
        return FrameTable(content, options)
    with content.open() as stream:
        head = stream.read(2_048)
    if not head:
        raise SourceError(f"{content.name} is empty.", hint="Export it again.")
    found = next((each for each in FORMATS if each.recognises(head)), None)
    if found:
        return found.open(content, options)
    _refuse_others(content.name, head)
    return DelimitedTable(content, options)


def _refuse_others(name: str, head: bytes) -> None:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.decode("utf-16", "ignore").encode()
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \r\n")
    for pattern, what, remedy in _NOT_TABLES:
        if pattern.match(text):
            raise SourceError(f"{name} is {what}, not a table.", hint=remedy or _SAVE_AS)
