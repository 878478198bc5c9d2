"""A clock for leases: it counts the time for which the machine was suspended, too."""

from __future__ import annotations

import sys
import time


def _boottime() -> float | None:
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC)  # macOS has it run on in sleep
    if sys.platform == "win32":
        import ctypes

        return float(ctypes.windll.kernel32.GetTickCount64()) / 1000
    return None


COUNTS_SUSPENSION = _boottime() is not None
"""Whether there is such a clock here. Without one a machine that was suspended and woke may post once more
under a lease that it has lost meanwhile: `importer ledger check` says so."""


def now() -> float:
    """Seconds since some moment, those of a suspension included where the system counts them."""
    found = _boottime()
    return time.monotonic() if found is None else found
