"""SIGINT and SIGTERM. While rows are posted the first drains and the second leaves at once; before and
after, the first leaves."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from importer.errors import Interrupted

Drain = Callable[[int], None]
Abandon = Callable[[], None]


_WANTED = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def leaving() -> Iterator[None]:
    """Within, a signal raises `Interrupted`, so that everything open is closed on the way out. Signals
    reach the main thread only: in another one nothing is handled."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _: FrameType | None) -> None:
        raise Interrupted(number)

    former = {each: signal.signal(each, leave) for each in _WANTED}
    try:
        yield
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)


@contextmanager
def handled(drain: Drain, abandon: Abandon, patience: float) -> Iterator[None]:
    """Within, the first signal calls `drain` with its number; the second, or `patience` seconds,
    calls `abandon`. Afterwards whoever handled them before does so again. Signals reach the
    main thread only: in another one nothing is handled."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []

    def caught(number: int) -> None:
        if timers:
            abandon()
        else:
            timers.append(loop.call_later(patience, abandon))
            drain(number)

    former = {each: signal.getsignal(each) for each in _WANTED}
    for each in _WANTED:
        loop.add_signal_handler(each, caught, each)
    try:
        yield
    finally:
        for each in _WANTED:
            loop.remove_signal_handler(each)
            signal.signal(each, former[each])
        for timer in timers:
            timer.cancel()
