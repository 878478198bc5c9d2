"""Many processes on one job: a file laid out in lanes in the shared ledger, and a worker that posts them.

Lanes, rate, pauses and outcomes live in the ledger; whatever starts the workers (a scheduler of containers,
a shell on five hosts) need know nothing of them. A worker takes a lane, posts its rows, gives it back and
takes the next; the one that finds none left settles what is in doubt and ends the job.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

from importer import http, shutdown
from importer.delivery import Abort, CircuitBreaker, Delivery, RateLimiter
from importer.engine import at_hand, opened
from importer.engine.account import finish, regard
from importer.engine.jobs import as_started
from importer.engine.observer import NULL_OBSERVER, Ended, Observer
from importer.engine.record import exit_status, folder_of, rewrite, rows_of
from importer.engine.send import SendContext, client_of, new_loop, options_of, rows, settle_doubts
from importer.engine.stage import Helpers, campaigns_of, secret_of, stage
from importer.errors import Busy, ExitStatus, ImporterError, UsageError
from importer.ledger import Spool
from importer.ledger.postgres import (
    PART,
    Bodies,
    Journal,
    Keeper,
    PostgresLedger,
    Says,
    Shares,
    Timing,
    Told,
    facts_of,
    holder_of,
    units_of,
)
from importer.model import Job, Outcome, QueuedRow, Response, Status
from importer.results import MENDABLE, AccountEffect
from importer.satismeter import Client
from importer.settings import Rate, Settings, server_of

log = logging.getLogger(__name__)

LANES = 8
"""Into how many lanes a job is cut, unless somebody says: some for each worker."""
BEAT = Timing(beat=1.0)
"""Workers look at one another once a second: so soon a share of the rate goes from one to another."""
_AGAIN = 2.0
"""Seconds between two looks whether another process has laid the job out, or given a lane back."""
_LOOKS = 5.0
"""Seconds for which one that came to lay the file out, too, may keep workers out until it sees the job."""


def _ledger(settings: Settings, secret: bytes) -> PostgresLedger:
    if settings.shared is None:
        raise UsageError(
            "Several processes need a ledger that they share.",
            hint="Name it with --ledger postgresql://HOST/DATABASE, or in IMPORTER_LEDGER.",
        )
    return PostgresLedger.open(settings.shared.address, secret)


# Laying a file out: every row staged, and its request kept, before anybody posts.


def lay_out(
    settings: Settings,
    lanes: int = LANES,
    observer: Observer = NULL_OBSERVER,
    helpers: Helpers | None = None,
) -> Job:
    """Stage a file into so many lanes, with others' help if there is any; the job that did so before, where
    there is one. Whoever comes while another lays it out waits. Raises ImporterError."""
    until = time.monotonic() + settings.outage
    while True:
        try:
            return _laid_out(settings, lanes, observer, helpers)
        except Busy:
            if time.monotonic() > until:
                raise
            time.sleep(_AGAIN)


def _laid_out(settings: Settings, lanes: int, observer: Observer, helpers: Helpers | None) -> Job:
    secret = secret_of(settings)
    with ExitStack() as stack:
        settings = stack.enter_context(at_hand(settings))
        document, source, compiled = stack.enter_context(opened(settings, secret))
        ledger = stack.enter_context(closing(_ledger(settings, secret)))
        origin = settings.endpoint.origin
        wanted = (source.facts.sha256, source.sheet, document.digest, ledger.spelled(origin))
        if job := _same(ledger, wanted):
            return job
        stack.enter_context(ledger.lock(origin, campaigns_of(document), settings.name))
        if job := _same(ledger, wanted):  # another has laid it out since the look
            return job
        ledger.recover(origin, campaigns_of(document))
        spool = stack.enter_context(closing(Spool()))
        planned = stage(
            *(settings, document, source, compiled, ledger, spool, observer), helpers=helpers
        )
        with ledger.staging(planned.job):
            planned = regard(settings, planned, ledger, spool, observer, sending=True)
            spool.flush()
            for each in planned.warnings:
                log.warning("%s", each)
            told = {
                "account": planned.account and planned.account.document(examples=False),
                "lanes": lanes,
                "forced": document.forceSurvey,
                "rate": str(planned.rate),
                "concurrency": settings.concurrency or document.sending.concurrency,
            }
            _keep_bodies(ledger, planned.job, lanes, spool, settings.statuses, secret)
            ledger.laid_out(planned.job, told, units_of(planned.rate))
        ledger.begin_job(planned.job)
        return ledger.job(planned.job.name)


def _same(ledger: PostgresLedger, wanted: tuple[object, ...]) -> Job | None:
    for job in ledger.jobs():
        inputs = (job.file_sha256, job.sheet, job.mapping_sha256, job.origin)
        if inputs == wanted and "lanes" in job.settings and "dropped" not in job.settings:
            return job
    return None


def _keep_bodies(
    ledger: PostgresLedger,
    job: Job,
    lanes: int,
    spool: Spool,
    statuses: tuple[str, ...],
    secret: bytes,
) -> None:
    bodies, kept = Bodies(ledger.database, job.id, secret), defaultdict[int, list[int]](list)
    part = 0
    bodies.remove()  # of a start that was cut off
    for row in rows(ledger, job, sorted(ledger.sending_order(job, (*statuses, Status.UNKNOWN)))):
        shard = row.person[0] % lanes
        kept[shard].append(row.seq)
        if len(kept[shard]) == PART:
            part += 1
            bodies.put(shard, part, ((seq, spool.body(seq)) for seq in kept.pop(shard)))
    for shard, seqs in kept.items():
        part += 1
        bodies.put(shard, part, ((seq, spool.body(seq)) for seq in seqs))


@dataclass(frozen=True, slots=True)
class Worked:
    """What one worker has done: its requests, the lanes that it came to the end of, why it stopped early, if
    it did; and of a job that it ended the rows by status, its results, and what it does to the account."""

    job: str
    requests: int
    lanes: int
    exit_status: ExitStatus
    stopped: str = ""
    rows: Mapping[str, int] | None = None
    results: Path | None = None
    account: AccountEffect | None = None


def work(
    settings: Settings,
    job: str,
    observer: Observer = NULL_OBSERVER,
    timing: Timing = BEAT,
    *,
    anew: bool = True,
) -> Worked:
    """Take part in a job that is laid out in lanes, until none is left. Any number of processes may, on any
    hosts; the file isn't needed. `anew`: what stopped others before is over, where nobody works. Raises
    ImporterError: Busy where another job holds the survey."""
    if http.within_a_loop():
        raise UsageError("Work brings an event loop of its own: call it in a thread.")
    if settings.write_key is None:
        raise UsageError("Work needs the write key.")
    secret = secret_of(settings)
    with closing(_ledger(settings, secret)) as ledger:
        found = ledger.job(job)
        if "lanes" not in found.settings:
            raise UsageError(
                f"Job {found.name} is not laid out for several processes.",
                hint="`importer work FILE -m MAPPING` lays a file out; `importer resume` goes on alone.",
            )
        started = as_started(found, replace(settings, rate=None))
        ledger.database.patience = settings.outage
        if anew:
            ledger.work_begun(found)
        worker = _Worker(started, ledger, found, secret, observer, timing)
        with asyncio.Runner(loop_factory=new_loop()) as runner:
            return runner.run(worker.run())


def tell_all(settings: Settings, job: str, stop: str = "") -> None:
    """Before workers begin together: what stopped others is over. With `stop` (`code: message`) they end, one
    that is late, too: no further row leaves, and those in flight come to their ends."""
    with closing(_ledger(settings, secret_of(settings))) as ledger:
        found = ledger.job(job)
        if stop:
            ledger.database.all("work_told", job=found.id, refused=0, stop=stop)
        else:
            ledger.work_begun(found)


class _Worker:
    def __init__(
        self,
        settings: Settings,
        ledger: PostgresLedger,
        job: Job,
        secret: bytes,
        observer: Observer,
        timing: Timing,
    ) -> None:
        self.settings = settings
        self.ledger = ledger
        self.job = job
        self.observer = observer
        self.concurrency = settings.concurrency or int(str(job.settings["concurrency"]))
        rate = settings.rate or Rate(None)
        self.loop: asyncio.AbstractEventLoop
        self.limiter = RateLimiter(rate.per_second)
        self.delivery: Delivery | None = None
        self.stopped: Abort | None = None
        self.requests = self.done = 0
        self._refused, self._working = 0, True
        self._bodies = Bodies(ledger.database, job.id, secret)
        holder = holder_of(f"work {job.id}")
        uses = self.limiter.share
        self.shares = Shares(job.id, holder, rate, timing.ttl, self._says, uses, self._hears)
        self.keeper = Keeper(ledger.address, holder, timing, self.shares.beat)

    @property
    def stopping(self) -> Abort | None:
        """Why no further row leaves, by this worker or by what it has met."""
        return self.stopped or (self.delivery.stopped if self.delivery else None)

    # what all workers of the job tell one another, in the keeper's thread

    def _says(self) -> Says:
        refused, self._refused = self._refused, 0
        stop = self.stopping
        mine = stop and stop.code not in ("lane_lost", "interrupted", "ledger", _ELSEWHERE)
        return Says(refused, self.limiter.paused_for, _told(stop if mine else None), self._working)

    def _hears(self, told: Told) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._heard, told)

    def _heard(self, told: Told) -> None:
        if told.pause:
            self.limiter.pause(told.pause)
        most = self.settings.max_failures
        if most is not None and told.refused > most:
            why = f"more than {most:,} rows are invalid or were refused; see problems.csv"
            self.stop(Abort("max_failures", why))
        elif told.stop and self.stopping is None:
            self.stop(Abort("stopped_elsewhere", f"another worker has stopped: {told.stop}"))

    def stop(self, why: Abort) -> None:
        """Take no new row and no new lane."""
        self.stopped = self.stopped or why
        if self.delivery:
            self.delivery.stop(why)

    def _ended(self, row: QueuedRow, outcome: Outcome) -> None:
        self._refused += outcome.status in MENDABLE
        self.observer.event(Ended(row.row, self.job.wave(row.seq), outcome.status, outcome.code))

    # the work

    async def run(self) -> Worked:
        """Take one lane after another until none is left; the process that ends the last one ends the job."""
        self.loop = asyncio.get_running_loop()
        settings, job = self.settings, self.job
        if self.shares.units:
            self.limiter.share(0)
        with self.keeper as keeper:
            keeper.open(job.id, int(str(job.settings["lanes"])))
            await self._hold()
            keeper.beat()
            async with client_of(settings, self.concurrency) as client:
                with shutdown.handled(self._drain, self._abandon, settings.drain):
                    worked = await self._lanes(client)
            keeper.beat()
            keeper.through(self.shares.leave)
        return worked

    async def _hold(self) -> None:
        """Hold the surveys together with the job's other workers. Raises Busy."""
        job, until = self.job, time.monotonic() + _LOOKS
        facts = facts_of(f"{self.settings.name}, by workers of job {job.name}")
        server, campaigns = server_of(job.origin), job.campaigns.split(",")
        while True:
            try:
                return self.keeper.hold(server, campaigns, facts, shared=f"job {job.id}")
            except Busy:
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(0.1)

    def _drain(self, number: int, reason: str) -> None:
        self.stop(Abort("interrupted", reason or f"by signal {number}", number))

    def _abandon(self) -> None:
        if self.delivery:
            self.delivery.abandon()

    async def _lanes(self, client: Client) -> Worked:
        keeper = self.keeper
        while not self.stopping:
            if await asyncio.to_thread(keeper.take, 1):
                await self._begins()
                # The rows of the lanes at hand that were never posted, or surely not stored.
                ledger, job = self.ledger, self.job
                with self._spooled() as spool:
                    order = ledger.lane_order(job, self.keeper, self.settings.statuses)
                    async with self._journal(self._gives_back) as journal:
                        delivery = self._delivery(client, journal, spool)
                        await delivery.run(rows(ledger, job, order), ledger.doubtful())
                        self.requests += delivery.requests
                self.done += self.stopping is None
                continue
            self._working = False
            held, undone = await asyncio.to_thread(keeper.left)
            if not undone:
                if await asyncio.to_thread(keeper.again):
                    return await self._finish(client)
                if not held:
                    break
            await asyncio.sleep(min(_AGAIN, keeper.timing.beat))
        stop, status = self.stopping, ExitStatus.DONE
        if stop:
            rows_now = rows_of(self.ledger.standing(self.job))
            status = exit_status(rows_now, {}, stop, self.settings)
        return Worked(self.job.name, self.requests, self.done, status, _told(stop))

    async def _begins(self) -> None:
        """Who has waited for others has left them its share of the rate."""
        if not self._working:
            self._working = True
            await asyncio.to_thread(self.keeper.beat)

    async def _finish(self, client: Client) -> Worked:
        """Every lane was tried. Whoever takes them all settles what is in doubt, and ends the job."""
        ledger, job, keeper = self.ledger, self.job, self.keeper
        await asyncio.to_thread(keeper.take)
        if len(keeper.lanes) < keeper.count:
            keeper.give(done=True)
            return Worked(job.name, self.requests, self.done, ExitStatus.DONE)
        await self._begins()
        clean: list[bool] = []
        try:
            with self._spooled() as spool:
                async with self._journal(clean.append) as journal:
                    delivery = self._delivery(client, journal, spool)
                    forced = bool(job.settings.get("forced"))
                    parts = (ledger, journal, delivery, self.observer)
                    context = SendContext(self.settings, job, forced, *parts)
                    for note in await settle_doubts(context):
                        log.warning("%s", note)
                    self.requests += delivery.requests
            ledger.explain(job)
            standing = ledger.standing(job)
            counts, kinds = rows_of(standing), standing.duplicates
            stop = self.stopping
            status, why = exit_status(counts, kinds, stop, self.settings), _told(stop)
            ledger.end_job(ledger.job(job.name), status, why)
            finish(ledger, job)
        finally:  # not before: who comes meanwhile would find all lanes done, and end the job once more
            keeper.give(done=True, clean=clean == [True])
        keeper.released()
        told = job.settings.get("account")
        account = AccountEffect.read(told) if isinstance(told, dict) else None
        return Worked(
            job.name, self.requests, self.done, status, why, counts, self._results(), account
        )

    def _results(self) -> Path | None:
        """Where the job's folder can be had here, its results.csv; else `importer results` writes it."""
        try:
            folder = self.settings.out or folder_of(self.job, None)
            return rewrite(self.ledger, self.job, folder).results
        except (ImporterError, OSError) as error:
            log.warning("the results can't be written here: %s", error)
            return None

    def _gives_back(self, clean: bool) -> None:
        self.keeper.give(done=self.stopping is None, clean=clean)

    def _journal(self, leaving: Callable[[bool], None]) -> Journal:
        staged, outage = self.ledger.rows_staged(self.job), self.settings.outage
        return Journal(self.ledger.address, self.keeper, staged, outage, leaving)

    def _delivery(self, client: Client, journal: Journal, spool: _Spools) -> Delivery:
        self.delivery = Delivery(
            client,
            journal,
            self.limiter,
            CircuitBreaker(),
            body=spool.body,
            observer=self._ended,
            options=options_of(self.settings, self.ledger, self.job, self.concurrency),
        )
        if self.stopped:
            self.delivery.stop(self.stopped)
        return self.delivery

    def _spooled(self) -> _Spools:
        return _Spools(self._bodies, list(self.keeper.lanes), self.keeper.count)


_ELSEWHERE = "stopped_elsewhere"


def _told(stop: Abort | None) -> str:
    return f"{stop.code}: {stop.message}" if stop else ""


class _Spools:
    """The requests of the lanes at hand, in unnamed files; a context manager."""

    def __init__(self, bodies: Bodies, shards: list[int], lanes: int) -> None:
        self._lanes = lanes
        self._spools = {shard: Spool() for shard in shards}
        for shard, spool in self._spools.items():
            found = bodies.get(shard)
            spool.keep((seq, Response(0, "", "", "", body, b"", b"")) for seq, body in found)
            spool.flush()

    def body(self, row: QueuedRow) -> bytes:
        return self._spools[row.person[0] % self._lanes].body(row.seq)

    def __enter__(self) -> _Spools:
        return self

    def __exit__(self, *_: object) -> None:
        for spool in self._spools.values():
            spool.close()
