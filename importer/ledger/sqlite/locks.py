"""Locks: one run per campaign at a time, by files that die with their process."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importer import resources
from importer.errors import Busy
from importer.settings import server_of

if TYPE_CHECKING:
    from filelock import FileLock

# One run per campaign at a time; who comes second is told who is first.

ANY = "*"
"""The campaign of a job whose rows name theirs freely: it is alone with its server."""

_GATE_SECONDS = 10.0
"""How long a start waits for others, each of which holds the gate only while it takes its locks."""


@contextmanager
def held(folder: Path, origin: str, campaigns: Collection[str], file: str) -> Iterator[None]:
    """Hold the lock of every campaign that the job posts to; raises `Busy` naming the holder."""
    places = folder / "locks"
    places.mkdir(mode=0o700, exist_ok=True)
    server = _short(server_of(origin))
    paths = {each: places / f"{server}-{_short(each)}.lock" for each in sorted(set(campaigns))}
    anyones = places / f"{server}-{_short(ANY)}.lock"
    with ExitStack() as stack:
        with _gate(places / f"{server}.gate"):
            rivals = places.glob(f"{server}-*.lock") if ANY in paths else [anyones]
            for rival in set(rivals) - set(paths.values()):
                with _one(rival, file):
                    """Free: nobody posts to any campaign, or to them all."""
            for path in paths.values():
                stack.enter_context(_one(path, file))
        yield


def holder(folder: Path, origin: str, campaigns: Collection[str]) -> Mapping[str, Any] | None:
    """Who holds the lock of one of these campaigns now: its `pid`, `host`, `file` and `since`; {} where it
    hasn't written itself down yet, None where nobody does. Nobody who starts meanwhile is turned away."""
    places = folder / "locks"
    if not places.is_dir():
        return None
    server = _short(origin)
    named = [places / f"{server}-{_short(each)}.lock" for each in (*campaigns, ANY)]
    with _gate(places / f"{server}.gate"):
        for path in places.glob(f"{server}-*.lock") if ANY in campaigns else named:
            lock = _lock(path)
            try:
                lock.acquire(timeout=0)
            except TimeoutError:
                return _facts(path.with_suffix(".json"))
            lock.release()
    return None


def _lock(path: Path) -> FileLock:
    from filelock import FileLock  # which no plan needs

    return FileLock(path, mode=0o600)


def _facts(holder: Path) -> Mapping[str, Any]:
    try:
        return dict(json.loads(resources.small(holder)[0]))
    except (OSError, ValueError, TypeError):
        return {}


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@contextmanager
def _gate(path: Path) -> Iterator[None]:
    """One start at a time looks at the locks and takes its own."""
    gate = _lock(path)
    try:
        gate.acquire(timeout=_GATE_SECONDS)
    except TimeoutError:
        raise Busy("Other runs are starting.", hint="Try again in a moment.") from None
    try:
        yield
    finally:
        gate.release()


@contextmanager
def _one(path: Path, file: str) -> Iterator[None]:
    lock = _lock(path)
    holder = path.with_suffix(".json")
    try:
        lock.acquire(timeout=0)
    except TimeoutError:
        raise Busy(
            f"Another run holds the campaign: {_told(holder)}.",
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
        facts = _facts(holder)
        since = time.strftime("%H:%M:%S", time.localtime(facts["since"]))
        return f"process {facts['pid']} on {facts['host']}, importing {facts['file']} since {since}"
    except (KeyError, TypeError):
        return "a process that has just started or is ending"
