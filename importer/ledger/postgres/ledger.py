"""The ledger that many hosts share, in PostgreSQL."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from importer import system
from importer.errors import Busy, LedgerError, UsageError
from importer.ledger.database import Database, Past, check_secret
from importer.ledger.jobs import CUT_OFF, SENDABLE, meet
from importer.ledger.postgres.connection import Address, timeline, wrap_postgres_errors
from importer.ledger.postgres.database import PostgresDatabase, hold
from importer.ledger.postgres.journal import Journal
from importer.ledger.postgres.lanes import Keeper, facts_of, holder_of
from importer.ledger.sqlite import SqliteLedger
from importer.ledger.sqlite.database import ledger_path
from importer.ledger.store import Ledger
from importer.model import LOOK, OK, PERHAPS_ALONE, WRONG, Check, Job
from importer.privacy import shell_word
from importer.settings import server_of


class PostgresLedger(Ledger):
    """An open ledger. Every error of PostgreSQL leaves as a `LedgerError` that names the database."""

    def __init__(self, address: Address, secret: bytes) -> None:
        self.database = PostgresDatabase(address)
        self.address = address
        self.keeper: Keeper | None = None
        super().__init__(self.database, secret, Past(self.database))

    @classmethod
    def open(cls, text: str, secret: bytes) -> PostgresLedger:
        """The ledger at this address; `secret` keys its hashes, b"" where none will be made. Raises
        UsageError for what is no address, LedgerError for a database that can't be had, has other tables
        than this importer's, or hashes of another key."""
        ledger = cls(Address.parse(text), secret)
        try:
            hold(ledger.database)
            if secret:
                check_secret(ledger.database, secret)
        except BaseException:
            ledger.close()
            raise
        return ledger

    @classmethod
    @contextmanager
    def opened(cls, text: str, secret: bytes = b"") -> Iterator[PostgresLedger]:
        """The same, for a while."""
        with closing(cls.open(text, secret)) as ledger:
            yield ledger

    def rewritten(self) -> None:
        """What sending needs no more goes, and the tables are written anew, without dead rows. Whoever else
        wants to write waits meanwhile."""
        self._db.run("housekeeping")
        with wrap_postgres_errors(self.address):
            for table in ("staged", "sent", "bodies"):
                self.database.connection.execute(f"VACUUM FULL {table}")

    def close(self) -> None:
        self.database.close()

    def begin_job(self, job: Job) -> None:
        """The planner learns of the rows that were staged a moment ago, or it would read all of them where a
        few are looked up. (Who isn't the tables' owner only gets a warning.)"""
        super().begin_job(job)
        with wrap_postgres_errors(self.address):
            self.database.connection.execute("ANALYZE staged, sent")

    def end_job(self, job: Job, exit_status: int, stopped: str = "") -> None:
        """Nobody needs the requests of a job that has nothing left to send."""
        super().end_job(job, exit_status, stopped)
        if not any(self.own(job).get(status) for status in SENDABLE):
            self._db.run("bodies_removed", job=job.id)

    def under_way(self, job: Job) -> bool:
        """Whoever has a lane may post, whether or not the survey is held as a whole."""
        held, _ = self._db.one("lanes_left", job=job.id)
        return held > 0 or super().under_way(job)

    @contextmanager
    def overwriting(self) -> Iterator[None]:
        """What was deleted stays in dead rows, in the write-ahead log and in backups until the database's own
        house-keeping: docs/shared-ledger.md says so."""
        with self._db.transaction():
            yield

    # Who sends.

    @contextmanager
    def lock(self, origin: str, campaigns: Collection[str], what: str) -> Iterator[None]:
        with Keeper(self.address, holder_of("run")) as keeper:
            keeper.hold(server_of(origin), campaigns, facts_of(what))
            self.keeper = keeper
            try:
                yield
            finally:
                self.keeper = None

    def lock_holder(self, origin: str, campaigns: Collection[str]) -> Mapping[str, Any] | None:
        found = self._db.first(
            "holder",
            server=server_of(origin),
            campaigns=list(campaigns),
            every=int("*" in campaigns),
        )
        return json.loads(found[0]) if found else None

    def recover(self, origin: str, campaigns: Collection[str]) -> int:
        """Only by taking the lanes: whoever was cut off in them may yet be writing an attempt down."""
        jobs = [
            id_
            for id_, named, to in self._db.all("jobs_and_surveys")
            if server_of(to) == server_of(origin) and meet(named.split(","), campaigns)
        ]
        recovered = 0
        for (job,) in self._db.all("unclean", jobs=jobs):
            with Keeper(self.address, holder_of("recovery")) as keeper:
                keeper.open(job)
                keeper.take()
                recovered += keeper.recovered
        return recovered

    def wal(
        self,
        job: Job,
        durability: str = "full",  # noqa: ARG002  it is the server's to set
        outage: float = 900.0,
    ) -> Journal:
        self.database.patience = outage
        stack = ExitStack()
        keeper = self.keeper or stack.enter_context(Keeper(self.address, holder_of("wal")))
        keeper.open(job.id)
        keeper.take()

        def leaving(clean: bool) -> None:
            keeper.give(clean=clean)
            stack.close()

        if len(keeper.lanes) < keeper.count:
            leaving(True)
            raise Busy(
                f"Other processes post rows of job {job.name}.",
                hint=f"`importer work {job.name}` takes part; or wait for them to end.",
            )
        return Journal(self.address, keeper, self.rows_staged(job), outage, leaving=leaving)

    # What several processes that post one job need of it.

    def laid_out(self, job: Job, more: Mapping[str, object], units: int) -> None:
        """Write down what the workers of a job need to know, and how many units of its rate they share."""
        with self._db.transaction():
            self._db.run("job_laid_out", job=job.id, settings=json.dumps({**job.settings, **more}))
            self._db.run("rate_set", job=job.id, total=units)

    def work_begun(self, job: Job) -> None:
        """Somebody works again, after whatever stopped the others."""
        self._db.run("work_begun", job=job.id)

    def lane_order(self, job: Job, keeper: Keeper, statuses: Sequence[str]) -> list[int]:
        """As `sending_order`, of the lanes that the keeper has."""
        found = self._db.all(
            "lane_order",
            job=job.id,
            statuses=statuses,
            alone=PERHAPS_ALONE,
            lanes=keeper.count,
            shards=list(keeper.lanes),
        )
        return [seq for (seq,) in found]

    def rows_staged(self, job: Job) -> int:
        return int(self._db.one("rows_staged", job=job.id)[0])


