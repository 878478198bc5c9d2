"""The whole story: read -> map -> check -> stage -> send -> record.

A plan and a run are the same code up to the socket. Both stage the whole file first: every row is read,
mapped, checked and written into a ledger (a throwaway one for a plan), where it meets what was sent
before. Only then, and only in a run, are the rows that are left posted, oldest first.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

from importer import http, logs
from importer.engine.approval import ApprovedPlan, hold
from importer.engine.observer import NULL_OBSERVER, Logged, Observer, Observers
from importer.engine.record import record, write_requests
from importer.engine.stage import (
    Plan,
    campaigns_of,
    fitted,
    guesses,
    planned_rows,
    secret_of,
    source_options,
    stage,
)
from importer.errors import (
    Declined,
    ExitStatus,
    ImporterError,
    MappingError,
    ResultsError,
    UsageError,
)
from importer.ledger import Ledger, Spool, open_ledger, plan_ledger
from importer.mapping import Compiled, Document, load
from importer.model import counted
from importer.results import files, report
from importer.results.summary import Summary
from importer.settings import Settings
from importer.sources.remote import Address, fetched, is_remote
from importer.sources.source import Source, open_source

__all__ = ["Confirm", "Observer", "Plan", "Summary", "check", "plan", "run", "source_options"]

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


def plan(settings: Settings, watch: Observer = NULL_OBSERVER) -> tuple[Plan, Summary]:
    """The dry run: everything but the socket. Writes plan.html, plan-problems.csv, plan-summary.json
    and the payloads; leaves the ledger as it is. Raises ImporterError."""
    start = time.monotonic()
    secret = secret_of(settings)
    with ExitStack() as stack:
        settings = stack.enter_context(at_hand(settings))
        document, source, compiled = stack.enter_context(_opened(settings, secret))
        files.folder(settings.folder)
        ledger = stack.enter_context(closing(plan_ledger(settings.ledger, secret)))
        spool = stack.enter_context(closing(Spool()))
        planned = stage(
            *(settings, document, source, compiled, ledger, spool, watch),
            bodies=settings.payloads is not None,
        )
        write_requests(settings, planned, ledger, spool)
        if settings.save_plan:
            ApprovedPlan.of(settings, planned, ledger).write(settings.save_plan)
        summary = record(settings, "plan", planned, ledger, spool, start)
        return planned, summary


def at_once(_: Plan) -> bool:
    """Go on without asking."""
    return True


def run(
    settings: Settings,
    confirm: Confirm = at_once,
    watch: Observer = NULL_OBSERVER,
) -> tuple[Plan, Summary]:
    """The real thing: stage, ask `confirm`, post what is left, write the results.

    Running the same file again goes on with what is left. It brings an event loop of its own: from
    asynchronous code call it in a thread. Raises ImporterError; Declined where `confirm` says no: then
    nothing was sent, and a new job is gone again.
    """
    from importer.engine.send import send  # brings the HTTP client, which no plan needs

    start, watch = time.monotonic(), Observers((watch, Logged()))
    http.refuse_within_a_loop("run")
    if settings.write_key is None:
        raise UsageError("A run needs the write key.")
    secret = secret_of(settings)
    with ExitStack() as stack:
        stack.enter_context(logs.about(settings.name))
        settings = stack.enter_context(at_hand(settings))
        document, source, compiled = stack.enter_context(_opened(settings, secret))
        signed = (
            ApprovedPlan.read(settings.signed_plan, settings.plan_sha256)
            if settings.signed_plan
            else None
        )
        if signed:
            signed.hold_inputs(settings, document, source)
        files.folder(settings.folder)
        origin, campaigns = settings.endpoint.origin, campaigns_of(document)
        opened = open_ledger(settings.ledger, secret, settings.durability)
        ledger = stack.enter_context(closing(opened))
        stack.enter_context(ledger.lock(origin, campaigns, settings.name))
        ledger.recover(origin, campaigns)
        if settings.job:
            hold(ledger.job(settings.job), document, source)
        spool = stack.enter_context(closing(Spool(settings.state)))
        planned = stage(settings, document, source, compiled, ledger, spool, watch)
        with ledger.staging(planned.job):
            write_requests(settings, planned, ledger, spool)
            if settings.check_survey:
                planned = _not_there(settings, planned, ledger)
            if signed:
                signed.hold_rows(planned, ledger)
            logs.JOB.set(planned.job.name)
            ready = {"event": "planned", "ready": planned.ready}
            log.info("%d rows to post", planned.ready, extra=ready)
            if not confirm(planned):
                raise Declined("Nothing was sent.")
            spool.flush()
            source.hold()  # it may have lain there for hours, before who was asked said yes
        ledger.begin_job(planned.job)
        report.prepare()
        with _after_posts():
            sent = send(settings, planned, ledger, spool, watch)
            ledger.explain(planned.job)
            summary = record(settings, "run", planned, ledger, spool, start, sent)
            ledger.end_job(planned.job, summary.exit_status, summary.stopped)
    return planned, summary


def _not_there(settings: Settings, planned: Plan, ledger: Ledger) -> Plan:
    """The plan without the rows that the survey holds already, and with a word on them."""
    from importer.engine.reconcile import check_survey  # brings an HTTP client, as a run does

    found = http.run(check_survey(settings, ledger, planned.job))
    told = (
        f"{counted(found, 'row is', 'rows are')} in the survey already, by person and answers: not sent."
        if found
        else "The survey was read: none of the rows to send is there, by person and answers."
    )
    rows = planned_rows(ledger, planned.job, planned.rows["read"], settings.statuses)
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
def _opened(settings: Settings, secret: bytes) -> Iterator[tuple[Document, Source, Compiled]]:
    """The mapping, the file, and the mapping compiled against the file's header."""
    document = load(settings.mapping)
    place = str(settings.copy or settings.file)
    how = source_options(document, settings.sheet)
    with open_source(place, how, name=settings.called, links=settings.links) as source:
        yield document, source, fitted(document, source, secret)
