"""Workers take rows to the API, each attempt journalled before it leaves; retry and backoff stand here."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from importer.delivery.abort_rules import Abort, AbortRules
from importer.delivery.circuit_breaker import CircuitBreaker
from importer.delivery.concurrency import AdaptiveConcurrency
from importer.delivery.queue import KeyedQueue
from importer.delivery.rate_limit import OnWait, RateLimiter, Sleep, unheard
from importer.errors import Busy, LedgerError
from importer.model import Outcome, QueuedRow, Status, Why
from importer.satismeter import Action, Classification, Poster, Redactor, Reply
from importer.satismeter.classify import classify

log = logging.getLogger(__name__)

MOST_TRIES = 10
"""Attempts that one row gets where others get through and it doesn't."""

Body = Callable[[QueuedRow], bytes]
OnOutcome = Callable[[QueuedRow, Outcome], None]


class WriteAheadLog(Protocol):
    """What delivery needs of a journal."""

    def attempting(self, seq: int) -> Awaitable[Outcome | None]:
        """To be awaited: None once the attempt is durable; an outcome where another row answers for this
        one, which isn't posted then. Raises LedgerError; Busy where others may post the row now."""

    def permits(self, seq: int) -> bool:
        """Whether the attempt may be posted at this moment: where hosts share a ledger, who waited for too
        long may have lost the row to another."""

    def record(self, seq: int, outcome: Outcome) -> None:
        """Write down how the attempt of row `seq` ended."""


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """How to deliver: requests in flight at most, whether an empty 200 acknowledges, the seconds of outage
    that are waited through, what masks the server's words, and whether rows of the job were accepted
    before."""

    concurrency: int
    accept_empty: bool = False
    outage: float = 900.0
    redactor: Redactor = field(default_factory=Redactor)
    begun: bool = False


