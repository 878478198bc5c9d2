"""Delivery: a fixed set of workers takes rows to the API, each attempt journalled before it leaves."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from importer.errors import LedgerError
from importer.model import Outcome, Outgoing, Status
from importer.sender.breaker import Breaker
from importer.sender.echo import without_echo
from importer.sender.lanes import Lanes
from importer.sender.pacer import Pacer, Sleep
from importer.sender.reply import Poster, Reply
from importer.sender.stops import ALL_REFUSED, Stop, Stops
from importer.sender.verdict import Next, Verdict, judge
from importer.sender.width import Width

__all__ = ["MOST_TRIES", "Delivery", "Journalling", "Stop", "Terms"]

log = logging.getLogger(__name__)

MOST_TRIES = 10
"""Attempts that one row gets where others get through and it doesn't."""

Body = Callable[[Outgoing], bytes]
Observer = Callable[[Outgoing, Outcome], None]


class Journalling(Protocol):
    """What delivery needs of a journal."""

    def attempting(self, seq: int) -> Awaitable[None]:
        """To be awaited: done once the attempt is durable; raises LedgerError."""

    def record(self, seq: int, outcome: Outcome) -> None:
        """Take an attempt's outcome."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How to deliver: requests in flight at most, whether an empty 200 acknowledges, and the seconds
    of outage that are waited through."""

    concurrency: int
    accept_empty: bool = False
    outage: float = 900.0


