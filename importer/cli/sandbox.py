"""`importer sandbox` and `importer demo`: a local SatisMeter, and the whole job on made-up data."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Unpack, cast

import click

from importer import shutdown
from importer.cli import config, options, output
from importer.cli.given import Given, GivenServer
from importer.errors import ExitStatus, UsageError
from importer.model import counted
from importer.privacy import short
from importer.settings import WRITE_KEY

if TYPE_CHECKING:
    from importer.engine import Plan
    from importer.results import Summary
    from importer.sandbox import Sandbox, SandboxSettings
    from importer.settings import Settings

# `importer sandbox`: a local SatisMeter to try things on.


@click.command("sandbox")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Default: a free one.")
@click.option(
    "--store",
    type=options.FILE,
    help="The SQLite file for the responses; it is kept. Default: in memory.",
)
@click.option("--latency", type=options.SPAN, default="0", help="Each reply takes this long: 50ms.")
@click.option(
    "--rate-limit", type=click.IntRange(1), metavar="N", help="429 above N requests in a second."
)
@click.option(
    "--fail",
    multiple=True,
    metavar="FAULT[:SHARE]",
    help="Let a share of the inserts fail: 503:0.1, 429+2 (Retry-After), close_stored:0.05. Repeatable.",
)
@click.option(
    "--script",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='What single users meet, as JSON: {"USER": ["503+1", "close_stored", "ok"]}.',
)
@click.option(
    "--log",
    type=options.FILE,
    help="Write every request to this file, one JSON line each, without the write key.",
)
@click.option(
    "--duplicate-window",
    type=options.SPAN,
    default="30d",
    show_default=True,
    help="A user who responded within this time is refused as a duplicate.",
)
@click.option("--seed", type=int, default=0, help="For the shares of --fail.")
@click.option(
    "--by-row",
    is_flag=True,
    help="Draw them by person, answers and attempt: rows meet the same in any order.",
)
@click.option("--faults", is_flag=True, help="List the faults, and end.")
@click.option("--json", "as_json", is_flag=True, help="Print what to use as one JSON object.")
def sandbox_command(  # noqa: PLR0913  one parameter an option
    *,
    port: int,
    store: Path | None,
    latency: float,
    rate_limit: int | None,
    fail: tuple[str, ...],
    script: Path | None,
    log: Path | None,
    duplicate_window: float,
    seed: int,
    by_row: bool,
    faults: bool,
    as_json: bool,
) -> None:
    """Start a local SatisMeter, for trying; Ctrl-C ends it.

    It checks what SatisMeter checks, stores what it accepts, answers the read calls, and fails on
    demand. Its address is the first line that it prints.

    \b
    importer sandbox --port 8080
    importer sandbox --latency 50ms --rate-limit 100 --fail 503+2:0.1
    importer sandbox --faults
    """
    from importer.sandbox import FAULTS, SandboxSettings
    from importer.sandbox import faults as faults_room
    from importer.sandbox.faults import share

    if faults:
        output.table(
            ["fault", "stored", "what happens"],
            [(fault.name, fault.stores.value, fault.meaning) for fault in FAULTS.values()],
        )
        output.say()
        output.say("Or a status: 503, or 503+2 with Retry-After: 2.")
        return
    settings = SandboxSettings(
        port=port,
        store=store,
        latency=latency,
        rate_limit=rate_limit,
        fail=tuple(map(share, fail)),
        script=faults_room.script(script) if script else {},
        log=log,
        duplicate_window=duplicate_window,
        seed=seed,
        by_row=by_row,
        remember=0,
    )
    _serve(settings, _announce_json if as_json else _announce)


def _serve(settings: SandboxSettings, announce: Callable[[Sandbox], None]) -> None:
    """Serve until SIGINT or SIGTERM."""
    import asyncio

    from importer.sandbox import NoStore, Sandbox

    async def serve() -> None:
        ending = asyncio.Event()
        with shutdown.told(ending.set):
            async with Sandbox(settings) as running:
                announce(running)
                await ending.wait()

    try:
        asyncio.run(serve())
    except NoStore as error:
        raise UsageError(
            f"{settings.store} is no store of the sandbox: {error}.", hint="Name another file."
        ) from error
    except OSError as error:
        if error.filename:
            raise UsageError(f"{error.filename}: {error.strerror}.") from error
        raise UsageError(
            f"the sandbox can't listen on port {settings.port}: {error.strerror}.",
            hint="Leave --port out to get a free one.",
        ) from error


def _announce(running: Sandbox) -> None:
    from importer.resources import SAMPLES

    settings = running.settings
    output.say(running.url)
    output.say()
    output.table(
        ["what", "value"],
        [
            ("write key", settings.write_key),
            ("API key", settings.api_key),
            ("project", settings.project),
            ("campaign", settings.campaign),
            *((f"question ({each.type})", each.id) for each in settings.questions),
        ],
    )
    sample = SAMPLES / "generic_nps"
    output.next_step(
        f"SATISMETER_WRITE_KEY={settings.write_key} importer run {sample}.csv -m {sample}.yaml"
        f" --endpoint {running.url}"
    )


def _announce_json(running: Sandbox) -> None:
    """One line, since the process goes on: who reads it needn't wait for an end."""

    settings = running.settings
    document = {
        "command": "sandbox",
        "url": running.url,
        "write_key": settings.write_key,
        "api_key": settings.api_key,
        "project": settings.project,
        "campaign": settings.campaign,
        "questions": [
            {"id": each.id, "label": each.label, "type": each.type} for each in settings.questions
        ],
    }
    output.emit_line(document)


