"""Files that are whole or not there: written beside their place, synced, then renamed; 0600."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from importer.errors import ResultsError, UsageError


def folder(path: Path) -> Path:
    """Make the folder that a job writes into; UsageError where that can't be."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"The folder {path} can't be made: {error.strerror}.",
            hint="Name another with --out DIR.",
        ) from error
    return path


@contextmanager
def whole(path: Path, encoding: str = "utf-8", mode: int = 0o600) -> Iterator[IO[str]]:
    """A text file that takes its place only once it is complete and on the disk."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding=encoding, newline="", errors="replace") as file:
            draft.chmod(mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def told() -> Iterator[None]:
    """Turn the system's errors while results are written into ours."""
    try:
        yield
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        raise ResultsError(
            f"The results{place} can't be written: {error.strerror}.",
            hint="Every outcome is in the ledger. Make room, or name another folder with --out, and "
            "run the same command again: it posts nothing twice and writes the results.",
        ) from error
