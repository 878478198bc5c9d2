"""What commands print: results on standard output; notes, errors and the next step on standard error."""

from __future__ import annotations

import errno
import io
import logging
import os
import shutil
import stat
import sys
import textwrap
import traceback
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

import click
from click.core import ParameterSource

from importer.cli import config, options
from importer.errors import ExitStatus, ResultsError
from importer.model import Status, counted
from importer.privacy import json_escaped, shell_word, visible
from importer.settings import API_KEY, DEFAULT_ENDPOINT, Endpoint

if TYPE_CHECKING:
    from importer.cli.given import Given
    from importer.results import Summary


QUIET: ContextVar[bool] = ContextVar("quiet", default=False)
"""Whether nothing is said but errors and what is asked."""


def take_descriptors() -> None:
    """Standard streams that were closed (`2>&-`) lead nowhere: else the next file that is opened, the ledger
    say, would get their descriptor, and what is written to it."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass
    os.close(handle)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  to the end
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and not _has_all_letters(stream):
            stream.reconfigure(errors="backslashreplace")  # a letter that it lacks ends no run


_STANDARD_ERROR = 2


def _has_all_letters(stream: TextIO) -> bool:
    return "utf" in (stream.encoding or "utf-8").casefold()


# Whatever a command prints passes here: names of files, sheets, columns, jobs and surveys are anybody's, and
# none of them moves the cursor, ends a line, or begins one that looks like ours.

_PEN = f"\x1b{os.urandom(8).hex()}"
"""Begins an escape of ours: no data can know it."""


def style(text: str, **how: Any) -> str:
    """The text in colour or bold (as `click.style`), for a part of a line."""
    return click.style(visible(text), **how).replace("\x1b", _PEN)


def _line(text: str) -> str:
    return "\x1b".join(map(visible, text.split(_PEN)))


def say(text: str = "", *, hang: int | None = 0) -> None:
    """A line of the result, on standard output; a line break in it is shown as such. On a terminal a line
    that is too long goes on below, `hang` characters further in; None leaves it whole, to be copied."""
    if not QUIET.get():
        _echo(_line(text) if hang is None else _folded(_line(text), hang))


def note(text: str = "", *, always: bool = False) -> None:
    """A line beside the result (progress, warnings), on standard error; JSON under `--log json`. `always`:
    under --quiet, too."""
    if always or not QUIET.get():
        _echo(_logged(_line(text)) if LINES.get() else _folded(_line(text), err=True), err=True)


def _folded(text: str, hang: int = 0, *, err: bool = False) -> str:
    """Broken between words where the terminal would break it within one."""
    if not (sys.stderr if err else sys.stdout).isatty():
        return text
    width = shutil.get_terminal_size().columns
    within = len(text) - len(text.lstrip()) + hang
    path = text.lstrip()[:1] in {"/", "~"}  # is copied, too
    if path or len(click.unstyle(text)) <= width or within > width - 20:
        return text
    return textwrap.fill(
        text,
        width,
        drop_whitespace=True,
        subsequent_indent=" " * within,
        break_long_words=False,
        break_on_hyphens=False,
    )


def whole(text: str) -> None:
    """A document of several lines, on standard output: a mapping, a schedule."""
    for line in text.split("\n"):
        _echo("\t".join(map(visible, line.split("\t"))))


def _echo(text: str, *, err: bool = False) -> None:
    """A reader that has gone (`| head`, a terminal that was closed) ends no run, and takes nothing from its
    exit status; nor does a standard error that can't be written, since no result stands there."""
    try:
        # None lets click decide by the terminal; see no-color.org.
        click.echo(text, err=err, color=False if os.environ.get("NO_COLOR") else None)
    except OSError as error:
        handle = (sys.stderr if err else sys.stdout).fileno()
        gone = error.errno == errno.EIO and stat.S_ISCHR(os.fstat(handle).st_mode)
        # What is left in the buffer is written at exit: there it must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), handle)
        if err or gone or isinstance(error, BrokenPipeError):
            return
        raise ResultsError(
            f"Standard output can't be written: {error.strerror}.",
            hint="What was done is done, and in the ledger; `importer status` shows it.",
        ) from error


LINES: ContextVar[bool] = ContextVar("lines", default=False)
"""Whether standard error is a log of JSON lines, and holds nothing else."""


def _logged(text: str) -> str:
    from importer.automation.monitoring import JsonFormatter

    said = {"event": "said", "levelname": "INFO", "text": click.unstyle(text)}
    return JsonFormatter().format(logging.makeLogRecord(said))


def emit(document: Mapping[str, object], *, named: bool = True) -> None:
    """The one JSON object of `--json`, on standard output; it begins with the command's name (`named`). Of
    several files each has one, in a line of its own."""
    context = click.get_current_context(silent=True)
    first = {"command": context.info_name} if context and named else {}
    file = context.meta.get(FILE) if context else None
    of = {"file": file} if file else {}
    _echo(_json({**first, **of, **document}, indent=0 if file else 2))


FILE = "importer.file"
"""Where a command's context has the file at hand, where there are several."""


def emit_line(document: Mapping[str, object]) -> None:
    """One of several JSON objects, in a line of its own."""
    _echo(_json(document))


def _json(document: Mapping[str, object], indent: int = 0) -> str:
    """As JSON that a terminal may have, too; a name that is no UTF-8 gets U+FFFD, which parsers take."""
    import json

    import orjson

    try:
        text = orjson.dumps(document, option=orjson.OPT_INDENT_2 if indent else 0).decode()
    except TypeError:
        text = json.dumps(document, ensure_ascii=False, indent=indent or None)
    if not _has_all_letters(sys.stdout):
        text = json.dumps(json.loads(text), indent=indent or None)
    return json_escaped(text)


