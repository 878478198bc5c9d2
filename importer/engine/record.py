"""Recording: results.csv, problems.csv and reports, written (and written anew) from the ledger."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from importer.engine.approval import reopened
from importer.engine.findings import MASKED_KEY
from importer.engine.report import ACCEPTED, reported
from importer.engine.stage import READY, Plan, assert_sum
from importer.errors import Busy, ExitStatus, ImporterError, UsageError
from importer.ledger import Ledger, Spool, Standing
from importer.model import Chunk, Job, Status
from importer.results import LOST, MENDABLE, Summary, files, report
from importer.results.files import write_outcomes, write_problem_rows
from importer.satismeter import with_key
from importer.settings import Settings
from importer.sources import Source

if TYPE_CHECKING:
    from importer.delivery import Abort
    from importer.engine.send import DeliveryResult


# Recording: what people and scripts read of a job, written from the ledger.


@files.wrap_os_errors()
def record(
    settings: Settings,
    command: str,
    planned: Plan,
    ledger: Ledger,
    spool: Spool,
    start: float,
    sent: DeliveryResult | None = None,
) -> Summary:
    """Write what people and scripts read, and say what it came to."""
    folder, job = settings.folder, planned.job
    standing = ledger.standing(job)
    rows = planned.rows if sent is None else rows_of(standing, planned.rows["read"])
    assert_sum(rows)
    stop = sent.stop if sent else None
    duplicates, prefix = standing.duplicates, "" if sent else "plan-"
    results = None
    if sent:
        results = _results(folder, ledger, job, planned.source.sheet, xlsx=settings.xlsx)
    problems = write_problems(
        folder / f"{prefix}problems.csv",
        planned.source,
        spool.chunks(),
        ledger,
        job,
        xlsx=settings.xlsx,
    )
    contact = tuple(sent.contact.findings()) if sent and sent.contact else ()
    summary = Summary(
        command=command,
        file=settings.file,
        sheet=planned.source.sheet,
        mapping=settings.mapping,
        job=job.name if sent else "",
        endpoint=settings.endpoint.url,
        campaign=job.campaigns,
        rows=rows,
        exit_status=exit_status(rows, duplicates if sent else {}, stop, settings),
        seconds=time.monotonic() - start,
        folder=folder,
        results=results,
        problems=problems.table if problems else None,
        workbook=problems.workbook if problems else None,
        causes=planned.causes + (ledger.refusals(job) if sent else ()),
        duplicates=duplicates,
        warnings=planned.warnings + (sent.notes if sent else ()) + _contradictions(contact),
        notes=sent.notes if sent else (),
        requests=sent.requests if sent else 0,
        stopped=f"{stop.code}: {stop.message}" if stop else "",
        scores=planned.tally.scores(ledger.seqs(job, ACCEPTED if sent else READY)),
        waves=job.waves,
        contact=contact,
        account=planned.account,
    )
    summary.write(summary.place)
    if sent and sent.contact and summary.contact:
        summary.write_contact(sent.contact.shapes())
    report.write(summary.report, reported(settings, planned, ledger, summary, sent))
    return summary


def _contradictions(contact: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(
        f"The API isn't as assumed ({each['id']}): {each['assumed']}. {each['do']}"
        for each in contact
        if each["found"] == "contradicted"
    )


def rows_of(standing: Standing, read: int | None = None) -> dict[str, int]:
    """A job's rows by status; `read`: how many were, where that is known otherwise."""
    counts = standing.counts
    every = sum(counts.values()) if read is None else read
    return {"read": every} | {each.value: counts.get(each, 0) for each in Status}


@dataclass(frozen=True, slots=True)
class Problems:
    """The rows to mend: as CSV, and for people as a workbook, where one is written."""

    table: Path
    workbook: Path | None = None


def write_problems(
    path: Path, source: Source, chunks: Iterable[Chunk], ledger: Ledger, job: Job, *, xlsx: bool
) -> Problems | None:
    """problems.csv, where there is something to mend, of the rows in `chunks`; an older one goes, unless a
    person has changed it: then it stays, and the new one gets another name. Beside it problems.xlsx, where
    that is wanted, or the file is a workbook: Excel makes 121 of a CSV file's 00121."""
    place, facts, rows = files.free(path), source.facts, ledger.standing(job)
    book = files.free(path.with_suffix(".xlsx"))
    lost, counts = rows.duplicates.get(LOST), rows.counts
    if book == path.with_suffix(".xlsx"):
        book.unlink(missing_ok=True)
    if not lost and not any(counts.get(status) for status in MENDABLE):
        if place == path:
            path.unlink(missing_ok=True)
        return None
    delimiter, encoding = facts.delimiter or ",", writable(facts.encoding)
    write_problem_rows(
        place,
        source.preamble,
        chunks,
        ledger.lines(job),
        delimiter=delimiter,
        encoding=encoding,
        waves=len(job.waves) or 1,
    )
    files.remember(place)
    if not xlsx and not facts.sheets:
        return Problems(place)
    return Problems(
        place,
        files.write_workbook(
            path.with_suffix(".xlsx"),
            place,
            delimiter=delimiter,
            encoding=encoding,
            sheets=facts.sheets,
            at=source.sheet or "problems",
        ),
    )


