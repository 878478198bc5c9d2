"""`Ledger`, with all of its parts: what the other rooms may ask of it, whatever keeps it."""

from __future__ import annotations

import json
import time
from abc import abstractmethod
from collections.abc import Awaitable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from importer.ledger import account
from importer.ledger.account import Account
from importer.ledger.database import Database, Past, pairs
from importer.ledger.jobs import ATTEMPTING, LEFT, SENDABLE, Jobs
from importer.ledger.queries import Figures, Sending
from importer.ledger.reconcile import Doubts
from importer.ledger.staging import (
    Brief,
    BriefApart,
    PartLines,
    PartStaging,
    Rows,
    SqlStaging,
    Whole,
)
from importer.model import Job, Mapped, Outcome, Status


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
        """The job of this name or number, unless it was purged before. Raises UsageError for none."""
        job = self.job(name)
        done = "no_hashes" if hashes else "purged"
        return [] if done in job.settings else [self._measured(job)]

    def _measured(self, job: Job) -> Purgeable:
        return Purgeable(job, *self._db.one("rows_and_left", job=job.id, left=LEFT))

    def drop(self, job: Job) -> tuple[int, int]:
        """Give up what is left of a job, so that no later run goes on with it: what was never posted, or
        surely not stored, is `skipped`. Rows in doubt stay so. A job that has posted nothing goes as a
        whole. Returns how many rows were given up, and how many are in doubt. Call it with its campaigns
        held."""
        with self._db.transaction():
            if not self._db.first("any_attempt", job=job.id):
                return self._remove(job), 0
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
        """A transaction; what it blanks is gone from the disk, too, as far as the database can do that."""
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


class Staging(Protocol):
    """Puts the rows of one job into the ledger, chunk by chunk."""

    def add(self, mapped: Sequence[Mapped]) -> Rows:
        """Write these rows down; returns those that are to be sent or settled, with their `seq`. Of
        rows that stand twice in the file `finish` finds the later ones.

        Rows that an earlier start of the same job wrote down keep what they have, unless another job
        has sent them since.
        """

    def finish(self, repeats: str) -> None:
        """Every row is staged: of rows that stand twice in the file let only one be sent; apply the
        mapping's `repeats` (all, latest or first row of a person) once, and write down that staging is
        complete. Rows that earlier runs have sent count: beside a later one that is there already, an
        older one is not sent."""

    @property
    def read(self) -> int:
        """Rows staged so far."""

    @property
    def takes_parts(self) -> bool:
        """Whether the rows may come as `add_part` takes them: one says nothing of those of another part."""

    def add_part(self, part: PartLines) -> int:
        """Write down what a `stage_part` found of the rows that come next; returns the first one's `seq`."""


class StagingPart(Protocol):
    """Finds what the rows of a part of a file put into a ledger that is somewhere else."""

    lines: PartLines

    def add(self, mapped: Sequence[Mapped]) -> Rows:
        """See `Staging.add`; a row's `seq` is its place in the part."""


class Wal(Protocol):
    """The write-ahead log of one job's sending; an async context manager. After a failed write every
    further attempt raises `LedgerError`, so that nothing more is posted."""

    def attempting(self, seq: int) -> Awaitable[Outcome | None]:
        """To be awaited: None once it is durable that this row is about to be posted: it is *yours*. An
        outcome where another row answers for it (*elsewhere*). Raises `Busy` where it is another process' to
        post by now (*lost*). Where one process has the file, it always is *yours*."""

    def permits(self, seq: int) -> bool:
        """Whether an attempt that is durable may still be posted at this moment."""

    def record(self, seq: int, outcome: Outcome) -> None:
        """Write down what an attempt came to, with the next commit: if lost, the row is just `unknown`."""

    async def flush(self) -> None:
        """Return once everything recorded so far is durable, and what queries see."""

    async def __aenter__(self) -> Wal: ...

    async def __aexit__(self, *_: object) -> None: ...


class Ledger(Retention, Sending, Doubts):
    """An open ledger: every job's rows, and the truth about what was posted. Every method raises
    `LedgerError` where the database fails, with what to do. What one database has in its own way it says in
    a class of its own: its journal, its locks, how it is opened and closed."""

    def __init__(
        self, database: Database, secret: bytes, past: Past, *, keeping: type[Whole | Brief] = Whole
    ) -> None:
        super().__init__(database, secret, past)
        self._keeping = keeping

    def account(self, job: Job) -> Account:
        """What the job's look at the account has found, and keeps for putting back."""
        return Account(self._db, self._secret, job)

    def at_this_moment(self, job: Job) -> dict[str, int]:
        """Rows by status, as other processes have them by now, those `ATTEMPTING` apart."""
        return pairs(self._db.all("rows_by_status", job=job.id))

    def progress(self, job: Job) -> dict[str, int]:
        """Rows by status as they are at this moment, while another process posts them; `ATTEMPTING` are
        those in flight. Where no process posts, whose request was on its way is unknown. Only reads."""
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
    def lock(
        self, origin: str, campaigns: Collection[str], what: str
    ) -> AbstractContextManager[None]:
        """Hold every campaign that a job posts to (`*`: the whole server) for `what`, a file's name;
        raises `Busy` naming the holder."""

    @abstractmethod
    def lock_holder(self, origin: str, campaigns: Collection[str]) -> Mapping[str, Any] | None:
        """Who holds one of these campaigns now: its `pid`, `host`, `file` and `since`; {} where it hasn't
        written itself down yet, None where nobody does. Nobody who starts meanwhile is turned away."""

    def stage(
        self,
        job: Job,
        *,
        show_values: bool = False,
        sending: Collection[str] = SENDABLE,
        again: bool = False,
    ) -> Staging:
        """Begin to put a job's rows into the ledger. `sending`: rows of these statuses are to be sent.
        `again`: also those that other jobs have sent by another rule. `show_values`: texts of the file and
        ids are kept as they are, and not masked."""
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
    ) -> StagingPart:
        """See `stage`: begin to find what the rows of a part put into the ledger that has the job; this one
        is asked what was sent before. `brief` is what that one says."""
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

    @abstractmethod
    def wal(self, job: Job, durability: str = "full", outage: float = 900.0) -> Wal:
        """The write-ahead log of the job's sending. `durability`: a commit survives a power cut (`full`),
        or a crash of the program only (`process`), where that is ours to say. `outage`: seconds for which
        a server that keeps the ledger may be away."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it; what was committed stays."""
