"""Progress of a job on standard error: a bar (tqdm) on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import suppress
from typing import Any

from importer.cli.output import note
from importer.engine import Done, Ended, Event, Looking, Sending, Staged, Waiting
from importer.model import Status, Why, duration

EVERY = 10.0
"""Seconds between two status lines where there is no terminal."""


class Progress:
    """Watches a job (`engine.Observer`). Close it before printing the result. `silent`: says nothing, where
    standard error is the log's."""

    def __init__(self, *, silent: bool = False) -> None:
        self._tty = bool(sys.stderr) and sys.stderr.isatty() and not silent
        self._note = _nothing if silent else note
        self._bar: Any = None
        self._ended: Counter[str] = Counter()
        self._total = 0
        self._start = self._said = time.monotonic()
        self._waiting: Waiting | None = None

    def event(self, event: Event, /) -> None:
        match event:
            case Ended(status=status):
                self._row_ended(status)
            case Staged(rows):
                self._staged(rows)
            case Looking(users):
                told = f"{users:,} users of the account looked at"
                if self._bar is not None:
                    self._bar.set_postfix_str(told)
                elif self._due():
                    self._note(told)
            case Sending(rows):
                self.close()
                self._total, self._ended = rows, Counter()
                self._start = self._said = time.monotonic()
                if self._tty and rows:
                    self._bar = self._new_bar("Sending", rows)
                elif rows:
                    self._note(f"Sending {rows:,} rows")
            case Done():
                self.close()
            case _:
                self._wait(event)

    def _staged(self, rows: int) -> None:
        if self._tty:
            self._bar = self._bar or self._new_bar("Reading", None)
            self._bar.update(rows - self._bar.n)
        elif self._due():
            self._note(f"{rows:,} rows read")

    def _row_ended(self, status: Status) -> None:
        self._ended[status] += 1
        if self._waiting and self._waiting.why is not Why.STOPPING:
            self._waiting = None
        if self._bar is not None:
            self._bar.set_postfix_str(self._told(), refresh=False)
            self._bar.update(1)
        elif self._due():
            self._note(f"{self._ended.total():,} of {self._total:,} ({self._told()}){self._left()}")

    def _wait(self, waiting: Waiting) -> None:
        """Why nothing happens: at the bar; elsewhere a line where the reason is another one. That the rate
        is slow is what was asked for, and no news but at the bar."""
        news = self._waiting is None or self._waiting.why is not waiting.why
        self._waiting = waiting
        if waiting.why is Why.SETTLING:
            self.close()
            self._total, self._ended = waiting.rows, Counter()
        if self._bar is not None:
            self._bar.set_postfix_str(self._told())
        elif news and waiting.why is not Why.RATE:
            self._note(_until(waiting))

    def close(self) -> None:
        bar, self._bar = self._bar, None
        if bar is not None:
            with suppress(OSError):  # the terminal is gone, and the bar with it
                bar.close()

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
        return ", ".join([*words, *([_until(self._waiting)] if self._waiting else [])])

    def _left(self) -> str:
        spent, done = time.monotonic() - self._start, self._ended.total()
        return f", {duration(spent / done * (self._total - done))} left" if done else ""


def _until(waiting: Waiting) -> str:
    """Such as `waits until 14:03:10: the API asks to wait (Retry-After)`, by this machine's clock."""
    at = time.strftime("%H:%M:%S", time.localtime(waiting.until))
    return f"waits until {at}: {waiting.text}"


def _nothing(_: str) -> None:
    """Say nothing."""
