"""`importer purge`, `drop`, `new-ledger` and `forget`: what goes from the ledger, and what is given up."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.cli import options, output
from importer.cli.jobs import looking, plain_error
from importer.cli.options import SPAN
from importer.cli.output import next_command
from importer.errors import ExitStatus, UsageError
from importer.model import counted

if TYPE_CHECKING:
    from importer.ledger import Ledger, Purgeable
    from importer.model import Job
    from importer.settings import SharedLedger


def _changing(state: Path | None, secret: bytes = b"") -> AbstractContextManager[Ledger]:
    from importer.ledger import existing

    return existing(options.where(state), secret)


# `importer purge`: what people can read of old jobs goes from the ledger.


@click.command("purge")
@click.option(
    "--older-than", type=SPAN, default="180d", show_default=True,
    help="Jobs that began longer ago than this.",
)  # fmt: skip
@click.option("--job", metavar="JOB", help="This job alone, however old.")
@click.option(
    "--hashes",
    is_flag=True,
    help="Drop the hashes of persons and answers, too: verify and resolve can't look these jobs up any more.",
)
@click.option("--yes", is_flag=True, help="Do it. Without, it only shows what would go.")
@options.state_option
@options.json_option
def purge_command(
    older_than: float, job: str | None, hashes: bool, yes: bool, state: Path | None, as_json: bool
) -> ExitStatus:
    """Remove what people can read of old jobs from the ledger; what was sent stays known.

    Masked ids, keys, messages, cell values and file names go, and are overwritten on the disk. The
    keyed hashes stay, so no row is ever sent twice, and so do statuses and counts. Whoever has the ledger
    and its key can still find a person out by guessing: --hashes drops all but the one that says that a row
    was sent. Jobs with rows left
    to send or to settle are passed over, unless one is named with --job: what is left of it is given up,
    as by `importer drop`. Results folders are yours: delete them yourself.

    \b
    importer purge                          what would go: jobs older than 180 days
    importer purge --older-than 30d --yes
    importer purge --job 20260301-answers --yes
    """
    from importer.engine.jobs import nobody_else

    with _changing(state) as ledger:
        found = (
            ledger.named(job, hashes=hashes)
            if job
            else ledger.purgeable(time.time() - older_than, hashes=hashes)
        )
        ready = [each for each in found if job or not each.left]
        if yes and ready:
            with nobody_else(ledger):
                for each in ready:
                    if each.left:
                        ledger.drop(each.job)
                known = {each.id: each for each in ledger.jobs()}
                gone = [known[each.job.id] for each in ready if each.job.id in known]
                ledger.purge(gone, hashes=hashes)
    _print_purged(found, ready, done=yes, as_json=as_json)
    return ExitStatus.DONE


@click.command("drop")
@click.argument("job", metavar="JOB")
@plain_error
def drop(job: str, state: Path | None, as_json: bool) -> ExitStatus:
    """Give up what is left of JOB, so that nothing goes on with it. What was posted stays known.

    Its rows that are left to send end as skipped (dropped); rows in doubt stay so. A job that has posted
    nothing goes as a whole. `importer run` with the same file starts a new job.

    \b
    importer drop 20260301-023000-answers
    """
    with _changing(state) as ledger:
        found = ledger.job(job)
        campaigns = found.campaigns.split(",")
        with ledger.lock(found.origin, campaigns, "importer drop"):
            ledger.recover(found.origin, campaigns)
            given_up, doubt = ledger.drop(found)
    if as_json:
        output.emit({"job": found.name, "given_up": given_up, "in_doubt": doubt})
        return ExitStatus.DONE
    output.say(f"Job {found.name}: {counted(given_up, 'row')} given up, {doubt:,} in doubt.")
    steps = [next_command("resolve", found.name, why="settles rows in doubt")] if doubt else []
    output.next_step(*steps, next_command("jobs"))
    return ExitStatus.DONE


@click.command("new-ledger")
@plain_error
def new_ledger(state: Path | None, as_json: bool) -> ExitStatus:
    """Let a new ledger begin, or an older copy go on, where the one of earlier runs is lost.

    A run refuses to begin beside a ledger that is gone, empty, or older than the last run: it couldn't tell
    what was sent. Restore the ledger from a backup if there is one. After this command rows are sent that
    no ledger knows of, so look at the survey first.

    \b
    importer new-ledger --state DIR
    """
    from importer.ledger import begin_anew, is_there

    folder = options.where(state)
    where, done = begin_anew(folder)
    if as_json:
        output.emit({"ledger": where, "changed": done})
        return ExitStatus.DONE
    output.say(
        f"The next run takes the ledger {where} as it is."
        if done
        else "Nothing to do: none is lost."
    )
    output.next_step(next_command("jobs") if is_there(folder) else "importer plan FILE -m MAPPING")
    return ExitStatus.DONE


def _print_purged(
    found: Sequence[Purgeable], ready: Sequence[Purgeable], *, done: bool, as_json: bool
) -> None:
    left = [each for each in found if each.left]
    if as_json:
        names = {"purged" if done else "would_purge": [each.job.name for each in ready]}
        output.emit({**names, "left": [each.job.name for each in left]})
        return
    for each in left:
        output.note(
            f"{each.job.name} stays: {counted(each.left, 'row')} left to send or to settle "
            f"({next_command('resume', each.job.name)}; or drop)."
        )
    if not ready:
        output.say("Nothing to purge.")
        return
    output.say("Purged:" if done else "Would be purged:")
    output.table(("job", "rows", "file"), [(x.job.name, x.rows, x.job.file) for x in ready])
    output.say()
    if done:
        output.say("What stays: row numbers, statuses and times; keyed hashes (docs/privacy.md).")
        output.say("Elsewhere: results folders, done/ and failed/ of a watched folder, logs.")
    else:
        output.say("Nothing was changed; --yes does it. There is no undo.")


# `importer forget`: one person.


@click.command("forget")
@click.option("--user", metavar="ID", help="A userId or anonymousId, as it was sent.")
@click.option("--email", metavar="ADDRESS", help="An e-mail address that was sent as an id.")
@click.option("--yes", is_flag=True, help="Do it. Without, it only shows what would go.")
@options.state_option
@options.json_option
def forget_command(
    user: str | None, email: str | None, yes: bool, state: Path | None, as_json: bool
) -> ExitStatus:
    """Erase one person from the ledger, and name the files that may hold them.

    Of the rows nothing stays but their numbers, what became of them, and the one hash by which the same file
    sends them to nobody again; rows left to send are given up. SatisMeter, the files named and their
    backups are yours: erase the person there, and take them out of files that you will import again.

    \b
    importer forget --user 4711
    importer forget --email jane@example.com --yes
    """
    from importer.engine import secret_of
    from importer.engine.jobs import nobody_else

    if (user is None) == (email is None):
        raise UsageError("Say who: --user ID, or --email ADDRESS.")
    ids = {user} if user else {str(email).strip(), str(email).strip().lower()}
    with looking(state):
        key = secret_of(options.of_ledger(state))
    with _changing(state, key) as ledger:
        found = ledger.known(ids)
        places = list(dict.fromkeys(path for each in found for path in _files_of(each.job)))
        if doubt := [each for each in found if each.doubt]:
            raise UsageError(
                f"Row {doubt[0].doubt[0]} of job {doubt[0].job.name} is in doubt: erased, it could never "
                "be settled.",
                hint=next_command("resolve", doubt[0].job.name, why="settles it; or mark"),
            )
        if yes and found:
            with nobody_else(ledger):
                ledger.forget(found)
    rows = {each.job.name: len(each.seqs) for each in found}
    if as_json:
        output.emit({"forgotten" if yes else "would_forget": rows, "files": places})
        return ExitStatus.DONE
    if not found:
        output.say("The ledger knows nobody of that id. A trait's e-mail address it never holds.")
        return ExitStatus.DONE
    output.say("Erased from the ledger:" if yes else "Would be erased from the ledger:")
    output.table(("job", "rows"), list(rows.items()))
    output.heading("Files that may hold this person, which stay as they are")
    for place in places or ["none of these jobs' files is where it was"]:
        output.say(f"  {place}")
    if not yes:
        output.say()
        output.say("Nothing was changed; --yes does it. There is no undo.")
    return ExitStatus.DONE


def _files_of(job: Job) -> Iterator[str]:
    from importer.results import files

    if job.file and Path(job.file).exists():
        yield job.file
    if out := job.settings.get("out"):
        for path in files.written(Path(str(out)), job.name):
            yield str(path)


# `importer ledger`: the house-keeping of a ledger that hosts share.


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
    from importer.cli.doctor import told
    from importer.ledger.postgres import PostgresLedger, findings

    with PostgresLedger.opened(shared.address) as ledger:
        status = told(findings(ledger), as_json=as_json)
    if not as_json:
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