class Delivery:
    """Takes rows to the API until they end or a reason to stop comes up.

    No exception leaves a worker but the journal's: whatever happens to a row is its outcome.
    """

    def __init__(
        self,
        poster: Poster,
        journal: WriteAheadLog,
        rate_limiter: RateLimiter,
        breaker: CircuitBreaker,
        *,
        body: Body,
        observer: OnOutcome,
        options: DeliveryOptions,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._on_wait: OnWait = unheard
        self._poster = poster
        self._journal = journal
        self._rate_limiter = rate_limiter
        self._breaker = breaker
        self._body = body
        self._observer = observer
        self._options = options
        self._sleep = sleep
        self._abort_rules = AbortRules(options.outage, begun=options.begun)
        self._concurrency = AdaptiveConcurrency(options.concurrency)
        self._successes = 0
        self._queue = KeyedQueue(iter(()))
        self._unproven: dict[int, tuple[QueuedRow, Outcome]] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._posting: set[asyncio.Task[None] | None] = set()
        self._stopping = asyncio.Event()
        self.stopped: Abort | None = None
        self.requests = 0

    def on_wait(self, told: OnWait) -> None:
        """Who is told why nothing is posted, and for how long. It must not raise: it is called in the midst
        of attempts."""
        self._on_wait = self._rate_limiter.on_wait = told

    async def run(self, rows: Iterator[QueuedRow], held: Iterable[bytes] = ()) -> Abort | None:
        """Deliver these rows, in their order, but for those of the `held` persons; returns why it
        stopped early, if it did."""
        self._queue = queue = KeyedQueue(rows, held)
        self._workers = [
            asyncio.create_task(self._work(queue), name=f"worker-{n}")
            for n in range(self._options.concurrency)
        ]
        results = await asyncio.gather(*self._workers, return_exceptions=True)
        self._take_back()
        for error in results:
            if isinstance(error, Exception):
                raise error
        return self.stopped

    def stop(self, stop: Abort) -> None:
        """Take no new row, wake those who wait; the rows in flight come to their ends. The first
        reason counts."""
        if self.stopped is None:
            self.stopped = stop
            log.warning(
                "stopping: %s", stop.code, extra={"event": "stopping", "stopped": stop.code}
            )
        self._stopping.set()
        for worker in self._workers:
            if worker not in self._posting and worker is not asyncio.current_task():
                worker.cancel()

    async def wait(self, seconds: float) -> None:
        """Let time pass, unless the delivery is stopped."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def unless_stopped(self, work: Coroutine[object, object, object]) -> None:
        """Await this, unless the delivery is stopped; then it is cancelled."""
        task = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((task, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            if not task.done():
                task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    def abandon(self) -> None:
        """Leave the rows in flight at once: they end as `unknown`."""
        for worker in self._workers:
            worker.cancel()

    async def _work(self, queue: KeyedQueue) -> None:
        try:
            while not self.stopped and (row := queue.get()):
                outcome = await self._deliver(row)
                if outcome and outcome.status in _HOLDING:
                    queue.block(row)
                elif not self._abort_rules.suspected(row):
                    queue.task_done(row)
        except LedgerError as error:
            self.stop(Abort("ledger", error.message))
        except Busy as error:
            self.stop(Abort("lane_lost", error.message))
        except Exception:
            self.stop(Abort("defect", "an unexpected error"))
            raise

    async def _deliver(self, row: QueuedRow) -> Outcome | None:
        """Bring one row to its end; None where the run stopped before it was posted."""
        puts_off, tries, successes = 0, 0, self._successes
        while not self.stopped:
            if self._breaker.is_open:
                await self._breaker.acquire(self._stopping.is_set)
            if not self._concurrency.enter():
                await self._concurrency.room()
            try:
                pace = self._rate_limiter
                attempt = await self._attempt(row, 0.0 if pace.free else await pace.acquire())
            finally:
                self._concurrency.leave()
            if attempt is None:
                continue  # it came too late to be posted, and is free again
            if isinstance(attempt, Outcome):
                self._observer(row, attempt)
                return attempt
            classified, outcome = attempt
            if classified.action is not Action.RETRY:
                return self._ended(row, outcome)
            tries += not classified.trouble and self._successes > successes
            successes = self._successes
            if tries >= MOST_TRIES:
                return self._ended(row, _given_up(outcome, tries))
            self._journal.record(row.seq, outcome)
            await self._backoff(classified, puts_off)
            puts_off += 1
        return None

    def _ended(self, row: QueuedRow, outcome: Outcome) -> Outcome:
        self._journal.record(row.seq, outcome)
        if self._abort_rules.suspected(row):
            self._unproven[row.seq] = row, outcome
        else:
            self._observer(row, outcome)
        return outcome

    async def _attempt(
        self, row: QueuedRow, slot: float
    ) -> tuple[Classification, Outcome] | Outcome | None:
        """One attempt: durable first, posted then. What cuts it short is recorded too. An outcome alone is
        that of another row, which answers for this one; None: the permission to post has run out."""
        body = self._body(row)
        cut = _UNPOSTED[row.doubt]
        try:
            elsewhere = await self._journal.attempting(row.seq)
            if elsewhere is not None:
                return elsewhere
            if (post := self._rate_limiter.passes(slot)) is None:
                post = await self._rate_limiter.wait_until(slot)
            if not self._journal.permits(row.seq):
                self._journal.record(row.seq, cut)
                return None
            cut, since = _CUT_OFF, self._abort_rules.refusals
            reply = await self._post(body)
            self._rate_limiter.answered(post, reply.left)
        except BaseException:
            self._journal.record(row.seq, cut)
            raise
        accepts = self._options.accept_empty
        classified = classify(reply, doubt=row.doubt, accept_empty=accepts, sent=body)
        classified = self._options.redactor.classification(classified, body)
        classified = self._abort_rules.judged(row, classified)
        self._learn(row, classified, reply)
        if classified.status is Status.CREATED:
            self._convict(since)
        return classified, _outcome(classified, reply, row.doubt)

    async def _post(self, body: bytes) -> Reply:
        """Post; meanwhile a stop waits for the reply."""
        self.requests += 1
        worker = asyncio.current_task()
        self._posting.add(worker)
        try:
            return await self._poster.post(body)
        finally:
            self._posting.discard(worker)

    def _learn(self, row: QueuedRow, classified: Classification, reply: Reply) -> None:
        """What one reply says about all rows to come."""
        badly = classified.trouble or classified.action is Action.RETRY
        self._concurrency.record(None if badly else reply.ms / 1000)
        if classified.trouble:
            self._record_failure()
        elif classified.action is Action.RETRY:
            self._breaker.record_throttled()
        else:
            self._breaker.record_success()
            self._successes += 1
        if reply.status == 429:
            self._rate_limiter.on_429()
        if classified.pause:
            self._rate_limiter.pause(classified.pause)
            self._stop_within(classified, self._options.outage - self._breaker.away_for)
        if stop := self._abort_rules.reason(row, classified, self._breaker.away_for):
            self.stop(stop)

    def _record_failure(self) -> None:
        """One more attempt that met no server; who watches is told when the next is made."""
        was_open = self._breaker.is_open
        self._breaker.record_failure()
        if not self._breaker.is_open:
            return
        if not was_open:
            self._on_wait(Why.OUTAGE, max(self._options.outage - self._breaker.away_for, 0.0))
        self._on_wait(Why.CIRCUIT_BREAKER, self._breaker.next_probe_in)

    def _convict(self, since: int) -> None:
        """A row was accepted: those that were refused alone before it are refused for good, and their
        persons' further rows may go."""
        for row, own in self._abort_rules.convicted(since):
            if row.seq not in self._unproven:
                continue
            _, was = self._unproven.pop(row.seq)
            self._ended(row, replace(was, status=own.status, code=own.code, message=own.message))
            self._queue.task_done(row)

    def _stop_within(self, classified: Classification, left: float) -> None:
        """A pause that is longer than an outage may still last: nobody posts that would notice its end.
        Nor would anybody where the reply to a row that was under way comes after, and all seems well."""
        loop, whole = asyncio.get_running_loop(), self._options.outage
        for seconds, posted in ((left, None), (whole, self.requests)):
            if (classified.pause or 0.0) > seconds:
                loop.call_later(max(seconds, 0.0) + 0.01, self._stop_if_away, classified, posted)

    def _stop_if_away(self, classified: Classification, posted: int | None) -> None:
        quiet = self.requests == posted
        away = self._options.outage + 0.01 if quiet else self._breaker.away_for
        if not self.stopped and (stop := self._abort_rules.outage(classified, away)):
            self.stop(stop)

    def _take_back(self) -> None:
        """Where the fault is not the rows', they stay to be sent."""
        self._abort_rules.pass_ended()
        for row, outcome in self._unproven.values():
            self._observer(row, outcome)
        self._unproven.clear()
        if self.stopped:
            for row, classified in self._abort_rules.taken_back(self.stopped):
                outcome = Outcome(Status.PENDING, self.stopped.code, classified.message)
                self._journal.record(row.seq, outcome)

    async def _backoff(self, classified: Classification, puts_off: int) -> None:
        """Where the server named no time, wait longer each time; the breaker does it in an outage."""
        if not classified.pause and not self.stopped:
            await self._sleep(min(0.2 * 2 ** min(puts_off, 8), 30.0))


_UNPOSTED = {False: Outcome(Status.PENDING), True: Outcome(Status.UNKNOWN, doubt=True)}
"""An attempt that was cut short before its post, by whether an earlier one is in doubt."""

_CUT_OFF = Outcome(
    Status.UNKNOWN,
    "cut_off",
    "the run was ended while this row was being posted; it may be stored",
    doubt=True,
)

_HOLDING = (Status.UNKNOWN, Status.FAILED)
"""Rows that may be posted once more: the person's further rows wait for them."""


def _outcome(classified: Classification, reply: Reply, doubt: bool) -> Outcome:
    return Outcome(
        classified.status,
        classified.code,
        classified.message,
        reply.status,
        classified.response_id,
        reply.ms,
        doubt=doubt or classified.in_doubt,
    )


def _given_up(outcome: Outcome, tries: int) -> Outcome:
    status = Status.UNKNOWN if outcome.doubt else Status.FAILED
    message = f"given up after {tries} tries: {outcome.message}"
    return Outcome(
        status, "gave_up", message, outcome.http_status, ms=outcome.ms, doubt=outcome.doubt
    )
