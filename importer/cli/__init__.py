"""The command `importer`: options -> Settings -> pipeline -> summary -> exit status.

Nothing heavy is imported until a command runs, so that `--help` comes at once.
"""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from typing import NoReturn

import click

from importer import __version__
from importer.cli import (
    check,
    demo,
    explain,
    init,
    inspect,
    jobs,
    output,
    plan,
    presets,
    preview,
    purge,
    resolve,
    results,
    resume,
    run,
    sandbox,
    schedule,
    schema,
    surveys,
    verify,
    watch,
)
from importer.errors import Declined, ExitStatus, ImporterError


class _InOrder(click.Group):
    """Lists the commands in the order in which a person needs them."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=_InOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `importer demo`: the whole job on made-up data, nothing leaves this machine.",
)
@click.version_option(__version__, prog_name="importer")
def command() -> None:
    """Put a spreadsheet of survey answers into SatisMeter, and account for every row.

    \b
    importer demo                                    see it work
    importer inspect answers.xlsx                    what is in the file
    importer init answers.xlsx                       write its mapping, with comments
    importer plan answers.xlsx -m mapping.yaml       the dry run
    importer run answers.xlsx -m mapping.yaml        the real thing
    """


for each in (
    demo.command,
    inspect.command,
    surveys.command,
    init.command,
    presets.command,
    check.command,
    schema.command,
    preview.command,
    plan.command,
    run.command,
    resume.resume,
    resume.retry,
    resolve.resolve,
    resolve.mark,
    jobs.jobs,
    jobs.status,
    results.command,
    verify.command,
    watch.command,
    schedule.command,
    purge.drop,
    purge.command,
    explain.command,
    sandbox.sandbox,
):
    command.add_command(each)


_NEW_OBJECTS = 50_000
"""Objects between two searches for cycles: rows come by the million and hold none. With Python's own number a
plan of 100,000 rows took 10 % more CPU (least of four turns)."""


def main() -> NoReturn:
    """Entry point: every failure becomes a message and an exit status; no traceback."""
    gc.set_threshold(_NEW_OBJECTS)
    output.LINES.set(False)
    try:
        status = command.main(standalone_mode=False)
    except click.exceptions.Abort:
        status = ExitStatus.INTERRUPTED
    except click.ClickException as error:
        error.show()
        if getattr(getattr(error, "param", None), "name", "") == "mapping":
            output.note("`importer init FILE` writes a mapping.")
        status = _told(ExitStatus.USAGE, error.format_message())
    except Declined as error:
        output.note(error.message)
        status = _told(error.exit_status, error.message)
    except ImporterError as error:
        output.failure(error.message, error.hint)
        status = _told(error.exit_status, error.message, error.hint)
    except KeyboardInterrupt:
        status = ExitStatus.INTERRUPTED
    except Exception as error:  # noqa: BLE001  the last resort: a defect, told without a traceback
        status = _told(output.defect(error), f"unexpected {type(error).__name__}")
    sys.exit(int(status or 0))


def _told(status: ExitStatus, message: str, hint: str = "") -> ExitStatus:
    """Under `--json`, standard output has the error, too: whoever parses it need not read the other."""
    if "--json" in sys.argv[1:]:
        document = {"error": message, "hint": hint, "exit_code": int(status)}
        with suppress(ImporterError):  # it can't be written, as was said
            output.emit(document)
    return status
