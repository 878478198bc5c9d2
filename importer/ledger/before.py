"""What the ledger knows of identities from other jobs."""

from __future__ import annotations

from collections.abc import Collection

from importer.ledger.ledger import Ledger
from importer.ledger.standing import Earlier
from importer.model import Job

_LOOKUP = 500

_COLUMNS = "r.identity, j.name, r.row, r.status, r.content, r.body, r.sent_at"


class Before:
    """Looks back from one job."""

    def __init__(self, ledger: Ledger, job: Job) -> None:
        self._ledger = ledger
        self._own = job.id if ledger.history == "main" else 0
        self._any = self._anything()

    def elsewhere(self, identities: Collection[object]) -> dict[bytes, Earlier]:
        """The rows of other jobs that were sent or refused: one that was accepted counts before one in
        doubt, that before one that was refused; of equal ones the newest."""
        found: dict[bytes, Earlier] = {}
        wanted = list(identities) if self._any else []
        for start in range(0, len(wanted), _LOOKUP):
            found |= self._look(wanted[start : start + _LOOKUP])
        return found

    def _look(self, identities: list[object]) -> dict[bytes, Earlier]:
        history, marks = self._ledger.history, ",".join("?" * len(identities))
        query = (
            f"SELECT {_COLUMNS} FROM {history}.rows r JOIN {history}.jobs j ON j.id = r.job"
            f" WHERE r.identity IN ({marks}) AND r.elsewhere = 0 AND {_SENT} AND r.job <> {self._own}"
            f" ORDER BY {_RANK}"
        )
        with self._ledger.told():
            rows = self._ledger.connection.execute(query, identities)
            return {identity: Earlier(*rest) for identity, *rest in rows}

    def _anything(self) -> bool:
        """Whether there are rows of other jobs at all."""
        history = self._ledger.history
        query = (
            f"SELECT 1 FROM {history}.jobs j WHERE j.id <> {self._own}"
            f" AND EXISTS (SELECT 1 FROM {history}.rows r WHERE r.job = j.id) LIMIT 1"
        )
        with self._ledger.told():
            return self._ledger.connection.execute(query).fetchone() is not None


_SENT = "r.status IN ('created', 'duplicate', 'rejected', 'unknown', 'attempting')"
_RANK = (
    "CASE r.status WHEN 'created' THEN 2 WHEN 'duplicate' THEN 0 WHEN 'rejected' THEN 0 ELSE 1 END,"
    " r.job, r.seq"
)
