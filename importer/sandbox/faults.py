"""Everything that can go wrong between a request and its reply: one table."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from importer.sandbox.reply import Reply
from importer.sandbox.wire import Play, Wire, head, whole

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
class Fault:
    """One way to fail. `reads` says whether the body is read first; `reused_only` leaves the first
    request on a connection alone."""

    name: str
    meaning: str
    stores: Stores
    play: Play
    reads: bool = True
    reused_only: bool = False


async def _close(wire: Wire, _: Reply) -> None:
    wire.close()


async def _reset(wire: Wire, _: Reply) -> None:
    wire.reset()


async def _hang(wire: Wire, _: Reply) -> None:
    await wire.wait_until_gone()


async def _answer(wire: Wire, reply: Reply) -> None:
    wire.send(whole(reply))


async def _slow_headers(wire: Wire, reply: Reply) -> None:
    sent = whole(reply)
    split = len(sent) - len(reply.body)
    await wire.trickle(sent[:split])
    wire.send(sent[split:])


async def _slow_body(wire: Wire, reply: Reply) -> None:
    wire.send(head(reply, Content_Type=_JSON, Content_Length=str(len(reply.body))))
    await wire.trickle(reply.body)


async def _reset_in_body(wire: Wire, reply: Reply) -> None:
    wire.send(head(reply, Content_Type=_JSON, Content_Length="100000") + reply.body)
    await wire.trickle(b" " * 8)
    wire.reset()


async def _endless_body(wire: Wire, reply: Reply) -> None:
    wire.send(head(reply, Content_Type=_JSON, Transfer_Encoding="chunked"))
    await wire.pour(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


async def _redirect_302(wire: Wire, _: Reply) -> None:
    wire.send(head(Reply(302), Location="/login", Content_Length="0"))


async def _redirect_307(wire: Wire, _: Reply) -> None:
    elsewhere = f"http://localhost:{wire.port}/elsewhere"
    wire.send(head(Reply(307), Location=elsewhere, Content_Length="0"))


def _sends(build: Callable[[Reply], bytes]) -> Play:
    async def play(wire: Wire, reply: Reply) -> None:
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


def _gzip_bomb(reply: Reply) -> bytes:
    bomb = _bomb()
    length = str(len(bomb))
    return head(reply, Content_Type=_JSON, Content_Encoding="gzip", Content_Length=length) + bomb


def _doubled_length(reply: Reply) -> bytes:
    length = f"Content-Length: {len(reply.body)}\r\nContent-Length: {len(reply.body) + 7}\r\n\r\n"
    return head(reply, Content_Type=_JSON)[:-2] + length.encode() + reply.body


def _broken_chunk(reply: Reply) -> bytes:
    return head(reply, Content_Type=_JSON, Transfer_Encoding="chunked") + b"zz\r\n" + reply.body


def _page(status: int, body: bytes, content_type: str = "text/html") -> Play:
    return _sends(lambda _: whole(Reply(status, body, content_type)))


_TABLE = (
    # nothing is stored
    Fault("close_unread", "closed before the body is read", Stores.NO, _close, reads=False),
    Fault("reset_unread", "reset (RST) before the body is read", Stores.NO, _reset, reads=False),
    Fault("close_reused", "a connection that was used before is closed, the request unread",
          Stores.NO, _close, reads=False, reused_only=True),
    Fault("close_read", "closed after the request was read", Stores.NO, _close),
    Fault("reset_read", "reset after the request was read", Stores.NO, _reset),
    Fault("hang", "never answered", Stores.NO, _hang),
    Fault("early_400", "400 before the body is read, as a proxy does", Stores.NO,
          _page(400, b"<h1>Bad Request</h1>"), reads=False),
    Fault("early_413", "413 before the body is read", Stores.NO,
          _page(413, b"<h1>Request Entity Too Large</h1>"), reads=False),
    Fault("redirect_302", "302 to a login page that answers 200", Stores.NO, _redirect_302),
    Fault("redirect_307", "307 to another origin, which would be sent the write key",
          Stores.NO, _redirect_307),
    Fault("login_page", "200 with a login page in HTML", Stores.NO, _page(200, _LOGIN)),
    # the response is stored, the reply is lost or damaged
    Fault("close_stored", "stored, then closed without a reply", Stores.YES, _close),
    Fault("reset_stored", "stored, then reset without a reply", Stores.YES, _reset),
    Fault("hang_stored", "stored, never answered", Stores.YES, _hang),
    Fault("late", "stored only after the slow time, then answered", Stores.LATE, _answer),
    Fault("slow_headers", "the reply's head trickles in", Stores.YES, _slow_headers),
    Fault("slow_body", "the reply's body trickles in", Stores.YES, _slow_body),
    Fault("dying_keepalive", "a sound keep-alive reply, then closed at once", Stores.YES,
          _sends(lambda reply: whole(reply, Connection="keep-alive"))),
    Fault("garbage_status", "a status line that isn't HTTP", Stores.YES,
          _sends(lambda reply: b"ICY NOT HTTP\r\n\r\n" + reply.body)),
    Fault("bad_length", "Content-Length: twelve", Stores.YES, _length(lambda _: "twelve")),
    Fault("doubled_length", "two Content-Length that differ", Stores.YES, _sends(_doubled_length)),
    Fault("short_length", "a Content-Length that is too short", Stores.YES,
          _length(lambda size: size // 2)),
    Fault("truncated_body", "fewer bytes than Content-Length says", Stores.YES,
          _length(lambda size: size + 100)),
    Fault("length_and_chunked", "Content-Length beside Transfer-Encoding", Stores.YES,
          _with(Content_Length="3", Transfer_Encoding="chunked")),
    Fault("broken_chunk", "a chunk whose size isn't hexadecimal", Stores.YES, _sends(_broken_chunk)),
    Fault("reset_body", "reset in the middle of the body", Stores.YES, _reset_in_body),
    Fault("gzip_lie", "says gzip, and isn't", Stores.YES, _with(Content_Encoding="gzip")),
    Fault("gzip_bomb", f"some 300 kB that unpack to {_BOMB_MIB} MiB", Stores.YES, _sends(_gzip_bomb)),
    Fault("huge_headers", "a header of 1 MiB", Stores.YES, _with(X_Filler="x" * _MIB)),
    Fault("endless_body", "a body without an end", Stores.YES, _endless_body),
    Fault("empty_200", "200 with no body", Stores.YES, _page(200, b"")),
    Fault("html_200", "200 with a page in HTML", Stores.YES, _page(200, b"<h1>Thank you</h1>")),
    Fault("broken_json", "200 with JSON that breaks off", Stores.YES, _page(200, b'{"id": "5d2', _JSON)),
)  # fmt: skip

FAULTS = {fault.name: fault for fault in _TABLE}
"""Every fault by its name. A status code is a behaviour of its own (see `script`)."""
