"""The SQLite journal: attempts before posts, outcomes after, and what was sent by earlier runs."""

from __future__ import annotations

from importer.ledger.dedupe import REKEYED, unknown_survey
from importer.ledger.fingerprint import Hasher
from importer.ledger.journal import Journal
from importer.ledger.queries import (
    accepted,
    askable,
    clashes,
    doubtful,
    duplicates,
    explain,
    late_order,
    outgoing,
    people,
    refusals,
    sending_order,
    several,
    stuck,
)
from importer.ledger.staging import Rows, Staging
from importer.ledger.state import held, ledger_path, prepare, secret
from importer.ledger.store import SENDABLE, Ledger

__all__ = [
    "REKEYED",
    "SENDABLE",
    "Hasher",
    "Journal",
    "Ledger",
    "Rows",
    "Staging",
    "accepted",
    "askable",
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
    "unknown_survey",
]
