"""The state folder: the ledger, its secret and its locks, for the user's eyes only (0700, 0600)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from importer.errors import LedgerError

_SECRET_BYTES = 32


def default_folder() -> Path:
    """The platform's place for a user's state (`~/.local/state/satismeter-importer` on Linux)."""
    import platformdirs

    return Path(platformdirs.user_state_dir("satismeter-importer", appauthor=False))


def ledger_path(folder: Path) -> Path:
    """Where the ledger lies in a state folder."""
    return folder / "ledger.sqlite3"


def prepare(folder: Path) -> None:
    """Make the folder, readable by its owner only."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / f".writable-{os.getpid()}"
        private_file(probe, b"")
        probe.unlink()
    except OSError as error:
        raise LedgerError(
            f"The state folder {folder} can't be written: {error.strerror}.",
            hint="Name another with --state DIR. Nothing was sent.",
        ) from error


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
    path = folder / "hash.key"
    prepare(folder)
    if not path.exists():
        fresh = folder / f".hash-{os.getpid()}-{secrets.token_hex(4)}"
        private_file(fresh, secrets.token_bytes(_SECRET_BYTES))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # another start was first: its secret counts
        finally:
            fresh.unlink()
    content = path.read_bytes()
    if len(content) != _SECRET_BYTES:
        raise LedgerError(
            f"{path} is damaged: {len(content)} bytes instead of {_SECRET_BYTES}.",
            hint="Restore it from a backup: without it the ledger can't tell what was sent.",
        )
    return content
