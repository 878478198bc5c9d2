"""The event loop that posts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


def new_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes one: uvloop where there is one; it has no Windows build."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
