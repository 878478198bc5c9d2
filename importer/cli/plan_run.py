"""`importer plan`, `run`, `resume`, `retry` and `results`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack, cast

import click

from importer import resources
from importer.cli import config, options, output, work
from importer.cli.jobs import job_argument, moved_file, plain_error, settings_of
from importer.cli.options import sheet_of
from importer.cli.output import after, next_command
from importer.cli.text import recoding_document
from importer.cli.unattended import fail_on_option, reporter, unattended
from importer.errors import ExitStatus, ImporterError, MappingError, Mistake, UsageError
from importer.model import Status
from importer.privacy import masked, plain

if TYPE_CHECKING:
    from importer.cli.given import Given
    from importer.engine import Helpers, Plan
    from importer.mapping import Document
    from importer.results import Summary
    from importer.settings import Secret, Settings
    from importer.sources import Source


# `importer run`: the real thing.


@click.command("run", cls=options.Sections)
@options.source
@options.target
@options.sending
@options.open_option
@unattended
@click.option(
    "--plan",
    "signed_plan",
    type=options.FILE,
    metavar="PLAN",
    help="Keep to this saved plan; refuse where the file, the mapping or a setting has changed.",
)
@click.option(
    "--plan-sha256",
    metavar="HEX",
    help="The SHA-256 that `plan --save` said; refuse a plan that was changed since.",
)
@click.option(
    "--check-survey",
    is_flag=True,
    help="Read the survey first (API key, --project); send no row that is there, by person and answers.",
)
def run_command(**given: Unpack[Given]) -> ExitStatus:
    """Post the rows of FILE to SatisMeter, and account for each.

    Every attempt is written down before it leaves. Running the same command again is safe: it posts
    what is left, and nothing twice. The write key comes from SATISMETER_WRITE_KEY, --key-file or
    .env.

    \b
    importer run answers.csv -m mapping.yaml --limit 10     a pilot
    importer run answers.csv -m mapping.yaml                the rest
    importer run answers.csv -m mapping.yaml --plan plan.json
    importer run answers.csv -m mapping.yaml --yes --json   from a job
    importer run answers.csv -m mapping.yaml --yes --max-failures 100 --notify slack
    """
    settings = options.settings(given)
    report = reporter("run", given)
    with report.alone(), report.over(settings) as ended:
        summary = post(settings, given)
        ended(summary)
    status = shown(summary, as_json=given["as_json"])
    _open(summary, given)
    return status


def _open(summary: Summary, given: Given) -> None:
    """Show the page, where that was asked for; a machine without a browser has its path."""
    import webbrowser

    if given["open_page"] and not webbrowser.open(summary.report.resolve().as_uri()):
        output.note(f"There is no browser to open {summary.report} with.")


def shown(summary: Summary, *, as_json: bool) -> ExitStatus:
    """Say what a run came to; returns its exit status."""
    from importer.cli.text import print_run

    if summary.exit_status != ExitStatus.DONE:
        output.QUIET.set(False)
    if as_json:
        output.emit(summary.document())
    else:
        print_run(summary)
        output.next_step(*after(summary))
    return summary.exit_status


def post(settings: Settings, given: Given) -> Summary:
    """Stage, ask, post and record, with what the command line gave."""
    from importer import engine, http, shutdown
    from importer.cli.progress import Progress
    from importer.cli.text import print_before

    settings = dataclasses.replace(settings, write_key=_key(given))
    http.check(settings.network, settings.endpoint.url)
    if not given["yes"] and not sys.stdin.isatty():
        raise UsageError(
            "There is no terminal to ask on, so nothing is sent.",
            hint="Say --yes where a run may send without asking; see it first with `importer plan`.",
        )
    progress = Progress(silent=output.spoken_for(given))

    def confirm(planned: Plan) -> bool:
        progress.close()
        output.QUIET.set(given["quiet"] and given["yes"])
        print_before(planned, settings.endpoint.url, settings.limit)
        return given["yes"] or not planned.ready or click.confirm("Go on?", err=True)

    with closing(progress), shutdown.leaving(), _header_told(settings):
        _, summary = engine.run(settings, confirm, progress)
    return summary


def _header_told(settings: Settings) -> AbstractContextManager[None]:
    return telling_of_header(settings.file, settings.mapping, settings.sheet)


@contextmanager
def telling_of_header(file: str, mapping: str, sheet: str | int | None = None) -> Iterator[None]:
    """Where a mapping's columns aren't found, say which header row or sheet the file seems to have."""
    try:
        yield
    except MappingError as error:
        if not any("column" in each.message for each in error.mistakes) or file == "-":
            raise
        said = None
        with suppress(ImporterError):
            said = _header_of(file, mapping, sheet)
        if said is None:
            raise
        raise MappingError(error.name, error.text, [*error.mistakes, said]) from None


@contextmanager
def opened_for(document: Document, file: str, mapping: str, sheet: str | None) -> Iterator[Source]:
    """The file, read as the mapping says; `sheet` (a name, or a number from 1) overrules it."""
    from importer.engine import source_options
    from importer.sources import open_source

    number = sheet_of(sheet)
    with (
        telling_of_header(file, mapping, number),
        open_source(file, source_options(document, number)) as source,
    ):
        yield source


def _header_of(file: str, mapping: str, sheet: str | int | None) -> Mistake | None:
    """What the mapping should say of the file's header and sheet; None where that is how it was read."""
    from importer.discovery import as_init_reads
    from importer.engine import source_options
    from importer.mapping import load
    from importer.sources import open_source

    options = source_options(load(mapping), sheet)
    with ExitStack() as stack:
        read = stack.enter_context(open_source(file, options))
        now, of = read.facts.header_rows, read.sheet
        source, _ = as_init_reads(file, dataclasses.replace(options, skip_rows=()), stack)
        found = source.facts.header_rows
    said = [f"sheet: {source.sheet}"] if source.sheet != of else []
    if found and found != now:
        rows = ", ".join(map(str, found))
        said.append(f"header_row: {rows}" if len(found) == 1 else f"header_rows: [{rows}]")
    if not said:
        return None
    told = f"the header of {source.place} seems to be row {' and '.join(map(str, found))}"
    return Mistake(
        0, 0, told, f"Say so under `source:`: {'; '.join(f'`{each}`' for each in said)}."
    )


