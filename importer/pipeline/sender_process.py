"""The parent's end of a process that posts: starts it, hears it out, outlives it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from importer.pipeline.loops import listening
from importer.pipeline.shares import Order, Report, Share

_ROOT = str(Path(__file__).resolve().parents[2])
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from importer.pipeline.sender_child import main; main()"
)


class SenderProcess:
    """One process, seen from its parent."""

    def __init__(self, share: Share, inherited: Sequence[int]) -> None:
        self._open = contextlib.ExitStack()
        ours, theirs = socket.socketpair()
        self._other = self._open.enter_context(Connection(ours.detach()))
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  this interpreter, our own module
                [sys.executable, "-P", "-c", _START, _ROOT],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                pass_fds=inherited,
                env=_without_secrets(),
                start_new_session=True,
            )
        self._share = share
        self._telling = threading.Lock()
        self.requests = 0
        self.left = False

    async def begin(self, heard: Callable[[SenderProcess], None]) -> None:
        """Hand over the share, in a thread, since it may be large; then listen."""
        await asyncio.to_thread(self.tell, self._share)
        self._open.enter_context(listening(self._other, lambda: heard(self)))

    def tell(self, order: Order | Share) -> None:
        """A process that is gone is told nothing: the end of its socket says so to whoever listens."""
        with self._telling, contextlib.suppress(OSError):
            self._other.send(order)

    def report(self) -> Report | None:
        """What it says; None where it is gone."""
        try:
            report: Report = self._other.recv()
        except (EOFError, OSError):
            return None
        return report

    def died_of(self) -> str:
        """How it ended, once it has."""
        status = self._process.wait()
        return signal.Signals(-status).name if status < 0 else f"exit status {status}"

    def close(self) -> None:
        """End it, whatever it does, and let go of the socket."""
        self._open.close()
        self._process.kill()
        self._process.wait()

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()


def _without_secrets() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if not name.startswith("SATISMETER_")}
