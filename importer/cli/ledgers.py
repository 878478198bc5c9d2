"""The ledger as commands open it to look at jobs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.cli import options
from importer.errors import UsageError

if TYPE_CHECKING:
    from importer.ledger import Ledger

job_argument = click.argument("job", metavar="[JOB]", default="")
"""A job's name or number; the newest where there is none."""

moved_file = click.option(
    "--file", type=click.Path(path_type=Path, dir_okay=False),
    help="Where the job's file lies now, if it was moved.",
)  # fmt: skip


@contextmanager
def looking(state: Path | None) -> Iterator[Ledger]:
    """The ledger of a state folder; UsageError where there is none, so that looking makes none."""
    from importer.ledger import ledger_path
    from importer.ledger.finished import opened
    from importer.ledger.state import default_folder

    folder = state or default_folder()
    if not ledger_path(folder).exists():
        raise UsageError(
            f"There is no ledger in {folder}: nothing was run yet.",
            hint="Another folder? Name it with --state DIR.",
        )
    with opened(folder) as ledger:
        yield ledger


def plain(command: options.Command) -> options.Command:
    """--state and --json."""
    return options.state_option(options.json_option(command))
