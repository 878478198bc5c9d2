"""Workbooks: XLSX, XLSM, XLSB, XLS and ODS, read in a child process with limits."""

from __future__ import annotations

import mmap
import os
import re
import zipfile
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import chain, islice

from importer import system
from importer.errors import SourceError, UsageError
from importer.model import counted, letter
from importer.resources import Positioned
from importer.sources.files import BROKEN, Content
from importer.sources.isolation import Child, Message, OutOfMemory, ReadRequest, Unreadable
from importer.sources.table import (
    HEAD,
    MOST_COLUMNS,
    MOST_TEXT,
    Facts,
    Mark,
    RowBlock,
    SourceOptions,
)

_MIB = 1 << 20
_MEMORY, _MEMORY_PER_BYTE, _MOST_MEMORY = 768 * _MIB, 50, 4096 * _MIB
"""Bytes of a child: calamine takes two to three times a sheet's XML, which is packed in the file."""
_SECONDS, _SECONDS_PER_MIB = 8, {"xlsx": 10, "ods": 10, "parquet": 30, "sav": 30}
"""Of CPU: openpyxl, which reads where calamine would lose something, takes three to four times its time."""
_BOMB_SIZE, _BOMB_RATIO = 512 * _MIB, 100
"""Both must be passed: a small file of one value, repeated, packs as well as a bomb does."""
_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = re.compile(
    re.escape("EncryptedPackage".encode("utf-16-le"))
    + rb"|\x09\x08(?:\x10\x00\x00\x06\x05\x00.{12}|\x08\x00\x00\x05\x05\x00.{4})"
    rb"(?:\x86\x00\x00\x00)?\x2f\x00",
    re.DOTALL,
)
"""An .xlsx with a password is a stream of this name; an .xls says so in the record (FilePass, MS-XLS
2.4.117) after its first (BOF), or after WriteProtect."""
_BOOK = re.compile(re.escape("book".encode("utf-16-le")), re.IGNORECASE)
"""The stream of an .xls is called Book, or Workbook."""
_READ_TOO = ("is {}; it is read too.", "are {}; they are read too.")
_NAMED = 20
_MOST_TOLD = 100_000
"""Cells of merged ones: nobody reads more, and a hostile workbook may merge millions."""
_RESAVE = "Open it in Excel or LibreOffice, and save it again as .xlsx or CSV."


