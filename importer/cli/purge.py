"""`importer purge`: what people can read of old jobs goes from the ledger."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.cli import ledgers, options, output
from importer.cli.span import SPAN
from importer.errors import ExitStatus, UsageError
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
    keyed hashes stay, so no row is ever sent twice, and so do statuses and counts. Jobs with rows
    left to send or to settle are passed over. Results folders are yours: delete them yourself.

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
        ready = [each for each in found if not each.left]
        if job and found and not ready:
            raise UsageError(
                f"Job {found[0].job.name} has {counted(found[0].left, 'row')} left to send or to settle.",
                hint=f"`importer resume {found[0].job.name}` goes on with it.",
            )
        if yes and ready:
            with _nobody_else(ledger, folder):
                purging.purge(ledger, [each.job for each in ready])
    _tell(found, ready, done=yes, as_json=as_json)
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
            f"(importer resume {each.job.name})."
        )
    if not ready:
        output.say("Nothing to purge.")
        return
    output.say("Purged:" if done else "Would be purged:")
    output.table(("job", "rows", "file"), [(x.job.name, x.rows, x.job.file) for x in ready])
    if not done:
        output.say()
        output.say("Nothing was changed; --yes does it. There is no undo.")
