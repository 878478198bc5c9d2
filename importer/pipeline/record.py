"""Recording: what people and scripts read of a job, written from the ledger."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from importer import ledger as books
from importer.errors import ExitStatus
from importer.ledger import Ledger, figures
from importer.loader import Source
from importer.model import Job, Status
from importer.pipeline.reporting import ACCEPTED, READY, reported
from importer.pipeline.stage import Plan, assert_sum
from importer.results import files, outcomes, problems, report
from importer.results.problems import LOST
from importer.results.summary import Summary
from importer.sender.delivery import Stop
from importer.settings import Settings

if TYPE_CHECKING:
    from importer.pipeline.send import Sent


@files.told()
def record(
    settings: Settings,
    command: str,
    planned: Plan,
    ledger: Ledger,
    start: float,
    sent: Sent | None = None,
) -> Summary:
    """Write what people and scripts read, and say what it came to."""
    folder, job = settings.folder, planned.job
    rows = planned.rows if sent is None else _ended(ledger, job, planned.rows["read"])
    assert_sum(rows)
    stop = sent.stop if sent else None
    counted = figures.seqs(ledger, job, ACCEPTED if sent else READY)
    duplicates, prefix = books.duplicates(ledger, job), "" if sent else "plan-"
    if sent:
        files.begin(folder, job.name)
    summary = Summary(
        command=command,
        file=settings.file,
        sheet=planned.source.sheet,
        mapping=settings.mapping,
        job=job.name if sent else "",
        endpoint=settings.endpoint.url,
        campaign=job.campaigns,
        rows=rows,
        exit_status=_exit_status(rows, duplicates if sent else {}, stop, settings),
        seconds=time.monotonic() - start,
        folder=folder,
        results=files.free(folder / "results.csv") if sent else None,
        problems=write_problems(
            folder / f"{prefix}problems.csv", planned.source, ledger, job, rows
        ),
        causes=planned.causes + (books.refusals(ledger, job) if sent else ()),
        duplicates=duplicates,
        warnings=planned.warnings + (sent.notes if sent else ()),
        requests=sent.requests if sent else 0,
        stopped=f"{stop.code}: {stop.message}" if stop else "",
        scores=planned.tally.scores(counted),
        waves=job.waves,
    )
    if summary.results:
        outcomes.write(summary.results, ledger.lines(job), planned.source.sheet)
        files.remember(summary.results)
    summary.write(summary.place)
    report.write(summary.report, reported(settings, planned, ledger, summary, sent))
    return summary


def _ended(ledger: Ledger, job: Job, read: int) -> dict[str, int]:
    counts = ledger.counts(job)
    return {"read": read} | {status.value: counts.get(status, 0) for status in Status}


def write_problems(
    path: Path, source: Source, ledger: Ledger, job: Job, rows: Mapping[str, int]
) -> Path | None:
    """problems.csv, where there is something to mend; an older one goes, unless a person has changed
    it: then it stays, and the new one gets another name."""
    place = files.free(path)
    lost = books.duplicates(ledger, job).get(problems.LOST)
    if not lost and not any(rows.get(status) for status in problems.MENDABLE):
        if place == path:
            path.unlink(missing_ok=True)
        return None
    problems.write(
        place,
        source.preamble,
        source.chunks(),
        ledger.lines(job),
        delimiter=source.facts.delimiter or ",",
        encoding=_writable(source.facts.encoding),
        waves=len(job.waves) or 1,
    )
    files.remember(place)
    return place


def _writable(encoding: str) -> str:
    """The source's own encoding, so that the mapping's `encoding` still holds; Excel wants a BOM."""
    return (
        "utf-8-sig"
        if encoding.lower().replace("_", "-") in ("", "utf-8", "utf-8-sig")
        else encoding
    )


def _exit_status(
    rows: Mapping[str, int], kinds: Mapping[str, int], stop: Stop | None, settings: Settings
) -> ExitStatus:
    """What a job came to, the gravest first; `kinds` are its duplicates by code. Rows that are still
    to be sent though nothing stopped it wait behind one of unknown fate."""
    if stop:
        return ExitStatus(128 + stop.signal) if stop.signal else ExitStatus.STOPPED
    everything = settings.limit is None and Status.PENDING in settings.statuses
    if rows.get(Status.UNKNOWN) or (everything and rows.get(Status.PENDING)):
        return ExitStatus.SOME_UNKNOWN
    refused, lost = sum(rows.get(status, 0) for status in problems.MENDABLE), kinds.get(LOST, 0)
    hit = settings.fail_on.hit(refused, lost, rows["read"]) or (
        settings.fail_on.share < 1 and _nothing_stored(rows, kinds)
    )
    return ExitStatus.SOME_REFUSED if hit else ExitStatus.DONE


def _nothing_stored(rows: Mapping[str, int], kinds: Mapping[str, int]) -> bool:
    """Whether all that was posted, now or in an earlier run, was refused as a duplicate: a run that
    stored nothing is no success. A file whose rows were all sent before is."""
    earlier = kinds.get("duplicate_earlier") and not rows.get(Status.ALREADY_SENT)
    return not rows.get(Status.CREATED) and bool(kinds.get(LOST) or earlier)