def _key(given: Given) -> Secret:
    return config.write_key(given["key_file"], ask=not given["yes"])


# `importer plan`: the dry run.

_LARGEST_PLAN = 1 << 30


@click.command("plan", cls=options.Sections)
@options.sources
@options.target
@options.reading
@options.users_option
@options.open_option
@options.again_option
@options.workers
@click.option("--rate", metavar="N/s", help="10/s, 600/min, max: to tell how long a run takes.")
@fail_on_option
@options.quiet_option
@click.option(
    "--save",
    "save_plan",
    type=options.FILE,
    metavar="PLAN",
    help="Save the plan, to be approved: `run --plan PLAN` keeps to it or refuses.",
)
def plan_command(**given: Unpack[Given]) -> ExitStatus:
    """The dry run: show what a run of FILE would do, and send nothing. `importer dry-run` is the same.

    It is the same code as a run, up to the socket: counts by status, problems by cause with what to
    do, duplicates, warnings, and three whole requests. FILE is a CSV or Excel file, JSON lines,
    Parquet or SPSS, its address (https, s3, gs, az, sftp, a shared Google Sheet), or - for standard input.

    \b
    importer plan answers.csv -m mapping.yaml
    importer plan answers.xlsx -m mapping.yaml --sheet Responses --payloads bodies.jsonl
    importer plan answers.csv -m mapping.yaml --save plan.json
    importer plan 'exports/*.csv' -m mapping.yaml           one after the other: the gravest exit code
    """
    turns = work.turns_of(given)
    with work.hands(turns if len(turns) > 1 else ()) as helpers:
        return work.in_turn(turns, partial(_planned, helpers=helpers))


def _planned(given: Given, helpers: Helpers | None) -> ExitStatus:
    from importer import engine
    from importer.cli.progress import Progress
    from importer.cli.text import print_plan

    show = plain if given["show_values"] else masked
    output.QUIET.set(given["quiet"])
    progress = Progress(silent=given["quiet"])
    with closing(progress):
        settings = options.settings(given)
        with _header_told(settings):
            planned, summary = engine.plan(settings, progress, helpers)
    if summary.exit_status != ExitStatus.DONE:
        output.QUIET.set(False)
    if given["as_json"]:
        output.emit({**summary.document(), **recoding_document(planned.recodings, show)})
    else:
        print_plan(planned, summary, show)
        if path := given["save_plan"]:
            import hashlib

            digest = hashlib.sha256(resources.small(path, _LARGEST_PLAN)[0]).hexdigest()
            output.say(f"  {path}   to be approved; SHA-256 {digest}")
        output.next_step(*after(summary))
    _open(summary, given)
    return summary.exit_status


