"""`importer schedule`: a ready definition for a scheduler."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.cli import output
from importer.errors import ExitStatus, UsageError
from importer.model import slug

if TYPE_CHECKING:
    from importer.schedules import Task, When

KINDS = ("systemd", "cron", "github", "airflow", "k8s")
"""As in `importer.schedules`, which `--help` need not import."""


@click.command("schedule")
@click.argument("source", metavar="FILE|DIR", type=click.Path(path_type=Path))
@click.option("-m", "--mapping", required=True, metavar="MAPPING", help="The mapping: a YAML file.")
@click.option("--as", "kind", required=True, type=click.Choice(KINDS), help="Which scheduler.")
@click.option("--at", metavar="HH:MM", help="Once a day, then. [default: 02:30]")
@click.option("--every", metavar="SPAN", help="A part of the hour or of the day: 15min, 6h.")
@click.option("--name", help="What the task is called. Default: after FILE or DIR.")
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the ledger. Default: the platform's place.",
)
@click.option(
    "--with", "more", multiple=True, metavar="'OPTION…'",
    help="Options of run or watch that go along: --with '--notify slack'. Repeatable.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def command(**given: Any) -> ExitStatus:
    """Print what a scheduler needs to import FILE, or every new file of DIR. Installs nothing.

    The write key comes from the platform's own secret place, which the printed comments name.

    \b
    importer schedule inbox -m mapping.yaml --as systemd --every 15min
    importer schedule answers.csv -m mapping.yaml --as cron --at 02:30
    importer schedule inbox -m mapping.yaml --as k8s --with '--notify slack --max-failures 100'
    """
    from importer.schedules import RENDERED

    task = _task(given)
    text = RENDERED[given["kind"]](task)
    if given["as_json"]:
        words = list(task.local)
        output.emit({"kind": given["kind"], "name": task.name, "command": words, "text": text})
    else:
        output.say(text.rstrip("\n"))
    return ExitStatus.DONE


def _task(given: dict[str, Any]) -> Task:
    import shlex

    from importer.ledger import state as states
    from importer.schedules import Task

    source: Path = given["source"]
    if not source.exists():
        raise UsageError(f"There is no {source}.", hint="Name the file, or a folder to watch.")
    return Task(
        name=slug(given["name"] or source.resolve().stem),
        source=source.resolve(),
        folder=source.is_dir(),
        mapping=_mapping(given["mapping"]),
        when=_when(given["at"], given["every"]),
        program=str(Path(sys.argv[0]).resolve()),
        state=(given["state"] or states.default_folder()).resolve(),
        more=tuple(word for each in given["more"] for word in shlex.split(each)),
    )


def _mapping(named: str) -> str:
    """Its whole path. It is read, so that no scheduled run fails for a mistake in it."""
    from importer import mapping

    mapping.load(named)
    return str(Path(named).resolve())


def _when(at: str | None, every: str | None) -> When:
    from importer.schedules import When

    if at and every:
        raise UsageError("Say --at or --every, not both.")
    if every:
        return When.each(every)
    return When.at(at or "02:30")