# Whether a shared ledger is fit: its tables and rights, what a commit survives, what a standby does.

_SKEW = 5.0


def findings(ledger: PostgresLedger) -> Iterator[Check]:
    """Everything; changes nothing. Raises LedgerError."""
    asked = time.time()
    (commit, names, standbys, waited, version, now, size, recovering, tls, fsync) = (
        ledger.database.one("check_server")
    )
    with wrap_postgres_errors(ledger.address):
        cluster, history = timeline(ledger.database.connection)
    yield Check(
        "shared ledger", OK, f"{ledger.where}: PostgreSQL {version}, {size / 1e6:,.1f} MB, "
        f"system {cluster}, timeline {int(history, 16)}{', TLS' if tls else ''}",
    )  # fmt: skip
    yield from _rights(*ledger.database.one("check_rights"))
    if recovering:
        yield Check("standby", WRONG, "this is a standby", "Name the primary.")
    yield _commits(commit, fsync)
    yield _standby(names, standbys, waited)
    skew = float(now) - (asked + time.time()) / 2
    if abs(skew) > _SKEW:
        found = f"its clock is {skew:+.0f} s from this machine's"
        yield Check("clock", LOOK, found, "Leases go by its clock alone; times in reports differ.")
    if system.boottime() is None:
        yield Check(
            "suspension",
            LOOK,
            "this system's clock does not count the time for which it sleeps",
            "Don't let a machine sleep while it imports: it could post once more after it wakes.",
        )


def _rights(enough: bool, more: bool) -> Iterator[Check]:
    if not enough:
        remedy = "Its owner gives them: docs/shared-ledger.md has the statements."
        yield Check("rights", WRONG, "this role lacks rights that sending needs", remedy)
    elif more:
        found = "this role may delete what was sent"
        yield Check("rights", LOOK, found, "Send with one that may not: docs/shared-ledger.md.")
    else:
        yield Check("rights", OK, "what sending needs, and no more")


