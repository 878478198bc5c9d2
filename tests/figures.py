"""Figures that a test has measured, printed for whoever runs it with -s."""

from __future__ import annotations

import sys


def figure(name: str, **measured: object) -> None:
    """A line such as `outage: requests a row 1.004, failed 0`."""
    told = ", ".join(f"{what.replace('_', ' ')} {value}" for what, value in measured.items())
    sys.stdout.write(f"\n{name}: {told}\n")
