"""Options that commands share, and how they become `Settings`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import click

from importer.cli.config import PROJECT, from_dotenv, hash_key, private_text
from importer.cli.given import Given, GivenAccess
from importer.errors import UsageError
from importer.settings import (
    API_KEY,
    DEFAULT_ENDPOINT,
    WRITE_KEY,
    Endpoint,
    FailOn,
    Network,
    Rate,
    Secret,
    Settings,
    SharedLedger,
)

Command = Callable[..., Any]

_FIRST = (
    *("mapping", "limit", "yes", "sheet", "out", "xlsx", "rate", "save_plan", "signed_plan"),
    *("once", "every", "max_failures", "notify", "state", "ledger"),
)
"""The options that people use most, in the order in which they come to want them."""


def together(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:

    def added(command: Command) -> Command:
        for option in options:
            command = option(command)
        return command

    return added


class Sections(click.Command):
    """A command of many options: its help begins with those that people use."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
        records = {str(each.name): each.get_help_record(ctx) for each in own}
        first = [records.pop(name, None) for name in _FIRST]
        for title, shown in (("Most used", first), ("More options", list(records.values()))):
            with formatter.section(title):
                formatter.write_dl([each for each in shown if each])


FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)

sheet_option = click.option("--sheet", help="The sheet, by name or number (overrules the mapping).")

show_option = click.option(
    "--show-values", is_flag=True, help="Show e-mail addresses and free text."
)

xlsx_option = click.option(
    "--xlsx",
    is_flag=True,
    help="Write results and problems as .xlsx, too: what people open in Excel comes back unharmed.",
)

open_option = click.option(
    "--open", "open_page", is_flag=True, help="Open the report in the browser at the end."
)

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")

quiet_option = click.option(
    "-q",
    "--quiet",
    is_flag=True,
    help="Say nothing where all is well (exit code 0); for cron, which mails what is said.",
)

verbose_option = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Say more on standard error: pauses, outages, and settings that were not typed.",
)

endpoint_option = click.option(
    "--endpoint",
    default=DEFAULT_ENDPOINT,
    show_default=True,
    metavar="URL",
    help="The insert-response call; https, or http on this machine.",
)


class _Shared(click.Option):
    """--ledger: it goes where `where` finds it, since whoever opens the ledger wants it and nobody else."""

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        """Keep the value where `where` and `shared` look for it."""
        value, left = super().handle_parse_result(ctx, opts, args)
        _SHARED.set(SharedLedger(value) if value else None)
        ctx.meta[LEDGER] = value
        return value, left


LEDGER = "importer.ledger"
"""Where a command's context has what --ledger was given, for the next command to type."""

_SHARED: ContextVar[SharedLedger | None] = ContextVar("shared", default=None)

ledger_option = click.option(
    "--ledger",
    cls=_Shared,
    expose_value=False,
    metavar="ADDRESS",
    help="A ledger that hosts share: postgresql://HOST/DB or service=NAME, without a password.",
)

_state_option = click.option(
    "--state",
    type=FOLDER,
    help="The folder of the ledger, which knows what was sent. Default: the platform's place.",
)

state_option = together(_state_option, ledger_option)
"""Where the ledger is: --state, or --ledger."""

users_option = click.option(
    "--no-users",
    is_flag=True,
    help="Don't look at the account's users; traits that the mapping keeps aren't sent then.",
)

again_option = click.option(
    "--again",
    is_flag=True,
    help="Send also rows that were sent before, it seems, by another key, date or set of answers.",
)

_mapped = together(
    click.option(
        "-m",
        "--mapping",
        required=True,
        metavar="MAPPING",
        help="The mapping, a YAML file; `importer init FILE` writes one.",
    ),
    sheet_option,
    click.option(
        "--out",
        type=FOLDER,
        help="Where results go. Default: a folder named after the file, beside it.",
    ),
    click.option(
        "--payloads", type=FILE, help="Write every body there, its key masked, one JSON a line."
    ),
    show_option,
    xlsx_option,
)
source = together(click.argument("file", metavar="FILE"), _mapped)
"""FILE, the mapping, and what overrules the mapping."""
sources = together(click.argument("file", metavar="FILE...", nargs=-1, required=True), _mapped)
"""The same of one file or more."""

workers = together(
    click.option(
        "--workers",
        type=click.IntRange(1, 256),
        default=1,
        show_default=True,
        metavar="N",
        help="Read, map and check FILE in N processes; it pays from a million rows on.",
    ),
    click.option(
        "--dask",
        metavar="ADDRESS",
        help="Or let the workers of this Dask scheduler do it: tls://HOST:8786.",
    ),
)
"""Who reads the file, where that is more than this process."""

target = together(endpoint_option, state_option, json_option)
"""Where to send, and which ledger to ask."""

network = together(
    click.option(
        "--proxy",
        metavar="URL",
        help="Go through this HTTP proxy. Else HTTPS_PROXY, HTTP_PROXY and NO_PROXY decide.",
    ),
    click.option(
        "--ca-file",
        type=FILE,
        help="Trust these authorities too (PEM), as of a proxy that looks into TLS.",
    ),
)
"""The options of the way to a server: a proxy, authorities of one's own."""

reading = together(
    click.option(
        "--project",
        metavar="ID",
        help=f"The project, to settle rows in doubt by reading the survey. Else {PROJECT}.",
    ),
    click.option(
        "--api-key-file",
        type=FILE,
        help=f"A file that holds the read API's key (0600). Else {API_KEY}, else .env.",
    ),
    network,
)
"""The read API: its key and the project, and how servers are got at."""

