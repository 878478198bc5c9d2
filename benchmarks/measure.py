"""What one process costs: CPU, time, memory, as the kernel counts them for it and its children."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_STOPWATCH = Path(__file__).parent / "stopwatch.py"


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU (user + system) and wall time in seconds, and peak resident memory in MB."""

    cpu: float
    wall: float
    peak_mb: float


class Failed(Exception):
    """A command did not do what it was asked; says what it printed."""


def run(
    command: Sequence[str | Path],
    log: Path,
    *,
    extra: Mapping[str, str] | None = None,
    statuses: Sequence[int] = (0,),
) -> Cost:
    """Run a command to its end; what it prints goes to `log`. Raises Failed unless it exits with one of
    `statuses`."""
    cost = log.with_suffix(".cost")
    with log.open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-I", "-S", _STOPWATCH, cost, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(extra or {})},
            check=False,
        )
    if done.returncode not in statuses:
        tail = log.read_text(errors="replace")[-600:]
        raise Failed(f"{command[0]} exited with {done.returncode}: {tail}")
    return Cost(*map(float, cost.read_text().split()))
