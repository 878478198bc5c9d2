"""A ledger that was lost is noticed: the file is marked from beside it."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import NamedTuple

from importer import resources
from importer.errors import LedgerError
from importer.ledger.state import KEY, private_file


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
    if _is_empty(path) and (path.with_name(_MARK).exists() or (path.parent / KEY).exists()):
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
