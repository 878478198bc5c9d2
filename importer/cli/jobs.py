"""`importer jobs` and `importer status`: what was run, and where it stands."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.cli import again, ledgers, output, told
from importer.errors import ExitStatus
from importer.model import Status

if TYPE_CHECKING:
    from importer.ledger import Ledger
    from importer.model import Cause, Job

_LEFT = (Status.PENDING, Status.FAILED, Status.UNKNOWN)


@click.command("jobs")
@ledgers.plain
def jobs(state: Path | None, as_json: bool) -> ExitStatus:
    """List the jobs of the ledger, newest first, with what is left of each.

    \b
    importer jobs
    importer jobs --json
    """
    with ledgers.looking(state) as ledger:
        found = [(job, ledger.counts(job)) for job in ledger.jobs()]
    if as_json:
        output.emit({"jobs": [_document(job, counts) for job, counts in found]})
        return ExitStatus.DONE
    output.table(
        ("job", "started (UTC)", "rows", "created", "left", "in doubt", "ended", "file"),
        [_line(job, counts) for job, counts in found],
    )
    if found:
        output.next_step(again.command("status", found[0][0].name))
    return ExitStatus.DONE


def _line(job: Job, counts: Mapping[str, int]) -> tuple[object, ...]:
    left = sum(counts.get(status, 0) for status in (Status.PENDING, Status.FAILED))
    return (
        *(job.name, _moment(job.started_at), sum(counts.values()), counts.get(Status.CREATED, 0)),
        *(left, counts.get(Status.UNKNOWN, 0), _ending(job), Path(job.file).name or "(purged)"),
    )


@click.command("status")
@ledgers.job_argument
@ledgers.plain
def status(job: str, state: Path | None, as_json: bool) -> ExitStatus:
    """Show where JOB stands: its rows by status, why, and what to do next.

    JOB is a name or number of `importer jobs`; without it, the newest.

    \b
    importer status
    importer status 20260301-answers --json
    """
    from importer import ledger as books

    with ledgers.looking(state) as ledger:
        found = ledger.job(job)
        counts = ledger.counts(found)
        causes = books.refusals(ledger, found)
        waiting = ledger.counted(found, "code", (Status.PENDING,))
        settled_here = _own_doubt(ledger, found)
    if as_json:
        document = {**_document(found, counts), "causes": [each.document() for each in causes]}
        output.emit(document | {"pending": waiting})
    else:
        _tell(found, counts, causes)
        output.next_step(*_next(found, counts, settled_here))
    return ExitStatus.DONE


def _own_doubt(ledger: Ledger, job: Job) -> int:
    return ledger.own(job).get(Status.UNKNOWN, 0)


def _tell(job: Job, counts: Mapping[str, int], causes: tuple[Cause, ...]) -> None:
    output.say(
        f"Job {job.name} (number {job.id}): {f'{job.file} with {job.mapping}' if job.file else 'purged'}"
    )
    output.say(f"to {job.origin}, campaign {job.campaigns}")
    output.say(f"started {_moment(job.started_at)} UTC, {_ending(job)}")
    if job.stopped:
        output.say(click.style(f"Stopped early: {job.stopped}", fg="red"))
        told.remedy(job.stopped)
    if report := _report(job):
        output.say(f"report: {report}")
    if job.waves:
        output.say(f"Each row of the file counts once per wave: {', '.join(job.waves)}.")
    output.heading("Rows")
    named = [(each.value, counts[each]) for each in Status if counts.get(each)]
    output.table(("", "rows"), [("read", sum(counts.values())), *named])
    if causes:
        output.heading("Why")
        for cause in causes:
            output.say(f"  {cause.count:>7,} × {cause.code} ({cause.where}): {cause.message}")


def _next(job: Job, counts: Mapping[str, int], in_doubt: int) -> list[str]:
    """What to type, by what is left; a job that was purged can't go on."""
    if "mapping" not in job.settings:
        return [again.command("jobs")]
    steps = []
    if any(counts.get(each) for each in (Status.PENDING, Status.FAILED)) or in_doubt:
        steps.append(_going_on(job))
    if in_doubt:
        why = "settles rows in doubt by reading the survey"
        steps.append(again.command("resolve", job.name, why=why))
    if counts.get(Status.REJECTED):
        why = "once the cause is mended"
        steps.append(again.command("retry", job.name, why=why, statuses="rejected"))
    return steps or [again.command("results", job.name)]


def _going_on(job: Job) -> str:
    why = "goes on with what is left"
    if job.file == "-":
        to: dict[str, Any] = {
            "mapping": job.settings["mapping"],
            "endpoint": job.settings["endpoint"],
            "yes": True,
        }
        return again.command("run", "-", why=f"{why}, with the same bytes", **to)
    gone = "://" not in job.file and not Path(job.file).is_file()
    moved: dict[str, Any] = {"file": "FILE"} if gone else {}
    return again.command(
        "resume", job.name, why="names where FILE is now" if gone else why, **moved
    )


def _document(job: Job, counts: Mapping[str, int]) -> dict[str, object]:
    return {
        "job": job.name,
        "number": job.id,
        "file": job.file,
        "mapping": job.mapping,
        "endpoint": job.settings.get("endpoint") or job.origin,
        "campaign": job.campaigns,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "exit_code": job.exit_status,
        "stopped": job.stopped or None,
        "report": _report(job) or None,
        "rows": {"read": sum(counts.values())}
        | {each.value: counts.get(each, 0) for each in Status},
        "left": sum(counts.get(each, 0) for each in _LEFT),
        **({"waves": list(job.waves)} if job.waves else {}),
    }


def _report(job: Job) -> str:
    """Where the job's page lies; "" where it isn't there."""
    from importer.results import files

    folder = Path(str(job.settings.get("out", "")))
    path = files.of_job(folder, job.name) / "report.html"
    return str(path) if "out" in job.settings and path.exists() else ""


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds))


def _ending(job: Job) -> str:
    if "dropped" in job.settings:
        return "given up"
    return "under way, or cut off" if job.ended_at is None else f"exit {job.exit_status}"
