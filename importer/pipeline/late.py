"""The late pass: rows of unknown fate are asked about once the server has ended its work on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from importer import ledger as books
from importer.ledger import Ledger
from importer.model import Job, Outgoing, Status
from importer.pipeline.stage import Plan
from importer.pipeline.watch import Watch
from importer.sender.delivery import Delivery
from importer.settings import Settings

_BATCH = 500


async def late_pass(
    settings: Settings, planned: Plan, ledger: Ledger, delivery: Delivery, watch: Watch
) -> None:
    """Post rows in doubt again, so that the API's own duplicate check decides; then the rows that
    waited behind them.

    The wait before counts from now, by a clock that nobody can set: the server's work on them may
    have begun only a moment ago, whatever the wall clock says.
    """
    if delivery.stopped or not books.askable(ledger, planned.job):
        return
    behind = () if settings.limit else (Status.PENDING, Status.FAILED)
    order = books.late_order(ledger, planned.job, behind)
    watch.settling(len(order), settings.settling)
    await delivery.wait(settings.settling)
    if not delivery.stopped:
        await delivery.run(rows(ledger, planned.job, order), books.stuck(ledger, planned.job))


def rows(ledger: Ledger, job: Job, order: Sequence[int]) -> Iterator[Outgoing]:
    """These rows as the sender takes them, read from the ledger a few at a time."""
    for start in range(0, len(order), _BATCH):
        yield from books.outgoing(ledger, job, order[start : start + _BATCH])
