"""`importer resolve` and `importer mark`: settle rows of unknown fate, by reading or by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.cli import again, ledgers, options, output
from importer.errors import ExitStatus
from importer.model import counted
from importer.settings import DEFAULT_ENDPOINT, Settings

if TYPE_CHECKING:
    from importer.pipeline.rewriting import Rewritten

_out = click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False),
    help="Where results.csv is written anew. Default: the job's folder.",
)  # fmt: skip


@click.command("resolve")
@ledgers.job_argument
@options.reading
@click.option(
    "--settle", type=click.FloatRange(0),
    help="Seconds after a row's post from which it may be called absent. [default: 60]",
)  # fmt: skip
@_out
@ledgers.plain
def resolve(**given: Any) -> ExitStatus:
    """Settle JOB's rows of unknown fate by reading the survey back. Posts nothing.

    A row that the survey holds is created. One that it doesn't hold is failed, and safe to post
    again, if the rows acknowledged around then are found. The API key, which is not the write key,
    comes from SATISMETER_API_KEY, --api-key-file or .env.

    \b
    importer resolve --project 5d2f6b8a9b0a4c0017a3e0a1
    importer resolve 20260301-answers --json
    """
    from importer.pipeline.resolving import resolve as settle

    with ledgers.looking(given["state"]):
        """There is a ledger."""
    job, settled, written = settle(_settings(given))
    if given["as_json"]:
        output.emit(
            {"job": job.name, **dataclasses.asdict(settled), "results": str(written.results)}
        )
    else:
        output.say(f"Job {job.name}: {counted(settled.created, 'row')} found in the survey,")
        output.say(f"{settled.absent:,} surely not stored, {settled.left:,} still in doubt.")
        _tell(written)
        output.next_step(*_next(job.name, settled.absent, settled.left))
    return ExitStatus.SOME_UNKNOWN if settled.left else ExitStatus.DONE


@click.command("mark")
@ledgers.job_argument
@click.option(
    "--row", "rows", type=click.IntRange(1), multiple=True, required=True,
    help="The row's number, as Excel shows it. Repeatable.",
)  # fmt: skip
@click.option(
    "--wave", "waves", multiple=True,
    help="The wave of the rows, where the mapping has waves and more than one is in doubt. Repeatable.",
)  # fmt: skip
@click.option(
    "--created/--not-created", default=None, required=True,
    help="You looked: the response is in the survey, or it is not.",
)  # fmt: skip
@_out
@ledgers.plain
def mark(**given: Any) -> ExitStatus:
    """Settle rows of unknown fate by your own word, once you have looked at the survey.

    A row marked as not created is posted again by `importer resume`.

    \b
    importer mark 20260301-answers --row 17 --created
    importer mark 12 --row 17 --row 31 --not-created
    importer mark 12 --row 17 --wave 2023 --created
    """
    from importer.pipeline.resolving import mark as settle

    with ledgers.looking(given["state"]):
        """There is a ledger."""
    rows = sorted(set(given["rows"]))
    job, written = settle(_settings(given), rows, given["waves"], created=given["created"])
    if given["as_json"]:
        document = {"job": job.name, "rows": rows, "created": given["created"]}
        waves = {"waves": list(given["waves"])} if given["waves"] else {}
        output.emit(document | waves | {"results": str(written.results)})
    else:
        word = "created" if given["created"] else "not created"
        output.say(f"Job {job.name}: {counted(len(rows), 'row')} marked as {word}.")
        _tell(written)
        output.next_step(*_next(job.name, 0 if given["created"] else len(rows), 0))
    return ExitStatus.DONE


def _settings(given: Mapping[str, Any]) -> Settings:
    plain = options.settings({**given, "file": "", "mapping": "", "endpoint": DEFAULT_ENDPOINT})
    return dataclasses.replace(plain, job=given["job"])


def _tell(written: Rewritten) -> None:
    output.say(f"Written anew: {written.results}")
    if written.unread:
        output.note(f"problems.csv stays as it is: {written.unread}")


def _next(job: str, absent: int, left: int) -> list[str]:
    steps = [again.command("resume", job, why="posts them again")] if absent else []
    if left:
        why = "or --not-created: look, and decide"
        steps.append(again.command("mark", job, why=why, rows=("N",), created=True))
    return steps or [again.command("status", job)]
