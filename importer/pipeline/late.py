"""After the first pass: rows of unknown fate are settled once the server has ended its work on them.

The wait counts from now, by a clock that nobody can set: the server's work on a row may have begun only
a moment ago, whatever the wall clock says.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from importer import ledger as books
from importer.errors import ImporterError
from importer.ledger import Journal, Ledger
from importer.model import Job, Outgoing, Status
from importer.pipeline.stage import Plan
from importer.pipeline.watch import Watch
from importer.sender.delivery import Delivery
from importer.settings import Settings

log = logging.getLogger(__name__)

MOST_ROUNDS = 10
"""How often a run settles, waits and posts again: a server that never answers must not keep it for ever."""

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Sending:
    """A job's sending under way, and all that takes part in it."""

    settings: Settings
    planned: Plan
    ledger: Ledger
    journal: Journal
    delivery: Delivery
    watch: Watch

    @property
    def job(self) -> Job:
        """The job."""
        return self.planned.job


async def settle(sending: Sending) -> tuple[str, ...]:
    """Settle rows in doubt: by reading the survey back where there is an API key; else, without
    `forceSurvey`, by posting them again, so that the API's own duplicate check decides. Then post the
    rows that waited behind them; what of those ends in doubt is settled in the same way, as long as
    reading settles any. With `forceSurvey` a row that was posted is not posted again here, whatever the
    survey says: it may only be slow to show it. Returns what the user should know."""
    notes: list[str] = []
    for _ in range(MOST_ROUNDS):
        if not await _in_doubt_and_waited(sending):
            break
        before = _in_doubt(sending)
        notes += await _read_back(sending)
        settled = before - _in_doubt(sending)
        await _post_again(sending)
        await sending.journal.flush()
        if not settled:
            break
    return tuple(dict.fromkeys(notes))


async def _in_doubt_and_waited(sending: Sending) -> bool:
    await sending.journal.flush()
    return _anything_to_settle(sending) and await _waited(sending)


def _anything_to_settle(sending: Sending) -> bool:
    if sending.settings.reads:
        return _in_doubt(sending) > 0
    asks = not sending.planned.document.forceSurvey
    return asks and books.askable(sending.ledger, sending.job) > 0


def _in_doubt(sending: Sending) -> int:
    return sending.ledger.own(sending.job).get(Status.UNKNOWN, 0)


async def _waited(sending: Sending) -> bool:
    """Give the server the time to end its work; False where the run was stopped."""
    if sending.delivery.stopped:
        return False
    sending.watch.settling(_in_doubt(sending), sending.settings.settling)
    await sending.delivery.wait(sending.settings.settling)
    return sending.delivery.stopped is None


async def _read_back(sending: Sending) -> tuple[str, ...]:
    """A survey that can't be read settles nothing, and stops nothing."""
    if not sending.settings.reads:
        return ()
    from importer.pipeline.readback import read_back  # brings an HTTP client that no post needs

    reading = read_back(sending.settings, sending.ledger, sending.job)
    try:
        await sending.delivery.unless_stopped(reading)
    except ImporterError as error:
        why = {"event": "unsettled", "error": type(error).__name__}
        log.warning("the survey can't be read back", extra=why)
        return (f"Rows in doubt could not be settled: {error.message} {error.hint}".strip(),)
    return ()


async def _post_again(sending: Sending) -> None:
    settings, ledger, job = sending.settings, sending.ledger, sending.job
    if sending.delivery.stopped:
        return
    behind = () if settings.limit else tuple({*settings.statuses, Status.FAILED})
    asks = not sending.planned.document.forceSurvey
    if asks:
        order = books.late_order(ledger, job, behind)
        held = books.stuck(ledger, job)
    else:
        order = books.behind_order(ledger, job, behind)
        held = books.doubtful(ledger) | books.called_absent(ledger, job)
    await sending.delivery.run(rows(ledger, job, order), held)


def rows(ledger: Ledger, job: Job, order: Sequence[int]) -> Iterator[Outgoing]:
    """These rows as the sender takes them, read from the ledger a few at a time."""
    for start in range(0, len(order), _BATCH):
        yield from books.outgoing(ledger, job, order[start : start + _BATCH])
