"""Settling a job's rows in doubt without posting: by reading the survey back, or by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from importer import ledger as books
from importer.errors import UsageError
from importer.ledger import Ledger
from importer.ledger.settling import call_by_hand
from importer.model import Job, Status
from importer.pipeline.readback import Settled, read_back, reader
from importer.pipeline.rewriting import Rewritten, folder_of, rewrite
from importer.pipeline.secret import secret_of
from importer.settings import Settings


def resolve(settings: Settings) -> tuple[Job, Settled, Rewritten]:
    """Settle the rows in doubt of `settings.job` (the newest where it is "") by what the survey holds.
    Posts nothing. Raises UsageError without an API key or project, Busy while the job is under way,
    ReadError where the survey can't be read."""
    with _alone(settings) as (ledger, job):
        reader(settings, job.origin)
        settled = asyncio.run(read_back(settings, ledger, job))
        books.explain(ledger, job)
        return job, settled, rewrite(ledger, job, folder_of(job, settings.out))


def mark(settings: Settings, rows: Sequence[int], *, created: bool) -> tuple[Job, Rewritten]:
    """Settle rows in doubt by a person's word: they are in the survey, or they are not. Raises
    UsageError, before anything is changed, where one of them is not in doubt."""
    with _alone(settings) as (ledger, job):
        lines = {line.row: line for line in ledger.lines(job) if line.row in set(rows)}
        for row in rows:
            _check(ledger, job, row, lines[row].status if row in lines else "")
        call_by_hand(ledger, job, [lines[row].seq for row in rows], created=created)
        books.explain(ledger, job)
        return job, rewrite(ledger, job, folder_of(job, settings.out))


def _check(ledger: Ledger, job: Job, row: int, status: str) -> None:
    if not status:
        raise UsageError(
            f"Job {job.name} has no row {row}.", hint="Rows count as Excel shows them."
        )
    code = next(
        (line.message for line in ledger.lines(job, "unknown_earlier") if line.row == row), ""
    )
    if status != Status.UNKNOWN or code:
        raise UsageError(
            f"Row {row} of job {job.name} is not in doubt here: {code or status}.",
            hint="Only rows whose status is unknown can be marked.",
        )


@contextmanager
def _alone(settings: Settings) -> Iterator[tuple[Ledger, Job]]:
    """The ledger and the job, while nobody posts to its surveys."""
    secret = secret_of(settings)
    with closing(Ledger.open(books.ledger_path(settings.state), secret)) as ledger:
        job = ledger.job(settings.job)
        campaigns = job.campaigns.split(",")
        with books.held(settings.state, job.origin, campaigns, f"importer, job {job.name}"):
            ledger.recover(job.origin, campaigns)
            yield ledger, job
