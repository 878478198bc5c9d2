"""The connections of a client: at rest, in use, and swept for those that wait for too long."""

from __future__ import annotations

import asyncio
import contextlib
import time

from importer.sender.faults import Fault
from importer.sender.lean.connection import Connection
from importer.sender.lean.target import Target, Unconnected
from importer.sender.reuse import KEEP_ALIVE

_TICKS = 16
"""Sweeps within the time that a reply may take: how exactly that time is kept."""

_SLOWEST_SWEEP = 0.5
"""Seconds between sweeps at most, so that idle connections don't stay much longer than they are kept."""

_FAREWELL = 1.0
"""Seconds that connections get to be closed at the end."""


class Pool:
    """Keeps connections for `KEEP_ALIVE` seconds; the last one used is the first one used again.

    How many there are is the caller's to bound: a new one is made only where none is at rest.
    """

    def __init__(self, target: Target, timeout: float) -> None:
        self._target = target
        self._interval = min(timeout / _TICKS, _SLOWEST_SWEEP)
        self._patience = round(timeout / self._interval)
        self._all: set[Connection] = set()
        self._resting: list[Connection] = []
        self._sweep: asyncio.TimerHandle | None = None
        self._none = asyncio.Event()
        self._none.set()

    def open(self) -> None:
        """Begin to sweep."""
        self._sweep = asyncio.get_running_loop().call_later(self._interval, self._tick)

    async def close(self) -> None:
        """Leave every connection."""
        if self._sweep:
            self._sweep.cancel()
        for connection in tuple(self._all):
            connection.abort()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._none.wait(), _FAREWELL)

    def rested(self, now: float) -> Connection | None:
        """A connection that waits for its next request, if there is one. `now` is on the same clock as
        that of `rest`."""
        while self._resting:
            connection = self._resting.pop()
            if connection.usable and now - connection.rested < KEEP_ALIVE:
                return connection
            connection.abort()
        return None

    async def fresh(self) -> Connection:
        """A new connection; raises Unconnected."""
        connection = Connection(self._patience, self._lost)
        self._all.add(connection)
        self._none.clear()
        try:
            await self._connect(connection)
        except BaseException:
            connection.abort()
            self._lost(connection)
            raise
        return connection

    async def _connect(self, connection: Connection) -> None:
        await self._target.connect(lambda: connection)
        if not connection.usable:
            raise Unconnected(Fault.CLOSED)

    def rest(self, connection: Connection, now: float) -> None:
        """Keep a connection whose reply has been taken for the next request."""
        connection.rest(now)
        self._resting.append(connection)

    def clear(self) -> None:
        """Leave the connections at rest."""
        while self._resting:
            self._resting.pop().abort()

    def _lost(self, connection: Connection) -> None:
        self._all.discard(connection)
        if not self._all:
            self._none.set()

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweep = loop.call_later(self._interval, self._tick)
        for connection in tuple(self._all):
            connection.tick()
        while self._resting and time.monotonic() - self._resting[0].rested > KEEP_ALIVE:
            self._resting.pop(0).abort()
