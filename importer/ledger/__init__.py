"""The ledger: attempts before posts, outcomes after, and what was sent by earlier runs.

`Ledger` is what the other rooms see of it; `open_ledger` and `plan_ledger` open one by where it is. Which
database keeps it is nobody's business outside; `sqlite` is the one in a file.
"""

from __future__ import annotations

from importer.ledger.account import (
    ACCOUNT_CHANGED,
    FIRST,
    NEWEST,
    Account,
    AccountLook,
    AccountRow,
    HadTraits,
    PersonRows,
    Seal,
    SeenUser,
)
from importer.ledger.dedupe import REKEYED
from importer.ledger.fingerprint import LETTERS, Hasher, RequestsDigest, in_normal_form, normal
from importer.ledger.jobs import ATTEMPTING, SENDABLE
from importer.ledger.opening import (
    Where,
    begin_anew,
    existing,
    hold_address,
    is_there,
    look_into,
    open_ledger,
    plan_ledger,
    reading,
    size,
)
from importer.ledger.queries import Expected, Post
from importer.ledger.reconcile import Alike, Doubt, Sent, loose
from importer.ledger.retention import Known, Purgeable
from importer.ledger.spool import Spool
from importer.ledger.staging import PartLines, Rows
from importer.ledger.state import default_folder, prepare, secret
from importer.ledger.store import Ledger, Staging, Wal

__all__ = [
    "ACCOUNT_CHANGED",
    "ATTEMPTING",
    "FIRST",
    "LETTERS",
    "NEWEST",
    "REKEYED",
    "SENDABLE",
    "Account",
    "AccountLook",
    "AccountRow",
    "Alike",
    "Doubt",
    "Expected",
    "HadTraits",
    "Hasher",
    "Known",
    "Ledger",
    "PartLines",
    "PersonRows",
    "Post",
    "Purgeable",
    "RequestsDigest",
    "Rows",
    "Seal",
    "SeenUser",
    "Sent",
    "Spool",
    "Staging",
    "Wal",
    "Where",
    "begin_anew",
    "default_folder",
    "existing",
    "hold_address",
    "in_normal_form",
    "is_there",
    "look_into",
    "loose",
    "normal",
    "open_ledger",
    "plan_ledger",
    "prepare",
    "reading",
    "secret",
    "size",
]
