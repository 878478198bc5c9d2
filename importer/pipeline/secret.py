"""The key of a job's hashes."""

from __future__ import annotations

import hashlib

from importer import ledger as books
from importer.settings import Settings


def secret_of(settings: Settings) -> bytes:
    """From the hash key that machines share, where there is one; else the state folder's own, made at
    first use. Raises LedgerError where the folder can't be written."""
    if settings.hash_key is not None:
        books.prepare(settings.state)
        return hashlib.sha256(settings.hash_key.reveal().encode()).digest()
    return books.secret(settings.state)
