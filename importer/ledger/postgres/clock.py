"""A clock for leases: it counts the time for which the machine was suspended, too."""

from __future__ import annotations

import time

from importer import system

COUNTS_SUSPENSION = system.boottime() is not None
"""Whether there is such a clock here. Without one a machine that was suspended and woke may post once more
under a lease that it has lost meanwhile: `importer ledger check` says so."""


def now() -> float:
    """Seconds since some moment, those of a suspension included where the system counts them."""
    found = system.boottime()
    return time.monotonic() if found is None else found
