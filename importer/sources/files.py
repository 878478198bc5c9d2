"""The bytes of a source: a file or standard input, unpacked on the way where compressed.

A file is opened once. Its hash, its header and its rows are of that one descriptor, whatever its name leads
to by then; and whoever has read its last row is told where it isn't any more what it was when it was opened.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import sys
import zipfile
import zlib
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING

from importer import resources, system
from importer.errors import SourceError
from importer.model import utf8

if TYPE_CHECKING:
    from typing_extensions import Buffer


STDIN = "-"
Unpacked = IO[bytes] | io.BufferedIOBase
_COMPRESSED: tuple[tuple[bytes, str, Callable[[IO[bytes]], Unpacked]], ...] = (
    (b"\x1f\x8b", "gzip", lambda packed: gzip.GzipFile(fileobj=packed)),
    (b"BZh", "bzip2", bz2.BZ2File),
    (b"\xfd7zXZ\x00", "xz", lzma.LZMAFile),
)
BROKEN = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    RuntimeError,
    NotImplementedError,
    ValueError,
)
"""What readers of archives raise. zipfile says RuntimeError of an encrypted member, NotImplementedError of a
compression that it doesn't know, ValueError of a place before the file."""
LARGEST = 2 << 30
"""Bytes that are taken at most of what says no size: a pipe, standard input, an address."""
_WORKBOOK_PARTS = ("[Content_Types].xml", "mimetype", "Index/Document.iwa")
_EXPANSION = 200
_HARMLESS = 1 << 30
_BLOCK = 1 << 17


class Content:
    """What a path leads to. `name` is what the user is shown, by default the file's.

    `path` is a file name, "-" for standard input, or `archive.zip::table.csv`. Standard input and pipes are
    spooled to a temporary file that has no name, so that even a killed process leaves nothing behind. Without
    `links` nothing but a regular file is taken: a folder that others put files into is no place for others.
    """

    def __init__(self, path: str, name: str = "", *, links: bool = True) -> None:
        file, _, self._member = (path, "", "") if Path(path).exists() else path.partition("::")
        self.name = utf8(name or ("standard input" if path == STDIN else Path(file).name))
        self._links, self._path = links, Path(file)
        self._spooled: list[IO[bytes]] = []
        self._descriptor = -1
        try:
            self._descriptor, self._named = self._located(file)
            self._seen = _state(os.fstat(self._descriptor))
            self.size = os.fstat(self._descriptor).st_size
            self._head = system.read_at(self._descriptor, 8, 0)
            self.compression, self._unpack = self._packing()
        except BaseException:
            self.close()
            raise

    @cached_property
    def sha256(self) -> str:
        """Of the file as it lies there, in hex."""
        return hashlib.file_digest(self._packed(), "sha256").hexdigest()

    def open(self, start: int = 0, end: int | None = None) -> io.BufferedReader:
        """The unpacked bytes from the first; where nothing is packed, also those from `start` to `end`.
        Reading them raises SourceError where the archive is damaged, or unpacks to what only a decompression
        bomb does."""
        try:
            stream = self._unpack(self._packed(start, end))
        except BROKEN as error:
            raise self.broken(error) from error
        return io.BufferedReader(_Guarded(stream, self), _BLOCK)

    def on_disk(self) -> int:
        """The descriptor of a file that holds the unpacked bytes; `close` closes it."""
        if not self.compression:
            return self._descriptor
        with self.open() as stream:
            return self._spool(stream, self.broken)

    @property
    def place(self) -> str:
        """The name of the file that `on_disk` has opened, if it has any."""
        return str(self._spooled[-1].name if self._spooled else self._path)

    def hold(self) -> None:
        """Raise SourceError where the file is no longer what it was when it was opened: nobody can tell then
        of which bytes the rows are, or whether a person has meanwhile put a better one there."""
        try:
            same = _state(os.fstat(self._descriptor)) == self._seen
            if same and self._named:
                same = _state(self._path.stat(follow_symlinks=self._links)) == self._seen
        except OSError:
            same = False
        if not same:
            raise SourceError(
                f"{self.name} changed while it was read; nothing was sent.",
                hint="Somebody wrote, replaced or removed it. Run it again once it is whole.",
            )

    def broken(self, error: BaseException) -> SourceError:
        """The error for bytes that can't be read or unpacked."""
        if self.compression:
            return SourceError(
                f"{self.name}: the {self.compression} archive is damaged, cut short or encrypted.",
                hint="Unpack it by hand and give the file inside.",
            )
        return SourceError(f"{self.name}: {_reason(error)}.", hint="Check the file and its rights.")

    def close(self) -> None:
        """Let go of the file, and of what was spooled."""
        if self._descriptor >= 0 and not self._spooled_itself:
            os.close(self._descriptor)
        self._descriptor = -1
        while self._spooled:
            self._spooled.pop().close()

    @property
    def _spooled_itself(self) -> bool:
        return any(each.fileno() == self._descriptor for each in self._spooled)

    def _located(self, file: str) -> tuple[int, bool]:
        """The descriptor, and whether a name leads to it."""
        if file == STDIN:
            return self._spool(sys.stdin.buffer, self._unspooled), False
        path = self._path
        try:
            if self._links and path.is_fifo():
                with path.open("rb") as pipe:
                    return self._spool(pipe, self._unspooled), False
            return resources.opened(path, links=self._links), True
        except FileNotFoundError:
            raise SourceError(f"{file}: no such file.", hint=_similar(path)) from None
        except OSError as error:
            if path.is_dir():
                raise SourceError(f"{file} is a folder.", hint="Give one file in it.") from None
            raise SourceError(
                f"{self.name}: {_reason(error)}.", hint="Check its rights."
            ) from error

    def _spool(self, stream: Unpacked, broken: Callable[[BaseException], SourceError]) -> int:
        spooled = system.nameless()
        self._spooled.append(spooled)
        try:
            while block := stream.read(_BLOCK):
                if spooled.tell() > LARGEST:
                    raise SourceError(f"{self.name} has more than {LARGEST >> 30} GiB.")
                spooled.write(block)
            spooled.flush()
        except BROKEN as error:
            raise broken(error) from error
        return spooled.fileno()

    def _unspooled(self, error: BaseException) -> SourceError:
        return SourceError(f"{self.name}: {_reason(error)}.", hint="Is the disk full?")

    def _packed(self, start: int = 0, end: int | None = None) -> io.BufferedReader:
        return io.BufferedReader(resources.Positioned(self._descriptor, start, end), _BLOCK)

    def _packing(self) -> tuple[str, Callable[[IO[bytes]], Unpacked]]:
        for magic, name, opener in _COMPRESSED:
            if self._head.startswith(magic):
                return name, opener
        if self._head.startswith(b"PK\x03\x04") and not self._is_workbook():
            member = self._chosen_member()
            return "zip", lambda packed: _member_of(packed, member)
        return "", lambda packed: packed

    def _is_workbook(self) -> bool:
        return any(name in self._members() for name in _WORKBOOK_PARTS)

    def _members(self) -> list[str]:
        try:
            with zipfile.ZipFile(self._packed()) as archive:
                return archive.namelist()
        except BROKEN as error:
            raise SourceError(
                f"{self.name} is cut short or damaged: its list of contents is missing.",
                hint="Download or copy the file again.",
            ) from error

    def _chosen_member(self) -> str:
        tables = [name for name in self._members() if _could_be_table(name)]
        if self._member and self._member not in tables:
            raise SourceError(f"{self.name} holds no {self._member}.", hint=_listed(tables))
        if not self._member and len(tables) != 1:
            raise SourceError(
                f"{self.name} holds {len(tables)} files; one is needed.",
                hint=_listed(tables) + f" Choose one: {self.name}::{tables[0]}" if tables else "",
            )
        member = self._member or tables[0]
        with zipfile.ZipFile(self._packed()) as archive:
            if archive.getinfo(member).flag_bits & 1:
                raise SourceError(
                    f"{self.name}: {member} is encrypted.",
                    hint="Unpack it with its password, and give the file inside.",
                )
        return member


