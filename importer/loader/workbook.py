"""Workbooks: XLSX, XLSM, XLSB, XLS and ODS, read in a child process with limits."""

from __future__ import annotations

import mmap
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from importer.errors import SourceError
from importer.loader.child import Child, Message, Unreadable
from importer.loader.content import Content
from importer.loader.facts import Facts
from importer.loader.options import SourceOptions
from importer.loader.request import Request
from importer.loader.table import HEAD, MOST_COLUMNS, Block, Mark

_MIB = 1 << 20
_MEMORY, _MEMORY_PER_BYTE, _MOST_MEMORY = 768 * _MIB, 50, 4096 * _MIB
_SECONDS, _SECONDS_PER_MIB = 8, {"calamine": 2, "openpyxl": 10}
_BOMB_SIZE, _BOMB_RATIO = 512 * _MIB, 100
_READERS = {"xlsx": ("calamine", "openpyxl")}
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_RESAVE = "Open it in Excel or LibreOffice, and save it again as .xlsx or CSV."


class WorkbookTable:
    """One sheet of a workbook. The child that opened it goes on in the first call of `blocks`; each
    further call starts another, which reads the file from its start."""

    def __init__(self, content: Content, options: SourceOptions) -> None:
        self._content, self._wanted = content, options.sheet
        self._path = content.on_disk()
        self._format = _format_of(content.name, self._path)
        self._child: Child | None
        self._reader, self._child = self._first_that_reads()
        try:
            self.sheet: str = self._child.opening["sheet"]
            self._first = next(self._child.batches(), None)
            self.head = (
                next(_cut(self._first, HEAD), Block((), ())) if self._first else Block((), ())
            )
            self.facts = self._facts(self._child.opening)
            if self._reader == "openpyxl":
                self._read_to_the_end()
        except BaseException:
            self.close()
            raise

    def width(self, labels: int) -> int:
        """As far as the header and the first rows reach: a column without a label is still one."""
        return max(
            [labels, *(reach for reach in map(len, self.head.cells) if reach <= MOST_COLUMNS)]
        )

    def blocks(self, size: int) -> Iterator[Block]:
        """All rows from the first, at most `size` at a time."""
        waiting, self._child = self._child, None
        child = waiting or Child(self._request(self._reader))
        try:
            before = [self._first] if waiting and self._first else []
            for batch in chain(before, child.batches()):
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

    def _read_to_the_end(self) -> None:
        """calamine has parsed the whole sheet before its first row; openpyxl may break off at any."""
        last = max((block.rows[-1] for block in self.blocks(HEAD)), default=0)
        self.facts = replace(self.facts, last_row=last)

    def _first_that_reads(self) -> tuple[str, Child]:
        failures = list[Unreadable]()
        for reader in _READERS.get(self._format, ("calamine",)):
            try:
                return reader, Child(self._request(reader))
            except Unreadable as failure:
                failures.append(failure)
        raise self._unreadable(failures[0]) from failures[-1]

    def _request(self, reader: str) -> Request:
        size = self._path.stat().st_size
        return Request(
            path=str(self._path),
            name=self._content.name,
            format=self._format,
            reader=reader,
            sheet=self._wanted,
            memory=min(_MEMORY + _MEMORY_PER_BYTE * size, _MOST_MEMORY),
            seconds=_SECONDS + _SECONDS_PER_MIB[reader] * (size // _MIB),
        )

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
            last_row=opening["last_row"],
            notes=tuple(opening["notes"]),
        )


def _cut(batch: Message, size: int) -> Iterator[Block]:
    marks = [Mark(*each) for each in batch["marks"]]
    for start in range(0, len(batch["rows"]), size):
        rows = batch["rows"][start : start + size]
        yield Block(
            rows,
            batch["cells"][start : start + size],
            marks=[mark for mark in marks if rows[0] <= mark.row <= rows[-1]],
        )


def _format_of(name: str, path: Path) -> str:
    if not zipfile.is_zipfile(path):
        return _old_format(name, path)
    with zipfile.ZipFile(path) as archive:
        _refuse_bomb(name, archive, path.stat().st_size)
        parts = set(archive.namelist())
    if "Index/Document.iwa" in parts:
        raise SourceError(f"{name} is an Apple Numbers file.", hint="Export it as XLSX or CSV.")
    if "mimetype" in parts:
        return "ods"
    return "xlsb" if any(part.endswith("workbook.bin") for part in parts) else "xlsx"


def _old_format(name: str, path: Path) -> str:
    if path.stat().st_size == 0:
        raise SourceError(f"{name} is empty.", hint="Export it again.")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:4] != b"\xd0\xcf\x11\xe0":
            raise SourceError(
                f"{name} is cut short or damaged.", hint="Download or copy the file again."
            )
        if data.find(_ENCRYPTED) >= 0:
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