delivering = together(
    users_option,
    click.option("--rate", metavar="N/s", help="10/s, 600/min, max. [default: 10/s]"),
    click.option(
        "--concurrency",
        type=click.IntRange(1, 1000),
        metavar="N",
        help="In flight at most. [default: 8]",
    ),
    click.option(
        "--key-file",
        type=FILE,
        help=f"A file that holds the write key (0600). Else {WRITE_KEY}, else .env.",
    ),
    reading,
    click.option(
        "--durability",
        type=click.Choice(["full", "process"]),
        default="full",
        show_default=True,
        help="What the ledger survives: a power cut, or a crash of the program only.",
    ),
    click.option("--accept-empty", is_flag=True, help="Take an empty 200 for an acknowledgement."),
    click.option(
        "--settle",
        metavar="SECONDS",
        type=click.FloatRange(0),
        help="Seconds before a row of unknown fate is asked about again. "
        "[default: 60, or twice --timeout]",
    ),
    click.option(
        "--timeout",
        metavar="SECONDS",
        type=click.FloatRange(0.1),
        default=30.0,
        show_default=True,
        help="Seconds without a byte before an attempt is given up.",
    ),
    click.option(
        "--outage",
        metavar="SECONDS",
        type=click.FloatRange(0),
        default=900.0,
        show_default=True,
        help="Seconds of outage to wait through before the run stops.",
    ),
)
"""Adds the options of a run that asks nobody: its pace, when it gives up, where it ends."""

sending = together(
    click.option(
        "--limit", type=click.IntRange(1), metavar="N", help="A pilot: post N rows at most."
    ),
    click.option("--yes", is_flag=True, help="Send without asking."),
    again_option,
    delivering,
)
"""How to send, where somebody may be asked first."""


def where(state: Path | None) -> Path | SharedLedger:
    """A command's ledger: what --ledger named, else --state's folder, else the user's own."""
    from importer.ledger import default_folder

    return _SHARED.get() or state or default_folder()


def shared() -> str:
    """What --ledger names; "" for none. Raises UsageError for a password in it."""
    found = _SHARED.get()
    if found is None:
        return ""
    from importer.ledger import hold_address

    hold_address(found)
    return found.address


def of_ledger(state: Path | None) -> Settings:
    from importer.ledger import default_folder

    folder, shared = state or default_folder(), _SHARED.get()
    return Settings(file="", mapping="", state=folder, shared=shared, hash_key=hash_key())


def settings(options: Given) -> Settings:
    """The command's options as `Settings`; raises UsageError."""
    from importer.ledger import default_folder

    known: dict[str, Any] = {
        name: value for name, value in options.items() if name in _PLAIN and value is not None
    }
    rate = options.get("rate")
    return Settings(
        **known,
        sheet=sheet_of(options.get("sheet")),
        state=options.get("state") or default_folder(),
        shared=_SHARED.get(),
        endpoint=Endpoint.parse(options["endpoint"]),
        network=network_of(options),
        rate=None if rate is None else Rate.parse(rate),
        hash_key=hash_key(),
        fail_on=FailOn.parse(options.get("fail_on") or "any"),
        **(_readback(options) if "api_key_file" in options else {}),
        look_at_users=not options.get("no_users"),
    )


def network_of(options: GivenAccess) -> Network:
    """What `network` was given, as settings. Raises UsageError for a password on the command line."""
    proxy = options.get("proxy")
    if proxy and "@" in proxy:
        raise UsageError(
            "--proxy must not hold a user name or password: every user of this machine sees it there.",
            hint="Put it into the environment: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
        )
    return Network(Secret(proxy) if proxy else None, options.get("ca_file"))


_PLAIN = {
    *("file", "mapping", "out", "payloads", "save_plan", "signed_plan", "plan_sha256"),
    *("show_values", "xlsx", "again", "workers", "dask"),
    *("concurrency", "limit", "durability", "accept_empty", "check_survey"),
    *("settle", "timeout", "outage", "max_failures"),
}


def _readback(options: GivenAccess) -> dict[str, Any]:
    project = options.get("project") or os.environ.get(PROJECT) or from_dotenv(PROJECT)
    given = options["api_key_file"]
    text = (
        private_text(given, "API key file")
        if given
        else os.environ.get(API_KEY) or from_dotenv(API_KEY)
    )
    return {"project": project, "api_key": Secret.parse(text, "API key") if text else None}


def read_access(options: GivenAccess) -> tuple[Secret, str] | None:
    """The read API's key and the project; None where one of them is missing."""
    known = _readback(options)
    return (known["api_key"], known["project"]) if known["api_key"] and known["project"] else None


def sheet_of(text: str | None) -> str | int | None:
    """A sheet's name, or its number from 1."""
    return int(text) if text and text.isdigit() else text


# Spans of time on the command line: 10s, 5min, 2h, 180d.

_SECONDS = {"ms": 0.001, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


class Span(click.ParamType[float]):
    """A span in seconds; a number alone is seconds."""

    name = "SPAN"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """`90`, `90s`, `1.5h`, `180d`."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", str(value).strip().lower())
        if not found or (found[2] or "s") not in _SECONDS:
            self.fail(
                f"{value!r} is no span of time; write 50ms, 10s, 5min, 2h or 180d.", param, ctx
            )
        return float(found[1]) * _SECONDS[found[2] or "s"]


SPAN = Span()
