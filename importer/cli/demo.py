"""`importer demo`: the whole job on made-up data, on this machine alone."""

from __future__ import annotations

import csv
import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.cli import options, output
from importer.errors import ExitStatus

if TYPE_CHECKING:
    from importer.pipeline import Plan, Summary
    from importer.settings import Settings

_SAMPLE = "ugly.csv"
_MAPPING = "ugly.yaml"
_SHOWN = ("row", "userId", "status", "code", "message")
_WIDEST = 60


@click.command("demo")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the sample, its mapping and what was written in this folder.",
)
@options.json_option
def command(keep: Path | None, as_json: bool) -> ExitStatus:
    """Show the whole job: a sandbox, a plan, a run, the results.

    Nothing leaves this machine and nothing stays on it, unless --keep names a folder.

    \b
    importer demo
    importer demo --keep demo
    """
    show = _run_quietly if as_json else _show
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        return show(keep)
    with tempfile.TemporaryDirectory(prefix="importer-demo-") as folder:
        return show(Path(folder))


def _run_quietly(folder: Path) -> ExitStatus:
    from importer import pipeline
    from importer.sandbox import background

    with background() as sandbox:
        _, summary = pipeline.run(_settings(folder, sandbox.url), lambda _: True)
    output.emit(summary.document())
    return ExitStatus.DONE


def _show(folder: Path) -> ExitStatus:
    from importer import pipeline
    from importer.cli import told
    from importer.sandbox import background

    with background() as sandbox:
        settings = _settings(folder, sandbox.url)
        output.say(f"1. A SatisMeter of our own: {sandbox.url} (importer sandbox starts one)")
        output.say(f"2. A made-up export, ugly on purpose: {_SAMPLE}, with its mapping {_MAPPING}")
        output.say("3. The plan, which sends nothing:\n")
        told.plan(*pipeline.plan(settings))
        output.say("\n4. The run:\n")
        summary = _run(settings)
        told.run(summary)
        _results(summary.folder / "results.csv")
        stored = len(sandbox.stored())
        output.say(
            f"\n5. The server holds {stored} responses; {summary.rows['created']} were created."
        )
    output.next_step(
        "importer inspect YOUR_FILE           # what is in it",
        "importer init YOUR_FILE              # writes its mapping",
        "importer plan YOUR_FILE -m MAPPING   # the dry run",
    )
    return ExitStatus.DONE


def _run(settings: Settings) -> Summary:
    from importer import pipeline
    from importer.cli import told
    from importer.cli.progress import Progress

    progress = Progress()

    def confirm(planned: Plan) -> bool:
        told.before(planned, settings.endpoint.url)
        return True

    try:
        return pipeline.run(settings, confirm, progress)[1]
    finally:
        progress.close()


def _settings(folder: Path, url: str) -> Settings:
    import shutil

    from importer.sandbox import WRITE_KEY
    from importer.settings import Endpoint, Rate, Secret, Settings
    from importer.shipped import SAMPLES

    for name in (_SAMPLE, _MAPPING):
        shutil.copyfile(SAMPLES / name, folder / name)
    plain = Settings(
        file=str(folder / _SAMPLE),
        mapping=str(folder / _MAPPING),
        state=folder / "state",
        endpoint=Endpoint.parse(url),
        rate=Rate.parse("20/s"),
    )
    return dataclasses.replace(plain, write_key=Secret(WRITE_KEY))


def _results(path: Path) -> None:
    """The first line of each status and code."""
    with path.open(encoding="utf-8", newline="") as file:
        first = {
            (line["status"], line["code"]): line for line in reversed(list(csv.DictReader(file)))
        }
    output.heading("results.csv, one line of each kind")
    ordered = sorted(first.values(), key=lambda line: int(line["row"]))
    output.table(_SHOWN, [[_cut(line[name]) for name in _SHOWN] for line in ordered])


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
