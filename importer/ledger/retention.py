"""Retention: what people can read of old jobs goes; what keeps rows from being sent twice stays."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from importer.ledger import account
from importer.ledger.jobs import ATTEMPTING, Jobs
from importer.ledger.queries import Figures
from importer.model import Job, Status

_LEFT = (Status.PENDING, Status.FAILED, Status.UNKNOWN, ATTEMPTING)


@dataclass(frozen=True, slots=True)
class Purgeable:
    """An old job: its `rows`, and how many of them are `left` to be sent or settled."""

    job: Job
    rows: int
    left: int


@dataclass(frozen=True, slots=True)
class Known:
    """A person's rows in one job: `seqs` all of them, `doubt` the numbers of those of unknown fate."""

    job: Job
    seqs: tuple[int, ...]
    doubt: tuple[int, ...]


class Retention(Jobs, Figures):
    """What people can read goes; what keeps rows from being sent twice stays."""

    def purgeable(self, before: float, *, hashes: bool = False) -> list[Purgeable]:
        """The jobs that began before this moment (Unix seconds) and were not purged yet, oldest first;
        with `hashes`, those that still have them."""
        done = "no_hashes" if hashes else "purged"
        old = [job for job in self.jobs() if job.started_at < before and done not in job.settings]
        return [self._measured(job) for job in reversed(old)]

    def named(self, name: str, *, hashes: bool = False) -> list[Purgeable]:
        """The job of this name or number, unless it was purged before. Raises UsageError where there is
        none."""
        job = self.job(name)
        done = "no_hashes" if hashes else "purged"
        return [] if done in job.settings else [self._measured(job)]

    def _measured(self, job: Job) -> Purgeable:
        return Purgeable(job, *self._db.one("rows_and_left", job=job.id, left=_LEFT))

    def drop(self, job: Job) -> tuple[int, int]:
        """Give up what is left of a job, so that no later run goes on with it: what was never posted, or
        surely not stored, is `skipped`. Rows in doubt stay so. A job that has posted nothing goes as a
        whole. Returns how many rows were given up, and how many are in doubt. Call it with its campaigns
        held."""
        with self._db.transaction():
            if not self._db.first("any_attempt", job=job.id):
                rows = self._db.run("rows_removed", job=job.id)
                account.remove(self._db, job.id)
                self._db.run("job_removed", job=job.id)
                return rows, 0
            given_up, now = self._db.run("rows_given_up", job=job.id), time.time()
            settings = json.dumps({**job.settings, "dropped": now})
            self._db.run("job_given_up", job=job.id, settings=settings, at=now)
        return given_up, self.own(job).get(Status.UNKNOWN, 0)

    def purge(self, jobs: Sequence[Job], *, hashes: bool = False) -> None:
        """Empty what can be read of these jobs, and overwrite it on the disk as far as the database can.
        `hashes`: those go, too, by which a person can be found out, but of rows in doubt. Call it while no
        run holds the ledger."""
        with self.overwriting():
            for job in jobs:
                self._db.run("purge_rows", job=job.id)
                account.remove(self._db, job.id)
                if hashes:
                    self._db.run("purge_hashes", job=job.id)
                # Without the waves' names, a row's lines couldn't be told apart; what was given
                # up stays so; and by which rule rows were told apart tells whether others are the
                # same.
                kept = ("waves", "dropped", "no_hashes", "rule", "columns")
                settings = {
                    "purged": time.time(),
                    **{name: job.settings[name] for name in kept if name in job.settings},
                    **({"no_hashes": 1} if hashes else {}),
                }
                self._db.run("purge_job", job=job.id, settings=json.dumps(settings))

    @contextmanager
    def overwriting(self) -> Iterator[None]:
        """A transaction after which nothing that it has blanked is left on the disk, as far as the database
        can do that."""
        with self._db.transaction():
            yield

    def known(self, ids: Collection[str]) -> list[Known]:
        """Where the ledger, opened with its secret, knows a person of one of these ids (userId,
        anonymousId, e-mail address): by the keyed hash, and by what stands in its columns. Jobs whose rows
        name their survey are looked through by the columns alone."""
        found = [self._known(job, list(ids)) for job in self.jobs()]
        return [each for each in found if each.seqs]

    def _known(self, job: Job, ids: list[str]) -> Known:
        hasher = self.hasher(job.origin)
        persons = [
            hasher.person(campaign, *who)
            for campaign in job.campaigns.split(",")
            for id_ in ids
            for who in ((id_, ""), ("", id_))
        ]
        rows = self._db.all("known", job=job.id, persons=persons, ids=ids)
        doubt = tuple(row for _, row, doubtful in rows if doubtful)
        return Known(job, tuple(seq for seq, *_ in rows), doubt)

    def forget(self, persons: Sequence[Known]) -> None:
        """Blank these rows and drop their hashes, on the disk as well; what is left to send is given up.
        What was sent keeps the one hash that says so, and is never sent again under the same mapping. Call
        it while no run holds the ledger, and for no rows in doubt."""
        with self.overwriting():
            for each in persons:
                account.forget(self._db, each.job.id, each.seqs)
                self._db.many("forget_row", [(each.job.id, seq) for seq in each.seqs])
