"""Progress of a job on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Any

from importer.cli import output
from importer.model import Outcome, Status, duration

EVERY = 10.0
"""Seconds between two status lines where there is no terminal."""


class Progress:
    """Watches a job (`pipeline.Watch`). Close it before printing the result. `silent`: says nothing, where
    standard error is the log's."""

    def __init__(self, *, silent: bool = False) -> None:
        self._tty = sys.stderr.isatty() and not silent
        self._note = _nothing if silent else output.note
        self._bar: Any = None
        self._ended: Counter[str] = Counter()
        self._total = 0
        self._start = self._said = time.monotonic()

    def staged(self, rows: int) -> None:
        """Rows read and mapped so far."""
        if self._tty:
            self._bar = self._bar or self._new_bar("Reading", None)
            self._bar.update(rows - self._bar.n)
        elif self._due():
            self._note(f"{rows:,} rows read")

    def sending(self, rows: int) -> None:
        """Posting begins."""
        self.close()
        self._total, self._ended = rows, Counter()
        self._start = self._said = time.monotonic()
        if self._tty and rows:
            self._bar = self._new_bar("Sending", rows)
        elif rows:
            self._note(f"Sending {rows:,} rows")

    def ended(self, outcome: Outcome) -> None:
        """A row has ended."""
        self._ended[outcome.status] += 1
        if self._bar is not None:
            self._bar.set_postfix_str(self._told(), refresh=False)
            self._bar.update(1)
        elif self._due():
            self._note(f"{self._ended.total():,} of {self._total:,} ({self._told()}){self._left()}")

    def settling(self, rows: int, seconds: float) -> None:
        """Rows of unknown fate are asked about again."""
        self.close()
        self._total, self._ended = rows, Counter()
        self._note(
            f"{rows:,} rows of unknown fate, or waiting behind one, are tried again in {seconds:.0f} s"
        )

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _new_bar(self, title: str, total: int | None) -> Any:
        from tqdm import tqdm

        return tqdm(
            total=total, desc=title, unit=" rows", file=sys.stderr, leave=False, smoothing=0.1
        )

    def _due(self) -> bool:
        if time.monotonic() - self._said < EVERY:
            return False
        self._said = time.monotonic()
        return True

    def _told(self) -> str:
        words = [f"{self._ended[status]:,} {status}" for status in Status if self._ended[status]]
        return ", ".join(words)

    def _left(self) -> str:
        spent, done = time.monotonic() - self._start, self._ended.total()
        return f", {duration(spent / done * (self._total - done))} left" if done else ""


def _nothing(_: str) -> None:
    """Say nothing."""
