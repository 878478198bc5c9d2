"""`importer purge`: what people can read of old jobs goes from the ledger."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.cli import again, ledgers, options, output
from importer.cli.span import SPAN
from importer.errors import ExitStatus
from importer.model import counted

if TYPE_CHECKING:
    from importer.ledger import Ledger
    from importer.ledger.purging import Purgeable


@click.command("purge")
@click.option(
    "--older-than", type=SPAN, default="180d", show_default=True,
    help="Jobs that began longer ago than this.",
)  # fmt: skip
@click.option("--job", metavar="JOB", help="This job alone, however old.")
@click.option("--yes", is_flag=True, help="Do it. Without, it only shows what would go.")
@options.state_option
@options.json_option
def command(
    older_than: float, job: str | None, yes: bool, state: Path | None, as_json: bool
) -> ExitStatus:
    """Remove what people can read of old jobs from the ledger; what was sent stays known.

    Masked ids, keys, messages, cell values and file names go, and are overwritten on the disk. The
    keyed hashes stay, so no row is ever sent twice, and so do statuses and counts. Jobs with rows left
    to send or to settle are passed over, unless one is named with --job: what is left of it is given up,
    as by `importer drop`. Results folders are yours: delete them yourself.

    \b
    importer purge                          what would go: jobs older than 180 days
    importer purge --older-than 30d --yes
    importer purge --job 20260301-answers --yes
    """
    from importer.ledger import purging
    from importer.ledger.state import default_folder

    folder = state or default_folder()
    with ledgers.looking(state) as ledger:
        found = (
            purging.named(ledger, job)
            if job
            else purging.purgeable(ledger, time.time() - older_than)
        )
        ready = [each for each in found if job or not each.left]
        if yes and ready:
            with _nobody_else(ledger, folder):
                for each in ready:
                    if each.left:
                        purging.drop(ledger, each.job)
                known = {each.id: each for each in ledger.jobs()}
                purging.purge(
                    ledger, [known[each.job.id] for each in ready if each.job.id in known]
                )
    _tell(found, ready, done=yes, as_json=as_json)
    return ExitStatus.DONE


@click.command("drop")
@click.argument("job", metavar="JOB")
@ledgers.plain
def drop(job: str, state: Path | None, as_json: bool) -> ExitStatus:
    """Give up what is left of JOB, so that nothing goes on with it. What was posted stays known.

    Its rows that are left to send end as skipped (dropped); rows in doubt stay so. A job that has posted
    nothing goes as a whole. `importer run` with the same file starts a new job.

    \b
    importer drop 20260301-023000-answers
    """
    from importer.ledger import held, purging
    from importer.ledger.state import default_folder

    with ledgers.looking(state) as ledger:
        found = ledger.job(job)
        campaigns = found.campaigns.split(",")
        with held(state or default_folder(), found.origin, campaigns, "importer drop"):
            ledger.recover(found.origin, campaigns)
            given_up, doubt = purging.drop(ledger, found)
    if as_json:
        output.emit({"job": found.name, "given_up": given_up, "in_doubt": doubt})
        return ExitStatus.DONE
    output.say(f"Job {found.name}: {counted(given_up, 'row')} given up, {doubt:,} in doubt.")
    steps = [again.command("resolve", found.name, why="settles rows in doubt")] if doubt else []
    output.next_step(*steps, again.command("jobs"))
    return ExitStatus.DONE


@contextmanager
def _nobody_else(ledger: Ledger, folder: Path) -> Iterator[None]:
    """Keep every run of every server out meanwhile; raises Busy."""
    from importer.ledger import held

    with ExitStack() as stack:
        for origin in {job.origin for job in ledger.jobs()}:
            stack.enter_context(held(folder, origin, ("*",), "importer purge"))
        yield


def _tell(
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
            f"({again.command('resume', each.job.name)}; or drop)."
        )
    if not ready:
        output.say("Nothing to purge.")
        return
    output.say("Purged:" if done else "Would be purged:")
    output.table(("job", "rows", "file"), [(x.job.name, x.rows, x.job.file) for x in ready])
    if not done:
        output.say()
        output.say("Nothing was changed; --yes does it. There is no undo.")
