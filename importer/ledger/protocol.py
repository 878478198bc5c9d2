"""The face of the ledger: what the other rooms may ask of it, whichever database keeps it.

Every method raises `LedgerError` where the database fails, with what to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from importer.ledger.account import Account
from importer.ledger.fingerprint import Hasher
from importer.ledger.jobs import SENDABLE
from importer.ledger.queries import Expected, Post, Tries
from importer.ledger.reconcile import Alike, Doubt, Sent
from importer.ledger.retention import Known, Purgeable
from importer.ledger.staging import PartLines, Rows
from importer.model import Cause, Job, Line, Mapped, Outcome, QueuedRow


class Jobs(Protocol):
    """Jobs, begun, found again and ended."""

    def start_job(self, job: Job) -> Job:
        """The open job over the same file, mapping and server, else this one, written down."""

    def reopen(self, name: str, job: Job) -> Job:
        """Go on with the job of this name; `job` says how, and where its file lies now. One that was
        given up stays so."""

    def job(self, name: str) -> Job:
        """The job of this name or number; "" is the newest. UsageError where there is none."""

    def jobs(self) -> list[Job]:
        """Every job, newest first; of a plan's ledger, those that it looks back to."""

    def newest(self, statuses: Sequence[str]) -> Job:
        """The newest job that has rows of these statuses and was neither given up nor purged; else the
        newest of all. UsageError where there is none."""

    def finished(self, file_sha256: str, mapping_sha256: str, origin: str) -> Job | None:
        """The newest job over the same bytes, mapping and server that came to its end (exit status 0 or
        3) and has no row left to post; None where there is none."""

    def moved(self, job: Job, path: Path) -> None:
        """Write down where the job's file lies now, so that a later command finds it."""

    def spelled(self, origin: str) -> str:
        """A server's origin as the jobs that were sent to it spell it, since the hashes begin with it:
        0.1 took `https://h:443` and `https://h.` for servers of their own."""

    def staging(self, job: Job) -> AbstractContextManager[None]:
        """The time before a job's first post. Where it breaks off, since the file can't be read to its
        end, or a person says no, a new job leaves nothing behind: none of its rows was posted."""

    def begin_job(self, job: Job) -> None:
        """Write down that the job is under way, whether or not it had ended before: durably, and so that
        a ledger that is lost from now on is noticed."""

    def end_job(self, job: Job, exit_status: int, stopped: str = "") -> None:
        """Write down that the job has ended, how, and why it stopped early, if it did; until it goes on."""

    def recover(self, origin: str, campaigns: Collection[str]) -> int:
        """Rows found `attempting` were cut off by a crash: posted or not, nobody knows. Called with
        the lock of these campaigns held, since a row of another may be under way; returns how many."""


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

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Figures(Protocol):
    """What a job's rows came to, and what the survey should hold of them."""

    def counts(self, job: Job) -> dict[str, int]:
        """Rows by status; `attempting` counts as unknown, which is what it would be after a crash."""

    def progress(self, job: Job) -> dict[str, int]:
        """Rows by status as they are at this moment, while another process posts them; `ATTEMPTING` are
        those in flight. Where no process posts, whose request was on its way is unknown. Only reads."""

    def own(self, job: Job) -> dict[str, int]:
        """Rows by status, but for those whose fate another row decides."""

    def by_code(self, job: Job, statuses: Sequence[str]) -> dict[str, int]:
        """Rows of these statuses by code, most first."""

    def by_message(self, job: Job, statuses: Sequence[str]) -> dict[str, int]:
        """Rows of these statuses by message, most first."""

    def duplicates(self, job: Job) -> dict[str, int]:
        """Rows that were not sent, or were refused, because they were there before: by kind."""

    def lines(
        self,
        job: Job,
        statuses: Collection[str] = (),
        *,
        code: str | None = None,
        after: int = -1,
        limit: int | None = None,
    ) -> Iterator[Line]:
        """The job's rows in file order: those of these statuses, or of one code, where any is named. A page
        begins `after` the `seq` of the last line of the one before, and has `limit` lines at most."""

    def explain(self, job: Job) -> None:
        """Say of each duplicate which kind it is, where the ledger knows; and why rows are pending."""

    def refusals(self, job: Job, *, invalid: bool = False) -> tuple[Cause, ...]:
        """Why rows were refused (`invalid`: by the mapping, too), failed or left in doubt, most frequent
        first; those that the API calls duplicates where it isn't known of what."""

    def clashes(self, job: Job, column: str) -> tuple[Cause, ...]:
        """The rows of one key that differ, as one cause; none where there are none. `column` names the
        key's columns."""

    def people(self, job: Job) -> tuple[int, int]:
        """How many persons have more than one row to send, and of how many the rows' traits disagree."""

    def seqs(self, job: Job, statuses: Sequence[str]) -> Iterator[int]:
        """The `seq` of the job's rows of these statuses, in file order."""

    def own_seqs(self, job: Job, statuses: Sequence[str]) -> Sequence[int]:
        """The same, of rows whose fate no other row decides: those of `sending_order`, unsorted."""

    def rows_per_person(self, job: Job, statuses: Sequence[str]) -> dict[int, int]:
        """How many persons have one row of these statuses, how many two, and so on."""

    def posts(self, job: Job, since: float) -> Iterator[Post]:
        """The last attempts made since then (Unix seconds), oldest first."""

    def tries(self, job: Job, since: float) -> list[Tries]:
        """The same, counted by how often the rows were tried."""

    def sendable(self, job: Job, wave: str = "") -> Iterator[tuple[int, bool]]:
        """The Excel rows that are to be posted or settled, in file order; and of each whether this job
        does it itself, or another job's outcome decides. Where the job has waves, those of one wave."""

    def unknown_survey(self, job: Job) -> str:
        """What a person should know where the ledger knows of no row that was sent to the job's surveys;
        "" where it does."""

    def expected(self, job: Job) -> list[Expected]:
        """Of every row that was accepted, by this job or (`already_sent`) by an earlier one, and of every
        row of unknown fate, this job's or an earlier one's; in file order. Rows of one response are one."""

    def others(
        self, job: Job, shown: Collection[bytes], since: float, until: float
    ) -> Counter[bytes]:
        """Of these, how often each was posted in that time by other jobs, for rows that this one has not."""


