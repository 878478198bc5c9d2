"""A server on this machine that says, byte by byte, what a test wants."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

_NO_LINGER = struct.pack("ii", 1, 0)


class Act(Enum):
    """What the server does but for sending bytes."""

    CLOSE = auto()
    RESET = auto()
    HANG = auto()
    BREATHE = auto()
    """Wait long enough for what was sent to arrive by itself."""


Step = bytes | Act
Script = Sequence[Step]


@dataclass
class Scripted:
    """Plays `script(n)` after the n-th request, counted from 0 over all connections, and then waits for the
    next request on the same connection. `requests`: (connection, head and body) of each."""

    script: Callable[[int], Script]
    unread: bool = False
    """Answer once the head has come, and leave the body unread."""
    requests: list[tuple[int, bytes]] = field(default_factory=list)
    connections: int = 0
    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """A request has come."""
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.tls else ''}://{host}:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        number = self.connections
        self.connections += 1
        try:
            while request := await self._request(reader):
                self.requests.append((number, request))
                self.asked.set()
                for step in self.script(len(self.requests) - 1):
                    await self._play(step, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        if self.unread:
            return head
        lengths = [
            line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        ]
        return head + await reader.readexactly(int(lengths[0].split(b":")[1]))

    async def _play(self, step: Step, writer: asyncio.StreamWriter) -> None:
        match step:
            case bytes():
                writer.write(step)
                await writer.drain()
            case Act.CLOSE:
                writer.close()
                await writer.wait_closed()
            case Act.RESET:
                peer = writer.get_extra_info("socket")
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                writer.transport.abort()
            case Act.HANG:
                await self._ended.wait()
            case Act.BREATHE:
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Scripted]:
        """Up inside the block."""
        server = await asyncio.start_server(self.serve, self.host, 0, ssl=self.tls)
        self.port = int(server.sockets[0].getsockname()[1])
        try:
            yield self
        finally:
            self._ended.set()
            server.close()
            await server.wait_closed()


@asynccontextmanager
async def scripted(
    *script: Step, unread: bool = False, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Scripted]:
    """A server that answers every request alike."""
    async with Scripted(lambda _: script, unread, host=host, tls=tls).listening() as server:
        yield server


@asynccontextmanager
async def playing(script: Callable[[int], Script]) -> AsyncIterator[Scripted]:
    """A server with an answer for each request."""
    async with Scripted(script).listening() as server:
        yield server
