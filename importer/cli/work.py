"""`importer work`: one of any number of processes that post the rows of one job."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from importer.cli import keys, options, output, several
from importer.cli.given import Given
from importer.cli.output import next_command
from importer.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from importer.settings import Secret


@click.command("work")
@click.argument("file", metavar="JOB|FILE...", nargs=-1, required=True)
@click.option(
    "-m",
    "--mapping",
    metavar="MAPPING",
    help="What comes first are FILEs: lay them out, and work on them, one after the other.",
)
@click.option(
    "--lanes",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Into how many lanes FILE is cut: some for each worker. [default: 8]",
)
@click.option("--sheet", help="The sheet, by name or number (overrules the mapping).")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the last worker writes results.csv.",
)
@click.option(
    "--max-failures",
    type=click.IntRange(0),
    metavar="N",
    help="All stop once more rows than this were refused.",
)
@options.workers
@options.delivering
@options.target
def work_command(lanes: int | None, **given: Any) -> ExitStatus:
    """Post a job's rows together with other processes, on any hosts, over the ledger that they share.

    The rows are cut into lanes by person; each worker takes one, posts its rows and takes the next. One rate
    holds for all of them together, and so do pauses, --max-failures and reasons to stop. The requests lie in
    the ledger, sealed, until the job ends: the file is needed by whoever lays it out only. The last worker
    settles rows in doubt. Start as many as you like of the same command; one that dies costs nothing.

    \b
    importer work answers.csv -m mapping.yaml --lanes 16    lay it out, once, and work
    importer work 20260301-answers                          work on a job that is laid out
    importer work answers.csv -m mapping.yaml --workers 2   with so many processes of this machine
    importer work 'exports/*.csv' -m mapping.yaml           each a job of its own, one after the other
    """
    if given["mapping"] is None and (given["rate"] or lanes):
        raise UsageError("--rate and --lanes are said where a file is laid out, and hold for all.")
    if given["mapping"] is None and len(given["file"]) > 1:
        raise UsageError("Several FILEs need their mapping: -m MAPPING. Of JOBs there is one.")
    key = keys.write_key(given.pop("key_file"))
    if given["mapping"] is None:
        turns = [cast(Given, {**given, "file": given["file"][0], "mapping": ""})]
    else:
        turns = several.turns(cast(Given, given))
    with several.hands(turns, key) as helpers:
        return several.in_turn(turns, partial(_worked, key=key, lanes=lanes, helpers=helpers))


def _worked(given: Given, key: Secret, lanes: int | None, helpers: Any) -> ExitStatus:
    from importer.engine.lanes import LANES, lay_out, work

    settings = replace(options.settings(given), write_key=key)
    job = given["file"]
    if given["mapping"]:
        job = lay_out(settings, lanes or LANES, helpers=helpers).name
    if helpers:
        from importer.engine.cluster import post_together

        worked = post_together(helpers, settings, job)
    else:
        worked = work(settings, job)
    status = worked.exit_status
    if given["as_json"]:
        said = {**asdict(worked), "results": worked.results and str(worked.results)}
        said["account"] = worked.account and worked.account.document()
        output.emit({**said, "exit_code": int(status)})
        return status
    from importer.cli.text import print_account, remedy

    who = "the workers" if settings.several else "this worker"
    output.say(
        f"Job {worked.job}: {worked.requests:,} requests in {worked.lanes:,} lanes by {who}."
    )
    if worked.rows:
        output.table(("", "rows"), [each for each in worked.rows.items() if each[1]])
    print_account(worked.account)
    if worked.results:
        output.say(f"{worked.results}   one line per row")
    if worked.stopped:
        output.note(f"Stopped early: {worked.stopped}")
        remedy(worked.stopped)
    output.next_step(next_command("status", worked.job))
    return status