class Sending(Protocol):
    """Which rows are sent, in which order, and who has to wait."""

    def sending_order(self, job: Job, statuses: Sequence[str]) -> Sequence[int]:
        """The `seq` of the job's rows of these statuses, oldest first, as the mapping's date says;
        without a date in file order; last those of people with a row that an earlier run has stopped at.
        Rows whose fate another job decides are left out."""

    def late_order(self, job: Job, behind: Sequence[str]) -> Sequence[int]:
        """The rows in doubt that the API's duplicate check can decide (`askable`), and those of the
        statuses `behind`, which may have waited for them."""

    def askable(self, job: Job) -> int:
        """How many rows in doubt the API's duplicate check can decide: posted lately, and not asked about
        before."""

    def outgoing(self, job: Job, seqs: Sequence[int]) -> list[QueuedRow]:
        """These rows as the sender takes them, in the order given."""

    def doubtful(self) -> set[bytes]:
        """The persons that have a row in doubt, in any job: their further rows wait for it."""

    def stuck(self, job: Job) -> set[bytes]:
        """The persons with a row in doubt that asking again in this job can't settle: it is another
        job's, too old, or was asked about before."""

    def several(self, job: Job) -> set[bytes]:
        """The persons that have more than one row in the job."""

    def accepted(self, person: bytes) -> bool:
        """Whether a row of the person was accepted, as far as it is flushed."""

    def wal(self, job: Job, durability: str = "full", outage: float = 900.0) -> Wal:
        """The write-ahead log of the job's sending. `durability`: a commit survives a power cut (`full`),
        or a crash of the program only (`process`), where that is ours to say. `outage`: seconds for which
        a server that keeps the ledger may be away."""


