"""Sending: rows leave the ledger oldest first, outcomes return; rows in doubt are settled last."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from signal import Signals

from importer import shutdown
from importer.delivery import Abort, CircuitBreaker, Delivery, DeliveryOptions, RateLimiter
from importer.engine.observer import Ended, Observer, Sending, Waiting
from importer.engine.stage import Plan
from importer.errors import ImporterError
from importer.ledger import Ledger, Spool, Wal
from importer.model import Job, Outcome, QueuedRow, Status, Why
from importer.results import LOST, MENDABLE
from importer.satismeter import Client, Contact, Redactor
from importer.satismeter.contact import MOST
from importer.settings import Secret, Settings

# After the first pass: rows of unknown fate are settled once the server has ended its work on them.
#
# The wait counts from now, by a clock that nobody can set: the server's work on a row may have begun only
# a moment ago, whatever the wall clock says.

log = logging.getLogger(__name__)

MOST_ROUNDS = 10
"""How often a run settles, waits and posts again: a server that never answers must not keep it for ever."""

_BATCH = 500


@dataclass(frozen=True, slots=True)
class SendContext:
    """A job's sending under way, and all that takes part in it."""

    settings: Settings
    job: Job
    forced: bool
    """Whether the API checks no duplicates (`forceSurvey`)."""
    ledger: Ledger
    journal: Wal
    delivery: Delivery
    observer: Observer


async def settle_doubts(sending: SendContext) -> tuple[str, ...]:
    """Settle rows in doubt: by reading the survey back where there is an API key; else, without
    `forceSurvey`, by posting them again, so that the API's own duplicate check decides. Then post the
    rows that waited behind them; what of those ends in doubt is settled in the same way, as long as
    reading settles any. With `forceSurvey` a row that was posted stays in doubt until it is found, or a
    person settles it: the survey may only be slow to show it. Returns what the user should know."""
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


async def _in_doubt_and_waited(sending: SendContext) -> bool:
    await sending.journal.flush()
    return _anything_to_settle(sending) and await _waited(sending)


def _anything_to_settle(sending: SendContext) -> bool:
    if sending.settings.reads:
        return _in_doubt(sending) > 0
    asks = not sending.forced
    return asks and sending.ledger.askable(sending.job) > 0


def _in_doubt(sending: SendContext) -> int:
    return sending.ledger.own(sending.job).get(Status.UNKNOWN, 0)


async def _waited(sending: SendContext) -> bool:
    """Give the server the time to end its work; False where the run was stopped."""
    if sending.delivery.stopped:
        return False
    wait = sending.settings.settling
    sending.observer.event(Waiting(Why.SETTLING, time.time() + wait, _in_doubt(sending)))
    await sending.delivery.wait(wait)
    return sending.delivery.stopped is None


async def _read_back(sending: SendContext) -> tuple[str, ...]:
    """A survey that can't be read settles nothing, and stops nothing."""
    if not sending.settings.reads:
        return ()
    from importer.engine.reconcile import read_back  # brings an HTTP client that no post needs

    forced = sending.forced
    reading = read_back(sending.settings, sending.ledger, sending.job, final=not forced)
    try:
        await sending.delivery.unless_stopped(reading)
    except ImporterError as error:
        why = {"event": "unsettled", "error": type(error).__name__}
        log.warning("the survey can't be read back", extra=why)
        return (f"Rows in doubt could not be settled: {error.message} {error.hint}".strip(),)
    return ()


async def _post_again(sending: SendContext) -> None:
    settings, ledger, job = sending.settings, sending.ledger, sending.job
    if sending.delivery.stopped:
        return
    behind = () if settings.limit else tuple({*settings.statuses, Status.FAILED})
    asks = not sending.forced
    if asks:
        order = ledger.late_order(job, behind)
        held = ledger.stuck(job)
    else:
        order = ledger.sending_order(job, behind)
        held = ledger.doubtful()
    await sending.delivery.run(rows(ledger, job, order), held)


def rows(ledger: Ledger, job: Job, order: Iterable[int]) -> Iterator[QueuedRow]:
    """These rows as the sender takes them, read from the ledger a few at a time."""
    seqs = iter(order)
    while some := list(islice(seqs, _BATCH)):
        yield from ledger.outgoing(job, some)


# How many rows may be refused before a run stops by itself.


class FailureLimit:
    """Counts rows that are invalid, rejected or failed, those of the staged file first, and calls
    `stop` once there are more than `most` (None: any number). What the API calls a duplicate counts
    where no row of the same person is known to be accepted."""

    def __init__(
        self,
        most: int | None,
        staged: Mapping[str, int],
        stop: Callable[[Abort], None],
        ledger: Ledger,
        job: Job,
    ) -> None:
        self._most = most
        self._stop = stop
        self._ledger = ledger
        # Of persons with one row nothing need be remembered, and these are nearly all.
        self._several = set() if most is None else ledger.several(job)
        self._accepted: set[bytes] = set()
        self._count = sum(staged.get(status, 0) for status in (Status.INVALID, Status.REJECTED))
        self._check()

    def add(self, outcome: Outcome, person: bytes = b"") -> None:
        """Count one more row, if it was refused."""
        if self._most is None:
            return
        if outcome.status is Status.CREATED and person in self._several:
            self._accepted.add(person)
        if outcome.status in MENDABLE or (outcome.code == LOST and self._unknown(person)):
            self._count += 1
            self._check()

    def _unknown(self, person: bytes) -> bool:
        return person not in self._accepted and not self._ledger.accepted(person)

    def _check(self) -> None:
        if self._most is not None and self._count > self._most:
            self._stop(
                Abort(
                    "max_failures",
                    f"more than {self._most:,} rows are invalid or were refused; see problems.csv",
                )
            )


