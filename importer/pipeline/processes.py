"""Several sender processes, for where the CPU is the limit and not the API.

Each posts the rows of its share of the persons, with its part of the pace, into the same journal. This end
deals out, listens, passes on why to stop, and ends them: what one process would do, several do together.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from importer import ledger as books
from importer.errors import UsageError
from importer.model import Outcome, Status
from importer.pipeline.late import Sending
from importer.pipeline.sender_process import SenderProcess
from importer.pipeline.shares import Budget, Ended, Order, Pause, Report, Share, Word, budgets
from importer.pipeline.stage import campaigns_of
from importer.sender.stops import ALL_REFUSED, FIRST_REFUSED, Stop, all_refused
from importer.settings import Settings
from importer.spool import Spool

LEAVING = 2.0
"""Seconds that a process gets to leave, once it was told to leave at once."""

_WINDOW = 1.0
"""Seconds after which posts no longer count for a pace that is shared: it is 2/s or more."""


def refuse_where_there_are_none(settings: Settings) -> None:
    """Raises UsageError on Windows, which can't hand descriptors on."""
    if settings.processes > 1 and os.name != "posix":
        raise UsageError(
            "Several processes can't post on this system.", hint="Run it without --processes."
        )


@dataclass(frozen=True, slots=True)
class Lent:
    """What the processes inherit or are lent: the bodies, and the descriptors of the run's locks, which stay
    held until the last process that has them is gone."""

    spool: Spool
    locks: Sequence[int]


class Senders:
    """The sender processes of a run. `requests`: how many they made, as far as they have told.

    `ended` hears of each row's outcome, `pause` of a pause that the server asked for. Whatever stops one
    of them stops the delivery of `sending`, and with it the others.
    """

    def __init__(
        self,
        sending: Sending,
        lent: Lent,
        ended: Callable[[Outcome], None],
        pause: Callable[[float], None],
    ) -> None:
        self._sending = sending
        self._lent = lent
        self._ended = ended
        self._pause = pause
        self._all: list[SenderProcess] = []
        self._running: set[SenderProcess] = set()
        self._gone = asyncio.Event()
        self._accepted = False
        self._refused: list[tuple[int, Outcome]] = []
        self._failure: Exception | None = None

    @property
    def requests(self) -> int:
        """Requests of all of them."""
        return sum(each.requests for each in self._all)

    def budgets(self) -> list[Budget]:
        """One for each process that is worth its while."""
        settings, planned = self._sending.settings, self._sending.planned
        concurrency = settings.concurrency or planned.document.sending.concurrency
        return budgets(settings.processes, concurrency, planned.rate.per_second)

    async def post(self, order: Sequence[int], shared: Sequence[Budget]) -> None:
        """Post the rows of this order, as `Delivery.run` does; return once all processes have left."""
        delivery = self._sending.delivery
        if delivery.stopped:
            return
        try:
            await self._start(order, shared)
            await delivery.unless_stopped(self._all_gone())
            if delivery.stopped:
                self._tell(delivery.stopped)
                await self._all_gone()
        finally:
            for each in self._all:
                each.close()
        if self._failure:
            raise self._failure
        if shared[0].rate:
            self._pause(_WINDOW)
        self._settle_stopped()

    def abandon(self) -> None:
        """Leave the rows in flight at once; who doesn't leave then is ended."""
        self._tell(Word.ABANDON)
        for each in self._running:
            asyncio.get_running_loop().call_later(LEAVING, each.kill)

    async def _start(self, order: Sequence[int], shared: Sequence[Budget]) -> None:
        sending, places = self._sending, self._lent.spool.places()
        settings = replace(sending.settings, api_key=None, hash_key=None)
        parts = books.by_person(sending.ledger, sending.job, order, len(shared))
        for part, budget in zip(parts, shared, strict=True):
            if part:
                share = Share(settings, sending.job, part, places, budget)
                self._all.append(SenderProcess(share, (places.descriptor, *self._lent.locks)))
        self._running.update(self._all)
        await asyncio.gather(*(each.begin(self._hear) for each in self._all))

    async def _all_gone(self) -> None:
        if self._running:
            await self._gone.wait()

    def _tell(self, order: Order) -> None:
        for each in self._running:
            each.tell(order)

    def _hear(self, sender: SenderProcess) -> None:
        """Whatever fails here stops the run: raised on the loop it would be lost."""
        try:
            self._take(sender, sender.report())
        except Exception as error:  # noqa: BLE001  `post` raises it, once all have left
            self._failure = error
            self._sending.delivery.stop(Stop("defect", "an unexpected error"))

    def _take(self, sender: SenderProcess, report: Report | None) -> None:
        if report is None:
            self._lost(sender)
        elif isinstance(report, Pause):
            self._pause(report.seconds)
            for other in self._running - {sender}:
                other.tell(report)
        elif isinstance(report, Ended):
            sender.requests = report.requests
            for seq, outcome in report.rows:
                self._count(seq, outcome)
        else:
            sender.requests, sender.left = report.requests, True
            if report.stop:
                self._sending.delivery.stop(report.stop)

    def _count(self, seq: int, outcome: Outcome) -> None:
        """As `Stops` does with the verdicts of one process: the first rows of all of them together."""
        self._ended(outcome)
        if outcome.status is Status.CREATED and not self._accepted:
            self._accepted = True
            self._refused.clear()
            self._sending.delivery.accepted()
        if outcome.status is Status.REJECTED and not self._accepted:
            self._refused.append((seq, outcome))
            if len(self._refused) >= FIRST_REFUSED:
                self._sending.delivery.stop(all_refused(len(self._refused), outcome.message))

    def _lost(self, sender: SenderProcess) -> None:
        """It is gone; where it didn't say so before, it died."""
        died_of = sender.died_of()
        sender.close()
        if not sender.left:
            told = f"a sender process died ({died_of}); the rows that it was posting are in doubt"
            self._sending.delivery.stop(Stop("sender_died", told))
        self._running.discard(sender)
        if not self._running:
            self._gone.set()

    def _settle_stopped(self) -> None:
        """Rows under way in a process that died are in doubt. Where every row was refused, the fault is not
        the rows': they stay to be sent."""
        sending, stop = self._sending, self._sending.delivery.stopped
        if not stop:
            return
        sending.ledger.recover(
            sending.settings.endpoint.origin, campaigns_of(sending.planned.document)
        )
        if stop.code == ALL_REFUSED:
            for seq, outcome in self._refused:
                taken_back = Outcome(Status.PENDING, ALL_REFUSED, outcome.message)
                sending.journal.record(seq, taken_back)
