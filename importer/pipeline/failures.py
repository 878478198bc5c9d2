"""How many rows may be refused before a run stops by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from importer import ledger as books
from importer.ledger import Ledger
from importer.model import Job, Outcome, Status
from importer.results.problems import LOST, MENDABLE
from importer.sender.delivery import Stop


class Failures:
    """Counts rows that are invalid, rejected or failed, those of the staged file first, and calls
    `stop` once there are more than `most` (None: any number). What the API calls a duplicate counts
    where no row of the same person is known to be accepted."""

    def __init__(
        self,
        most: int | None,
        staged: Mapping[str, int],
        stop: Callable[[Stop], None],
        ledger: Ledger,
        job: Job,
    ) -> None:
        self._most = most
        self._stop = stop
        self._ledger = ledger
        # Of persons with one row nothing need be remembered, and these are nearly all.
        self._several = set() if most is None else books.several(ledger, job)
        self._accepted: set[bytes] = set()
        self._count = sum(staged.get(status, 0) for status in (Status.INVALID, Status.REJECTED))
        self._check()

    def add(self, outcome: Outcome, person: bytes = b"") -> None:
        """Count one more row, if it was refused."""
        if self._most is None:
            return
        if outcome.status is Status.CREATED and person in self._several:
            self._accepted.add(person)
        if outcome.status in MENDABLE or (outcome.code == LOST and self._unknown(person)):
            self._count += 1
            self._check()

    def _unknown(self, person: bytes) -> bool:
        return person not in self._accepted and not books.accepted(self._ledger, person)

    def _check(self) -> None:
        if self._most is not None and self._count > self._most:
            self._stop(
                Stop(
                    "max_failures",
                    f"more than {self._most:,} rows are invalid or were refused; see problems.csv",
                )
            )
