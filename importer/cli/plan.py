"""`importer plan`: the dry run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from importer.cli import again, options, output, recoded
from importer.cli.athand import at_hand
from importer.errors import ExitStatus
from importer.masking import masked, plain


@click.command("plan")
@options.source
@options.target
@options.network
@click.option("--rate", metavar="N/s", help="10/s, 600/min, max: to tell how long a run takes.")
@click.option(
    "--save",
    "save_plan",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PLAN",
    help="Save the plan, to be approved: `run --plan PLAN` keeps to it or refuses.",
)
def command(**given: Any) -> ExitStatus:
    """Show what a run of FILE would do, and send nothing.

    It is the same code as a run, up to the socket: counts by status, problems by cause with what to
    do, duplicates, warnings, and three whole requests. FILE is a CSV or Excel file, its address
    (https, s3, gs, az, sftp, a shared Google Sheet), or - for standard input.

    \b
    importer plan answers.csv -m mapping.yaml
    importer plan answers.xlsx -m mapping.yaml --sheet Responses --payloads bodies.jsonl
    importer plan answers.csv -m mapping.yaml --save plan.json
    """
    from importer import pipeline
    from importer.cli import told
    from importer.cli.progress import Progress

    show = plain if given["show_values"] else masked
    progress = Progress()
    try:
        with at_hand(options.settings(given)) as settings:
            planned, summary = pipeline.plan(settings, progress)
    finally:
        progress.close()
    if given["as_json"]:
        output.emit({**summary.document(), **recoded.document(planned.recodings, show)})
    else:
        told.plan(planned, summary, show)
        output.next_step(*again.after(summary))
    return summary.exit_status
