"""Opening a ledger, by where it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from importer.errors import UsageError
from importer.ledger.protocol import Ledger
from importer.ledger.sqlite import SqliteLedger, marks

Where = Path
"""Where a ledger is: the state folder that its file lies in."""


def open_ledger(where: Where, secret: bytes = b"", durability: str = "full") -> Ledger:
    """Open the ledger, or make it; check it, and bring it to this importer's version. `secret` keys its
    hashes: without it no row can be staged. Close it. Raises LedgerError for one that can't be trusted."""
    return SqliteLedger.open(marks.ledger_path(where), secret, durability)


def plan_ledger(where: Where, secret: bytes) -> Ledger:
    """A ledger for a plan, of which nothing stays: it looks back into the one at `where`, which need not
    exist and stays as it is."""
    return SqliteLedger.throwaway(marks.ledger_path(where), secret)


@contextmanager
def existing(where: Where, secret: bytes = b"") -> Iterator[Ledger]:
    """As `open_ledger`; UsageError where there is no ledger, so that looking makes none."""
    _hold_there(where)
    with closing(open_ledger(where, secret)) as ledger:
        yield ledger


@contextmanager
def look_into(where: Where) -> Iterator[Ledger]:
    """The same for who only asks: the ledger isn't read through for damage first."""
    _hold_there(where)
    with closing(SqliteLedger.open(marks.ledger_path(where), b"", checked=False)) as ledger:
        yield ledger


def reading(where: Where) -> AbstractContextManager[Ledger | None]:
    """The ledger only to look at, as often as one likes, while another process posts: nothing is checked
    or written (`progress` counts what a run is about to write). None where nothing was run yet."""
    return SqliteLedger.reading(marks.ledger_path(where))


def is_there(where: Where) -> bool:
    """Whether there is a ledger."""
    return marks.ledger_path(where).exists()


def size(where: Where) -> int:
    """The bytes that the ledger takes; 0 where there is none."""
    return marks.ledger_path(where).stat().st_size if is_there(where) else 0


def begin_anew(where: Where) -> tuple[str, bool]:
    """Let the ledger that is there, or isn't, be the right one, where that of earlier runs is lost. Returns
    where it is, in words, and whether that changes anything."""
    path = marks.ledger_path(where)
    return str(path), marks.unmark(path)


def _hold_there(where: Where) -> None:
    marks.hold_there(marks.ledger_path(where))
    if not is_there(where):
        raise UsageError(
            f"There is no ledger in {where}: nothing was run yet.",
            hint="Another folder? Name it with --state DIR.",
        )
