"""`importer results`: write a job's results anew."""

from __future__ import annotations

from pathlib import Path

import click

from importer.cli import again, ledgers, output
from importer.errors import ExitStatus


@click.command("results")
@ledgers.job_argument
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False),
    help="Where to. Default: the job's folder.",
)  # fmt: skip
@ledgers.plain
def command(job: str, out: Path | None, state: Path | None, as_json: bool) -> ExitStatus:
    """Write JOB's results.csv and problems.csv anew from the ledger: after a crash, say.

    The same ledger gives the same bytes. problems.csv needs the job's file and mapping, unchanged.
    JOB is a name or number of `importer jobs`; without it, the newest.

    \b
    importer results
    importer results 20260301-answers --out /tmp/answers
    """
    from importer.ledger.state import default_folder
    from importer.pipeline.rewriting import explain, folder_of, rewrite

    with ledgers.looking(state) as ledger:
        found = ledger.job(job)
        ended = explain(ledger, found, state or default_folder())
        written = rewrite(ledger, found, folder_of(found, out))
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
    output.next_step(again.command("status", found.name))
    return ExitStatus.DONE
