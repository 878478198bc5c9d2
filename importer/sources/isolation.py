"""The parent's end of the process that reads a workbook: starts it, hears it out, outlives it."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from importer import system
from importer.errors import SourceError

# What the parent asks of the child that reads a workbook.


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A sheet of a workbook (`sheet`: name, number from 1, or None to choose), and the limits of reading
    it: `memory` in bytes, `seconds` of processor time. `careful`: by openpyxl, whatever the probe says.
    `encoding`: that of an SPSS file's texts, where it isn't what the file says.
    `descriptor` is the parent's, `path` where the child finds the same file; `name` is for messages."""

    descriptor: int
    path: str
    name: str
    format: str
    sheet: str | int | None
    memory: int
    seconds: int
    careful: bool = False
    encoding: str = ""


_ROOT = str(Path(__file__).resolve().parents[2])
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from importer.sources.workbook_child import main; main(sys.argv[2])"
)
_LONGEST_MESSAGE = 1 << 30
"""Bytes: a child that a file has taken over can't make this process hold more."""

Message = Mapping[str, Any]


_NEEDED = (
    *("PATH", "LANG", "LANGUAGE", "LD_LIBRARY_PATH"),
    *("SYSTEMROOT", "APPDATA", "USERPROFILE"),  # Windows: its libraries; packages of this user only
)
_NEEDED_BEGIN = ("LC_", "PYTHON")
"""What an interpreter needs of the environment; the keys that stand there too are none of its business."""


class Unreadable(Exception):
    """The library could not read the workbook, or died of it; the text says how."""


class OutOfMemory(Unreadable):
    """The child died of the limit on memory, or of a crash in the library."""


class Child:
    """A child at work. `opening` is its first message. Raises SourceError where the child refuses the
    workbook, Unreadable where it can't read it, killed itself or ran into a limit."""

    def __init__(self, request: ReadRequest) -> None:
        self._process = subprocess.Popen(  # noqa: S603  this interpreter, our own module
            [sys.executable, "-P", "-c", _START, _ROOT, orjson.dumps(asdict(request)).decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            **system.inherited(request.descriptor),
        )
        try:
            self.opening = self._message()
        except BaseException:
            self.close()
            raise

    def batches(self) -> Iterator[Message]:
        """The rows, as they come: `rows` (numbers), `cells` (text), `marks` (row, column, code)."""
        while "end" not in (message := self._message()):
            yield message

    def close(self) -> None:
        """End the child and its pipes; it may be in the middle of its work."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._process.wait()

    def _message(self) -> Message:
        (length,) = struct.unpack(">I", self._exactly(4))
        if length > _LONGEST_MESSAGE:
            raise Unreadable("it sent more than 1 GiB at once")
        message: Message = orjson.loads(self._exactly(length))
        if "error" in message:
            raise SourceError(message["error"], hint=message["hint"])
        if "unreadable" in message:
            raise Unreadable(message["unreadable"])
        return message

    def _exactly(self, length: int) -> bytes:
        assert self._process.stdout is not None  # noqa: S101  it was opened as a pipe
        data: bytes = self._process.stdout.read(length)
        if len(data) < length:
            raise _cause_of_death(self._process.wait())
        return data


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in _NEEDED or name.startswith(_NEEDED_BEGIN)
    }


def _cause_of_death(status: int) -> Unreadable:
    if status in system.TOO_LONG:
        return Unreadable("it took too much time")
    if status in system.NO_MEMORY:
        return OutOfMemory("it took too much memory")
    return Unreadable(f"its reader ended with status {status}")