# `importer resume` and `importer retry`: go on with a job, over the very file it was started with.

RETRIABLE = (Status.FAILED, Status.REJECTED, Status.DUPLICATE, Status.PENDING, Status.UNKNOWN)


@click.command("resume", cls=options.Sections)
@job_argument
@moved_file
@options.sending
@plain_error
@unattended
def resume_command(**given: Unpack[Given]) -> ExitStatus:
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


@click.command("retry", cls=options.Sections)
@job_argument
@click.option(
    "--status", "statuses", default="failed", show_default=True, metavar="S[,S]",
    help="Which rows: failed, rejected, duplicate, pending, unknown.",
)  # fmt: skip
@moved_file
@options.sending
@plain_error
@unattended
def retry_command(statuses: str, **given: Unpack[Given]) -> ExitStatus:
    """Post rows of JOB once more that were refused or failed.

    Failed, rejected and duplicate rows are surely not stored: posting them again is safe. Rows of
    unknown fate are only settled, as at the end of every run: never posted where they may be stored
    twice.

    \b
    importer retry                                     the newest job that has failed rows
    importer retry 20260301-answers --status rejected  after the survey was mended
    importer retry 12 --status failed,unknown
    """
    words = [each.strip() for each in statuses.split(",") if each.strip()]
    wrong = [each for each in words if each not in RETRIABLE]
    if wrong or not words:
        raise UsageError(
            f"{wrong[0] if wrong else statuses!r} is no status that can be retried.",
            hint=f"Choose of {', '.join(RETRIABLE)}. Invalid rows: mend problems.csv, and run it.",
        )
    return _go_on("retry", given, tuple(Status(each) for each in words if each != Status.UNKNOWN))


def _go_on(command: str, given: Given, statuses: Sequence[str]) -> ExitStatus:
    from importer.engine.jobs import chosen, resumed

    typed = (name for name in given if name not in _KEPT or output.was_typed(name))
    said = cast("Given", {name: given.get(name) for name in typed})
    named = settings_of(said)
    left = (*statuses, Status.UNKNOWN) if command == "resume" else statuses
    job = chosen(named, left)
    settings = resumed(job, named, command)
    if job.settings.get("project") and not output.was_typed("project"):
        settings = dataclasses.replace(settings, project=str(job.settings["project"]))
    if not given["job"]:
        output.note(f"Job {settings.job}:")
    settings = dataclasses.replace(settings, statuses=tuple(statuses))
    report = reporter(command, given)
    with report.alone(), report.over(settings) as ended:
        summary = post(settings, given)
        ended(summary)
    return shown(summary, as_json=given["as_json"])


_KEPT = ("rate", "concurrency", "accept_empty")
"""A job keeps these as it was started, unless they are typed anew: what the environment says is for runs."""


# `importer results`: write a job's results anew.


@click.command("results")
@job_argument
@click.option(
    "--out", type=options.FOLDER,
    help="Where to. Default: the job's folder.",
)  # fmt: skip
@options.xlsx_option
@plain_error
def results_command(
    job: str, out: Path | None, state: Path | None, xlsx: bool, as_json: bool
) -> ExitStatus:
    """Write JOB's results.csv and problems.csv anew from the ledger: after a crash, say.

    The same ledger gives the same bytes. problems.csv needs the job's file and mapping, unchanged.
    JOB is a name or number of `importer jobs`; without it, the newest.

    \b
    importer results
    importer results 20260301-answers --out /tmp/answers --xlsx
    """
    from importer.engine.jobs import write_results

    found, written, ended = write_results(options.where(state), job, out, xlsx=xlsx)
    if as_json:
        problems = str(written.problems) if written.problems else None
        output.emit({"job": found.name, "results": str(written.results), "problems": problems})
        return ExitStatus.DONE
    output.say(f"{written.results}   one line per row")
    if written.problems:
        output.say(f"{written.problems}   the rows to mend")
    if written.unread:
        output.note(f"No problems.csv: {written.unread}")
    if not ended:
        output.note("The job is under way: these are its results so far.")
    output.next_step(next_command("status", found.name))
    return ExitStatus.DONE
