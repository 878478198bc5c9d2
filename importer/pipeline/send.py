"""Sending: the part that only a run has. Rows leave the ledger oldest first, and their outcomes return."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from importer import ledger as books
from importer import signals
from importer.ledger import Journal, Ledger
from importer.model import Job, Outgoing, Status
from importer.pipeline.stage import Plan
from importer.pipeline.watch import Watch
from importer.sender.breaker import Breaker
from importer.sender.client import Client
from importer.sender.delivery import Delivery, Stop, Terms
from importer.sender.pacer import Pacer
from importer.settings import Secret, Settings
from importer.spool import Spool

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Sent:
    """How the sending ended: why it stopped early, if it did, and its requests."""

    stop: Stop | None
    requests: int


def send(settings: Settings, planned: Plan, ledger: Ledger, spool: Spool, watch: Watch) -> Sent:
    """Post what is left, on an event loop of its own."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_deliver(settings, planned, ledger, spool, watch))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop where there is one; it has no Windows build."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


async def _deliver(
    settings: Settings, planned: Plan, ledger: Ledger, spool: Spool, watch: Watch
) -> Sent:
    job, path = planned.job, books.ledger_path(settings.state)
    concurrency = settings.concurrency or planned.document.sending.concurrency
    async with (
        Journal(path, job.id, settings.durability) as journal,
        Client(
            settings.endpoint.url,
            settings.write_key or Secret(""),
            concurrency=concurrency,
            timeout=settings.timeout,
        ) as client,
    ):
        delivery = Delivery(
            client,
            journal,
            Pacer(planned.rate.per_second),
            Breaker(),
            body=lambda row: spool.body(row.seq),
            observer=lambda _, outcome: watch.ended(outcome),
            terms=Terms(concurrency, settings.accept_empty, settings.outage),
        )
        with signals.handled(
            lambda number: delivery.stop(Stop("interrupted", "interrupted", number)),
            delivery.abandon,
            settings.drain,
        ):
            await _first_pass(settings, planned, ledger, delivery, watch)
            if not planned.document.forceSurvey:
                await journal.flush()
                await _late_pass(settings, planned, ledger, delivery, watch)
        return Sent(delivery.stopped, delivery.requests)


async def _first_pass(
    settings: Settings, planned: Plan, ledger: Ledger, delivery: Delivery, watch: Watch
) -> None:
    """Rows that were never posted, or surely not stored. Whoever has a row in doubt waits."""
    order = books.sending_order(ledger, planned.job, (Status.PENDING, Status.FAILED))
    held, _ = books.in_doubt(ledger, planned.job)
    order = order[: settings.limit]
    watch.sending(len(order))
    await delivery.run(_rows(ledger, planned.job, order), held)


async def _late_pass(
    settings: Settings, planned: Plan, ledger: Ledger, delivery: Delivery, watch: Watch
) -> None:
    """Rows of unknown fate, once the server has had the time to finish with them: the API's own
    duplicate check decides. Then the rows that waited behind them."""
    doubtful, last = books.in_doubt(ledger, planned.job)
    if delivery.stopped or not doubtful:
        return
    pilot = settings.limit is not None
    behind = () if pilot else (Status.PENDING, Status.FAILED)
    order = books.sending_order(ledger, planned.job, (Status.UNKNOWN, *behind))
    wait = max(0.0, last + settings.settle - time.time())
    watch.settling(len(order), wait)
    await delivery.wait(wait)
    if not delivery.stopped:
        await delivery.run(_rows(ledger, planned.job, order))


def _rows(ledger: Ledger, job: Job, order: Sequence[int]) -> Iterator[Outgoing]:
    for start in range(0, len(order), _BATCH):
        yield from books.outgoing(ledger, job, order[start : start + _BATCH])
