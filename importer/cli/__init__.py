"""The command `importer`: options -> Settings -> engine -> summary -> exit status.

Nothing heavy is imported until a command runs, so that `--help` comes at once.
"""

from __future__ import annotations

import gc
import io
import sys
from contextlib import suppress
from typing import NoReturn

import click

from importer import __version__, system
from importer.cli import config, init, inspect, jobs, output, sandbox
from importer.cli.automation import schedule_command, watch_command
from importer.cli.doctor import doctor_command
from importer.cli.inspect import explain_command, surveys_command
from importer.cli.mapping import check_command, presets_command, preview_command, schema_command
from importer.cli.plan_run import (
    plan_command,
    results_command,
    resume_command,
    retry_command,
    run_command,
)
from importer.cli.reconcile import mark_command, resolve_command, restore_command, verify_command
from importer.cli.retention import drop, forget_command, ledger_command, new_ledger, purge_command
from importer.cli.sandbox import demo_command, web_command
from importer.cli.work import work_command
from importer.errors import Declined, ExitStatus, ImporterError, UsageError
from importer.model import NEW_OBJECTS


class _InOrder(click.Group):
    """Lists the commands in the order in which a person needs them."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """`dry-run` is what many type for `plan`."""
        return super().resolve_command(
            ctx, ["plan" if args[0] == "dry-run" else args[0], *args[1:]]
        )


@click.group(
    cls=_InOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `importer demo`: the whole job on made-up data, nothing leaves this machine.",
)
@click.version_option(__version__, prog_name="importer")
@click.pass_context
def command(context: click.Context) -> None:
    """Put a spreadsheet of survey answers into SatisMeter, and account for every row.

    \b
    importer demo                                    see it work
    importer inspect answers.xlsx                    what is in the file
    importer init answers.xlsx                       write its mapping, with comments
    importer plan answers.xlsx -m mapping.yaml       the dry run (or: importer dry-run …)
    importer run answers.xlsx -m mapping.yaml        the real thing
    """
    if context.invoked_subcommand and not {"-h", "--help"} & set(sys.argv[1:]):
        doctor = context.invoked_subcommand == "doctor"  # tells what is wrong with them itself
        with suppress(*[UsageError] if doctor else []):
            context.default_map = config.defaults(command, context.invoked_subcommand)
        for each in () if doctor else config.misnamed():
            output.note(f"To know: {each}")


for each in (
    demo_command,
    web_command,
    inspect.inspect_command,
    surveys_command,
    init.init_command,
    presets_command,
    check_command,
    schema_command,
    preview_command,
    plan_command,
    run_command,
    resume_command,
    retry_command,
    work_command,
    resolve_command,
    mark_command,
    jobs.jobs_command,
    jobs.status_command,
    results_command,
    verify_command,
    restore_command,
    watch_command,
    schedule_command,
    drop,
    purge_command,
    forget_command,
    ledger_command,
    doctor_command,
    new_ledger,
    explain_command,
    sandbox.sandbox_command,
):
    config.bind(each)
    command.add_command(each)


def main() -> NoReturn:
    """Entry point: every failure becomes a message and an exit status; no traceback."""
    output.take_descriptors()
    gc.set_threshold(NEW_OBJECTS)
    system.utf8_output()
    output.LINES.set(False)
    output.QUIET.set(False)
    config.USED.set({})
    try:
        status = command.main(standalone_mode=False)
    except click.exceptions.Abort:
        status = ExitStatus.INTERRUPTED
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(file=shown)
        for line in shown.getvalue().splitlines():
            output.note(line)
        _elsewhere(error)
        status = _told(ExitStatus.USAGE, error.format_message())
    except Declined as error:
        output.note(error.message)
        status = _told(error.exit_status, error.message)
    except ImporterError as error:
        output.failure(*error.lines, hint=error.hint)
        if error.exit_status == ExitStatus.USAGE:
            _elsewhere()
        status = _told(error.exit_status, error.message, error.hint, error.remedy)
    except KeyboardInterrupt:
        status = ExitStatus.INTERRUPTED
    except Exception as error:  # noqa: BLE001  the last resort: a defect, told without a traceback
        status = _told(output.defect(error), f"unexpected {type(error).__name__}")
    sys.exit(int(status or 0))


def _elsewhere(error: click.ClickException | None = None) -> None:
    """What helps with what is wrong; which may not have been typed."""
    context, option = getattr(error, "ctx", None), getattr(error, "param", None)
    if option and option.name == "mapping":
        output.note("`importer init FILE` writes a mapping.")
    if error and context and context.command is run_command and "extra arg" in error.message:
        output.note("It takes one FILE; `importer watch FOLDER --once` takes each in a folder.")
    if context and option and (where := config.place(context, option)):
        config.USED.get()[str(option.name)] = where
    if told := config.told():
        output.note(f"Not typed here: {told}.")


def _told(status: ExitStatus, message: str, hint: str = "", remedy: str = "") -> ExitStatus:
    """Under `--json`, standard output has the error, too: whoever parses it need not read the other."""
    if "--json" in sys.argv[1:]:
        document = {"error": message, "hint": hint, "exit_code": int(status)}
        document |= {"remedy": remedy} if remedy else {}
        with suppress(ImporterError):  # it can't be written, as was said
            output.emit(document)
    return status
