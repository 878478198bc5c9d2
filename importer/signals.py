"""SIGINT and SIGTERM: the first drains, the second leaves at once."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Drain = Callable[[int], None]
Abandon = Callable[[], None]


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

    wanted = (signal.SIGINT, signal.SIGTERM)
    former = {each: signal.getsignal(each) for each in wanted}
    for each in wanted:
        loop.add_signal_handler(each, caught, each)
    try:
        yield
    finally:
        for each in wanted:
            loop.remove_signal_handler(each)
            signal.signal(each, former[each])
        for timer in timers:
            timer.cancel()
