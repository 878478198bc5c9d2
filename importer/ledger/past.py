"""What the ledger knows of other jobs: whether a row was sent before, whatever job it is in now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from importer.model import Job

if TYPE_CHECKING:
    from importer.ledger.database import Database


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the ledger knows of a row's identity from another job; of one that was erased, that alone."""

    job_name: str
    row: int
    status: str
    content: bytes | None
    body: bytes | None
    at: float | None
    origin: str


class SentRow(NamedTuple):
    """A row of another job that was sent, or may have been. `at`: when it was last posted (Unix seconds)."""

    job: int
    seq: int
    row: int
    status: str
    person: bytes
    shown: bytes
    at: float | None


class Past:
    """Other jobs, as one looks back from a job, by the queries of `past.sql`. A run looks back into its own
    ledger; a plan, whose rows lie in a ledger that is thrown away, into the one that a run would write to:
    that is `apart`, and the job's number says nothing there."""

    def __init__(self, database: Database, *, apart: bool = False) -> None:
        self._db = database
        self._apart = apart

    def jobs(self) -> list[Job]:
        """Every job, newest first."""
        return [job_of(each) for each in self._db.each("past_jobs")]

    def others(self, job: Job) -> list[Job]:
        """Every job but this one."""
        return [each for each in self.jobs() if each.id != self._own(job)]

    def any(self, job: Job) -> bool:
        """Whether other jobs have rows at all."""
        return self._db.first("past_any", own=self._own(job)) is not None

    def find(self, identities: Sequence[object], job: Job) -> dict[bytes, Earlier]:
        """The rows of other jobs that were sent or refused, by identity: one that was accepted counts before
        one in doubt, that before one that was refused; of equal ones the newest."""
        found = self._db.all("past_find", identities=identities, own=self._own(job))
        return {identity: Earlier(*rest) for identity, *rest in found}

    def surveys(self, origin: str) -> list[str]:
        """The campaigns (`Job.campaigns`) of the jobs that have sent anything to this server."""
        return [named for (named,) in self._db.each("past_surveys", origin=origin)]

    def gather(self, jobs: Sequence[Job]) -> None:
        """Lay ready the rows of these jobs that are stored, or may be, for `between`."""
        self._db.run("past_gathered_before")
        self._db.run("past_gather", jobs=[each.id for each in jobs])
        self._db.run("past_gathered_by_row")

    def between(self, first: int, last: int) -> list[SentRow]:
        """Of what was gathered, the rows that Excel shows under these numbers."""
        return self._sent("past_between", first=first, last=last)

    def accepted(self, people: Sequence[bytes], jobs: Sequence[Job]) -> list[SentRow]:
        """The accepted rows of these persons in these jobs, oldest first."""
        return self._sent("past_accepted", people=people, jobs=[each.id for each in jobs])

    def _sent(self, query: str, **values: object) -> list[SentRow]:
        return [SentRow(*each) for each in self._db.each(query, **values)]

    def _own(self, job: Job) -> int:
        return 0 if self._apart else job.id


def job_of(columns: Sequence[Any]) -> Job:
    """A job from its columns, which are the fields in their order (the fragment `job`)."""
    fields = list(columns)
    fields[9] = json.loads(str(fields[9]))
    return Job(*fields)
