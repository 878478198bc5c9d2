"""The bodies that a run would post, for whoever wants to read them all: one a line, in file order."""

from __future__ import annotations

from importer import ledger as books
from importer.ledger import Ledger
from importer.pipeline.stage import MASKED_KEY, Plan
from importer.results import files
from importer.sender.body import with_key
from importer.settings import Settings
from importer.spool import Spool


def write(settings: Settings, planned: Plan, ledger: Ledger, spool: Spool) -> None:
    """Where the settings name a file for them."""
    if settings.payloads is None:
        return
    files.folder(settings.payloads.parent)
    with files.whole(settings.payloads) as file:
        for seq in sorted(books.sending_order(ledger, planned.job, settings.statuses)):
            file.write(with_key(spool.body(seq), MASKED_KEY).decode() + "\n")
