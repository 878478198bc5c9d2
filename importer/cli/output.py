"""What commands print: results on standard output, everything else on standard error."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar

import click

from importer.errors import ExitStatus, ResultsError


def _colour() -> bool | None:
    """None lets click decide by the terminal; see no-color.org."""
    return False if os.environ.get("NO_COLOR") else None


def say(text: str = "") -> None:
    """A line of the result, on standard output."""
    _echo(text)


def note(text: str) -> None:
    """A line beside the result (progress, warnings), on standard error; JSON under `--log json`."""
    _echo(_logged(text) if LINES.get() else text, err=True)


def _echo(text: str, *, err: bool = False) -> None:
    """A reader that has gone (`| head`) ends no run, and takes nothing from its exit status."""
    try:
        click.echo(text, err=err, color=_colour())
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), (sys.stderr if err else sys.stdout).fileno())
    except OSError as error:
        raise ResultsError(
            f"Standard {'error' if err else 'output'} can't be written: {error.strerror}.",
            hint="What was done is done, and in the ledger; `importer status` shows it.",
        ) from error


LINES: ContextVar[bool] = ContextVar("lines", default=False)
"""Whether standard error is a log of JSON lines, and holds nothing else."""


def _logged(text: str) -> str:
    from importer.notices.log import JsonFormatter

    said = {"event": "said", "levelname": "INFO", "text": click.unstyle(text)}
    return JsonFormatter().format(logging.makeLogRecord(said))


def emit(document: Mapping[str, object], *, named: bool = True) -> None:
    """The one JSON object of `--json`, on standard output; it begins with the command's name (`named`)."""
    import orjson

    context = click.get_current_context(silent=True)
    first = {"command": context.info_name} if context and named else {}
    document = {**first, **document}
    _echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def emit_line(document: Mapping[str, object]) -> None:
    """One of several JSON objects, in a line of its own."""
    import orjson

    _echo(orjson.dumps(document).decode())


def heading(text: str) -> None:
    """A section's title."""
    say()
    say(click.style(text, bold=True))


def next_step(*commands: str) -> None:
    """How every command ends: what to type next."""
    say()
    for number, line in enumerate(commands):
        say(("Next: " if number == 0 else "      ") + click.style(line, fg="cyan"))


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
        say(("  " + "  ".join(shown)).rstrip())


def _shown(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def failure(message: str, hint: str = "") -> None:
    """An error for the user: what happened, and what to do."""
    note(click.style("Error: ", fg="red", bold=True) + message)
    if hint:
        note(hint)


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
        "This is a defect of the importer; please report it with the command you typed. "
        "What was posted is in the ledger: running the same command again is safe. "
        "IMPORTER_DEBUG=1 shows the traceback.",
    )
    if os.environ.get("IMPORTER_DEBUG"):
        note("".join(_places(error)))
    return ExitStatus.UNEXPECTED