class WorkbookTable:
    """One sheet of a workbook. The child that opened it goes on in the first call of `blocks`; each
    further call starts another, which reads the file from its start."""

    def __init__(self, content: Content, options: SourceOptions) -> None:
        self._content, self._options = content, options
        self._descriptor = content.on_disk()
        self._format = self._found_format()
        self._careful = False
        self._child: Child | None = self._started()
        try:
            self.sheet: str = self._child.opening["sheet"]
            batches = self._child.batches()
            self._layout = self._child.opening["layout"]
            begun = list(_first(HEAD, batches))
            self.head = _head(begun)
            self._waiting = chain(begun, batches)
            self.facts = self._facts(self._child.opening, self._layout)
        except Unreadable as error:
            self.close()
            raise self._unreadable(error) from error
        except BaseException:
            self.close()
            raise

    def width(self, labels: int) -> int:
        """As far as the header and the first rows reach: a column without a label is still one."""
        return max(
            [labels, *(reach for reach in map(len, self.head.cells) if reach <= MOST_COLUMNS)]
        )

    def blocks(self, size: int) -> Iterator[RowBlock]:
        """All rows from the first, at most `size` at a time."""
        waiting, self._child = self._child, None
        child, merged = waiting or self._started(), _Merged(self._layout["merged"])
        try:
            for batch in self._waiting if waiting else child.batches():
                yield from _cut(batch, size, merged)
        except Unreadable as error:
            raise self._unreadable(error) from error
        finally:
            child.close()

    def close(self) -> None:
        """End the child, if one is waiting."""
        if self._child:
            self._child.close()
            self._child = None

    def _found_format(self) -> str:
        return _format_of(self._content.name, self._descriptor)

    def _started(self) -> Child:
        size = os.fstat(self._descriptor).st_size
        request = ReadRequest(
            descriptor=self._descriptor,
            path=system.reopened(self._descriptor, self._content.place),
            name=self._content.name,
            format=self._format,
            sheet=self._options.sheet,
            memory=min(_MEMORY + _MEMORY_PER_BYTE * size, _MOST_MEMORY),
            seconds=_SECONDS + _SECONDS_PER_MIB.get(self._format, 2) * (size // _MIB),
            careful=self._careful,
            encoding=self._options.encoding or "",
        )
        try:
            return Child(request)
        except OutOfMemory as error:
            if self._careful or self._format != "xlsx":
                raise self._unreadable(error) from error
            self._careful = True  # calamine has died of it: openpyxl holds one row at a time
            return self._started()
        except Unreadable as error:
            raise self._unreadable(error) from error

    def _unreadable(self, failure: Unreadable) -> SourceError:
        return SourceError(
            f"{self._content.name} can't be read as a workbook ({failure}).", hint=_RESAVE
        )

    def _facts(self, opening: Message, layout: Message) -> Facts:
        hidden = _hidden_columns(layout, max(map(len, self.head.cells), default=0))
        return Facts(
            format=self._format,
            size=self._content.size,
            sha256=self._content.sha256,
            compression=self._content.compression,
            sheets=tuple(opening["sheets"]),
            since_1904=opening["since_1904"],
            hidden=hidden,
            notes=(*opening["notes"], *_hidden(layout["hidden_rows"], hidden)),
        )


def _first(rows: int, batches: Iterator[Message]) -> Iterator[Message]:
    """Batches until they hold so many rows, or as much text as a block may."""
    letters = 0
    while rows > 0 and letters < MOST_TEXT and (batch := next(batches, None)):
        yield batch
        rows -= len(batch["rows"])
        letters += batch["letters"]


def _head(batches: Sequence[Message]) -> RowBlock:
    rows = chain.from_iterable(batch["rows"] for batch in batches)
    cells = chain.from_iterable(batch["cells"] for batch in batches)
    return RowBlock(tuple(islice(rows, HEAD)), tuple(islice(cells, HEAD)))


def _hidden_columns(layout: Message, width: int) -> tuple[int, ...]:
    """Those among the first `width`."""
    runs = (range(first, min(last + 1, width)) for first, last in layout["columns"])
    return tuple(sorted(set(chain.from_iterable(runs))))


def _hidden(rows: int, hidden: Sequence[int]) -> Iterator[str]:
    """What is told of hidden rows and columns."""
    if rows:
        yield f"{counted(rows, 'row')} {_READ_TOO[rows > 1].format('hidden or filtered away')}"
    columns = list(map(letter, hidden))
    if columns:
        more = f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else ""
        one = "column" if len(columns) == 1 else "columns"
        yield (
            f"The {one} {', '.join(columns[:_NAMED])}{more} "
            + _READ_TOO[len(columns) > 1].format("hidden")
        )


class _Merged:
    """The merged cells of a sheet, met from the top. Told is each cell without a value that lies in one
    whose first cell has a value: it may be meant for the row, and reads as blank."""

    def __init__(self, ranges: Iterable[Sequence[int]]) -> None:
        self._below = deque(sorted(map(tuple, ranges)))
        self._open: list[Sequence[int]] = []
        self._told = 0

    def marks(self, rows: Sequence[int], cells: Sequence[Sequence[str]]) -> Iterator[Mark]:
        """A mark for each such cell in these rows; they come in the sheet's order."""
        if self._told >= _MOST_TOLD or not (self._below or self._open):
            return
        found = dict(zip(rows, cells, strict=True))
        while self._below and self._below[0][0] <= rows[-1]:
            area = self._below.popleft()
            if _cell(found.get(area[0], ()), area[1]):
                self._open.append(area)
        for top, left, bottom, right in self._open:
            name = f"{letter(left)}{top}:{letter(right)}{bottom}"
            for row in rows[bisect_left(rows, top) : bisect_right(rows, bottom)]:
                for column in range(left, min(right, MOST_COLUMNS) + 1):
                    if self._told < _MOST_TOLD and not _cell(found[row], column):
                        self._told += 1
                        yield Mark(row, column, "merged_cell", name)
        self._open = [area for area in self._open if area[2] > rows[-1]]


def _cell(cells: Sequence[str], at: int) -> str:
    return cells[at] if at < len(cells) else ""


def _cut(batch: Message, size: int, merged: _Merged) -> Iterator[RowBlock]:
    if not batch["rows"]:
        return
    marks = [Mark(*each) for each in batch["marks"]]
    marks += merged.marks(batch["rows"], batch["cells"])
    for start in range(0, len(batch["rows"]), size):
        rows = batch["rows"][start : start + size]
        yield RowBlock(
            rows,
            batch["cells"][start : start + size],
            marks=[mark for mark in marks if rows[0] <= mark.row <= rows[-1]],
        )


def _format_of(name: str, descriptor: int) -> str:
    """By the first bytes: Excel since 2007 puts a zip (its theme) into an .xls, where zipfile finds it."""
    file, start = Positioned(descriptor), system.read_at(descriptor, len(_OLE), 0)
    if start == _OLE or not zipfile.is_zipfile(file):
        return _old_format(name, descriptor, start)
    try:
        with zipfile.ZipFile(file) as archive:
            _refuse_bomb(name, archive, os.fstat(descriptor).st_size)
            parts = set(archive.namelist())
            if "mimetype" in parts:
                return _open_document(name, archive)
    except BROKEN as error:
        raise _damaged(name) from error
    if "Index/Document.iwa" in parts:
        raise SourceError(f"{name} is an Apple Numbers file.", hint="Export it as XLSX or CSV.")
    return "xlsb" if any(part.endswith("workbook.bin") for part in parts) else "xlsx"


def _open_document(name: str, archive: zipfile.ZipFile) -> str:
    """Its manifest says of each part whether it is encrypted."""
    manifest = "META-INF/manifest.xml"
    if manifest in archive.namelist() and b"encryption-data" in archive.read(manifest):
        raise _encrypted(name)
    if b"spreadsheet" not in archive.read("mimetype"):
        raise SourceError(f"{name} is a document, but no spreadsheet.", hint=_RESAVE)
    return "ods"


def _encrypted(name: str) -> SourceError:
    return SourceError(
        f"{name} is encrypted.",
        hint="Open it with its password, and save a copy without one (File > Info).",
    )


def _old_format(name: str, descriptor: int, start: bytes) -> str:
    if not start:
        raise SourceError(f"{name} is empty.", hint="Export it again.")
    if start != _OLE:
        raise _damaged(name)
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data:
        if _ENCRYPTED.search(data):
            raise _encrypted(name)
        if not _BOOK.search(data):
            raise SourceError(
                f"{name} holds no workbook: it is damaged, or a document of Word or Outlook.",
                hint=_RESAVE,
            )
    return "xls"


def _damaged(name: str) -> SourceError:
    return SourceError(f"{name} is cut short or damaged.", hint="Download or copy the file again.")


def _refuse_bomb(name: str, archive: zipfile.ZipFile, packed: int) -> None:
    unpacked = sum(each.file_size for each in archive.infolist())
    if unpacked > max(_BOMB_SIZE, _BOMB_RATIO * packed):
        raise SourceError(
            f"{name} would unpack to {unpacked // _MIB:,} MiB, {unpacked // packed} times its size.",
            hint=f"That is how a zip bomb looks. {_RESAVE}",
        )


# Parquet and SPSS: tables of records whose columns have names, read in a child process with limits.


class _RecordsTable(WorkbookTable):
    """A file of records; row 0 holds the labels. `library` reads it, which `extra` brings."""

    kind = what = library = extra = remedy = ""

    def __init__(self, content: Content, options: SourceOptions) -> None:
        if find_spec(self.library) is None:
            raise UsageError(
                f"{content.name} is {self.what}, and {self.library}, which reads such, isn't installed.",
                hint=f"Install it: pip install 'satismeter-importer[{self.extra}]'",
            )
        self._sheetless = options.sheet is not None
        super().__init__(content, SourceOptions(encoding=options.encoding))

    def _found_format(self) -> str:
        return self.kind

    def _unreadable(self, failure: Unreadable) -> SourceError:
        return SourceError(
            f"{self._content.name} can't be read as {self.what} ({failure}).", hint=self.remedy
        )

    def _facts(self, opening: Message, layout: Message) -> Facts:  # noqa: ARG002  records have no layout
        asked = ("It has no sheets: what was asked of one says nothing.",) * self._sheetless
        return Facts(
            format=self.kind,
            size=self._content.size,
            sha256=self._content.sha256,
            compression=self._content.compression,
            notes=(*opening["notes"], *asked),
        )


class ParquetTable(_RecordsTable):
    """A Parquet file."""

    kind, what, library, extra = "parquet", "a Parquet file", "pyarrow", "parquet"
    remedy = "Write it again with the program that made it, or export it as CSV."


class SpssTable(_RecordsTable):
    """A .sav or .zsav file."""

    kind, what, library, extra = "sav", "an SPSS file", "pyreadstat", "spss"
    remedy = "If its texts are in another encoding than it says, name it; else export it as CSV."
