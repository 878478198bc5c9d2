"""One run per campaign at a time; who comes second is told who is first."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from importer.errors import Busy


@contextmanager
def held(folder: Path, origin: str, campaigns: Iterable[str], file: str) -> Iterator[None]:
    """Hold the lock of every campaign that the job posts to; raises `Busy` naming the holder."""
    places = folder / "locks"
    places.mkdir(mode=0o700, exist_ok=True)
    with ExitStack() as stack:
        for campaign in sorted(set(campaigns)):
            name = hashlib.sha256(f"{origin}\0{campaign}".encode()).hexdigest()[:24]
            stack.enter_context(_one(places / f"{name}.lock", campaign, file))
        yield


@contextmanager
def _one(path: Path, campaign: str, file: str) -> Iterator[None]:
    lock = FileLock(path, mode=0o600)
    holder = path.with_suffix(".json")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Busy(
            f"Another run holds the campaign {campaign}: {_told(holder)}.",
            hint="Wait for it to end, or stop it with Ctrl-C; its rows stay accounted for.",
        ) from None
    try:
        _tell(holder, file)
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _tell(holder: Path, file: str) -> None:
    facts = {"pid": os.getpid(), "host": socket.gethostname(), "file": file, "since": time.time()}
    handle = os.open(holder, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        json.dump(facts, out)


def _told(holder: Path) -> str:
    """The holder in words; it may have gone, or not have written itself down yet."""
    try:
        facts = json.loads(holder.read_text())
        since = time.strftime("%H:%M:%S", time.localtime(facts["since"]))
        return f"process {facts['pid']} on {facts['host']}, importing {facts['file']} since {since}"
    except (OSError, ValueError, KeyError):
        return "a process that has just started or is ending"
