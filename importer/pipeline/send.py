"""Sending: the part that only a run has. Rows leave the ledger oldest first, and their outcomes return."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from signal import Signals

from importer import ledger as books
from importer import signals
from importer.ledger import Journal, Ledger
from importer.model import Outcome
from importer.pipeline.failures import Failures
from importer.pipeline.late import Sending, rows, settle
from importer.pipeline.loops import new_loop
from importer.pipeline.stage import Plan
from importer.pipeline.watch import Watch
from importer.sender.breaker import Breaker
from importer.sender.client import Client
from importer.sender.delivery import Delivery, Stop, Terms
from importer.sender.pacer import Pacer
from importer.settings import Secret, Settings
from importer.spool import Spool


@dataclass(frozen=True, slots=True)
class Sent:
    """How the sending ended: why it stopped early, if it did, its requests, when it began (Unix
    seconds), and what the user should know."""

    stop: Stop | None
    requests: int
    began: float
    notes: tuple[str, ...] = ()


def send(settings: Settings, planned: Plan, ledger: Ledger, spool: Spool, watch: Watch) -> Sent:
    """Post what is left, on an event loop of its own."""
    with asyncio.Runner(loop_factory=new_loop()) as runner:
        return runner.run(_deliver(settings, planned, ledger, spool, watch))


async def _deliver(
    settings: Settings, planned: Plan, ledger: Ledger, spool: Spool, watch: Watch
) -> Sent:
    job, path, began = planned.job, books.ledger_path(settings.state), time.time()
    concurrency = settings.concurrency or planned.document.sending.concurrency
    async with (
        Journal(path, job.id, settings.durability) as journal,
        Client(
            settings.endpoint.url,
            settings.write_key or Secret(""),
            concurrency=concurrency,
            timeout=settings.timeout,
            network=settings.network,
            accept_empty=settings.accept_empty,
        ) as client,
    ):
        delivery = Delivery(
            client,
            journal,
            Pacer(planned.rate.per_second),
            Breaker(),
            body=lambda row: spool.body(row.seq),
            observer=lambda row, outcome: ended(outcome, row.person),
            terms=Terms(concurrency, settings.accept_empty, settings.outage),
        )
        failures = Failures(settings.max_failures, planned.rows, delivery.stop, ledger, job)

        def ended(outcome: Outcome, person: bytes = b"") -> None:
            watch.ended(outcome)
            failures.add(outcome, person)

        sending = Sending(settings, planned, ledger, journal, delivery, watch)
        with signals.handled(
            lambda number: delivery.stop(Stop("interrupted", f"by {Signals(number).name}", number)),
            delivery.abandon,
            settings.drain,
        ):
            await _first_pass(sending)
            notes = (*filter(None, [client.note]), *await settle(sending))
        return Sent(delivery.stopped, delivery.requests, began, notes)


async def _first_pass(sending: Sending) -> None:
    """Rows that were never posted, or surely not stored. Whoever has a row in doubt waits."""
    ledger, job = sending.ledger, sending.job
    order = books.sending_order(ledger, job, sending.settings.statuses)[: sending.settings.limit]
    sending.watch.sending(len(order))
    await sending.delivery.run(rows(ledger, job, order), books.doubtful(ledger))
