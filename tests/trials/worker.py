"""A worker of a shared ledger for trials: with short leases, and pauses where they hurt most.

    python -m tests.trials.worker JOB URL TTL GUARD ZOMBIE

It works on the job until it ends or stops. ZOMBIE is how often it stops itself (SIGSTOP) between an attempt's
commit and its post; GUARD 0 leaves out the look at the clock right before a post.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path

from importer.engine.lanes import work
from importer.errors import ImporterError
from importer.ledger.postgres.journal import Journal
from importer.ledger.postgres.lanes import Timing
from importer.sandbox import API_KEY, PROJECT, WRITE_KEY
from importer.settings import Secret, Settings, SharedLedger


def haunted(zombie: float, guard: float) -> None:
    """Let a journal's permission be preceded by a pause now and then, or be given whatever it is."""
    permits = Journal.permits

    def paused(self: Journal, seq: int) -> bool:
        if random.random() < zombie:
            os.kill(os.getpid(), signal.SIGSTOP)
        return permits(self, seq) if guard else True

    Journal.permits = paused  # type: ignore[method-assign]


def main() -> int:
    job, _, ttl, guard, zombie = sys.argv[1:]
    haunted(float(zombie), float(guard))
    settings = Settings(
        file="", mapping="", state=Path.cwd(),
        shared=SharedLedger(os.environ["IMPORTER_LEDGER"]),
        hash_key=Secret(os.environ["SATISMETER_HASH_KEY"]),
        write_key=Secret(WRITE_KEY), api_key=Secret(API_KEY), project=PROJECT,
        settle=float(os.environ.get("SETTLE", "1")), timeout=2, outage=60, concurrency=8,
    )  # fmt: skip
    try:
        worked = work(
            settings, job, timing=Timing(float(ttl), min(float(ttl) / 6, 1), float(guard) or 1e9)
        )
    except ImporterError as error:
        sys.stdout.write(f"{type(error).__name__}: {error.message}\n")
        return 1
    sys.stdout.write(f"{worked}\n")
    return 0 if worked.rows else 1


if __name__ == "__main__":
    sys.exit(main())
