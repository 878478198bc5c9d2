"""What a watched folder asks the ledger: whether a file's import has ended, and where the file is now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from importer.ledger.ledger import Ledger
from importer.ledger.state import ledger_path
from importer.model import Job


@contextmanager
def opened(state: Path) -> Iterator[Ledger]:
    """The ledger of a state folder, to ask it and to keep its house: without the key of its hashes,
    so no row can be staged. Raises LedgerError."""
    with closing(Ledger.open(ledger_path(state), b"")) as ledger:
        yield ledger


def finished(ledger: Ledger, file_sha256: str, mapping_sha256: str, origin: str) -> Job | None:
    """The newest job over the same bytes, mapping and server that came to its end (exit status 0 or
    3) and has no row left to post; None where there is none."""
    with ledger.told():
        found = ledger.connection.execute(
            "SELECT id FROM jobs WHERE file_sha256 = ? AND mapping_sha256 = ? AND origin = ?"
            " AND ended_at IS NOT NULL AND exit_status IN (0, 3) AND NOT EXISTS"
            " (SELECT 1 FROM rows WHERE job = jobs.id AND status IN ('pending', 'attempting')"
            " AND elsewhere = 0) ORDER BY id DESC LIMIT 1",
            (file_sha256, mapping_sha256, origin),
        ).fetchone()
    return ledger.job(str(found[0])) if found else None


def moved(ledger: Ledger, job: Job, path: Path) -> None:
    """Write down where the job's file lies now, so that a later command finds it."""
    with ledger.transaction() as connection:
        connection.execute("UPDATE jobs SET file = ? WHERE id = ?", (str(path.resolve()), job.id))