def _commits(commit: str, fsync: str) -> Check:
    if fsync == "off":
        remedy = "Set fsync = on: else a power cut makes it forget what was sent."
        return Check("commits", WRONG, "the server doesn't write them to its disk", remedy)
    if commit in ("off", "local"):
        remedy = (
            "Set synchronous_commit = on for this database: else what was sent may be forgotten."
        )
        return Check("commits", WRONG, f"synchronous_commit is {commit}", remedy)
    return Check("commits", OK, f"waited for (synchronous_commit = {commit})")


def _standby(names: str, standbys: int, waited: int) -> Check:
    if names and not waited:
        remedy = "Every commit waits until one is there; or empty synchronous_standby_names."
        return Check("standby", WRONG, "a synchronous one is asked for, and away", remedy)
    if standbys and not waited:
        return Check(
            "standby",
            LOOK,
            f"{standbys}, asynchronous",
            "If one takes over, it lacks what was sent last, and that is sent again: name them in "
            "synchronous_standby_names.",
        )
    return Check("standby", OK, f"{waited} synchronous" if waited else "none")


# A ledger in a file moves into PostgreSQL: its jobs, its rows, and what was sent.


_JOB = (
    *("name", "file", "file_sha256", "sheet", "mapping", "mapping_sha256", "origin", "campaigns"),
    *("settings", "started_at", "staged_at", "ended_at", "exit_status"),
)


@dataclass(frozen=True, slots=True)
class Copied:
    """How many jobs and rows have moved in; `before`: jobs that had moved in before."""

    jobs: int
    rows: int
    before: int


def copy_ledger(folder: Path, shared: PostgresLedger, secret: bytes) -> Copied:
    """Put all of a state folder's ledger into a shared one; again, it does what is left. From then on the
    file posts nothing: neither would know what the other has sent. Call it while no run holds either. Raises
    UsageError where there is no ledger, or where its hashes have another key than `secret`."""
    path = ledger_path(folder)
    if not path.exists():
        raise UsageError(
            f"There is no ledger in {folder}.", hint="Name its folder with --state DIR."
        )
    with closing(SqliteLedger.open(path, b"")) as file:
        try:
            check_secret(file._db, secret, keep=False)  # noqa: SLF001  a part of the same room
        except LedgerError as error:
            raise UsageError(
                f"The hashes of {path} have another key than this one.", hint=_key(folder)
            ) from error
        with ExitStack() as stack:
            for origin in {server_of(job.origin) for job in file.jobs()}:
                stack.enter_context(file.lock(origin, ("*",), "importer ledger copy"))
            check_secret(shared.database, secret)
            with shared.database.transaction():
                copied = _copied(file._db, shared)  # noqa: SLF001  as above
            file.retire(shared.where)
            return copied


def _key(folder: Path) -> str:
    """How a folder's own key becomes one that hosts share."""
    key = folder / "hash.key"
    if not key.exists():
        return "Set SATISMETER_HASH_KEY as it was when the ledger was written."
    digits = f"$(od -An -v -tx1 {shell_word(str(key))} | tr -d ' \\n')"
    return f"Everywhere that shares the ledger: export SATISMETER_HASH_KEY=hex:{digits}"


def _copied(file: Database, shared: PostgresLedger) -> Copied:
    database, moved, rows, before = shared.database, [], 0, 0
    for number, *values in file.each("whole_jobs"):
        named = dict(zip(_JOB, values, strict=True))
        found = database.first("copy_job", **named)
        if found is None:
            (started,) = database.one("copy_job_named", name=named["name"])
            if started != named["started_at"]:
                raise UsageError(
                    f"The shared ledger has another job {named['name']}.",
                    hint="Only one of the two can be told from others by this name: it stays where it is.",
                )
            before += 1
            continue
        moved.append(int(found[0]))
        every = file.each("whole_rows", job=number)
        rows += _put(shared, every, moved[-1])
    if moved:
        database.run("copy_cut_off", jobs=moved, told=CUT_OFF)
        database.run("copy_sent", jobs=moved)
    return Copied(len(moved), rows, before)


def _put(shared: PostgresLedger, rows: Iterator[Sequence[object]], job: int) -> int:
    count = 0

    def counted() -> Iterator[Sequence[object]]:
        nonlocal count
        for row in rows:
            count += 1
            yield (*row, job)

    shared.database.many("copy_rows", counted())
    return count
