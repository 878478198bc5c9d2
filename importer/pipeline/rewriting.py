"""A job's results, written anew from the ledger: the same ledger gives the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from importer import ledger as books
from importer import mapping
from importer.errors import Busy, ImporterError, UsageError
from importer.ledger import Ledger
from importer.loader import open_source
from importer.model import Job
from importer.pipeline.record import write_problems
from importer.pipeline.resuming import hold
from importer.pipeline.stage import source_options
from importer.results import files, outcomes


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What was written; `problems` is None where there is nothing to mend, or where the file can't be
    read again: then `unread` says why."""

    results: Path
    problems: Path | None = None
    unread: str = ""


def rewrite(ledger: Ledger, job: Job, folder: Path) -> Rewritten:
    """Write results.csv, and problems.csv where the job's file and mapping are still what they were.
    Raises UsageError for a folder that can't be made, LedgerError where a disk is full."""
    files.folder(folder)
    files.begin(folder, job.name)
    results = files.free(folder / "results.csv")
    outcomes.write(results, ledger.lines(job), job.sheet)
    files.remember(results)
    try:
        return Rewritten(results, _problems(ledger, job, folder / "problems.csv"))
    except ImporterError as error:
        return Rewritten(results, unread=error.message)


def _problems(ledger: Ledger, job: Job, path: Path) -> Path | None:
    if job.file in ("", "-"):
        raise UsageError("The job's file can't be read again.")
    document = mapping.load(str(job.settings.get("mapping") or job.mapping))
    with open_source(job.file, source_options(document, job.sheet or None)) as source:
        hold(job, document, source)
        return write_problems(path, source, ledger, job, ledger.counts(job))


def folder_of(job: Job, out: Path | None) -> Path:
    """Where the job's results go; UsageError where nobody knows any more."""
    known = str(job.settings.get("out") or "")
    if out is None and not known:
        raise UsageError(
            "The ledger no longer knows the job's folder.", hint="Name one with --out."
        )
    return out or files.of_job(Path(known), job.name)


def explain(ledger: Ledger, job: Job, state: Path) -> bool:
    """Bring the reasons of a job's rows up to date; False where it is under way."""
    try:
        with books.held(state, job.origin, job.campaigns.split(","), "importer results"):
            ledger.recover(job.origin, job.campaigns.split(","))
            books.explain(ledger, job)
    except Busy:
        return False
    return True
