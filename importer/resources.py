"""Files: the data that comes with the program, and the one way in which any other file is opened.

The data lies under `importer/_shipped/` in the wheel; in a checkout at its top level.
"""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from importer import system

if TYPE_CHECKING:
    from typing_extensions import Buffer

_PACKAGE = Path(__file__).parent
_ROOT = _PACKAGE / "_shipped" if (_PACKAGE / "_shipped").is_dir() else _PACKAGE.parent

MAPPINGS = _ROOT / "mappings"
"""One YAML document per survey tool."""
SAMPLES = _ROOT / "sample_data"
"""One small made-up export per preset, and an ugly one."""


# The one opener, with two rules. What a person or a scheduler names may be a link, and another's: Kubernetes
# mounts secrets as links that root owns. What lies in a folder that others put files into may not.

MOST_TEXT = 1 << 20
"""Bytes of a small file at most: a key, settings."""


_HANDED = ("/dev/fd/", "/proc/self/fd/", "/dev/stdin")


def opened(path: str | Path, *, links: bool = True) -> int:
    """The descriptor of a regular file, for reading. Nothing is waited for, as a pipe would be, but for one
    that a shell hands over (`<(…)`). Raises OSError, also for a folder, a pipe with a name, a device or,
    without `links`, a link."""
    try:
        descriptor = system.opened(path, links=links)
    except OSError as error:
        if not links and error.errno == errno.ELOOP:
            raise OSError(
                errno.ELOOP, "it is a link, and none is followed here", str(path)
            ) from None
        raise
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    if links and stat.S_ISFIFO(mode) and str(path).startswith(_HANDED):
        system.await_writer(descriptor)
        return descriptor
    os.close(descriptor)
    raise OSError(
        errno.EINVAL, "it is no regular file, but a folder, a pipe or a device", str(path)
    )


def small(path: str | Path, most: int = MOST_TEXT) -> tuple[bytes, os.stat_result]:
    """A small file's bytes, and its facts at that moment. Raises OSError as `opened` does, and for one of
    more than `most` bytes."""
    descriptor = opened(path)
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return content, facts


def sweep(folder: Path, names: re.Pattern[str], seconds: float = 0.0) -> None:
    """Delete what killed writes have left in a folder: files of such names, unheld, unchanged for so long."""
    with suppress(OSError):
        for path in [each for each in folder.iterdir() if names.fullmatch(each.name)]:
            with suppress(OSError):
                system.delete_unheld(path, time.time() - seconds)


class Positioned(io.RawIOBase):
    """Reads an open file from a place of its own, so that several may read one descriptor at a time.
    Closing it leaves the descriptor open. It begins `at` a place; with an `end`, the file ends there."""

    def __init__(self, descriptor: int, at: int = 0, end: int | None = None) -> None:
        self._descriptor, self._at, self._last = descriptor, at, end

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        if self._last is not None:
            view = view[: max(self._last - self._at, 0)]
        data = system.read_at(self._descriptor, len(view), self._at)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        self._at = max(0, offset + (os.fstat(self._descriptor).st_size if start is None else start))
        return self._at

    def tell(self) -> int:
        return self._at
