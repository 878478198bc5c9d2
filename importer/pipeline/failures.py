"""How many rows may be refused before a run stops by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from importer.model import Outcome, Status
from importer.results.problems import MENDABLE
from importer.sender.delivery import Stop


class Failures:
    """Counts rows that are invalid, rejected or failed, those of the staged file first, and calls
    `stop` once there are more than `most` (None: any number)."""

    def __init__(
        self, most: int | None, staged: Mapping[str, int], stop: Callable[[Stop], None]
    ) -> None:
        self._most = most
        self._stop = stop
        self._count = sum(staged.get(status, 0) for status in (Status.INVALID, Status.REJECTED))
        self._check()

    def add(self, outcome: Outcome) -> None:
        """Count one more row, if it was refused."""
        if outcome.status in MENDABLE:
            self._count += 1
            self._check()

    def _check(self) -> None:
        if self._most is not None and self._count > self._most:
            self._stop(
                Stop(
                    "max_failures",
                    f"more than {self._most:,} rows are invalid, rejected or failed; see problems.csv",
                )
            )
