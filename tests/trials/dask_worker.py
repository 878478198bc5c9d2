"""What `dask worker --preload` makes of a worker for trials: its leases are short, and each part takes it a
while, so that there is something to be killed over. Parts that were begun leave their names in `begun`."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

from importer.engine import lanes, parts
from importer.ledger.postgres import Timing


def dask_setup(_: Any) -> None:
    """Called by Dask before the worker begins."""
    staged = parts._staged

    def slowly(task: parts.PartTask) -> bytes:
        Path("begun").mkdir(exist_ok=True)
        Path("begun", f"{task.part.start}-{time.monotonic_ns()}").touch()
        time.sleep(0.4)
        return staged(task)

    parts._staged = slowly
    lanes.work = partial(lanes.work, timing=Timing(3.0, 0.5, 1.0))
