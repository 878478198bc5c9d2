"""`importer jobs` and `status`: what was run, and where it stands."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.cli import options, output
from importer.cli.output import next_command
from importer.cli.text import remedy
from importer.errors import ExitStatus
from importer.model import Status
from importer.settings import DEFAULT_ENDPOINT, Settings

if TYPE_CHECKING:
    from importer.cli.given import Given
    from importer.engine.jobs import JobState, NextStep
    from importer.ledger import Ledger
    from importer.model import Cause


# The ledger as commands open it to look at jobs.

job_argument = click.argument("job", metavar="[JOB]", default="")
"""A job's name or number; the newest where there is none."""

moved_file = click.option(
    "--file", type=options.FILE,
    help="Where the job's file lies now, if it was moved.",
)  # fmt: skip


@contextmanager
def looking(state: Path | None) -> Iterator[Ledger]:
    """The ledger, to ask it; UsageError where there is none, so that looking makes none."""
    from importer.ledger import look_into

    with look_into(options.where(state)) as ledger:
        yield ledger


def settings_of(given: Given) -> Settings:
    """Those of a command over a job that was begun: file, mapping and server are the job's own."""
    file = str(given.get("file") or "")
    plain = options.settings({**given, "file": file, "mapping": "", "endpoint": DEFAULT_ENDPOINT})
    return replace(plain, job=given["job"])


def plain_error(command: options.Command) -> options.Command:
    """Adds what every command over a ledger takes: --state and --json."""
    return options.state_option(options.json_option(command))


# `importer jobs` and `importer status`: what was run, and where it stands.


@click.command("jobs")
@plain_error
def jobs_command(state: Path | None, as_json: bool) -> ExitStatus:
    """List the jobs of the ledger, newest first, with what is left of each.

    \b
    importer jobs
    importer jobs --json
    """
    from importer.engine.jobs import jobs

    found = jobs(options.where(state))
    if as_json:
        output.emit({"jobs": [each.document() for each in found]})
        return ExitStatus.DONE
    output.table(("no.", "job", "rows", "created", "left", "ended"), map(_line, found))
    if found:
        output.next_step(next_command("status", found[0].job.name))
    return ExitStatus.DONE


def _line(state: JobState) -> tuple[object, ...]:
    """In 80 columns for a name of 35; the name begins with the job's date and has its file's name in it."""
    rows = (state.read, state.rows.get(Status.CREATED, 0), state.left)
    return (str(state.job.id), state.job.name, *rows, state.ending)


@click.command("status")
@job_argument
@plain_error
def status_command(job: str, state: Path | None, as_json: bool) -> ExitStatus:
    """Show where JOB stands: its rows by status, why, and what to do next.

    JOB is a name or number of `importer jobs`; without it, the newest.

    \b
    importer status
    importer status 20260301-answers --json
    """
    from importer.engine.jobs import JobState

    with looking(state) as ledger:
        found = JobState.of(ledger, ledger.job(job))
        causes = ledger.refusals(found.job, invalid=True)
        waiting = ledger.standing(found.job).by(1, (Status.PENDING,))
    if as_json:
        document = {**found.document(), "causes": [each.document() for each in causes]}
        output.emit(document | {"pending": waiting})
    else:
        _print_status(found, causes)
        output.next_step(*_going_on(found.next_steps()))
    return ExitStatus.DONE


def _print_status(state: JobState, causes: Sequence[Cause]) -> None:
    job = state.job
    output.say(
        f"Job {job.name} (number {job.id}): {f'{job.file} with {job.mapping}' if job.file else 'purged'}"
    )
    output.say(f"to {job.origin}, survey {job.campaigns}")
    host = f" on {job.settings['host']}" if job.settings.get("host") else ""
    output.say(f"started {_moment(job.started_at)} UTC{host}, {state.ending}")
    if job.stopped:
        output.say(output.style(f"Stopped early: {job.stopped}", fg="red"))
        remedy(job.stopped)
    if report := state.written("report.html"):
        output.say(f"report: {report}")
    if job.waves:
        output.say(f"Each row of the file counts once per wave: {', '.join(job.waves)}.")
    output.heading("Rows")
    named = [(each.value, state.rows[each]) for each in Status if state.rows.get(each)]
    flying = [("in flight", state.in_flight)] if state.in_flight else []
    output.table(("", "rows"), [("read", state.read), *named, *flying])
    if causes:
        output.heading("Why")
        for cause in causes:
            output.say(f"  {cause.count:>7,} × {cause.code} ({cause.where}): {cause.message}")


def _going_on(steps: Sequence[NextStep]) -> list[str]:
    return [
        next_command(each.command, *each.words, why=each.why, **dict[str, Any](each.options))
        for each in steps
    ]


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds))
