"""The bytes of a source: a file or standard input, unpacked on the way where compressed."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING

from importer.errors import SourceError

if TYPE_CHECKING:
    from typing_extensions import Buffer


STDIN = "-"
Unpacked = IO[bytes] | io.BufferedIOBase
_COMPRESSED: tuple[tuple[bytes, str, Callable[[Path], Unpacked]], ...] = (
    (b"\x1f\x8b", "gzip", gzip.GzipFile),
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
_WORKBOOK_PARTS = ("[Content_Types].xml", "mimetype", "Index/Document.iwa")
_EXPANSION = 200
_HARMLESS = 1 << 30
_BLOCK = 1 << 17


class Content:
    """What a path leads to. `name` is what the user is shown.

    `path` is a file name, "-" for standard input, or `archive.zip::table.csv`. Standard input and
    pipes are spooled to a temporary file that only this user can read and that goes with `close`.
    """

    def __init__(self, path: str) -> None:
        file, _, self._member = (path, "", "") if Path(path).exists() else path.partition("::")
        self.name = "standard input" if path == STDIN else Path(file).name
        self._spooled: list[IO[bytes]] = []
        try:
            self._path = self._located(file)
            self.size = self._path.stat().st_size
            self._head = self._bytes_at_start()
            self.compression, self._unpack = self._packing()
        except BaseException:
            self.close()
            raise

    @cached_property
    def sha256(self) -> str:
        """Of the file as it lies there, in hex."""
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def open(self) -> io.BufferedReader:
        """The unpacked bytes, from the first. Reading them raises SourceError where the archive is
        damaged, or unpacks to what only a decompression bomb does."""
        try:
            stream = self._unpack(self._path)
        except BROKEN as error:
            raise self.broken(error) from error
        return io.BufferedReader(_Guarded(stream, self), _BLOCK)

    def on_disk(self) -> Path:
        """A file that holds the unpacked bytes."""
        if not self.compression:
            return self._path
        with self.open() as stream:
            return self._spool(stream)

    def broken(self, error: BaseException) -> SourceError:
        """The error for bytes that can't be read or unpacked."""
        if self.compression:
            return SourceError(
                f"{self.name}: the {self.compression} archive is damaged, cut short or encrypted.",
                hint="Unpack it by hand and give the file inside.",
            )
        return SourceError(f"{self.name}: {_reason(error)}.", hint="Check the file and its rights.")

    def close(self) -> None:
        """Delete what was spooled."""
        while self._spooled:
            self._spooled.pop().close()

    def _located(self, file: str) -> Path:
        if file == STDIN:
            return self._spool(sys.stdin.buffer)
        path = Path(file)
        if not path.exists():
            raise SourceError(f"{file}: no such file.", hint=_similar(path))
        if path.is_dir():
            raise SourceError(f"{file} is a folder.", hint="Give one file in it.")
        if path.is_file():
            return path
        with self._opened(path) as pipe:
            return self._spool(pipe)

    def _opened(self, path: Path) -> io.BufferedReader:
        try:
            return path.open("rb")
        except OSError as error:
            raise SourceError(
                f"{self.name}: {_reason(error)}.", hint="Check its rights."
            ) from error

    def _spool(self, stream: Unpacked) -> Path:
        spooled = tempfile.NamedTemporaryFile(prefix="importer-")  # noqa: SIM115  closed by close()
        self._spooled.append(spooled)
        try:
            shutil.copyfileobj(stream, spooled, _BLOCK)
            spooled.flush()
        except BROKEN as error:
            raise SourceError(
                f"{self.name}: {_reason(error)}.", hint="Is the disk full?"
            ) from error
        return Path(spooled.name)

    def _bytes_at_start(self) -> bytes:
        with self._opened(self._path) as file:
            return file.read(8)

    def _packing(self) -> tuple[str, Callable[[Path], Unpacked]]:
        for magic, name, opener in _COMPRESSED:
            if self._head.startswith(magic):
                return name, opener
        if self._head.startswith(b"PK\x03\x04") and not self._is_workbook():
            member = self._chosen_member()
            return "zip", lambda path: _member_of(path, member)
        return "", lambda path: path.open("rb")

    def _is_workbook(self) -> bool:
        return any(name in self._members() for name in _WORKBOOK_PARTS)

    def _members(self) -> list[str]:
        try:
            with zipfile.ZipFile(self._path) as archive:
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
        with zipfile.ZipFile(self._path) as archive:
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


def _member_of(path: Path, member: str) -> Unpacked:
    """The archive itself is closed with its last open member."""
    with zipfile.ZipFile(path) as archive:
        return archive.open(member)


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
