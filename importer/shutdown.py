"""How work is told to end from outside: by a signal, or by `Stopper.stop` from any thread.

SIGINT, SIGTERM, and what counts as SIGTERM: SIGHUP (the terminal has gone), on Windows Ctrl-Break. While
rows are posted the first drains and the second leaves at once; before and after, the first leaves.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from importer.errors import Declined, Interrupted
from importer.system import HANGUPS

if TYPE_CHECKING:
    import asyncio  # a tenth of a second, which only those pay who have a loop
    import socket

Drain = Callable[[int, str], None]
"""Called with a signal's number (0 where it was none) and the reason that was given ("" of a signal)."""
Abandon = Callable[[], None]
Hear = Callable[[int], None]
HearStop = Callable[[str, bool], None]

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


class Stopper:
    """Tells work to end, from any thread and at any time; what was said before somebody hears it counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: list[tuple[str, bool]] = []
        self._hear: HearStop | None = None

    def stop(self, reason: str, *, now: bool = False) -> None:
        """Ask for the end; `now`: without waiting for what is under way."""
        with self._lock:
            self._asked.append((reason, now))
            if self._hear:
                self._hear(reason, now)

    def check(self) -> None:
        """At a safe place, where nothing is sent yet: raises Declined where the end was asked for."""
        with self._lock:
            if self._asked:
                raise Declined(f"Nothing was sent: {self._asked[0][0]}")

    @contextmanager
    def heard(self, hear: HearStop) -> Iterator[None]:
        """Within, `hear` is called for each time that the end was or is asked for, in the asker's thread."""
        with self._lock:
            self._hear = hear
            for reason, now in self._asked:
                hear(reason, now)
        try:
            yield
        finally:
            with self._lock:
                self._hear = None


@contextmanager
def handled(
    drain: Drain, abandon: Abandon, patience: float, stopper: Stopper | None = None
) -> Iterator[None]:
    """Within, the first signal (or `stopper.stop`) calls `drain`; the second, or `patience` seconds,
    calls `abandon`. Where the event loop doesn't notice the second signal, since a write to the disk keeps
    it, the process ends as by SIGKILL. Afterwards whoever handled them before does so again. Signals
    reach the main thread only: in another one only the stopper is heard."""
    from asyncio import get_running_loop

    loop = get_running_loop()
    timers: list[asyncio.TimerHandle] = []

    def caught(number: int, reason: str = "", now: bool = False) -> None:
        first = not timers
        if first:
            timers.append(loop.call_later(patience, abandon))
            drain(number, reason)
        if now or not first:
            abandon()

    def told(reason: str, now: bool) -> None:
        loop.call_soon_threadsafe(caught, 0, reason, now)

    try:
        with (stopper or Stopper()).heard(told), _signals(loop, caught):
            yield
    finally:
        for timer in timers:
            timer.cancel()


@contextmanager
def _signals(loop: asyncio.AbstractEventLoop, caught: Hear) -> Iterator[None]:
    """Within, the loop calls `caught` with the number of each signal; in the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    relay = _Relay(loop, caught)
    try:
        with _heard(relay):
            yield
    finally:
        relay.end()


@contextmanager
def told(ending: Callable[[], None]) -> Iterator[None]:
    """Within, in the main thread, each signal calls `ending` in the running event loop: a server's way, on
    Windows, too, where loops have no `add_signal_handler`."""
    from asyncio import get_running_loop

    loop = get_running_loop()
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
        """Wake whoever waits for a signal: none will be heard any more."""
        for noticed in self._noticed:
            noticed.set()


@contextmanager
def _heard(hear: Hear) -> Iterator[None]:
    """Within, a thread of its own hears the signals: the main thread, to which Python brings them, may be
    waiting for a disk. The interpreter writes their numbers to the wake-up descriptor at once."""
    import socket

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
