"""The SQLite journal: attempts before posts, outcomes after, and what was sent by earlier runs."""

from importer.ledger.endings import (
    accepted,
    clashes,
    duplicates,
    explain,
    people,
    refusals,
    several,
)
from importer.ledger.hashes import Hasher
from importer.ledger.journal import Journal
from importer.ledger.ledger import SENDABLE, Ledger
from importer.ledger.lock import held
from importer.ledger.order import (
    askable,
    behind_order,
    called_absent,
    doubtful,
    late_order,
    outgoing,
    sending_order,
    stuck,
)
from importer.ledger.staging import Rows, Staging
from importer.ledger.state import ledger_path, prepare, secret

__all__ = [
    "SENDABLE",
    "Hasher",
    "Journal",
    "Ledger",
    "Rows",
    "Staging",
    "accepted",
    "askable",
    "behind_order",
    "called_absent",
    "clashes",
    "doubtful",
    "duplicates",
    "explain",
    "held",
    "late_order",
    "ledger_path",
    "outgoing",
    "people",
    "prepare",
    "refusals",
    "secret",
    "sending_order",
    "several",
    "stuck",
]