# The event loop that posts.


def new_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes one: uvloop where there is one; it has no Windows build."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


# Sending: the part that only a run has. Rows leave the ledger oldest first, and their outcomes return.


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """How the sending ended: why it stopped early, if it did, its requests, when it began (Unix
    seconds), what the user should know, and of a pilot what its first replies were like."""

    stop: Abort | None
    requests: int
    began: float
    notes: tuple[str, ...] = ()
    contact: Contact | None = None


@dataclass
class _Hearing:
    """Hands on what delivery tells of, to who watches and to the limit of failures."""

    observer: Observer
    job: Job
    failures: FailureLimit
    delivery: Delivery
    patience: float
    broken: Exception | None = None
    """What an observer raised in the midst of an attempt: raised again once all is recorded."""

    def ended(self, row: QueuedRow, outcome: Outcome) -> None:
        """A row's outcome is recorded."""
        wave = self.job.wave(row.seq)
        self.observer.event(Ended(row.row, wave, outcome.status, outcome.code))
        self.failures.add(outcome, row.person)

    def waits(self, why: Why, seconds: float) -> None:
        """Told when nothing will be posted for so many seconds, and why."""
        try:
            self.observer.event(Waiting(why, time.time() + seconds))
        except Exception as error:  # noqa: BLE001  a row's outcome is not recorded yet; see `broken`
            self.broken = self.broken or error
            self.delivery.stop(Abort("defect", "an unexpected error"))

    def drain(self, number: int, reason: str) -> None:
        """A signal (0: none), or who began the run, wants it to end."""
        why = f"by {Signals(number).name}" if number else reason
        self.delivery.stop(Abort("interrupted", why, number))
        self.waits(Why.STOPPING, self.patience)


def client_of(settings: Settings, concurrency: int) -> Client:
    """The client that posts as the settings say."""
    return Client(
        settings.endpoint.url,
        settings.write_key or Secret(""),
        concurrency=concurrency,
        timeout=settings.timeout,
        network=settings.network,
        accept_empty=settings.accept_empty,
    )


def options_of(settings: Settings, ledger: Ledger, job: Job, concurrency: int) -> DeliveryOptions:
    """How the job's rows are delivered, as the settings say."""
    return DeliveryOptions(
        concurrency,
        settings.accept_empty,
        settings.outage,
        Redactor(settings.write_key, settings.api_key, settings.hash_key),
        begun=bool(ledger.counts(job).get(Status.CREATED)),
    )


def send(
    settings: Settings,
    planned: Plan,
    ledger: Ledger,
    spool: Spool,
    observer: Observer,
    stopper: shutdown.Stopper,
) -> DeliveryResult:
    """Post what is left, on an event loop of its own, until the stopper or a signal says so."""
    with asyncio.Runner(loop_factory=new_loop()) as runner:
        return runner.run(_deliver(settings, planned, ledger, spool, observer, stopper))


async def _deliver(
    settings: Settings,
    planned: Plan,
    ledger: Ledger,
    spool: Spool,
    observer: Observer,
    stopper: shutdown.Stopper,
) -> DeliveryResult:
    job, forced, began = planned.job, planned.document.forceSurvey, time.time()
    concurrency = settings.concurrency or planned.document.sending.concurrency
    async with (
        ledger.wal(job, settings.durability, settings.outage) as journal,
        client_of(settings, concurrency) as client,
    ):
        options = options_of(settings, ledger, job, concurrency)
        pilot = settings.limit is not None and settings.limit <= MOST
        contact = (
            Contact(client, options.redactor, accept_empty=settings.accept_empty) if pilot else None
        )
        delivery = Delivery(
            contact or client,
            journal,
            RateLimiter(planned.rate.per_second),
            CircuitBreaker(),
            body=lambda row: spool.body(row.seq),
            observer=lambda row, outcome: hearing.ended(row, outcome),  # noqa: PLW0108  made below
            options=options,
        )
        failures = FailureLimit(settings.max_failures, planned.rows, delivery.stop, ledger, job)
        hearing = _Hearing(observer, job, failures, delivery, settings.drain)
        delivery.on_wait(hearing.waits)
        sending = SendContext(settings, job, forced, ledger, journal, delivery, observer)
        with shutdown.handled(hearing.drain, delivery.abandon, settings.drain, stopper):
            await _first_pass(sending)
            notes = (*filter(None, [client.note]), *await settle_doubts(sending))
            if contact:
                notes += await _first_contact(sending, contact)
        if hearing.broken:
            raise hearing.broken
        return DeliveryResult(delivery.stopped, delivery.requests, began, notes, contact)


async def _first_contact(sending: SendContext, contact: Contact) -> tuple[str, ...]:
    """Look for what was acknowledged, where there is an API key; returns why it couldn't."""
    settings, job, notes = sending.settings, sending.job, []
    if settings.reads and not sending.delivery.stopped:
        from importer.engine.reconcile import reader

        look = sending.ledger.hasher(job.origin).shown
        try:
            async with reader(settings, job.origin) as reading:
                looking = contact.read_back(reading, look, settings.settling)
                await sending.delivery.unless_stopped(looking)
        except ImporterError as error:
            told = f"What was sent could not be read back: {error.message} {error.hint}"
            notes.append(told.strip())
    return tuple(notes)


async def _first_pass(sending: SendContext) -> None:
    """Rows that were never posted, or surely not stored. Whoever has a row in doubt waits."""
    ledger, job = sending.ledger, sending.job
    order = ledger.sending_order(job, sending.settings.statuses)
    most = min(len(order), sending.settings.limit or len(order))
    sending.observer.event(Sending(most, job.name))
    await sending.delivery.run(rows(ledger, job, islice(order, most)), ledger.doubtful())
