"""The face of the ledger, with all of its parts: what the other rooms may ask of it, whatever keeps it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from importer.ledger.account import Account
from importer.ledger.database import Database, Past, pairs
from importer.ledger.jobs import ATTEMPTING, SENDABLE
from importer.ledger.queries import Sending
from importer.ledger.reconcile import Doubts
from importer.ledger.retention import Retention
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
        """Write down what an attempt came to, with the next commit: losing it only makes the row
        `unknown`."""

    async def flush(self) -> None:
        """Return once everything recorded so far is durable, and what queries see."""

    async def __aenter__(self) -> Wal: ...

    async def __aexit__(self, *_: object) -> None: ...


class Ledger(Retention, Sending, Doubts):
    """An open ledger: every job's rows, and the truth about what was posted. Every method raises
    `LedgerError` where the database fails, with what to do. What one database has in its own way it says in
    a class of its own: its journal, its locks, how it is opened and closed."""

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
