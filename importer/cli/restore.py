"""`importer restore`: the traits that a job has overwritten, put back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Unpack

import click

from importer.cli import options, output
from importer.cli.given import Given
from importer.cli.jobs import job_argument, plain_error, settings_of
from importer.cli.output import next_command
from importer.errors import ExitStatus, UsageError
from importer.model import counted

if TYPE_CHECKING:
    from importer.engine.restore import Restored

_MOST = 20


@click.command("restore")
@job_argument
@click.option(
    "--trait", "traits", multiple=True, metavar="NAME",
    help="This trait only. Repeatable. Default: all that were overwritten.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Look at the account and say what would be put back.")
@click.option("--yes", is_flag=True, help="Put back without asking.")
@click.option("--rate", metavar="N/s", help="5/s, 300/min, max. [default: 5/s]")
@options.reading
@plain_error
def restore_command(**given: Unpack[Given]) -> ExitStatus:
    """Put back the traits that JOB has overwritten in the account.

    The values are those that persons had before JOB's first post; they lie sealed in the ledger since. A
    trait that somebody has changed since is left, and named. Safe to end at any moment and to run again:
    what is back is never put back twice. Responses stay: the API deletes none.

    \b
    importer restore --dry-run
    importer restore 20260301-answers --trait plan --trait company
    importer restore 12 --project 5d2f6b8a9b0a4c0017a3e0a1 --yes
    """
    from importer.cli.progress import Progress
    from importer.engine.restore import restore

    settings = settings_of(given)
    if not (given["yes"] or given["dry_run"] or sys.stdin.isatty()):
        raise UsageError(
            "There is no terminal to ask on, so nothing is put back.",
            hint="Say --yes where it may change the account; see it first with --dry-run.",
        )
    progress = Progress(silent=given["as_json"])

    def agree(planned: Restored) -> bool:
        progress.close()
        if not given["yes"]:
            _print(planned, as_plan=True)
        return given["yes"] or click.confirm("Go on?", err=True)

    try:
        found = restore(settings, given["traits"], agree, progress, dry_run=given["dry_run"])
    finally:
        progress.close()
    if given["as_json"]:
        output.emit({"command": "restore", "dry_run": given["dry_run"], **found.document()})
    else:
        _print(found, as_plan=given["dry_run"])
        output.next_step(*_next(found, dry_run=given["dry_run"]))
    return ExitStatus.SOME_REFUSED if found.failed else ExitStatus.DONE


def _next(found: Restored, *, dry_run: bool) -> list[str]:
    if dry_run and found.to_restore:
        return [next_command("restore", found.job, without=("dry_run",), why="puts them back")]
    if found.failed:
        return [next_command("restore", found.job, why="tries those that are left")]
    return [next_command("status", found.job)]


def _print(found: Restored, *, as_plan: bool) -> None:
    words = "Nothing was changed" if as_plan else "Put back, and seen to be there"
    output.say(f"Job {found.job}, {counted(found.persons, 'person')}. {words}:")
    if not found.traits:
        output.say("  There is nothing to put back: no trait is overwritten, or all are back.")
        return
    first, head = (found.to_restore, "to put back") if as_plan else (found.restored, "put back")
    rows = [
        (name[:40], first[name], found.there[name], found.changed[name], found.failed[name])
        for name in found.traits
    ]
    output.table(("trait", head, "back already", "changed since", "failed"), rows)
    if found.left:
        output.heading("Left as they are")
        output.table(("person", "trait", "why"), found.left[:_MOST])
        if len(found.left) > _MOST:
            output.say(f"  … and {len(found.left) - _MOST:,} more, with --json")
