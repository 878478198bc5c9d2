"""A sandbox beside code that isn't asynchronous."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from importer.sandbox.server import Sandbox
from importer.sandbox.settings import SandboxSettings


@contextmanager
def background(settings: SandboxSettings | None = None) -> Iterator[Sandbox]:
    """`with background(settings) as sandbox:` runs a sandbox in a thread of its own."""
    started: Future[tuple[Sandbox, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(settings, started)), daemon=True)
    thread.start()
    sandbox, loop, ending = started.result()
    try:
        yield sandbox
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join()


async def _serve(
    settings: SandboxSettings | None,
    started: Future[tuple[Sandbox, asyncio.AbstractEventLoop, asyncio.Event]],
) -> None:
    ending = asyncio.Event()
    try:
        async with Sandbox(settings) as sandbox:
            started.set_result((sandbox, asyncio.get_running_loop(), ending))
            await ending.wait()
    except Exception as error:
        if started.done():
            raise
        started.set_exception(error)
