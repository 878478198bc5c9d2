"""`importer web`: the wizard in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack, cast

import click

from importer.cli import keys, options, output
from importer.cli.given import Given, GivenServer
from importer.errors import ExitStatus, UsageError
from importer.model import counted
from importer.settings import WRITE_KEY


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
    settings = replace(settings, write_key=keys.known_write_key(given["key_file"]))

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