# `importer demo`: the whole job on made-up data, on this machine alone.

_SAMPLE = "ugly.csv"
_MAPPING = "ugly.yaml"
_SHOWN = ("row", "userId", "status", "code", "message")
_WIDEST = 60


@click.command("demo")
@click.option(
    "--keep",
    type=options.FOLDER,
    help="Keep the sample, its mapping and what was written in this folder.",
)
@options.json_option
def demo_command(keep: Path | None, as_json: bool) -> ExitStatus:
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
    import tempfile

    with tempfile.TemporaryDirectory(prefix="importer-demo-") as folder:
        return show(Path(folder))


def _run_quietly(folder: Path) -> ExitStatus:
    from importer import engine
    from importer.sandbox import background

    with background() as sandbox:
        _, summary = engine.run(_settings(folder, sandbox.url), lambda _: True)
    output.emit(summary.document())
    return ExitStatus.DONE


def _show(folder: Path) -> ExitStatus:
    from importer import engine
    from importer.cli.text import print_plan, print_run
    from importer.sandbox import background

    with background() as sandbox:
        settings = _settings(folder, sandbox.url)
        output.say(f"1. A SatisMeter of our own: {sandbox.url} (importer sandbox starts one)")
        output.say(f"2. A made-up export, ugly on purpose: {_SAMPLE}, with its mapping {_MAPPING}")
        output.say("3. The plan, which sends nothing:")
        output.say()
        print_plan(*engine.plan(settings))
        output.say()
        output.say("4. The run:")
        output.say()
        summary = _run(settings)
        print_run(summary)
        # The first line of each status and code.
        with (summary.folder / "results.csv").open(encoding="utf-8", newline="") as file:
            first = {
                (line["status"], line["code"]): line
                for line in reversed(list(csv.DictReader(file)))
            }
        output.heading("results.csv, one line of each kind")
        ordered = sorted(first.values(), key=lambda line: int(line["row"]))
        output.table(_SHOWN, [[short(line[name], _WIDEST) for name in _SHOWN] for line in ordered])
        stored = len(sandbox.stored())
        output.say()
        output.say(
            f"5. The server holds {stored} responses; {summary.rows['created']} were created."
        )
    output.next_step(
        "importer inspect YOUR_FILE           # what is in it",
        "importer init YOUR_FILE              # writes its mapping",
        "importer plan YOUR_FILE -m MAPPING   # the dry run",
    )
    return ExitStatus.DONE


def _run(settings: Settings) -> Summary:
    from importer import engine
    from importer.cli.progress import Progress
    from importer.cli.text import print_before

    progress = Progress()

    def confirm(planned: Plan) -> bool:
        print_before(planned, settings.endpoint.url)
        return True

    with closing(progress):
        return engine.run(settings, confirm, progress)[1]


def _settings(folder: Path, url: str) -> Settings:
    import shutil

    from importer.resources import SAMPLES
    from importer.sandbox import WRITE_KEY as MADE_UP
    from importer.settings import Endpoint, Rate, Secret, Settings

    for name in (_SAMPLE, _MAPPING):
        shutil.copyfile(SAMPLES / name, folder / name)
    plain = Settings(
        file=str(folder / _SAMPLE),
        mapping=str(folder / _MAPPING),
        state=folder / "state",
        endpoint=Endpoint.parse(url),
        rate=Rate.parse("20/s"),
    )
    return dataclasses.replace(plain, write_key=Secret(MADE_UP))


# `importer web`: the wizard in the browser.


@click.command("web")
@click.argument("file", required=False, type=options.FILE)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Default: a free one.")
@click.option("--no-open", is_flag=True, help="Show the link only; open no browser.")
@click.option(
    "--key-file",
    type=options.FILE,
    help=f"A file that holds the write key (0600). Else {WRITE_KEY}, else .env, else the page asks.",
)
@options.reading
@options.endpoint_option
@options.state_option
@options.json_option
def web_command(
    file: Path | None, port: int, no_open: bool, as_json: bool, **given: Unpack[GivenServer]
) -> ExitStatus:
    """Import in the browser: choose a file, see how it is read, map, plan, send ten rows, send the rest.

    It is the same as the commands, on this machine alone: only 127.0.0.1 is listened on, and nothing leaves
    but the rows that you send. FILE stays where it lies; a file that is dropped on the page is copied into
    the state folder, and goes again.

    \b
    importer web
    importer web answers.xlsx
    importer web --port 8800 --no-open
    """
    from dataclasses import replace

    from importer.web.app import serve

    if options.shared():
        raise UsageError(
            "The pages keep to a ledger in a folder.",
            hint="Start them without --ledger and IMPORTER_LEDGER, with --state DIR if you like; or use "
            "`importer plan` and `importer run`, which know shared ledgers.",
        )
    settings = options.settings(cast("Given", {**given, "file": "", "mapping": ""}))
    settings = replace(settings, write_key=config.known_write_key(given["key_file"]))

    def opened(link: str) -> None:
        if as_json:  # one line, since the process goes on
            output.emit_line({"command": "web", "url": link})
        else:
            output.say(link)
        if not no_open:
            click.launch(link)
        output.note("Ctrl-C ends it; Enter shows a new link, as each can be opened once.")

    running = serve(settings, file, port, opened)
    if running:
        output.note(f"{counted(running, 'run goes', 'runs go')} on; `importer jobs` shows them.")
    return ExitStatus.DONE