def heading(text: str) -> None:
    say()
    say(style(text, bold=True))


def next_step(*commands: str) -> None:
    """How every command ends: what to type next."""
    say()
    for number, line in enumerate(commands):
        say(("Next: " if number == 0 else "      ") + style(line, fg="cyan"), hang=None)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns of text; numbers stand right, the last column runs free."""
    cells = [[_shown(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    numeric = [
        bool(cells) and all(row[i].replace(",", "").isdigit() for row in cells)
        for i in range(len(header))
    ]
    for line in ([*header], *cells):
        shown = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ]
        say(("  " + "  ".join(shown)).rstrip(), hang=sum(widths[:-1]) + 2 * len(widths) - 2)


def _shown(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int) else visible(str(cell))


def failure(message: str, *more: str, hint: str = "") -> None:
    """An error for the user: what happened, in one line or more, and what to do."""
    note(style("Error: ", fg="red", bold=True) + message, always=True)
    for line in (*more, *filter(None, [hint])):
        note(line, always=True)


def _places(error: BaseException) -> Iterator[str]:
    """A traceback of places and kinds: an exception's own text may quote a person, or a key."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause:
        yield from _places(cause)
        yield "\nwhich led to:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__name__}\n"


def defect(error: Exception) -> ExitStatus:
    """A defect of the importer: its kind and place, never the data that was being handled."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    failure(
        f"unexpected {type(error).__name__} at {last.filename}:{last.lineno}.",
        hint="This is a defect of the importer; please report it with the command you typed. "
        "What was posted is in the ledger: running the same command again is safe. "
        "IMPORTER_DEBUG=1 shows the traceback.",
    )
    if os.environ.get("IMPORTER_DEBUG"):
        for line in "".join(_places(error)).splitlines():
            note(line)
    return ExitStatus.UNEXPECTED


def spoken_for(given: Given) -> bool:
    """Whether standard error is a log's, or to be silent, so that it gets no progress."""
    return bool(given["log_format"] == "json" or given["quiet"] or given["verbose"])


def was_typed(name: str) -> bool:
    """Whether this parameter of the command at hand stood on its command line."""
    source = click.get_current_context().get_parameter_source(name)
    return source is ParameterSource.COMMANDLINE


# Next steps: the command as it was typed, with what changes; each word fit for a shell.

_ONCE = frozenset({"as_json", "force", "limit", "payloads", "save_plan"})
"""Options of one command only, by parameter: nobody wants them in the next one unasked."""

_OF_THE_FILE = ("out", "sheet", "signed_plan", "plan_sha256", "again")
"""Options that fit the very file they were typed for, and no problems.csv of it."""
PILOT = 10
"""Rows that a first run is advised to post."""


def next_command(
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
        if each in own.keys() - {*_ONCE, *without} and was_typed(each)
    }
    if was_typed("ledger"):  # which no command takes as a parameter: see `options.where`
        values["ledger"] = context.meta["importer.ledger"]
    values |= changed
    typed = [str(word) for word in words]
    typed = [f"./{each}" if each[:1] == "-" and each[1:] else each for each in typed]
    for option in sorted(values.keys() & known, key=list(values).index):
        typed += _typed(known[option], values[option])
    line = " ".join(map(shell_word, ("importer", name, *typed)))
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
    steps = _after_plan(summary) if summary.command == "plan" else _after_run(summary)
    if mended := summary.workbook or summary.problems:
        server = {} if "endpoint" in _given() else _server(summary)
        sheet = {"sheet": summary.sheet} if summary.workbook and summary.sheet else {}
        steps.append(
            next_command(
                "run",
                mended,
                without=_OF_THE_FILE,
                why="once its rows are mended",
                mapping=summary.mapping,
                **sheet,
                **server,
            )
        )
    return steps or [next_command("status", summary.job)]


def _given() -> Given:
    return cast("Given", click.get_current_context().params)


def _server(summary: Summary) -> dict[str, object]:
    other = summary.endpoint != Endpoint.parse(DEFAULT_ENDPOINT).url
    return {"endpoint": summary.endpoint} if other else {}


def _after_plan(summary: Summary) -> list[str]:
    rows = summary.rows
    if rows["ready"]:
        pilot = PILOT if rows["ready"] > PILOT else None
        return [_run(summary, limit=pilot, signed_plan=_given().get("save_plan"))]
    if summary.causes:
        return [next_command("explain", summary.causes[0].code)]
    return [next_command("jobs" if rows["already_sent"] else "explain")]


def _run(summary: Summary, why: str = "", **changed: Any) -> str:
    """Standard input is piped in anew, so there is no terminal to ask on; an address may have had a token."""
    if summary.file == "-":
        changed["yes"], why = True, why or "with the same bytes on standard input"
    elif _given()["file"] != summary.file:
        why = "with the whole address, as you typed it"
    return next_command("run", summary.file, why=why, **changed)


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
        steps.append(next_command("explain", "dup_or_targeting"))
    return steps


_STORED = (Status.CREATED, Status.ALREADY_SENT)


def _same(summary: Summary, why: str, **changed: Any) -> str:
    """The command at hand once more; a run may find the mapping mended, which a resumed job may not."""
    name = str(click.get_current_context().info_name)
    if name == "run":
        return _run(summary, why, **changed)
    return next_command(name, summary.job, why=why, **changed)


def _reading(name: str, job: str, why: str) -> str:
    """A command that reads the survey, which takes another key."""
    needed = "" if options.read_access(_given()) else f" (needs {API_KEY} and {config.PROJECT})"
    return next_command(name, job, without=("file", "out"), why=f"{why}{needed}")
