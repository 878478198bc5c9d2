"""What can go wrong between a request and its reply, how it is written, and what it does to the wire."""

from __future__ import annotations

import asyncio
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

import orjson
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from importer.errors import UsageError
from importer.sandbox.api import SandboxReply
from importer.sandbox.settings import Behaviour, FaultShare

# The bare connection: what a fault may do to it.

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


Play = Callable[[Wire, SandboxReply], Awaitable[None]]


class OnTheWire(web.StreamResponse):
    """A reply that bypasses aiohttp: `play` writes what it likes, and the connection is closed."""

    def __init__(self, play: Play, wire: Wire, reply: SandboxReply) -> None:
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


def head(reply: SandboxReply, **headers: str) -> bytes:
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


def whole(reply: SandboxReply, **headers: str) -> bytes:
    length = str(len(reply.body))
    content = {"Content_Type": reply.content_type, "Content_Length": length}
    return head(reply, **content, **headers) + reply.body


# Everything that can go wrong between a request and its reply: one table.

_MIB = 2**20
_BOMB_MIB = 300
_LOGIN = b"<!DOCTYPE html><html><title>Log in</title><form method=post></form></html>"
_JSON = "application/json"


class Stores(StrEnum):
    """Whether a response that meets the fault is stored, if the checks let it in."""

    NO = "no"
    YES = "yes"
    LATE = "late"
    """Checked at once, stored only after the slow time: a second post meanwhile passes the checks too."""


@dataclass(frozen=True, slots=True)
class WireFault:
    """One way to fail. `reads` says whether the body is read first; `reused_only` leaves the first
    request on a connection alone."""

    name: str
    meaning: str
    stores: Stores
    play: Play
    reads: bool = True
    reused_only: bool = False


async def _close(wire: Wire, _: SandboxReply) -> None:
    wire.close()


async def _reset(wire: Wire, _: SandboxReply) -> None:
    wire.reset()


async def _hang(wire: Wire, _: SandboxReply) -> None:
    await wire.wait_until_gone()


async def _answer(wire: Wire, reply: SandboxReply) -> None:
    wire.send(whole(reply))


async def _slow_headers(wire: Wire, reply: SandboxReply) -> None:
    sent = whole(reply)
    split = len(sent) - len(reply.body)
    await wire.trickle(sent[:split])
    wire.send(sent[split:])


async def _slow_body(wire: Wire, reply: SandboxReply) -> None:
    wire.send(head(reply, Content_Type=_JSON, Content_Length=str(len(reply.body))))
    await wire.trickle(reply.body)


async def _reset_in_body(wire: Wire, reply: SandboxReply) -> None:
    wire.send(head(reply, Content_Type=_JSON, Content_Length="100000") + reply.body)
    await wire.trickle(b" " * 8)
    wire.reset()