class _Guarded(io.RawIOBase):
    """A stream whose errors are ours, and that refuses to unpack a bomb: over 1 GiB and over 200
    times the packed size."""

    def __init__(self, stream: Unpacked, content: Content) -> None:
        self._stream, self._content, self._read = stream, content, 0
        self._most = max(_HARMLESS, _EXPANSION * content.size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        try:
            data = self._stream.read(memoryview(buffer).nbytes)
        except BROKEN as error:
            raise self._content.broken(error) from error
        self._read += len(data)
        if self._read > self._most:
            raise SourceError(
                f"{self._content.name} unpacks to more than {_EXPANSION} times its size.",
                hint="That is how a decompression bomb looks. Unpack it by hand if you trust it.",
            )
        memoryview(buffer)[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _member_of(packed: IO[bytes], member: str) -> Unpacked:
    with zipfile.ZipFile(packed) as archive:
        return archive.open(member)


def _state(facts: os.stat_result) -> tuple[int, ...]:
    """What is another where a file was written to or replaced. (Its rights, or its links, may change.)"""
    return (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)


def _could_be_table(name: str) -> bool:
    parts = Path(name).parts
    return not name.endswith("/") and parts[0] != "__MACOSX" and not parts[-1].startswith(".")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"It holds {', '.join(names[:10])}{more}." if names else "It is empty."


def _reason(error: BaseException) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


def _similar(path: Path) -> str:
    from difflib import get_close_matches

    if not path.parent.is_dir():
        return f"There is no folder {path.parent} either."
    near = get_close_matches(path.name, [each.name for each in path.parent.iterdir()], n=1)
    return f"Did you mean {path.parent / near[0]}?" if near else "Check the name and the folder."
