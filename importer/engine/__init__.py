"""The whole story: read -> map -> check -> stage -> send -> record.

A plan and a run are the same code up to the socket. Both stage the whole file first: every row is read,
mapped, checked and written into a ledger (a throwaway one for a plan), where it meets what was sent
before. Only then, and only in a run, are the rows that are left posted, oldest first.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Self

from importer import http, logs, shutdown
from importer.engine.account import Policy, ended, regard
from importer.engine.approval import ApprovedPlan as ApprovedPlan
from importer.engine.approval import hold, to_post
from importer.engine.observer import NULL_OBSERVER, Logged
from importer.engine.observer import Done as Done
from importer.engine.observer import Ended as Ended
from importer.engine.observer import Event as Event
from importer.engine.observer import Looking as Looking
from importer.engine.observer import Observer as Observer
from importer.engine.observer import Observers as Observers
from importer.engine.observer import SafePlaces as SafePlaces
from importer.engine.observer import Sending as Sending
from importer.engine.observer import Staged as Staged
from importer.engine.observer import Waiting as Waiting
from importer.engine.record import record, write_requests
from importer.engine.stage import Helpers as Helpers
from importer.engine.stage import Plan as Plan
from importer.engine.stage import campaigns_of, fitted, guesses, planned_rows, stage
from importer.engine.stage import secret_of as secret_of
from importer.engine.stage import source_options as source_options
from importer.errors import (
    Declined,
    ExitStatus,
    ImporterError,
    Interrupted,
    LedgerError,
    MappingError,
    ResultsError,
    UsageError,
)
from importer.ledger import Ledger, Spool, open_ledger, plan_ledger
from importer.mapping import Compiled, Document, load
from importer.model import Job, counted
from importer.results import Summary as Summary
from importer.results import files, report
from importer.settings import Settings, is_remote
from importer.sources import Address, Source, fetched, open_source

if TYPE_CHECKING:
    from concurrent.futures import Future

Confirm = Callable[[Plan], bool]
log = logging.getLogger(__name__)


def check(
    reference: str, file: str, sheet: str | int | None = None
) -> tuple[Document, Compiled, list[str]]:
    """The mapping behind a path or a preset's name, as it fits a file, and what of the file's reading is a
    guess. No row is read. Raises ImporterError: a MappingError with all mistakes, every `?` among them."""
    unfilled = None
    try:
        document = load(reference)
    except MappingError as error:
        document, unfilled = _but_for_the_unfilled(reference, error), error
    with open_source(file, source_options(document, sheet)) as source:
        try:
            compiled = fitted(document, source, b"")  # the hashes' key doesn't matter here
            guessed = list(guesses(source.facts))
        except MappingError as error:
            raise unfilled.beside(error) if unfilled else error from None
    if unfilled:
        raise unfilled
    return document, compiled, guessed


def _but_for_the_unfilled(reference: str, error: MappingError) -> Document:
    """The document where only its `?` are wrong, so that all is told in one round."""
    try:
        return load(reference, unfilled=True)
    except MappingError:
        raise error from None


def plan(
    settings: Settings, observer: Observer = NULL_OBSERVER, helpers: Helpers | None = None
) -> tuple[Plan, Summary]:
    """The dry run: everything but the socket. Writes plan.html, plan-problems.csv, plan-summary.json
    and the payloads; leaves the ledger as it is. An observer may break it off by an exception of its own,
    which leaves nothing behind. `helpers`: workers that are there already. Raises ImporterError."""
    start, observer = time.monotonic(), Observers((observer,))
    secret = secret_of(settings)
    with ExitStack() as stack:
        settings = stack.enter_context(at_hand(settings))
        document, source, compiled = stack.enter_context(opened(settings, secret))
        files.folder(settings.folder)
        ledger = stack.enter_context(closing(plan_ledger(settings.ledger, secret)))
        spool = stack.enter_context(closing(Spool()))
        if helpers is None and settings.several:
            from importer.engine.cluster import workers  # brings Dask, an extra

            helpers = stack.enter_context(workers(settings))
        planned = stage(
            *(settings, document, source, compiled, ledger, spool, observer),
            bodies=settings.payloads is not None or Policy.of(document).reads_bodies(settings),
            helpers=helpers,
        )
        planned = regard(settings, planned, ledger, spool, observer, sending=False)
        planned = dataclasses.replace(
            planned, to_post=to_post(planned.job, ledger, planned.tally.numbers)
        )
        write_requests(settings, planned, ledger, spool)
        if settings.save_plan:
            approve(settings, planned).write(settings.save_plan)
        summary = record(settings, "plan", planned, ledger, spool, start)
        observer.event(Done(summary))
        return planned, summary


def approve(settings: Settings, planned: Plan) -> ApprovedPlan:
    """What `plan` found, as somebody approves it: `start` keeps to it, or refuses. It holds digests, counts
    and row numbers, no answer and no person; `write` and `read` take it to a file and back."""
    return ApprovedPlan.of(settings, planned)


def at_once(_: Plan) -> bool:
    return True


class Run:
    """An import under way: `start` makes it. Everything here may be called from any thread.

    `wait()` gives the summary; so does `await run`, which no event loop is kept by. `plan` is what was
    staged, once it was. A program that ends while it is under way waits for it: `with start(...) as run`
    tells it to stop where the block is left by an exception."""

    def __init__(
        self,
        settings: Settings,
        approved: ApprovedPlan | None = None,
        confirm: Confirm = at_once,
        observer: Observer = NULL_OBSERVER,
    ) -> None:
        from concurrent.futures import Future

        self.plan: Plan | None = None
        self._stopper = shutdown.Stopper()
        self._settings = settings
        self._approved = approved
        self._confirm = confirm
        self._observer = Observers((observer, SafePlaces(self._stopper.check), Logged()))
        self._ended: Future[Summary] = Future()

    @property
    def done(self) -> bool:
        """Whether it has ended, however."""
        return self._ended.done()

    def stop(self, reason: str = "stopped", *, now: bool = False) -> None:
        """Let it end: before the first post nothing is sent, and `wait` raises Declined; afterwards no
        further row leaves, those in flight come to their ends (`settings.drain` seconds at most; `now`, or
        a second call: they are left at once, and are in doubt), and the results are written. `reason` goes
        into them, and into the ledger."""
        self._stopper.stop(reason, now=now)

    def wait(self, timeout: float | None = None) -> Summary:
        """Until it has ended. Raises what ended it: an ImporterError, or what a defect was; TimeoutError
        where `timeout` seconds did not do (it goes on)."""
        return self._ended.result(timeout)

    def __await__(self) -> Generator[object, None, Summary]:
        """As `wait`; whoever is cancelled here leaves the run alone."""
        import asyncio

        return asyncio.wrap_future(self._ended).__await__()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.wait()
            return
        from concurrent.futures import wait

        self.stop(f"left by {kind.__name__}")
        wait((self._ended,))

    def here(self) -> Summary:
        """Do it, in this thread; the main thread's signals end it, too."""
        self._ended.set_running_or_notify_cancel()
        try:
            summary = self._do()
        except BaseException as error:
            self._ended.set_exception(error)
            raise
        self._ended.set_result(summary)
        return summary

    def in_thread(self) -> Self:
        """Do it in a thread of its own, which brings its own event loop."""
        threading.Thread(
            target=copy_context().run, args=(self._quietly,), name="importer run"
        ).start()
        return self

    def _quietly(self) -> None:
        """Whoever waits is told how it ended."""
        with suppress(BaseException):
            self.here()

    def _do(self) -> Summary:
        from importer.engine.send import send  # brings the HTTP client, which no plan needs

        start, settings, observer = time.monotonic(), self._settings, self._observer
        if settings.write_key is None:
            raise UsageError("A run needs the write key.")
        secret = secret_of(settings)
        with ExitStack() as stack:
            stack.enter_context(logs.about(settings.name))
            settings = stack.enter_context(at_hand(settings))
            document, source, compiled = stack.enter_context(opened(settings, secret))
            approved = self._approved
            if settings.signed_plan:
                approved = ApprovedPlan.read(settings.signed_plan, settings.plan_sha256)
            if approved:
                approved.hold_inputs(settings, document, source)
            files.folder(settings.folder)
            origin, campaigns = settings.endpoint.origin, campaigns_of(document)
            ledger = stack.enter_context(
                closing(open_ledger(settings.ledger, secret, settings.durability))
            )
            stack.enter_context(ledger.lock(origin, campaigns, settings.name))
            ledger.recover(origin, campaigns)
            if settings.job:
                hold(ledger.job(settings.job), document, source)
            spool = stack.enter_context(closing(Spool(None if settings.shared else settings.state)))
            planned = stage(settings, document, source, compiled, ledger, spool, observer)
            with ledger.staging(planned.job):
                left_out = approved.account if approved else None
                planned = regard(
                    *(settings, planned, ledger, spool, observer), sending=True, approved=left_out
                )
                write_requests(settings, planned, ledger, spool)
                if settings.check_survey:
                    planned = _not_there(settings, planned, ledger)
                if approved:
                    approved.hold_rows(planned, ledger)
                logs.JOB.set(planned.job.name)
                ready = {"event": "planned", "ready": planned.ready}
                log.info("%d rows to post", planned.ready, extra=ready)
                self.plan = planned
                if not self._confirm(planned):
                    raise Declined("Nothing was sent.")
                self._stopper.check()
                spool.flush()
                source.hold()  # it may have lain there for hours, before who was asked said yes
            ledger.begin_job(planned.job)
            with _written_down(ledger, planned.job), _after_posts():
                report.prepare()
                sent = send(settings, planned, ledger, spool, observer, self._stopper)
                ledger.explain(planned.job)
                summary = record(settings, "run", planned, ledger, spool, start, sent)
                ledger.end_job(planned.job, summary.exit_status, summary.stopped)
                ended(planned, ledger)
            observer.event(Done(summary))
        return summary


