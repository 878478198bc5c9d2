"""Delivery: a fixed set of workers takes rows to the API, each attempt journalled before it leaves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from importer.errors import LedgerError
from importer.model import Outcome, Outgoing, Status
from importer.sender.breaker import Breaker
from importer.sender.client import Poster
from importer.sender.lanes import Lanes
from importer.sender.pacer import Pacer
from importer.sender.reply import Reply
from importer.sender.verdict import Next, Verdict, judge

MOST_TRIES = 10
"""Attempts that one row gets while the server answers, but doesn't apply it."""

FIRST_REFUSED = 20
"""Rows that may be rejected, with none accepted, before the run stops."""

UNVERIFIED = 3
"""Answers in a row that say success and acknowledge nothing, before the run stops."""

Body = Callable[[Outgoing], bytes]
Observer = Callable[[Outgoing, Outcome], None]


class Journalling(Protocol):
    """What delivery needs of a journal."""

    async def attempting(self, seq: int) -> None:
        """Return once the attempt is durable; raises LedgerError."""

    def record(self, seq: int, outcome: Outcome) -> None:
        """Take an attempt's outcome."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a delivery ended before its rows did. `signal` is the signal's number, 0 for others."""

    code: str
    message: str
    signal: int = 0


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
    ) -> None:
        self._poster = poster
        self._journal = journal
        self._pacer = pacer
        self._breaker = breaker
        self._body = body
        self._observer = observer
        self._terms = terms
        self._refused = 0
        self._accepted = 0
        self._unverified = 0
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
        for error in results:
            if isinstance(error, Exception):
                raise error
        return self.stopped

    def stop(self, stop: Stop) -> None:
        """Take no new row, wake those who wait; the rows in flight come to their ends. The first
        reason counts."""
        self.stopped = self.stopped or stop
        self._stopping.set()
        for worker in self._workers:
            if worker not in self._posting:
                worker.cancel()

    async def wait(self, seconds: float) -> None:
        """Let time pass, unless the delivery is stopped."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def abandon(self) -> None:
        """Leave the rows in flight at once: they end as `unknown`."""
        for worker in self._workers:
            worker.cancel()

    async def _work(self, lanes: Lanes) -> None:
        try:
            while not self.stopped and (row := lanes.next()):
                outcome = await self._deliver(row)
                if outcome and outcome.status == Status.UNKNOWN:
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
        tries = 0
        while True:
            await self._breaker.admit(lambda: self.stopped is not None)
            slot = await self._pacer.turn()
            if self.stopped:
                return None
            verdict, outcome = await self._attempt(row, slot)
            if verdict.next is not Next.AGAIN:
                break
            tries += not verdict.trouble
            if tries >= MOST_TRIES:
                outcome = _given_up(outcome, tries)
                break
            self._journal.record(row.seq, outcome)
            await self._back_off(verdict, tries)
        self._journal.record(row.seq, outcome)
        self._observer(row, outcome)
        return outcome

    async def _attempt(self, row: Outgoing, slot: float) -> tuple[Verdict, Outcome]:
        """One attempt: durable first, posted then. What cuts it short is recorded too."""
        self._posting.add(asyncio.current_task())
        cut = Outcome(Status.UNKNOWN if row.doubt else Status.PENDING, doubt=row.doubt)
        try:
            await self._journal.attempting(row.seq)
            await self._pacer.exact(slot)
            cut = Outcome(Status.UNKNOWN, "cut_off", _CUT_OFF, doubt=True)
            self.requests += 1
            reply = await self._poster.post(self._body(row))
        except BaseException:
            self._journal.record(row.seq, cut)
            raise
        finally:
            self._posting.discard(asyncio.current_task())
        verdict = judge(reply, doubt=row.doubt, accept_empty=self._terms.accept_empty)
        self._learn(verdict, reply.status)
        return verdict, _outcome(verdict, reply, row.doubt)

    def _learn(self, verdict: Verdict, status: int | None) -> None:
        """What one verdict says about all rows to come."""
        if verdict.trouble:
            self._breaker.trouble()
        else:
            self._breaker.well()
        self._unverified = self._unverified + 1 if verdict.unverified else 0
        self._accepted += verdict.status == Status.CREATED
        if verdict.status == Status.REJECTED:
            self._refused += 1
        if status == 429:
            self._pacer.refused()
        if verdict.pause:
            self._pacer.pause(verdict.pause)
        if stop := self._reason(verdict):
            self.stop(stop)

    def _reason(self, verdict: Verdict) -> Stop | None:
        if verdict.next is Next.STOP:
            return Stop(verdict.code, verdict.message)
        if self._unverified >= UNVERIFIED:
            return Stop("unverified", f"{verdict.message} ({UNVERIFIED} times in a row)")
        if not self._accepted and self._refused >= FIRST_REFUSED:
            said = (
                f"none was accepted, {self._refused} were refused, lately with: {verdict.message}"
            )
            return Stop("all_refused", said)
        if self._breaker.open_for > self._terms.outage:
            away = f"{self._breaker.open_for:.0f}"
            return Stop("outage", f"the API has been away for {away} s: {verdict.message}")
        return None

    async def _back_off(self, verdict: Verdict, tries: int) -> None:
        """Where the server named no time, wait longer each time; the breaker does it in an outage."""
        if verdict.pause is None and not self.stopped:
            await asyncio.sleep(min(0.2 * 2 ** min(tries, 8), 30.0))


_CUT_OFF = "the run was ended while this row was being posted; it may be stored"


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
