"""SIGINT, SIGTERM, and what counts as SIGTERM: SIGHUP (the terminal has gone), on Windows Ctrl-Break. While
rows are posted the first drains and the second leaves at once; before and after, the first leaves."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import FrameType

from importer.errors import Interrupted
from importer.system import HANGUPS

Drain = Callable[[int], None]
Abandon = Callable[[], None]


Hear = Callable[[int], None]

STUCK = 2.0
"""Seconds that an event loop may take to notice a second signal."""


def wanted() -> tuple[signal.Signals, ...]:
    """The signals to handle; a hang-up is none of them where `nohup` has said so."""
    hangups = (each for each in HANGUPS if signal.getsignal(each) is not signal.SIG_IGN)
    return (signal.SIGINT, signal.SIGTERM, *hangups)


def counted_as(number: int) -> int:
    """The signal as which this one ends a run, and in its exit status."""
    return signal.SIGTERM if number in HANGUPS else number


_GONE = b"The disk does not answer, so this ends here. The same command goes on where it stopped.\n"


@contextmanager
def leaving() -> Iterator[None]:
    """Within, a signal raises `Interrupted`, so that everything open is closed on the way out. Signals
    reach the main thread only: in another one nothing is handled."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _: FrameType | None) -> None:
        raise Interrupted(counted_as(number))

    former = {each: signal.signal(each, leave) for each in wanted()}
    try:
        yield
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)


@contextmanager
def handled(drain: Drain, abandon: Abandon, patience: float) -> Iterator[None]:
    """Within, the first signal calls `drain` with its number; the second, or `patience` seconds,
    calls `abandon`. Where the event loop doesn't notice the second one, since a write to the disk keeps
    it, the process ends as by SIGKILL. Afterwards whoever handled them before does so again. Signals
    reach the main thread only: in another one nothing is handled."""
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

    relay = _Relay(loop, caught)
    try:
        with _heard(relay):
            yield
    finally:
        relay.end()
        for timer in timers:
            timer.cancel()


@contextmanager
def told(ending: Callable[[], None]) -> Iterator[None]:
    """Within, in the main thread, each signal calls `ending` in the running event loop: a server's way, on
    Windows, too, where loops have no `add_signal_handler`."""
    loop = asyncio.get_running_loop()
    with _heard(lambda _: _called(loop, ending)):
        yield


def _called(loop: asyncio.AbstractEventLoop, ending: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(ending)


class _Relay:
    """Tells an event loop of signals, from another thread, and sees to it that the second is noticed."""

    def __init__(self, loop: asyncio.AbstractEventLoop, caught: Hear) -> None:
        self._loop = loop
        self._caught = caught
        self._noticed: list[threading.Event] = []

    def __call__(self, number: int) -> None:
        noticed = threading.Event()
        self._noticed.append(noticed)
        self._loop.call_soon_threadsafe(self._take, noticed, number)
        if len(self._noticed) > 1 and not noticed.wait(STUCK):
            os.write(2, _GONE)
            os._exit(128 + number)

    def _take(self, noticed: threading.Event, number: int) -> None:
        noticed.set()
        self._caught(number)

    def end(self) -> None:
        """Nobody waits any longer."""
        for noticed in self._noticed:
            noticed.set()


@contextmanager
def _heard(hear: Hear) -> Iterator[None]:
    """Within, a thread of its own hears the signals: the main thread, to which Python brings them, may be
    waiting for a disk. The interpreter writes their numbers to the wake-up descriptor at once."""
    ours, its = socket.socketpair()
    its.setblocking(False)
    former = {each: signal.signal(each, lambda *_: None) for each in wanted()}
    descriptor = signal.set_wakeup_fd(its.fileno(), warn_on_full_buffer=False)
    threading.Thread(
        target=_listen, args=(ours, hear, set(former)), name="signals", daemon=True
    ).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(descriptor)
        for each, handler in former.items():
            signal.signal(each, handler)
        its.close()


def _listen(ours: socket.socket, hear: Hear, heard: Collection[int]) -> None:
    """Until the other end is closed."""
    with ours:
        while numbers := ours.recv(16):
            for number in numbers:
                if number in heard:
                    hear(counted_as(number))