class Doubts(Protocol):
    """Rows of unknown fate, and how they are settled."""

    def doubts(self, job: Job) -> list[Doubt]:
        """The job's rows in doubt, by what they look like in the survey."""

    def names(self, job: Job) -> dict[str, set[bytes]]:
        """The persons who have a row in doubt in the job, by their IDs as a service may give them back."""

    def sent_by(self, people: Collection[bytes]) -> dict[bytes, list[Sent]]:
        """The rows of these persons that are stored, or may be, by person."""

    def in_other_form(self, looks: Collection[bytes], since: float) -> tuple[int, int]:
        """How many rows of these looks were accepted since then (Unix seconds), and are in doubt, in any
        job."""

    def controls(self, job: Job, doubt: Doubt) -> dict[bytes, Sent]:
        """Rows of the job that were accepted, of the same kind of person and posted nearest to these, by
        how they look in the survey."""

    def to_send(self, job: Job) -> dict[bytes, Alike]:
        """The job's rows to send, by what they will look like in the survey (`shown`)."""

    def call_there(self, job: Job, alike: Alike, ids: Sequence[str]) -> int:
        """The survey holds responses of these `ids` that look so: as many of the rows as nothing else
        accounts for are there already. Returns how many."""

    def call_stored(self, job: Job, seqs: Sequence[int], ids: Sequence[str]) -> None:
        """The survey holds these rows; `ids` are the responses' there."""

    def call_absent(self, job: Job, seqs: Sequence[int], *, final: bool = True) -> int:
        """The survey doesn't hold these rows: what was last said of each is true, or it failed; or, where
        that is not `final`, it stays in doubt. Returns how many are absent."""

    def call_unclear(self, job: Job, seqs: Sequence[int]) -> None:
        """What the survey holds doesn't tell about these rows: they stay in doubt, and are not asked
        about."""

    def call_by_hand(self, job: Job, seqs: Sequence[int], *, created: bool) -> None:
        """A person has looked, and decides."""


class Retention(Protocol):
    """What people can read goes; what keeps rows from being sent twice stays."""

    def purgeable(self, before: float, *, hashes: bool = False) -> list[Purgeable]:
        """The jobs that began before this moment (Unix seconds) and were not purged yet, oldest first;
        with `hashes`, those that still have them."""

    def named(self, name: str, *, hashes: bool = False) -> list[Purgeable]:
        """The job of this name or number, unless it was purged before. Raises UsageError where there is
        none."""

    def drop(self, job: Job) -> tuple[int, int]:
        """Give up what is left of a job, so that no later run goes on with it: what was never posted, or
        surely not stored, is `skipped`. Rows in doubt stay so. A job that has posted nothing goes as a
        whole. Returns how many rows were given up, and how many are in doubt. Call it with its campaigns
        held."""

    def purge(self, jobs: Sequence[Job], *, hashes: bool = False) -> None:
        """Empty what can be read of these jobs, and overwrite it on the disk as far as the database can.
        `hashes`: those go, too, by which a person can be found out, but of rows in doubt. Call it while no
        run holds the ledger."""

    def known(self, ids: Collection[str]) -> list[Known]:
        """Where the ledger, opened with its secret, knows a person of one of these ids (userId,
        anonymousId, e-mail address): by the keyed hash, and by what stands in its columns. Jobs whose rows
        name their survey are looked through by the columns alone."""

    def forget(self, persons: Sequence[Known]) -> None:
        """Blank these rows and drop their hashes, on the disk as well; what is left to send is given up.
        What was sent keeps the one hash that says so, and is never sent again under the same mapping. Call
        it while no run holds the ledger, and for no rows in doubt."""


class Locks(Protocol):
    """One run per campaign at a time; who comes second is told who is first."""

    def lock(
        self, origin: str, campaigns: Collection[str], what: str
    ) -> AbstractContextManager[None]:
        """Hold every campaign that a job posts to (`*`: the whole server) for `what`, a file's name;
        raises `Busy` naming the holder."""

    def lock_holder(self, origin: str, campaigns: Collection[str]) -> Mapping[str, Any] | None:
        """Who holds one of these campaigns now: its `pid`, `host`, `file` and `since`; {} where it hasn't
        written itself down yet, None where nobody does. Nobody who starts meanwhile is turned away."""


class Ledger(Jobs, Figures, Sending, Doubts, Retention, Locks, Protocol):
    """An open ledger: every job's rows, and the truth about what was posted."""

    @property
    def where(self) -> str:
        """The ledger in words that a person knows it by: a path, or a server and a database's name."""

    def hasher(self, origin: str) -> Hasher:
        """What makes the hashes of one server's rows in this ledger."""

    def account(self, job: Job) -> Account:
        """What the job's look at the account has found, and keeps for putting back."""

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

    @property
    def brief(self) -> bool:
        """Whether it keeps of rows as much as a plan looks at."""

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

    def close(self) -> None:
        """Let go of it; what was committed stays."""
