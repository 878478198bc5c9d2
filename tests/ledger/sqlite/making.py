"""A ledger in a file, and what a test does to it behind its back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from importer.ledger.sqlite import SqliteLedger
from importer.model import Job
from tests.ledger.backends import Sqlite
from tests.ledger.making import SECRET


@contextmanager
def ledger_in(folder: Path) -> Iterator[SqliteLedger]:
    """The ledger of a folder."""
    with closing(SqliteLedger.open(folder / "ledger.sqlite3", SECRET, "process")) as ledger:
        yield ledger


def end(
    ledger: SqliteLedger, job: Job, row: int, status: str, code: str = "", at: float = 0.0
) -> None:
    """Give a row an outcome, as an attempt would."""
    Sqlite(ledger.path.parent).end(ledger, job, row, status, code, at)
