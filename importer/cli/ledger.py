"""`importer ledger`: the house-keeping of a ledger that hosts share."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.cli import options, output
from importer.cli.output import next_command
from importer.errors import ExitStatus, UsageError
from importer.model import counted

if TYPE_CHECKING:
    from importer.settings import SharedLedger


@click.command("ledger")
@click.argument("what", type=click.Choice(["check", "migrate", "copy", "purge"]))
@options.state_option
@options.json_option
def ledger_command(what: str, state: Path | None, as_json: bool) -> ExitStatus:
    """Keep the house of a ledger in PostgreSQL, which --ledger or IMPORTER_LEDGER names.

    `check` tells whether it is fit: tables, rights, what a commit survives, what a standby does. `migrate`
    makes its tables, or brings them up to date; the database's owner does it. `copy` moves the ledger of a
    state folder in: what was sent before stays sent. `purge` drops what sending needs no more and rewrites
    the tables, so that what `importer purge` and `importer forget` have blanked leaves their files.

    \b
    importer ledger migrate --ledger postgresql://db.example.com/importer
    importer ledger check
    importer ledger copy --state ~/.local/state/satismeter-importer
    """
    shared = options.where(state)
    if isinstance(shared, Path):
        raise UsageError(
            "This is for a ledger that hosts share.",
            hint="Name it with --ledger postgresql://HOST/DATABASE, or in IMPORTER_LEDGER.",
        )
    does = {"check": _check, "migrate": _migrate, "copy": _copy, "purge": _purge}
    return does[what](shared, state, as_json)


def _check(shared: SharedLedger, _: Path | None, as_json: bool) -> ExitStatus:
    from importer.ledger.postgres import WRONG, PostgresLedger, findings

    with PostgresLedger.opened(shared.address) as ledger:
        found = list(findings(ledger))
    wrong = any(each.state == WRONG for each in found)
    status = ExitStatus.USAGE if wrong else ExitStatus.DONE
    if as_json:
        output.emit({"checks": [asdict(each) for each in found], "exit_code": int(status)})
        return status
    for each in found:
        output.say(f"{each.state:<5}  {each.name}: {each.found}")
        if each.remedy:
            output.say(f"       → {each.remedy}")
    output.next_step(next_command("jobs"))
    return status


def _migrate(shared: SharedLedger, _: Path | None, as_json: bool) -> ExitStatus:
    from importer.ledger.postgres import VERSIONS, migrated

    before, where = migrated(shared.address)
    if as_json:
        output.emit({"before": before, "version": len(VERSIONS)})
        return ExitStatus.DONE
    done = "is up to date" if before == len(VERSIONS) else "has its tables"
    output.say(f"The ledger ({where}) {done} (version {len(VERSIONS)}).")
    output.next_step(next_command("ledger", "check"))
    return ExitStatus.DONE


def _copy(shared: SharedLedger, state: Path | None, as_json: bool) -> ExitStatus:
    from importer.engine import secret_of
    from importer.ledger import default_folder
    from importer.ledger.postgres import PostgresLedger, copy_ledger

    secret = secret_of(options.of_ledger(state))
    with PostgresLedger.opened(shared.address) as ledger:
        copied = copy_ledger(state or default_folder(), ledger, secret)
    if as_json:
        output.emit(asdict(copied))
        return ExitStatus.DONE
    jobs, rows = counted(copied.jobs, "job"), counted(copied.rows, "row")
    output.say(f"{jobs} with {rows} moved in: what was sent stays sent.")
    if copied.before:
        output.say(f"{counted(copied.before, 'job')} had moved in before.")
    output.next_step(next_command("jobs", why="from now on always with this ledger"))
    return ExitStatus.DONE


def _purge(shared: SharedLedger, _: Path | None, as_json: bool) -> ExitStatus:
    from importer.ledger.postgres import PostgresLedger

    with PostgresLedger.opened(shared.address) as ledger:
        ledger.rewritten()
    if as_json:
        output.emit({"rewritten": True})
        return ExitStatus.DONE
    output.say("The tables are written anew, without what was blanked or is over.")
    output.say("Elsewhere: the server's write-ahead log, its archive and its backups.")
    output.next_step(next_command("ledger", "check"))
    return ExitStatus.DONE