def start(
    settings: Settings,
    approved: ApprovedPlan | None = None,
    *,
    confirm: Confirm = at_once,
    observer: Observer = NULL_OBSERVER,
) -> Run:
    """Begin the real thing in a thread of its own, and return at once; also within a running event loop.
    It keeps to what was `approved`, if anything was, and refuses any other file, mapping or setting.
    `confirm` and the observer are called in its thread. What goes wrong is raised by `Run.wait`."""
    return Run(settings, approved, confirm, observer).in_thread()


def run(
    settings: Settings, confirm: Confirm = at_once, observer: Observer = NULL_OBSERVER
) -> tuple[Plan, Summary]:
    """The real thing: stage, ask `confirm`, post what is left, write the results.

    Running the same file again goes on with what is left. In the main thread signals end it; within a
    running event loop, which stands still meanwhile (`start` lets it go on), it takes a thread. Raises
    ImporterError; Declined where `confirm` says no: then nothing was sent, and a new job is gone again.
    """
    work = Run(settings, None, confirm, observer)
    if http.within_a_loop():
        with work.in_thread():
            summary = work.wait()
    else:
        summary = work.here()
    assert work.plan is not None  # noqa: S101  a run with a summary has one
    return work.plan, summary


@contextmanager
def _written_down(ledger: Ledger, job: Job) -> Iterator[None]:
    """However the sending ends, the ledger says so: only a process that was killed leaves it open."""
    try:
        yield
    except BaseException as error:
        try:
            ledger.end_job(job, *_how(error))
        except LedgerError:  # the first error counts: it is raised, and this one logged
            log.warning("the end could not be written", extra={"event": "unwritten"})
        raise


