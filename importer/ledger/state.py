"""The state folder: the ledger, its secret and its locks, for the user's eyes only (0700, 0600)."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import socket
import stat
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from importer import resources, system
from importer.errors import Busy, LedgerError
from importer.settings import server_of

_SECRET_BYTES = 32
_KEY = "hash.key"


def default_folder() -> Path:
    """The platform's place for a user's state (`~/.local/state/satismeter-importer` on Linux)."""
    import platformdirs

    return Path(platformdirs.user_state_dir("satismeter-importer", appauthor=False))


def ledger_path(folder: Path) -> Path:
    """Where the ledger lies in a state folder."""
    return folder / "ledger.sqlite3"


# A ledger that was lost is noticed. The first job that posts leaves a mark beside it, which says which ledger
# it is and how many jobs it has begun: one that is missing, empty, another or older can't tell what was sent.


class Mark(NamedTuple):
    """`ledger`: what a ledger is told from others by; `begun`: how many jobs were begun in it."""

    ledger: str
    begun: int


_MARK = "ledger.mark"


def mark(path: Path, found: Mark) -> None:
    """Leave it beside the ledger at `path`, on the disk. Raises OSError."""
    draft = path.with_name(f".{_MARK}-{os.getpid()}-{secrets.token_hex(4)}")
    private_file(draft, json.dumps(found._asdict()).encode())
    draft.replace(path.with_name(_MARK))


def unmark(path: Path) -> bool:
    """Let the ledger at `path` be a new one: it goes where it is empty. False where there was no mark."""
    marked = path.with_name(_MARK).exists() or _is_empty(path)
    if _is_empty(path):
        path.unlink()
    path.with_name(_MARK).unlink(missing_ok=True)
    return marked


def hold_there(path: Path) -> None:
    """Raise LedgerError where there is no ledger, and was one."""
    if path.is_dir():
        raise LedgerError(
            f"{path} is a folder, and no ledger.", hint="Name another with --state DIR."
        )
    if not path.exists() and path.with_name(_MARK).exists():
        raise _lost(path, "is gone")
    if _is_empty(path) and (path.with_name(_MARK).exists() or (path.parent / _KEY).exists()):
        raise _lost(path, "is empty")


def hold_known(path: Path, found: Mark) -> None:
    """Raise LedgerError where the ledger isn't the one that the mark speaks of, or an older copy of it."""
    try:
        marked = Mark(**json.loads(resources.small(path.with_name(_MARK))[0]))
    except (OSError, ValueError, TypeError):
        return
    if found.ledger != marked.ledger:
        raise _lost(path, "is another one than the last run had")
    if found.begun < marked.begun:
        raise _lost(
            path, f"is an older copy: it lacks the last {marked.begun - found.begun} run(s)"
        )


def _is_empty(path: Path) -> bool:
    return path.exists() and not path.stat().st_size


def _lost(path: Path, what: str) -> LedgerError:
    return LedgerError(
        f"The ledger {path} {what}, so it can't tell what was sent before; nothing was sent.",
        hint="Restore it from a backup. Where there is none, look at the survey; then `importer new-ledger "
        "--state DIR` lets it begin anew, and rows that were sent before are sent again.",
    )


def prepare(folder: Path) -> None:
    """Make the folder, readable by its owner only; what a killed start has left there goes."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / f".writable-{os.getpid()}"
        private_file(probe, b"")
        probe.unlink()
        resources.sweep(folder, _DRAFTS, _HOUR)
    except OSError as error:
        raise LedgerError(
            f"The state folder {folder} can't be written: {error.strerror}.",
            hint="Name another with --state DIR. Nothing was sent.",
        ) from error


_DRAFTS = re.compile(
    r"\.(writable|hash|ledger\.mark|ledger\.sqlite3)-\d+(-[0-9a-f]{8})?(-wal|-shm)?"
)
_HOUR = 3600.0
"""Seconds; a start under way has done with its own by then."""


def private_file(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read; FileExistsError where there is one."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def secret(folder: Path) -> bytes:
    """The key of every hash in the ledger and of hashed anonymous IDs; made at first use.

    SATISMETER_HASH_KEY, read by the command line, takes its place where several machines must
    agree.
    """
    path = folder / _KEY
    prepare(folder)
    if not path.exists():
        fresh = folder / f".hash-{os.getpid()}-{secrets.token_hex(4)}"
        private_file(fresh, secrets.token_bytes(_SECRET_BYTES))
        with suppress(FileExistsError):  # another start was first: its secret counts
            system.publish(fresh, path)
    content, facts = resources.small(path)
    if system.MODES and (facts.st_mode | folder.stat().st_mode) & stat.S_IWOTH:
        raise LedgerError(
            f"Everybody may write {path} or its folder, so the ledger proves nothing.",
            hint=f"Nothing was sent. Mend it: chmod 700 {folder}; chmod 600 {path}",
        )
    if len(content) != _SECRET_BYTES:
        raise LedgerError(
            f"{path} is damaged: {len(content)} bytes instead of {_SECRET_BYTES}.",
            hint="Restore it from a backup: without it the ledger can't tell what was sent.",
        )
    return content


# One run per campaign at a time; who comes second is told who is first.

ANY = "*"
"""The campaign of a job whose rows name theirs freely: it is alone with its server."""

_GATE_SECONDS = 10.0


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
            lock = FileLock(path, mode=0o600)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                return _facts(path.with_suffix(".json"))
            lock.release()
    return None


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
    gate = FileLock(path, mode=0o600)
    try:
        gate.acquire(timeout=_GATE_SECONDS)
    except Timeout:
        raise Busy("Other runs are starting.", hint="Try again in a moment.") from None
    try:
        yield
    finally:
        gate.release()


@contextmanager
def _one(path: Path, file: str) -> Iterator[None]:
    lock = FileLock(path, mode=0o600)
    holder = path.with_suffix(".json")
    try:
        lock.acquire(timeout=0)
    except Timeout:
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
