"""`importer resume` and `importer retry`: go on with a job, over the very file it was started with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.cli import ledgers, options, output
from importer.cli.run import post, shown
from importer.cli.unattended import reporter, unattended
from importer.errors import ExitStatus, UsageError
from importer.model import Status

if TYPE_CHECKING:
    from importer.model import Job
    from importer.settings import Settings

RETRIABLE = (Status.FAILED, Status.REJECTED, Status.DUPLICATE, Status.PENDING, Status.UNKNOWN)


@click.command("resume")
@ledgers.job_argument
@ledgers.moved_file
@options.sending
@ledgers.plain
@unattended
def resume(**given: Any) -> ExitStatus:
    """Go on with JOB: post what is left of it, settle what is in doubt.

    The file and the mapping must be those that the job was started with; if they have changed, run
    the file as it is now. JOB is a name or number of `importer jobs`; without it, the newest that has
    rows left.

    \b
    importer resume
    importer resume 20260301-answers --rate 5/s
    importer resume 12 --project 5d2f6b8a9b0a4c0017a3e0a1   # SATISMETER_API_KEY: settle by reading
    """
    return _go_on("resume", given, (Status.PENDING, Status.FAILED))


@click.command("retry")
@ledgers.job_argument
@click.option(
    "--status", "statuses", default="failed", show_default=True, metavar="S[,S]",
    help="Which rows: failed, rejected, duplicate, pending, unknown.",
)  # fmt: skip
@ledgers.moved_file
@options.sending
@ledgers.plain
@unattended
def retry(statuses: str, **given: Any) -> ExitStatus:
    """Post rows of JOB once more that were refused or failed.

    Failed, rejected and duplicate rows are surely not stored: posting them again is safe. Rows of
    unknown fate are only settled, as at the end of every run: never posted where they may be stored
    twice.

    \b
    importer retry                                     the newest job that has failed rows
    importer retry 20260301-answers --status rejected  after the survey was mended
    importer retry 12 --status failed,unknown
    """
    return _go_on("retry", given, _statuses(statuses))


def _statuses(text: str) -> tuple[Status, ...]:
    words = [each.strip() for each in text.split(",") if each.strip()]
    wrong = [each for each in words if each not in RETRIABLE]
    if wrong or not words:
        raise UsageError(
            f"{wrong[0] if wrong else text!r} is no status that can be retried.",
            hint=f"Choose of {', '.join(RETRIABLE)}. Invalid rows: mend problems.csv, and run it.",
        )
    return tuple(Status(each) for each in words if each != Status.UNKNOWN)


def _go_on(command: str, given: Mapping[str, Any], statuses: Sequence[str]) -> ExitStatus:
    with ledgers.looking(given["state"]) as ledger:
        left = (*statuses, Status.UNKNOWN) if command == "resume" else statuses
        job = ledger.job(given["job"]) if given["job"] else ledger.newest(left)
    if not given["job"]:
        output.note(f"Job {job.name}:")
    settings = dataclasses.replace(
        _settings(command, job, given), job=job.name, statuses=tuple(statuses)
    )
    report = reporter(command, given)
    with report.alone(), report.over(settings) as ended:
        summary = post(settings, given)
        ended(summary)
    return shown(summary, as_json=given["as_json"])


def _settings(command: str, job: Job, given: Mapping[str, Any]) -> Settings:
    """As the job was started, but for what is said anew."""
    kept = job.settings
    file = str(given["file"] or job.file)
    if "mapping" not in kept or not file:
        raise UsageError(
            f"Job {job.name} was purged: the ledger no longer knows its file and mapping.",
            hint="`importer run FILE -m MAPPING` sends nothing again that was sent.",
        )
    if file == "-":
        raise UsageError(
            f"Job {job.name} came from standard input, which can't be read again.",
            hint=f"Pipe the same bytes into `importer run - -m {kept['mapping']}`, or name --file.",
        )
    if "://" not in file and not Path(file).exists():
        raise UsageError(
            f"{file}, with which job {job.name} was started, is no longer there.",
            hint=f"Name where it lies now: importer {command} {job.name} --file FILE",
        )
    said = {name: value for name, value in given.items() if value not in (None, False)}
    sheet = kept.get("sheet")
    return options.settings(
        {
            **{name: kept.get(name) for name in ("rate", "concurrency", "accept_empty", "project")},
            **said,
            "file": file,
            "mapping": kept["mapping"],
            "sheet": None if sheet is None else str(sheet),
            "out": Path(str(kept["out"])),
            "endpoint": kept["endpoint"],
            "show_values": kept.get("show_values"),
            "api_key_file": given["api_key_file"],
        }
    )
