"""Workbooks: XLSX, XLSM, XLSB, XLS and ODS, read in a child process with limits."""

from __future__ import annotations

import mmap
import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from importer.errors import SourceError
from importer.resources import Positioned
from importer.sources.files import Content
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
_SECONDS, _SECONDS_PER_MIB = 8, {"xlsx": 10}
_BOMB_SIZE, _BOMB_RATIO = 512 * _MIB, 100
_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = re.compile(
    re.escape("EncryptedPackage".encode("utf-16-le"))
    + rb"|\x09\x08(?:\x10\x00\x00\x06\x05\x00.{12}|\x08\x00\x00\x05\x05\x00.{4})"
    rb"(?:\x86\x00\x00\x00)?\x2f\x00",
    re.DOTALL,
)
"""An .xlsx with a password is a stream of this name; an .xls says so in the record (FilePass, MS-XLS
2.4.117) after its first (BOF), or after WriteProtect."""
_RESAVE = "Open it in Excel or LibreOffice, and save it again as .xlsx or CSV."


class WorkbookTable:
    """One sheet of a workbook. The child that opened it goes on in the first call of `blocks`; each
    further call starts another, which reads the file from its start."""

    def __init__(self, content: Content, options: SourceOptions) -> None:
        self._content, self._wanted = content, options.sheet
        self._descriptor = content.on_disk()
        self._format = _format_of(content.name, self._descriptor)
        self._careful = False
        self._child: Child | None = self._started()
        try:
            self.sheet: str = self._child.opening["sheet"]
            batches = self._child.batches()
            begun = list(_first(HEAD, batches))
            self.head = _head(begun)
            self._waiting = chain(begun, batches)
            self.facts = self._facts(self._child.opening)
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
        child = waiting or self._started()
        try:
            for batch in self._waiting if waiting else child.batches():
                yield from _cut(batch, size)
        except Unreadable as error:
            raise self._unreadable(error) from error
        finally:
            child.close()

    def close(self) -> None:
        """End the child, if one is waiting."""
        if self._child:
            self._child.close()
            self._child = None

    def _started(self) -> Child:
        size = os.fstat(self._descriptor).st_size
        request = ReadRequest(
            descriptor=self._descriptor,
            name=self._content.name,
            format=self._format,
            sheet=self._wanted,
            memory=min(_MEMORY + _MEMORY_PER_BYTE * size, _MOST_MEMORY),
            seconds=_SECONDS + _SECONDS_PER_MIB.get(self._format, 2) * (size // _MIB),
            careful=self._careful,
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

    def _facts(self, opening: Message) -> Facts:
        return Facts(
            format=self._format,
            size=self._content.size,
            sha256=self._content.sha256,
            compression=self._content.compression,
            sheets=tuple(opening["sheets"]),
            notes=tuple(opening["notes"]),
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


def _cut(batch: Message, size: int) -> Iterator[RowBlock]:
    marks = [Mark(*each) for each in batch["marks"]]
    for start in range(0, len(batch["rows"]), size):
        rows = batch["rows"][start : start + size]
        yield RowBlock(
            rows,
            batch["cells"][start : start + size],
            marks=[mark for mark in marks if rows[0] <= mark.row <= rows[-1]],
        )


def _format_of(name: str, descriptor: int) -> str:
    """By the first bytes: Excel since 2007 puts a zip (its theme) into an .xls, where zipfile finds it."""
    file, start = Positioned(descriptor), os.pread(descriptor, len(_OLE), 0)
    if start == _OLE or not zipfile.is_zipfile(file):
        return _old_format(name, descriptor, start)
    with zipfile.ZipFile(file) as archive:
        _refuse_bomb(name, archive, os.fstat(descriptor).st_size)
        parts = set(archive.namelist())
    if "Index/Document.iwa" in parts:
        raise SourceError(f"{name} is an Apple Numbers file.", hint="Export it as XLSX or CSV.")
    if "mimetype" in parts:
        return "ods"
    return "xlsb" if any(part.endswith("workbook.bin") for part in parts) else "xlsx"


def _old_format(name: str, descriptor: int, start: bytes) -> str:
    if not start:
        raise SourceError(f"{name} is empty.", hint="Export it again.")
    if start != _OLE:
        raise SourceError(
            f"{name} is cut short or damaged.", hint="Download or copy the file again."
        )
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data:
        if _ENCRYPTED.search(data):
            raise SourceError(
                f"{name} is encrypted.",
                hint="Open it with its password, and save a copy without one (File > Info).",
            )
    return "xls"


def _refuse_bomb(name: str, archive: zipfile.ZipFile, packed: int) -> None:
    unpacked = sum(each.file_size for each in archive.infolist())
    if unpacked > max(_BOMB_SIZE, _BOMB_RATIO * packed):
        raise SourceError(
            f"{name} would unpack to {unpacked // _MIB:,} MiB, {unpacked // packed} times its size.",
            hint=f"That is how a zip bomb looks. {_RESAVE}",
        )
