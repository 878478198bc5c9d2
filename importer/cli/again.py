"""Next steps: the command as it was typed, with what changes; each word fit for a shell."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from importer.cli import options
from importer.errors import ExitStatus
from importer.model import Status, counted
from importer.settings import DEFAULT_ENDPOINT, Endpoint

if TYPE_CHECKING:
    from importer.pipeline import Summary

_ONCE = frozenset({"as_json", "force", "limit", "payloads", "save_plan"})
"""Options of one command only, by parameter: nobody wants them in the next one unasked."""

_OF_THE_FILE = ("out", "sheet", "signed_plan")
"""Options that fit the very file they were typed for, and no problems.csv of it."""
PILOT = 10
"""Rows that a first run is advised to post."""


def command(
    name: str, *words: object, why: str = "", without: Collection[str] = (), **changed: Any
) -> str:
    """A line to type: `importer NAME WORDS… OPTIONS…   # why`.

    The options are those typed for the command at hand that NAME knows too, but for the parameters
    `without`; those in `changed` are set anew.
    """
    from importer.cli import command as importer

    context = click.get_current_context()
    own, known = _options(context.command), _options(importer.commands[name])
    values: dict[str, object] = {
        each: value
        for each, value in context.params.items()
        if each in own.keys() - {*_ONCE, *without}
        and context.get_parameter_source(each) is ParameterSource.COMMANDLINE
    }
    values |= changed
    typed = [str(word) for word in words]
    typed = [f"./{each}" if each[:1] == "-" and each[1:] else each for each in typed]
    for option in sorted(values.keys() & known, key=list(values).index):
        typed += _typed(known[option], values[option])
    line = shlex.join(["importer", name, *typed])
    return f"{line}   # {why}" if why else line


def _options(command: click.Command) -> dict[str, click.Option]:
    return {str(each.name): each for each in command.params if isinstance(each, click.Option)}


def _typed(option: click.Option, value: object) -> Iterator[str]:
    for each in value if isinstance(value, tuple) else (value,):
        if option.is_flag:
            yield from [option.opts[0]] if each else []
        elif each is not None:
            yield option.opts[0]
            yield f"{each:g}" if isinstance(each, float) else str(each)


def after(summary: Summary) -> list[str]:
    """What to type after a plan or a run, by how it ended."""
    steps = _after_plan(summary) if summary.command == "plan" else _after_run(summary)
    if summary.problems:
        server = {} if "endpoint" in _given() else _server(summary)
        steps.append(
            command(
                "run",
                summary.problems,
                without=_OF_THE_FILE,
                why="once its rows are mended",
                mapping=summary.mapping,
                **server,
            )
        )
    return steps or [command("status", summary.job)]


def _given() -> dict[str, Any]:
    return click.get_current_context().params


def _server(summary: Summary) -> dict[str, Any]:
    other = summary.endpoint != Endpoint.parse(DEFAULT_ENDPOINT).url
    return {"endpoint": summary.endpoint} if other else {}


def _after_plan(summary: Summary) -> list[str]:
    rows = summary.rows
    if rows["ready"]:
        pilot = PILOT if rows["ready"] > PILOT else None
        return [_run(summary, limit=pilot, signed_plan=_given().get("save_plan"))]
    if summary.causes:
        return [command("explain", summary.causes[0].code)]
    return [command("jobs" if rows["already_sent"] else "explain")]


def _run(summary: Summary, why: str = "", **changed: Any) -> str:
    """Standard input is piped in anew, so there is no terminal to ask on; an address may have had a
    token."""
    if summary.file == "-":
        changed["yes"], why = True, why or "with the same bytes on standard input"
    elif _given()["file"] != summary.file:
        why = "with the whole address, as you typed it"
    return command("run", summary.file, why=why, **changed)


def _after_run(summary: Summary) -> list[str]:
    rows, steps = summary.rows, []
    pilot, pending = _given().get("limit"), rows.get(Status.PENDING, 0)
    if summary.stopped.startswith("max_failures"):
        steps.append(_same(summary, "posts the others all the same", max_failures=None))
    elif summary.exit_status not in (ExitStatus.DONE, ExitStatus.SOME_REFUSED):
        steps.append(_same(summary, "goes on with what is left", limit=pilot))
    elif pilot and pending:
        steps.append(_same(summary, f"the rest: {counted(pending, 'row')}"))
    if not summary.stopped and any(rows.get(each) for each in _STORED):
        steps.append(_reading("verify", summary.job, "proves that the survey holds what was sent"))
    if rows.get(Status.UNKNOWN):
        steps.append(_reading("resolve", summary.job, "settles rows in doubt"))
    if summary.duplicates.get("dup_or_targeting"):
        steps.append(command("explain", "dup_or_targeting"))
    return steps


_STORED = (Status.CREATED, Status.ALREADY_SENT)


def _same(summary: Summary, why: str, **changed: Any) -> str:
    """The command at hand once more; a run may find the mapping mended, which a resumed job may not."""
    name = str(click.get_current_context().info_name)
    if name == "run":
        return _run(summary, why, **changed)
    return command(name, summary.job, why=why, **changed)


def _reading(name: str, job: str, why: str) -> str:
    """A command that reads the survey, which takes another key."""
    needed = (
        "" if options.read_access(_given()) else f" (needs {options.API_KEY} and {options.PROJECT})"
    )
    return command(name, job, without=("file", "out"), why=f"{why}{needed}")
