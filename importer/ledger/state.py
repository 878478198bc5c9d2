"""The state folder and the secret in it, for the user's eyes only (0700, 0600)."""

from __future__ import annotations

import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from importer import resources, system
from importer.errors import LedgerError

_SECRET_BYTES = 32
KEY = "hash.key"
FULL = (
    "Nothing is posted after this. Free some disk space, then run the same command again: it goes on "
    "where it stopped."
)
"""What to do where a disk is full."""


def default_folder() -> Path:
    """The platform's place for a user's state (`~/.local/state/satismeter-importer` on Linux)."""
    import platformdirs

    return Path(platformdirs.user_state_dir("satismeter-importer", appauthor=False))


def prepare(folder: Path) -> None:
    """Make the folder, readable by its owner only; what a killed start has left there goes."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / f".writable-{os.getpid()}-{secrets.token_hex(4)}"
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
    path = folder / KEY
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
