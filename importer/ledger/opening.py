"""Opening a ledger, by where it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import UsageError
from importer.ledger.database import Past
from importer.ledger.sqlite import SqliteLedger
from importer.ledger.sqlite.database import hold_there, ledger_path, unmark
from importer.ledger.store import Ledger
from importer.settings import SharedLedger

if TYPE_CHECKING:
    from importer.ledger.postgres.ledger import PostgresLedger

Where = Path | SharedLedger
"""Where a ledger is: the state folder that its file lies in, or a database that hosts share."""


def hold_address(shared: SharedLedger) -> None:
    """Raise UsageError for what is no address of a PostgreSQL, or holds a password."""
    from importer.ledger.postgres.connection import Address

    Address.parse(shared.address)


def open_ledger(where: Where, secret: bytes = b"", durability: str = "full") -> Ledger:
    """Open the ledger, or make it; check it, and bring it to this importer's version. `secret` keys its
    hashes: without it no row can be staged. Close it. Raises LedgerError for one that can't be trusted."""
    if isinstance(where, SharedLedger):
        return _shared(where, secret)
    return SqliteLedger.open(ledger_path(where), secret, durability)


def _shared(where: SharedLedger, secret: bytes = b"") -> PostgresLedger:
    from importer.ledger.postgres.ledger import PostgresLedger  # brings its driver, an extra

    return PostgresLedger.open(where.address, secret)


def plan_ledger(where: Where, secret: bytes) -> Ledger:
    """A ledger for a plan, of which nothing stays: it looks back into the one at `where`, which need not
    exist and stays as it is."""
    if isinstance(where, SharedLedger):
        shared = _shared(where, secret)
        past = Past(shared.database, apart=True)
        return SqliteLedger.throwaway(Path(shared.where), secret, past, besides=shared.close)
    return SqliteLedger.throwaway(ledger_path(where), secret)


@contextmanager
def existing(where: Where, secret: bytes = b"") -> Iterator[Ledger]:
    """As `open_ledger`; UsageError where there is no ledger, so that looking makes none."""
    _hold_begun(where)
    with closing(open_ledger(where, secret)) as ledger:
        yield ledger


@contextmanager
def look_into(where: Where) -> Iterator[Ledger]:
    """The same for who only asks: the ledger isn't read through for damage first."""
    if isinstance(where, SharedLedger):
        with closing(_shared(where)) as shared:
            yield shared
        return
    _hold_begun(where)
    with closing(SqliteLedger.open(ledger_path(where), b"", checked=False)) as ledger:
        yield ledger


def reading(where: Where) -> AbstractContextManager[Ledger | None]:
    """The ledger only to look at, as often as one likes, while another process posts: nothing is checked
    or written (`progress` counts what a run is about to write). None where nothing was run yet."""
    if isinstance(where, SharedLedger):
        return closing(_shared(where))
    return SqliteLedger.reading(ledger_path(where))


def is_there(where: Where) -> bool:
    if isinstance(where, SharedLedger):
        return True
    return ledger_path(where).exists()


def size(where: Where) -> int:
    """The bytes that the ledger takes; 0 where there is none."""
    if isinstance(where, SharedLedger):
        return 0
    return ledger_path(where).stat().st_size if is_there(where) else 0


def begin_anew(where: Where) -> tuple[str, bool]:
    """Let the ledger that is there, or isn't, be the right one, where that of earlier runs is lost. Returns
    where it is, in words, and whether that changes anything."""
    if isinstance(where, SharedLedger):
        raise UsageError(
            "A shared ledger is its database's: nothing here can be lost or begun anew."
        )
    path = ledger_path(where)
    return str(path), unmark(path)


def _hold_begun(where: Where) -> None:
    if isinstance(where, SharedLedger):
        return
    hold_there(ledger_path(where))
    if not is_there(where):
        raise UsageError(
            f"There is no ledger in {where}: nothing was run yet.",
            hint="Another folder? Name it with --state DIR.",
        )
