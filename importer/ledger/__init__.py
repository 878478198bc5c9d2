"""The ledger: attempts before posts, outcomes after, and what was sent by earlier runs.

`Ledger` is what the other rooms see of it; `open_ledger` and `plan_ledger` open one by where it is. Which
database keeps it is nobody's business outside; `sqlite` is the one in a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import UsageError
from importer.ledger.account import ACCOUNT_CHANGED as ACCOUNT_CHANGED
from importer.ledger.account import FIRST as FIRST
from importer.ledger.account import NEWEST as NEWEST
from importer.ledger.account import Account as Account
from importer.ledger.account import AccountLook as AccountLook
from importer.ledger.account import AccountRow as AccountRow
from importer.ledger.account import HadTraits as HadTraits
from importer.ledger.account import PersonRows as PersonRows
from importer.ledger.account import Seal as Seal
from importer.ledger.account import SeenUser as SeenUser
from importer.ledger.database import Past
from importer.ledger.dedupe import REKEYED as REKEYED
from importer.ledger.fingerprint import LETTERS as LETTERS
from importer.ledger.fingerprint import Hasher as Hasher
from importer.ledger.fingerprint import RequestsDigest as RequestsDigest
from importer.ledger.fingerprint import in_normal_form as in_normal_form
from importer.ledger.fingerprint import normal as normal
from importer.ledger.jobs import ATTEMPTING as ATTEMPTING
from importer.ledger.jobs import LEFT as LEFT
from importer.ledger.jobs import SENDABLE as SENDABLE
from importer.ledger.queries import Expected as Expected
from importer.ledger.queries import Post as Post
from importer.ledger.queries import Standing as Standing
from importer.ledger.reconcile import Alike as Alike
from importer.ledger.reconcile import Doubt as Doubt
from importer.ledger.reconcile import Sent as Sent
from importer.ledger.reconcile import loose as loose
from importer.ledger.sqlite import SqliteLedger
from importer.ledger.sqlite.database import hold_there, ledger_path, unmark
from importer.ledger.staging import PartLines as PartLines
from importer.ledger.staging import Rows as Rows
from importer.ledger.state import Spool as Spool
from importer.ledger.state import default_folder as default_folder
from importer.ledger.state import prepare as prepare
from importer.ledger.state import secret as secret
from importer.ledger.store import Known as Known
from importer.ledger.store import Ledger as Ledger
from importer.ledger.store import Purgeable as Purgeable
from importer.ledger.store import Staging as Staging
from importer.ledger.store import Wal as Wal
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
