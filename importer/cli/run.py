"""`importer run`: the real thing."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.cli import again, options, output
from importer.cli.athand import at_hand
from importer.cli.unattended import reporter, unattended
from importer.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from importer.pipeline import Plan, Summary
    from importer.settings import Secret, Settings


@click.command("run")
@options.source
@options.target
@options.sending
@unattended
@click.option(
    "--plan",
    "signed_plan",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PLAN",
    help="Keep to this saved plan; refuse where the file, the mapping or a setting has changed.",
)
def command(**given: Any) -> ExitStatus:
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
    with report.alone(), report.over(settings) as ended, at_hand(settings) as ready:
        summary = post(ready, given)
        ended(summary)
    return shown(summary, as_json=given["as_json"])


def shown(summary: Summary, *, as_json: bool) -> ExitStatus:
    """Say what a run came to; returns its exit status."""
    from importer.cli import told

    if as_json:
        output.emit(summary.document())
    else:
        told.run(summary)
        output.next_step(*again.after(summary))
    return summary.exit_status


def post(settings: Settings, given: Mapping[str, Any]) -> Summary:
    """Stage, ask, post and record, with what the command line gave."""
    from importer import http, pipeline, signals
    from importer.cli import told
    from importer.cli.progress import Progress

    settings = dataclasses.replace(settings, write_key=_key(given))
    http.check(settings.network, settings.endpoint.url)
    _check_terminal(given["yes"])
    progress = Progress(silent=given["log_format"] == "json")

    def confirm(planned: Plan) -> bool:
        progress.close()
        told.before(planned, settings.endpoint.url, settings.limit)
        return given["yes"] or not planned.ready or click.confirm("Go on?", err=True)

    try:
        with signals.leaving():
            _, summary = pipeline.run(settings, confirm, progress)
    finally:
        progress.close()
    return summary


def _key(given: Mapping[str, Any]) -> Secret:
    return options.write_key(given["key_file"], ask=not given["yes"])


def _check_terminal(yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        raise UsageError(
            "There is no terminal to ask on, so nothing is sent.",
            hint="Say --yes where a run may send without asking; see it first with `importer plan`.",
        )
