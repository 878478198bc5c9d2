"""A ledger over a database that understands SQL: all of its parts, put together."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import Any

from importer.ledger.account import Account
from importer.ledger.database import Database, pairs
from importer.ledger.jobs import ATTEMPTING, SENDABLE
from importer.ledger.past import Past
from importer.ledger.queries import Sending
from importer.ledger.reconcile import Doubts
from importer.ledger.retention import Retention
from importer.ledger.staging import Brief, BriefApart, PartStaging, SqlStaging, Whole
from importer.model import Job, Status


class SqlLedger(Retention, Sending, Doubts):
    """What one database has in its own way it says in a class of its own: its journal, its locks, how it is
    opened and closed."""

    def __init__(
        self,
        database: Database,
        secret: bytes,
        past: Past,
        *,
        keeping: type[Whole | Brief] = Whole,
    ) -> None:
        super().__init__(database, secret, past)
        self._keeping = keeping

    def account(self, job: Job) -> Account:
        return Account(self._db, self._secret, job)

    def at_this_moment(self, job: Job) -> dict[str, int]:
        """Rows by status, as other processes have them by now, those `ATTEMPTING` apart."""
        return pairs(self._db.all("rows_by_status", job=job.id))

    def progress(self, job: Job) -> dict[str, int]:
        counts = self.at_this_moment(job)
        if ATTEMPTING not in counts or self.under_way(job):
            return counts
        counts = self.at_this_moment(job)  # a run may have ended between the two looks
        lost = counts.pop(ATTEMPTING, 0)
        return counts | ({Status.UNKNOWN: counts.get(Status.UNKNOWN, 0) + lost} if lost else {})

    def under_way(self, job: Job) -> bool:
        """Whether a process may post rows of the job: whoever takes the campaigns next, for whatever job,
        first calls unknown what was cut off."""
        return self.lock_holder(job.origin, job.campaigns.split(",")) is not None

    @abstractmethod
    def lock_holder(self, origin: str, campaigns: Collection[str]) -> Mapping[str, Any] | None:
        """See `protocol.Ledger`."""

    def stage(
        self,
        job: Job,
        *,
        show_values: bool = False,
        sending: Collection[str] = SENDABLE,
        again: bool = False,
    ) -> SqlStaging:
        return SqlStaging(
            self._db,
            self.past,
            self._secret,
            job,
            keeping=self._keeping,
            show_values=show_values,
            sending=sending,
            again=again,
        )

    @property
    def brief(self) -> bool:
        """Whether it keeps of rows as much as a plan looks at."""
        return self._keeping is not Whole

    def stage_part(
        self,
        job: Job,
        *,
        brief: bool,
        show_values: bool = False,
        sending: Collection[str] = SENDABLE,
        again: bool = False,
    ) -> PartStaging:
        return PartStaging(
            self._db,
            self.past,
            self._secret,
            job,
            keeping=BriefApart if brief else Whole,
            show_values=show_values,
            sending=sending,
            again=again,
        )