def _results(folder: Path, ledger: Ledger, job: Job, sheet: str, *, xlsx: bool) -> Path:
    files.begin(folder, job.name)
    results = files.free(folder / "results.csv")
    write_outcomes(results, ledger.lines(job), sheet)
    files.remember(results)
    if xlsx:
        files.write_workbook(
            results.parent / "results.xlsx",
            results,
            delimiter=",",
            encoding="utf-8",
            sheets=(),
            at="results",
        )
    return results


def writable(encoding: str) -> str:
    """The source's own encoding, so that the mapping's `encoding` still holds; Excel wants a BOM."""
    is_utf_8 = encoding.lower().replace("_", "-") in ("", "utf-8", "utf-8-sig")
    return "utf-8-sig" if is_utf_8 else encoding


def exit_status(
    rows: Mapping[str, int], kinds: Mapping[str, int], stop: Abort | None, settings: Settings
) -> ExitStatus:
    """What a job came to, the gravest first; `kinds` are its duplicates by code. Rows that are still
    to be sent though nothing stopped it wait behind one of unknown fate."""
    if stop and stop.code == "lane_lost":
        return ExitStatus.BUSY
    if stop:
        return ExitStatus(128 + stop.signal) if stop.signal else ExitStatus.STOPPED
    everything = settings.limit is None and Status.PENDING in settings.statuses
    if rows.get(Status.UNKNOWN) or (everything and rows.get(Status.PENDING)):
        return ExitStatus.SOME_UNKNOWN
    refused, lost = sum(rows.get(status, 0) for status in MENDABLE), kinds.get(LOST, 0)
    hit = settings.fail_on.hit(refused, lost, rows["read"]) or (
        settings.fail_on.share < 1 and _nothing_stored(rows, kinds)
    )
    return ExitStatus.SOME_REFUSED if hit else ExitStatus.DONE


def _nothing_stored(rows: Mapping[str, int], kinds: Mapping[str, int]) -> bool:
    """Whether all that was posted, now or in an earlier run, was refused as a duplicate: a run that
    stored nothing is no success. A file whose rows were all sent before is."""
    earlier = kinds.get("duplicate_earlier") and not rows.get(Status.ALREADY_SENT)
    return not rows.get(Status.CREATED) and bool(kinds.get(LOST) or earlier)


# A job's results, written anew from the ledger: the same ledger gives the same bytes.


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What was written; `problems` is None where there is nothing to mend, or where the file can't be
    read again: then `unread` says why."""

    results: Path
    problems: Path | None = None
    unread: str = ""


def rewrite(ledger: Ledger, job: Job, folder: Path, *, xlsx: bool = False) -> Rewritten:
    """Write results.csv, and problems.csv where the job's file and mapping are still what they were.
    Raises UsageError for a folder that can't be made, LedgerError where a disk is full."""
    files.folder(folder)
    results = _results(folder, ledger, job, job.sheet, xlsx=xlsx)
    try:
        with reopened(job) as (_, source):
            found = write_problems(
                folder / "problems.csv", source, source.chunks(), ledger, job, xlsx=xlsx
            )
        return Rewritten(results, found.table if found else None)
    except ImporterError as error:
        return Rewritten(results, unread=error.message)


def folder_of(job: Job, out: Path | None) -> Path:
    """Where the job's results go; UsageError where nobody knows any more."""
    known = str(job.settings.get("out") or "")
    if out is None and not known:
        raise UsageError(
            "The ledger no longer knows the job's folder.", hint="Name one with --out."
        )
    return out or files.of_job(Path(known), job.name)


def explain(ledger: Ledger, job: Job) -> bool:
    """Bring the reasons of a job's rows up to date; False where it is under way."""
    campaigns = job.campaigns.split(",")
    try:
        with ledger.lock(job.origin, campaigns, "importer results"):
            ledger.recover(job.origin, campaigns)
            ledger.explain(job)
    except Busy:
        return False
    return True


# The bodies that a run would post, for whoever wants to read them all: one a line, in file order.


def write_requests(settings: Settings, planned: Plan, ledger: Ledger, spool: Spool) -> None:
    """Where the settings name a file for them."""
    if settings.payloads is None:
        return
    files.folder(settings.payloads.parent)
    with files.whole(settings.payloads) as file:
        for seq in sorted(ledger.sending_order(planned.job, settings.statuses)):
            file.write(with_key(spool.body(seq), MASKED_KEY).decode() + "\n")
