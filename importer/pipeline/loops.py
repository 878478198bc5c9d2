"""The event loop that posts, and how it hears another process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection


def new_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes one: uvloop where there is one; it has no Windows build."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


@contextmanager
def listening(other: Connection, hear: Callable[[], None]) -> Iterator[None]:
    """Within, the running loop calls `hear` whenever there is a message, or the end. Messages are small, so
    that they are read and written whole; uvloop makes the descriptor non-blocking, which would break them."""
    loop = asyncio.get_running_loop()
    loop.add_reader(other.fileno(), hear)
    os.set_blocking(other.fileno(), True)
    try:
        yield
    finally:
        loop.remove_reader(other.fileno())
