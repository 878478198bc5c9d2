"""A server and a journal in memory, for deliveries that need neither a socket nor a disk."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson

from importer.delivery.circuit_breaker import CircuitBreaker
from importer.delivery.rate_limit import RateLimiter, Sleep
from importer.delivery.worker import Delivery, DeliveryOptions
from importer.errors import Busy, LedgerError
from importer.model import Outcome, QueuedRow, Status
from importer.satismeter.classify import Reply
from tests.delivery.clock import Clock

CREATED = Reply(request_sent=True, status=201)
NOT_SENT = Reply(request_sent=False, fault="the server could not be reached")
CUT = Reply(request_sent=True, fault="the server closed the connection")


def said(status: int, text: str = "", **more: str) -> Reply:
    body = orjson.dumps({"error": text}) if text else b""
    return Reply(request_sent=True, status=status, body=body, **more)  # type: ignore[arg-type]


def rows(count: int, people: int | None = None) -> list[QueuedRow]:
    """So many rows, of so many people in turn; each of its own by default."""
    who = [n % (people or count) for n in range(count)]
    return [QueuedRow(n, n + 2, who[n].to_bytes(4, "big"), False) for n in range(count)]


def body(row: QueuedRow) -> bytes:
    return orjson.dumps({"userId": str(row.seq)})


@dataclass
class Journal:
    """Remembers everything in order; fails from the `breaks`-th attempt on. Of the rows in `elsewhere`
    others answer; those in `late` are permitted so many times too late; with `lost`, none is."""

    breaks: int | None = None
    elsewhere: dict[int, Outcome] = field(default_factory=dict)
    late: Counter[int] = field(default_factory=Counter)
    lost: bool = False
    attempts: Counter[int] = field(default_factory=Counter)
    open: set[int] = field(default_factory=set)
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    async def attempting(self, seq: int) -> Outcome | None:
        await asyncio.sleep(0)
        if self.lost:
            raise Busy("Another has it")
        if seq in self.elsewhere:
            return self.elsewhere[seq]
        if self.breaks is not None and self.attempts.total() >= self.breaks:
            raise LedgerError("The disk is full.")
        assert seq not in self.open
        self.attempts[seq] += 1
        self.open.add(seq)
        return None

    def permits(self, seq: int) -> bool:
        self.late[seq] -= 1
        return self.late[seq] < 0

    def record(self, seq: int, outcome: Outcome) -> None:
        self.open.discard(seq)
        self.outcomes[seq] = outcome

    def statuses(self) -> Counter[Status]:
        return Counter(outcome.status for outcome in self.outcomes.values())


Answer = Callable[[int, int], Reply | float]
"""From a row's `seq` and the number of its attempt (from 1) to the reply; a number of seconds is a
server that answers `CREATED` after that time."""


class Server:
    """Answers as it is told; checks that each attempt was journalled first."""

    def __init__(
        self, answer: Answer, journal: Journal, latency: float = 0.0, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._answer = answer
        self._sleep = sleep
        self._journal = journal
        self._latency = latency
        self.posts: list[int] = []
        self.cut_off = 0

    async def post(self, sent: bytes) -> Reply:
        seq = int(orjson.loads(sent)["userId"])
        assert seq in self._journal.open, "posted before it was journalled"
        self.posts.append(seq)
        answer = self._answer(seq, self.posts.count(seq))
        try:
            await self._sleep(answer if isinstance(answer, float) else self._latency)
        except asyncio.CancelledError:
            self.cut_off += 1
            raise
        return CREATED if isinstance(answer, float) else answer


@dataclass
class Scene:
    """A delivery with everything around it."""

    delivery: Delivery
    journal: Journal
    server: Server
    seen: list[tuple[QueuedRow, Outcome]]
    rate_limiter: RateLimiter

    async def run(self, what: Sequence[QueuedRow], held: Sequence[bytes] = ()) -> None:
        await self.delivery.run(iter(what), held)


def scene(
    answer: Answer,
    *,
    concurrency: int = 8,
    outage: float = 900.0,
    probe_every: float = 0.02,
    latency: float = 0.0,
    breaks: int | None = None,
    rate: float | None = None,
    clock: Clock | None = None,
) -> Scene:
    """A delivery to a server that answers so; on the `clock`, if one is given."""
    now = clock or time.monotonic
    sleep = clock.sleep if clock else asyncio.sleep
    journal = Journal(breaks)
    server = Server(answer, journal, latency, sleep)
    seen: list[tuple[QueuedRow, Outcome]] = []
    rate_limiter = RateLimiter(rate, now, sleep)
    delivery = Delivery(
        server,
        journal,
        rate_limiter,
        CircuitBreaker(probe_every=probe_every, clock=now, sleep=sleep),
        body=body,
        observer=lambda row, outcome: seen.append((row, outcome)),
        options=DeliveryOptions(concurrency, outage=outage),
        sleep=sleep,
    )
    return Scene(delivery, journal, server, seen, rate_limiter)
