"""The ledger as one SQLite file in the state folder: a process at a time posts to a survey, any may look."""

from __future__ import annotations

from importer.ledger.sqlite.ledger import SqliteLedger

__all__ = ["SqliteLedger"]
