"""The bare connection: what a fault may do to it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from importer.sandbox.reply import Reply

_NO_LINGER = struct.pack("ii", 1, 0)
_FULL = 2**20
_PIECES = 8


class Wire:
    """A connection whose request has arrived. `slow` is the seconds that a slow fault takes."""

    def __init__(self, transport: asyncio.Transport | None, slow: float, port: int) -> None:
        self._transport = transport
        self.slow = slow
        self.port = port

    @property
    def gone(self) -> bool:
        """Whether the client has left."""
        return self._transport is None or self._transport.is_closing()

    def send(self, data: bytes) -> None:
        """Write as it is; nothing happens where the client has left."""
        if self._transport is not None and not self.gone:
            self._transport.write(data)

    def close(self) -> None:
        """Send what is buffered, then FIN."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Send an RST; what was buffered is lost."""
        if self._transport is not None:
            peer = self._transport.get_extra_info("socket")
            if peer is not None and not self.gone:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self._transport.abort()

    async def wait_until_gone(self) -> None:
        """Hold the connection until the client leaves."""
        while not self.gone:  # noqa: ASYNC110  a transport has no event for it
            await asyncio.sleep(0.02)

    async def trickle(self, data: bytes) -> None:
        """Send in pieces, spread over the slow time."""
        size = -(-len(data) // _PIECES)
        pieces = [data[start : start + size] for start in range(0, len(data), size)]
        for piece in pieces:
            await asyncio.sleep(self.slow / len(pieces))
            self.send(piece)

    async def pour(self, data: bytes) -> None:
        """Send the same again and again, no faster than the client reads, until it leaves."""
        while self._transport is not None and not self.gone:
            if self._transport.get_write_buffer_size() < _FULL:
                self._transport.write(data)
            await asyncio.sleep(0)


Play = Callable[[Wire, Reply], Awaitable[None]]


class OnTheWire(web.StreamResponse):
    """A reply that bypasses aiohttp: `play` writes what it likes, and the connection is closed."""

    def __init__(self, play: Play, wire: Wire, reply: Reply) -> None:
        super().__init__()
        self._play = play
        self._wire = wire
        self._reply = reply

    async def prepare(self, _: web.BaseRequest) -> AbstractStreamWriter | None:
        """Play; aiohttp calls this where it would send the head."""
        self.force_close()
        await self._play(self._wire, self._reply)
        self._wire.close()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to be written."""


def head(reply: Reply, **headers: str) -> bytes:
    """A status line and headers; underscores in names become dashes.

    It ends the connection, so that a fault doesn't reach the next request: the one fault that is
    meant to says `Connection="keep-alive"`.
    """
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [
        f"{name.replace('_', '-')}: {value}"
        for name, value in {"Connection": "close", **headers}.items()
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def whole(reply: Reply, **headers: str) -> bytes:
    """The plain reply, as bytes."""
    length = str(len(reply.body))
    content = {"Content_Type": reply.content_type, "Content_Length": length}
    return head(reply, **content, **headers) + reply.body
