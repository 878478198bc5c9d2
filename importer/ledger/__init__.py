"""The SQLite journal: attempts before posts, outcomes after, and what was sent by earlier runs."""

from importer.ledger.endings import duplicates, explain, in_doubt, people, refusals
from importer.ledger.journal import Journal
from importer.ledger.ledger import SENDABLE, Ledger
from importer.ledger.lock import held
from importer.ledger.staging import Staging, outgoing, sending_order
from importer.ledger.state import ledger_path, prepare, secret

__all__ = [
    "SENDABLE",
    "Journal",
    "Ledger",
    "Staging",
    "duplicates",
    "explain",
    "held",
    "in_doubt",
    "ledger_path",
    "outgoing",
    "people",
    "prepare",
    "refusals",
    "secret",
    "sending_order",
]