async def _endless_body(wire: Wire, reply: SandboxReply) -> None:
    wire.send(head(reply, Content_Type=_JSON, Transfer_Encoding="chunked"))
    await wire.pour(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


async def _redirect_302(wire: Wire, _: SandboxReply) -> None:
    wire.send(head(SandboxReply(302), Location="/login", Content_Length="0"))


async def _redirect_307(wire: Wire, _: SandboxReply) -> None:
    elsewhere = f"http://localhost:{wire.port}/elsewhere"
    wire.send(head(SandboxReply(307), Location=elsewhere, Content_Length="0"))


def _sends(build: Callable[[SandboxReply], bytes]) -> Play:
    async def play(wire: Wire, reply: SandboxReply) -> None:
        wire.send(build(reply))

    return play


def _with(**headers: str) -> Play:
    return _sends(lambda reply: head(reply, Content_Type=_JSON, **headers) + reply.body)


def _length(of: Callable[[int], object]) -> Play:
    return _sends(
        lambda reply: (
            head(reply, Content_Type=_JSON, Content_Length=str(of(len(reply.body)))) + reply.body
        )
    )


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([packer.compress(bytes(_MIB)) for _ in range(_BOMB_MIB)]) + packer.flush()


def _gzip_bomb(reply: SandboxReply) -> bytes:
    bomb = _bomb()
    length = str(len(bomb))
    return head(reply, Content_Type=_JSON, Content_Encoding="gzip", Content_Length=length) + bomb


def _doubled_length(reply: SandboxReply) -> bytes:
    length = f"Content-Length: {len(reply.body)}\r\nContent-Length: {len(reply.body) + 7}\r\n\r\n"
    return head(reply, Content_Type=_JSON)[:-2] + length.encode() + reply.body


def _broken_chunk(reply: SandboxReply) -> bytes:
    return head(reply, Content_Type=_JSON, Transfer_Encoding="chunked") + b"zz\r\n" + reply.body


def _page(status: int, body: bytes, content_type: str = "text/html") -> Play:
    return _sends(lambda _: whole(SandboxReply(status, body, content_type)))


_TABLE = (
    # nothing is stored
    WireFault("close_unread", "closed before the body is read", Stores.NO, _close, reads=False),
    WireFault("reset_unread", "reset (RST) before the body is read", Stores.NO, _reset, reads=False),
    WireFault("close_reused", "a connection that was used before is closed, the request unread",
          Stores.NO, _close, reads=False, reused_only=True),
    WireFault("close_read", "closed after the request was read", Stores.NO, _close),
    WireFault("reset_read", "reset after the request was read", Stores.NO, _reset),
    WireFault("hang", "never answered", Stores.NO, _hang),
    WireFault("early_400", "400 before the body is read, as a proxy does", Stores.NO,
          _page(400, b"<h1>Bad Request</h1>"), reads=False),
    WireFault("early_413", "413 before the body is read", Stores.NO,
          _page(413, b"<h1>Request Entity Too Large</h1>"), reads=False),
    WireFault("redirect_302", "302 to a login page that answers 200", Stores.NO, _redirect_302),
    WireFault("redirect_307", "307 to another origin, which would be sent the write key",
          Stores.NO, _redirect_307),
    WireFault("login_page", "200 with a login page in HTML", Stores.NO, _page(200, _LOGIN)),
    # the response is stored, the reply is lost or damaged
    WireFault("close_stored", "stored, then closed without a reply", Stores.YES, _close),
    WireFault("reset_stored", "stored, then reset without a reply", Stores.YES, _reset),
    WireFault("hang_stored", "stored, never answered", Stores.YES, _hang),
    WireFault("late", "stored only after the slow time, then answered", Stores.LATE, _answer),
    WireFault("slow_headers", "the reply's head trickles in", Stores.YES, _slow_headers),
    WireFault("slow_body", "the reply's body trickles in", Stores.YES, _slow_body),
    WireFault("dying_keepalive", "a sound keep-alive reply, then closed at once", Stores.YES,
          _sends(lambda reply: whole(reply, Connection="keep-alive"))),
    WireFault("garbage_status", "a status line that isn't HTTP", Stores.YES,
          _sends(lambda reply: b"ICY NOT HTTP\r\n\r\n" + reply.body)),
    WireFault("bad_length", "Content-Length: twelve", Stores.YES, _length(lambda _: "twelve")),
    WireFault("doubled_length", "two Content-Length that differ", Stores.YES, _sends(_doubled_length)),
    WireFault("short_length", "a Content-Length that is too short", Stores.YES,
          _length(lambda size: size // 2)),
    WireFault("truncated_body", "fewer bytes than Content-Length says", Stores.YES,
          _length(lambda size: size + 100)),
    WireFault("length_and_chunked", "Content-Length beside Transfer-Encoding", Stores.YES,
          _with(Content_Length="3", Transfer_Encoding="chunked")),
    WireFault("broken_chunk", "a chunk whose size isn't hexadecimal", Stores.YES, _sends(_broken_chunk)),
    WireFault("reset_body", "reset in the middle of the body", Stores.YES, _reset_in_body),
    WireFault("gzip_lie", "says gzip, and isn't", Stores.YES, _with(Content_Encoding="gzip")),
    WireFault("gzip_bomb", f"some 300 kB that unpack to {_BOMB_MIB} MiB", Stores.YES, _sends(_gzip_bomb)),
    WireFault("huge_headers", "a header of 1 MiB", Stores.YES, _with(X_Filler="x" * _MIB)),
    WireFault("endless_body", "a body without an end", Stores.YES, _endless_body),
    WireFault("empty_200", "200 with no body", Stores.YES, _page(200, b"")),
    WireFault("html_200", "200 with a page in HTML", Stores.YES, _page(200, b"<h1>Thank you</h1>")),
    WireFault("broken_json", "200 with JSON that breaks off", Stores.YES, _page(200, b'{"id": "5d2', _JSON)),
)  # fmt: skip

FAULTS = {fault.name: fault for fault in _TABLE}
"""Every fault by its name. A status code is a behaviour of its own (see `script`)."""


# How behaviours are written: on the command line, and in a script file.
#
# `ok`, a fault's name, `503`, or `503+2` (with `Retry-After: 2`); a share of all inserts is
# `503:0.1`. In a script, an object says more: `{"status": 500, "stores": true, "body": {…},
# "headers": {…}, "delay": 0.5}` or `{"fault": "late", "delay": 1}`.

_KEYS = frozenset({"fault", "status", "body", "headers", "stores", "delay"})


def behaviour(written: object) -> Behaviour:
    """What is written, as a behaviour; UsageError where it is none."""
    if isinstance(written, int) and not isinstance(written, bool):
        return _status(str(written), "")
    if isinstance(written, str):
        return _named(written)
    if isinstance(written, dict):
        return _described(written)
    raise UsageError(f"{written!r} is no behaviour of the sandbox.", hint=__doc__ or "")


def share(written: str) -> FaultShare:
    """`FAULT` or `FAULT:SHARE`, with a share from 0 to 1."""
    name, colon, part = written.partition(":")
    try:
        value = float(part) if colon else 1.0
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise UsageError(
            f"{written!r}: the share is a number from 0 to 1.", hint="For example --fail 503:0.1"
        )
    return FaultShare(behaviour(name), value)


def script(path: Path) -> Mapping[str, tuple[Behaviour, ...]]:
    """A script file: an object with a list of behaviours for each userId or anonymousId."""
    try:
        document = orjson.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path} is not JSON: {error}.") from error
    if not isinstance(document, dict) or not all(isinstance(v, list) for v in document.values()):
        raise UsageError(
            f"{path} is no script.", hint='Write {"USER": ["503+1", "close_stored", "ok"]}.'
        )
    return {person: tuple(map(behaviour, steps)) for person, steps in document.items()}


def _named(name: str) -> Behaviour:
    status, plus, seconds = name.partition("+")
    if status.isascii() and status.isdigit():
        return _status(status, seconds if plus else "")
    if name != "ok" and name not in FAULTS:
        raise UsageError(
            f"{name!r} is no fault that the sandbox knows.",
            hint="A status such as 503 or 503+2 (Retry-After), ok, or one of: " + ", ".join(FAULTS),
        )
    return Behaviour(name)


def _status(status: str, retry_after: str) -> Behaviour:
    if not 200 <= int(status) <= 599:
        raise UsageError(f"{status} is no status that a reply can have.", hint="200 to 599.")
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Behaviour("status", int(status), headers=headers)


def _described(written: Mapping[str, object]) -> Behaviour:
    unknown = set(written) - _KEYS
    if unknown or ("fault" in written) == ("status" in written):
        raise UsageError(
            f"{dict(written)!r}: a behaviour has either a fault or a status.",
            hint=f"Its keys are {', '.join(sorted(_KEYS))}.",
        )
    base = behaviour(written.get("fault", written.get("status")))
    headers, delay = written.get("headers", {}), written.get("delay", 0)
    if not isinstance(headers, dict) or not isinstance(delay, int | float):
        raise UsageError(f"{dict(written)!r}: headers is an object, delay a number of seconds.")
    return Behaviour(
        fault=base.fault,
        status=base.status,
        body=written.get("body"),
        headers={**base.headers, **{str(name): str(value) for name, value in headers.items()}},
        stores=written.get("stores") is True,
        delay=float(delay),
    )
