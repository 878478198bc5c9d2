"""What the ledger knows of identities: the same rows of this job, and those of other jobs."""

from __future__ import annotations

from collections.abc import Collection

from importer.ledger.ledger import Ledger
from importer.ledger.standing import Earlier
from importer.model import Job

_LOOKUP = 500

_COLUMNS = "r.identity, r.job, j.name, r.row, r.status, r.content, r.body, r.sent_at"


class Before:
    """Looks back from one job."""

    def __init__(self, ledger: Ledger, job: Job) -> None:
        self._ledger = ledger
        self._job = job

    def here(self, identities: Collection[bytes], first: int) -> dict[bytes, Earlier]:
        """The rows of this job before `seq` = `first` that decide these identities' fate.

        The signs keep SQLite from walking through all rows before `first`: it is to look identities up.
        """
        before = f"+r.job = {self._job.id} AND +r.seq < {first}"
        return self._look(identities, "main", before, "-r.seq")

    def elsewhere(self, identities: Collection[bytes]) -> dict[bytes, Earlier]:
        """The rows of other jobs that were sent or refused: one that was accepted counts before one in
        doubt, that before one that was refused; of equal ones the newest."""
        history = self._ledger.history
        others = f" AND r.job <> {self._job.id}" if history == "main" else ""
        return self._look(identities, history, _SENT + others, _RANK)

    def _look(
        self, identities: Collection[bytes], database: str, where: str, order: str
    ) -> dict[bytes, Earlier]:
        """The last row of each identity, in this order."""
        found: dict[bytes, Earlier] = {}
        wanted = list(identities)
        for start in range(0, len(wanted), _LOOKUP):
            some = wanted[start : start + _LOOKUP]
            query = (
                f"SELECT {_COLUMNS} FROM {database}.rows r JOIN {database}.jobs j ON j.id = r.job"
                f" WHERE r.identity IN ({','.join('?' * len(some))}) AND r.elsewhere = 0"
                f" AND {where} ORDER BY {order}"
            )
            with self._ledger.told():
                for identity, job, *rest in self._ledger.connection.execute(query, some):
                    own = database == "main"
                    found[identity] = Earlier(job if own else -job, *rest)
        return found


_SENT = "r.status IN ('created', 'duplicate', 'rejected', 'unknown', 'attempting')"
_RANK = (
    "CASE r.status WHEN 'created' THEN 2 WHEN 'duplicate' THEN 0 WHEN 'rejected' THEN 0 ELSE 1 END,"
    " r.job, r.seq"
)
