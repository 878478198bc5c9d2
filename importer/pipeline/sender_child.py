"""One of several sender processes: posts its share of the rows, and tells the parent how they end.

Its standard input is a socket to the parent. Signals are the parent's business. When the parent is gone,
the socket ends, and this process leaves at once: rows in flight are `unknown`. Until then it holds the
run's lock, which it has inherited, so that no other run begins meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from multiprocessing.connection import Connection

from importer import ledger as books
from importer.errors import LedgerError
from importer.ledger import Journal, Ledger
from importer.ledger.connection import connect
from importer.ledger.load import Contended
from importer.model import Outcome, Outgoing, Status
from importer.pipeline.late import rows
from importer.pipeline.loops import listening, new_loop
from importer.pipeline.shares import Ended, Left, Order, Pause, Report, Share
from importer.results.problems import MENDABLE
from importer.sender.breaker import Breaker
from importer.sender.client import Client
from importer.sender.delivery import Delivery, Stop, Terms
from importer.sender.pacer import Pacer
from importer.settings import Secret

EVERY = 0.2
"""Seconds between two reports of rows that have ended, while they are accepted."""

Parent = Connection
_DEFECT = Stop("defect", "an unexpected error")
_ORPHANED = Stop("orphaned", "the process that started this one is gone")


def main() -> None:
    """Take the share, and post it; leave where the parent is gone by then."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    parent = Connection(0)
    try:
        share: Share = parent.recv()
    except EOFError:
        return
    with asyncio.Runner(loop_factory=new_loop()) as runner:
        runner.run(_post(share, Reports(parent), parent))


class Reports:
    """Tells the parent what happens: accepted rows now and then, all together; at once what may stop the
    run, and the first row that is accepted, which takes one such reason away. `requests` counts those
    made so far."""

    def __init__(self, parent: Parent) -> None:
        self._parent = parent
        self._rows: list[tuple[int, Outcome]] = []
        self._accepted = False
        self._later: asyncio.TimerHandle | None = None
        self.requests: Callable[[], int] = int

    def ended(self, row: Outgoing, outcome: Outcome) -> None:
        """A row has ended."""
        self._rows.append((row.seq, outcome))
        first = outcome.status is Status.CREATED and not self._accepted
        self._accepted = self._accepted or first
        if first or outcome.status in MENDABLE:
            self._tell_rows()
        elif self._later is None:
            self._later = asyncio.get_running_loop().call_later(EVERY, self._tell_rows)

    def _tell_rows(self) -> None:
        if self._later:
            self._later.cancel()
            self._later = None
        if self._rows:
            self.tell(Ended(tuple(self._rows), self.requests()))
            self._rows.clear()

    def left(self, stop: Stop | None) -> None:
        """Everything is written down. `stop`: why it is not all of the share."""
        self._tell_rows()
        self.tell(Left(stop, self.requests()))

    def tell(self, report: Report) -> None:
        """A parent that is gone is told nothing: its end of the socket says so to whoever listens."""
        with contextlib.suppress(OSError):
            self._parent.send(report)


class SharedPacer(Pacer):
    """A pacer that tells the others of the pauses that a server asks for."""

    def __init__(self, per_second: float | None, reports: Reports) -> None:
        super().__init__(per_second)
        self._reports = reports

    def pause(self, seconds: float) -> None:
        """Nobody posts for so long, in no process."""
        self.obey(seconds)
        self._reports.tell(Pause(seconds))

    def obey(self, seconds: float) -> None:
        """Another process has met a pause."""
        super().pause(seconds)


async def _post(share: Share, reports: Reports, parent: Parent) -> None:
    """Post the share, and say why that ended; an unexpected error shows itself on standard error."""
    stop: Stop | None = _DEFECT
    try:
        stop = await _posted(share, reports, parent)
    except LedgerError as error:
        stop = Stop("ledger", error.message)
    finally:
        reports.left(stop)


async def _posted(share: Share, reports: Reports, parent: Parent) -> Stop | None:
    settings, budget = share.settings, share.budget
    path = books.ledger_path(settings.state)
    pacer = SharedPacer(budget.rate, reports)
    async with (
        Journal(path, share.job.id, settings.durability, load=Contended()) as journal,
        Client(
            settings.endpoint.url,
            settings.write_key or Secret(""),
            concurrency=budget.concurrency,
            timeout=settings.timeout,
            network=settings.network,
            accept_empty=settings.accept_empty,
        ) as client,
    ):
        delivery = Delivery(
            client,
            journal,
            pacer,
            Breaker(),
            body=lambda row: share.places.body(row.seq),
            observer=reports.ended,
            terms=Terms(budget.concurrency, settings.accept_empty, settings.outage),
        )
        delivery.accepted()  # whether the first rows are all refused is for the parent to say
        reports.requests = lambda: delivery.requests
        with closing(Ledger(connect(path), path, b"")) as ledger, _heard(parent, delivery, pacer):
            order = rows(ledger, share.job, share.order)
            return await delivery.run(order, books.doubtful(ledger))


def _heard(parent: Parent, delivery: Delivery, pacer: SharedPacer) -> AbstractContextManager[None]:
    """Within, every word of the parent is obeyed; its end is one, too."""

    def hear() -> None:
        try:
            _obey(parent.recv(), delivery, pacer)
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(parent.fileno())
            delivery.stop(_ORPHANED)
            delivery.abandon()

    return listening(parent, hear)


def _obey(order: Order, delivery: Delivery, pacer: SharedPacer) -> None:
    if isinstance(order, Stop):
        delivery.stop(order)
    elif isinstance(order, Pause):
        pacer.obey(order.seconds)
    else:
        delivery.abandon()