def _how(error: BaseException) -> tuple[ExitStatus, str]:
    """The exit status, and why it stopped, by a code of `codes.toml`."""
    if isinstance(error, LedgerError):
        return error.exit_status, f"ledger: {error.message}"
    if isinstance(error, ImporterError):
        code = "interrupted" if isinstance(error, Interrupted) else "results"
        return error.exit_status, f"{code}: {error.message}"
    if isinstance(error, KeyboardInterrupt):
        return ExitStatus.INTERRUPTED, "interrupted: by SIGINT"
    return ExitStatus.UNEXPECTED, f"defect: an unexpected {type(error).__name__}"


def _not_there(settings: Settings, planned: Plan, ledger: Ledger) -> Plan:
    """The plan without the rows that the survey holds already, and with a word on them."""
    from importer.engine.reconcile import check_survey  # brings an HTTP client, as a run does

    found = http.run(check_survey(settings, ledger, planned.job))
    told = (
        f"{counted(found, 'row is', 'rows are')} in the survey already, by person and answers: not sent."
        if found
        else "The survey was read: none of the rows to send is there, by person and answers."
    )
    rows = planned_rows(ledger.standing(planned.job), planned.rows["read"], settings.statuses)
    return dataclasses.replace(planned, rows=rows, warnings=(*planned.warnings, told))


@contextmanager
def _after_posts() -> Iterator[None]:
    """Exit status 2 says that nothing was sent: from here on nothing may end with it."""
    try:
        yield
    except ImporterError as error:
        if error.exit_status != ExitStatus.USAGE:
            raise
        raise ResultsError(error.message, hint=f"{error.hint} {files.IN_THE_LEDGER}") from error


@contextmanager
def at_hand(settings: Settings) -> Iterator[Settings]:
    """The settings as they are; where FILE is an address, with its copy, which is gone afterwards."""
    if not is_remote(settings.file):
        yield settings
        return
    address = Address.parse(settings.file)
    with fetched(address, network=settings.network) as copy:
        yield dataclasses.replace(settings, file=address.shown, copy=copy, called=address.name)


@contextmanager
def opened(settings: Settings, secret: bytes) -> Iterator[tuple[Document, Source, Compiled]]:
    """The mapping, the file, and the mapping compiled against the file's header."""
    document = load(settings.mapping)
    how = source_options(document, settings.sheet)
    with open_source(settings.source, how, name=settings.called, links=settings.links) as source:
        yield document, source, fitted(document, source, secret)