class Delivery:
    """Takes rows to the API until they end or a reason to stop comes up.

    No exception leaves a worker but the journal's: whatever happens to a row is its outcome.
    """

    def __init__(
        self,
        poster: Poster,
        journal: Journalling,
        pacer: Pacer,
        breaker: Breaker,
        *,
        body: Body,
        observer: Observer,
        terms: Terms,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._poster = poster
        self._journal = journal
        self._pacer = pacer
        self._breaker = breaker
        self._body = body
        self._observer = observer
        self._terms = terms
        self._sleep = sleep
        self._stops = Stops(terms.outage)
        self._width = Width(terms.concurrency)
        self._wells = 0
        self._workers: list[asyncio.Task[None]] = []
        self._posting: set[asyncio.Task[None] | None] = set()
        self._stopping = asyncio.Event()
        self.stopped: Stop | None = None
        self.requests = 0

    async def run(self, rows: Iterator[Outgoing], held: Iterable[bytes] = ()) -> Stop | None:
        """Deliver these rows, in their order, but for those of the `held` persons; returns why it
        stopped early, if it did."""
        lanes = Lanes(rows, held)
        self._workers = [
            asyncio.create_task(self._work(lanes), name=f"worker-{n}")
            for n in range(self._terms.concurrency)
        ]
        results = await asyncio.gather(*self._workers, return_exceptions=True)
        self._take_back()
        for error in results:
            if isinstance(error, Exception):
                raise error
        return self.stopped

    def stop(self, stop: Stop) -> None:
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

    async def _work(self, lanes: Lanes) -> None:
        try:
            while not self.stopped and (row := lanes.next()):
                outcome = await self._deliver(row)
                if outcome and outcome.status in _HOLDING:
                    lanes.hold(row)
                else:
                    lanes.done(row)
        except LedgerError as error:
            self.stop(Stop("ledger", error.message))
        except Exception:
            self.stop(Stop("defect", "an unexpected error"))
            raise

    async def _deliver(self, row: Outgoing) -> Outcome | None:
        """Bring one row to its end; None where the run stopped before it was posted."""
        puts_off, tries, wells = 0, 0, self._wells
        while not self.stopped:
            if self._breaker.is_open:
                await self._breaker.admit(self._stopping.is_set)
            async with self._width:
                slot = await self._pacer.turn()
                verdict, outcome = await self._attempt(row, slot)
            if verdict.next is not Next.AGAIN:
                return self._ended(row, outcome)
            tries += not verdict.trouble and self._wells > wells
            wells = self._wells
            if tries >= MOST_TRIES:
                return self._ended(row, _given_up(outcome, tries))
            self._journal.record(row.seq, outcome)
            await self._back_off(verdict, puts_off)
            puts_off += 1
        return None

    def _ended(self, row: Outgoing, outcome: Outcome) -> Outcome:
        self._journal.record(row.seq, outcome)
        self._observer(row, outcome)
        return outcome

    async def _attempt(self, row: Outgoing, slot: float) -> tuple[Verdict, Outcome]:
        """One attempt: durable first, posted then. What cuts it short is recorded too."""
        body = self._body(row)
        cut = _UNPOSTED[row.doubt]
        try:
            await self._journal.attempting(row.seq)
            await self._pacer.exact(slot)
            cut = _CUT_OFF
            reply = without_echo(await self._post(body), body)
        except BaseException:
            self._journal.record(row.seq, cut)
            raise
        verdict = judge(reply, doubt=row.doubt, accept_empty=self._terms.accept_empty)
        self._learn(row, verdict, reply)
        return verdict, _outcome(verdict, reply, row.doubt)

    async def _post(self, body: bytes) -> Reply:
        """Post; meanwhile a stop waits for the reply."""
        self.requests += 1
        worker = asyncio.current_task()
        self._posting.add(worker)
        try:
            return await self._poster.post(body)
        finally:
            self._posting.discard(worker)

    def _learn(self, row: Outgoing, verdict: Verdict, reply: Reply) -> None:
        """What one verdict says about all rows to come."""
        badly = verdict.trouble or verdict.next is Next.AGAIN
        self._width.saw(None if badly else reply.ms / 1000)
        if verdict.trouble:
            self._breaker.trouble()
        elif verdict.next is Next.AGAIN:
            self._breaker.busy()
        else:
            self._breaker.well()
            self._wells += 1
        if reply.status == 429:
            self._pacer.refused()
        if verdict.pause:
            self._pacer.pause(verdict.pause)
        if stop := self._stops.reason(row, verdict, self._breaker.away_for):
            self.stop(stop)

    def _take_back(self) -> None:
        """Where every row was refused, the fault is not the rows': they stay to be sent."""
        if self.stopped and self.stopped.code == ALL_REFUSED:
            for row, verdict in self._stops.refused:
                outcome = Outcome(Status.PENDING, ALL_REFUSED, verdict.message)
                self._journal.record(row.seq, outcome)

    async def _back_off(self, verdict: Verdict, puts_off: int) -> None:
        """Where the server named no time, wait longer each time; the breaker does it in an outage."""
        if not verdict.pause and not self.stopped:
            await self._sleep(min(0.2 * 2 ** min(puts_off, 8), 30.0))


_UNPOSTED = {
    False: Outcome(Status.PENDING),
    True: Outcome(Status.UNKNOWN, doubt=True),
}
"""An attempt that was cut short before its post, by whether an earlier one is in doubt."""

_CUT_OFF = Outcome(
    Status.UNKNOWN,
    "cut_off",
    "the run was ended while this row was being posted; it may be stored",
    doubt=True,
)

_HOLDING = (Status.UNKNOWN, Status.FAILED)
"""Rows that may be posted once more: the person's further rows wait for them."""


def _outcome(verdict: Verdict, reply: Reply, doubt: bool) -> Outcome:
    return Outcome(
        verdict.status,
        verdict.code,
        verdict.message,
        reply.status,
        verdict.response_id,
        reply.ms,
        doubt=doubt or verdict.in_doubt,
    )


def _given_up(outcome: Outcome, tries: int) -> Outcome:
    status = Status.UNKNOWN if outcome.doubt else Status.FAILED
    message = f"given up after {tries} tries: {outcome.message}"
    return Outcome(
        status, "gave_up", message, outcome.http_status, ms=outcome.ms, doubt=outcome.doubt
    )
