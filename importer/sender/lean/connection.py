"""One connection to the server: one request, then its reply, then perhaps the next."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from importer.sender.faults import Fault
from importer.sender.lean.incoming import Answer, Garbled, Incoming


class Connection(asyncio.Protocol):
    """A socket that carries one exchange at a time.

    It has no clock: a sweep calls `tick` at equal intervals, and what is counted is ticks without a byte
    (`patience` of them at most) and ticks of the whole attempt (four times as many), connecting included. A
    process that was stopped for a minute so doesn't take its own sleep for the server's silence.
    """

    def __init__(self, patience: int, lost: Callable[[Connection], None]) -> None:
        self._patience = patience
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._made = False
        self._incoming = Incoming()
        self._ending: asyncio.Future[Answer | Fault] | None = None
        self._silent = self._age = 0
        self.reused = False
        self.rested = 0.0

    @property
    def usable(self) -> bool:
        """Whether a request may be handed to it."""
        return self._made and not self._transport.is_closing()

    @property
    def unsent(self) -> bool:
        """Whether some of the request still waits to be sent."""
        return self._transport.get_write_buffer_size() > 0

    def send(self, request: bytes) -> asyncio.Future[Answer | Fault]:
        """Hand a request to the wire: from here on it may arrive. Only where the connection is usable,
        and the last reply was taken."""
        self._ending = ending = self._loop.create_future()
        self._silent = 0
        if self.reused:
            self._age = 0
        self._transport.write(request)
        return ending

    def rest(self, now: float) -> None:
        """Its reply was taken at this time (s), and it is kept for another request."""
        self.reused = True
        self.rested = now

    def abort(self) -> None:
        """Leave at once; whoever waits for a reply gets none."""
        self._finish(Fault.BROKE)
        if self._made:
            self._transport.abort()

    def tick(self) -> None:
        """Some time has passed; a request that waits for too long is given up."""
        self._silent += 1
        self._age += 1
        if self._ending is None:
            return
        if self._silent > self._patience:
            self._give_up(Fault.SILENT)
        elif self._age > 4 * self._patience:
            self._give_up(Fault.TOO_SLOW)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop calls this, as the others below."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's says no to isinstance
        self._made = True

    def data_received(self, data: bytes) -> None:
        self._silent = 0
        if self._ending is None:  # nobody asked: whatever it is, the next request's reply it isn't
            self.abort()
            return
        try:
            answer = self._incoming.feed(data)
        except Garbled:
            self._give_up(Fault.GARBLED)
            return
        if answer is not None:
            self._finish(answer)

    def eof_received(self) -> None:
        if self._ending is None:
            return
        answer = self._incoming.end()
        self._finish(answer or self._broken_off())

    def connection_lost(self, error: Exception | None) -> None:
        self._lost(self)
        if self._ending is not None:
            self._finish(self._broken_off() if error is None else _broken(error))

    def _broken_off(self) -> Fault:
        return Fault.BROKE_OFF if self._incoming.headed else Fault.CLOSED

    def _give_up(self, fault: Fault) -> None:
        self._finish(fault)
        self.abort()

    def _finish(self, ending: Answer | Fault) -> None:
        waiting, self._ending = self._ending, None
        if waiting is not None and not waiting.done():
            waiting.set_result(ending)


def _broken(error: Exception) -> Fault:
    return Fault.TLS_BROKE if isinstance(error, ssl.SSLError) else Fault.BROKE
