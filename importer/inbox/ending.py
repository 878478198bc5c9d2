"""SIGINT and SIGTERM outside of sending: the work at hand comes to its next safe place, then ends."""

from __future__ import annotations

import signal
import time
from types import FrameType, TracebackType
from typing import Any, Self

from importer.errors import Interrupted
from importer.model import Outcome

_SLICE = 0.2
"""Seconds between two looks at whether a signal came."""


class Ending:
    """`with Ending() as ending:` remembers the first SIGINT or SIGTERM instead of dying of it. The
    second one ends the program as it would without. It is a `pipeline.Watch` too: while a file is
    being read, the signal raises Interrupted before the next chunk."""

    def __init__(self) -> None:
        self.signal = 0
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for each in (signal.SIGINT, signal.SIGTERM):
            self._former[each] = signal.signal(each, self._caught)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each, former in self._former.items():
            signal.signal(each, former)

    def _caught(self, number: int, _: FrameType | None) -> None:
        if self.signal:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(signal.Signals(number))
        self.signal = number

    def sleep(self, seconds: float) -> None:
        """Let time pass, unless a signal came."""
        end = time.monotonic() + seconds
        while not self.signal and (left := end - time.monotonic()) > 0:
            time.sleep(min(_SLICE, left))

    def check(self) -> None:
        """Raise Interrupted where a signal came."""
        if self.signal:
            raise Interrupted(self.signal)

    # as a Watch

    def staged(self, _: int) -> None:
        """A chunk has been read: a safe place."""
        self.check()

    def sending(self, _: int) -> None:
        """From here on delivery takes care of signals itself."""

    def ended(self, _: Outcome) -> None:
        """Delivery takes care of signals itself."""

    def settling(self, _: int, __: float) -> None:
        """Delivery takes care of signals itself."""
