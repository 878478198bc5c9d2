"""Which format a file has, by its bytes: names lie (an .xls is often a web page)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from importer.errors import SourceError
from importer.loader.content import Content
from importer.loader.delimited import DelimitedTable
from importer.loader.options import SourceOptions
from importer.loader.table import Table
from importer.loader.workbook import WorkbookTable

_EXPORT = "Open it in the program that made it, and export it as CSV or XLSX."


@dataclass(frozen=True, slots=True)
class Format:
    """A format that can be read; `recognises` looks at the first bytes."""

    recognises: Callable[[bytes], bool]
    open: Callable[[Content, SourceOptions], Table]


FORMATS = (
    Format(lambda head: head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")), WorkbookTable),
    Format(lambda _: True, DelimitedTable),
)
"""In the order in which they are asked. A new format is a new line."""

_NOT_TABLES = (
    (re.compile(rb"%PDF-"), "a PDF", _EXPORT),
    (
        re.compile(
            rb"\s*(<!--.*?-->\s*)*<(!doctype html|html|head|body|table|meta|div)\b",
            re.IGNORECASE | re.DOTALL,
        ),
        "a web page",
        "",
    ),
    (
        re.compile(rb"\s*<\?xml.{0,400}Excel\.Sheet", re.DOTALL),
        "an XML spreadsheet of Excel 2003",
        "",
    ),
    (re.compile(rb"\s*<(\?xml|[a-z]+[ >])", re.IGNORECASE), "XML", _EXPORT),
    (re.compile(rb"MIME-Version: ", re.IGNORECASE), "a web archive", ""),
    (re.compile(rb"\x09[\x00\x02\x04][\x04\x06]\x00"), "a sheet of Excel 4 or older", ""),
    (re.compile(rb"version https://git-lfs"), "a pointer of Git LFS", "Fetch it: git lfs pull."),
    (re.compile(rb'\s*(\{\s*"[^"]*"\s*:|\[\s*[\[{])'), "JSON", _EXPORT),
    (re.compile(rb"PAR1"), "a Parquet file", _EXPORT),
    (re.compile(rb"SQLite format 3\0"), "a database", _EXPORT),
    (re.compile(rb"\$FL[23]@"), "an SPSS file", _EXPORT),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8"), "a picture", _EXPORT),
    (re.compile(rb"7z\xbc\xaf|Rar!"), "an archive", "Unpack it and give the file inside."),
    (re.compile(rb"\{\\rtf"), "a text document", _EXPORT),
)
_SAVE_AS = (
    "Open it in Excel and save it as a real .xlsx: its name says workbook, its content doesn't."
)


def open_table(content: Content, options: SourceOptions) -> Table:
    """The table in `content`. Raises SourceError, naming what the file is where it is none."""
    with content.open() as stream:
        head = stream.read(2_048)
    if not head:
        raise SourceError(f"{content.name} is empty.", hint="Export it again.")
    _refuse_others(content.name, head)
    return next(each for each in FORMATS if each.recognises(head)).open(content, options)


def _refuse_others(name: str, head: bytes) -> None:
    text = head.removeprefix(b"\xef\xbb\xbf")
    for pattern, what, remedy in _NOT_TABLES:
        if pattern.match(text):
            raise SourceError(f"{name} is {what}, not a table.", hint=remedy or _SAVE_AS)
