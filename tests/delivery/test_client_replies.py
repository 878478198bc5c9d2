"""Replies byte by byte, on either loop: a status comes from a whole reply alone."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from importer.http import NetworkFault
from importer.satismeter.classify import LARGEST_BODY, Reply
from importer.satismeter.insert import Client
from importer.settings import Secret
from tests.delivery.scripted import Act, Script, playing, scripted

BODY = b'{"userId":"007"}'
LINE = b"HTTP/1.1 200 OK\r\n"
OK = LINE + b"Content-Length: 2\r\n\r\n{}"
CHUNKED = LINE + b"Transfer-Encoding: chunked\r\n\r\n"


def length(size: int, content: bytes) -> bytes:
    return LINE + b"Content-Length: %d\r\n\r\n" % size + content


WHOLE: dict[str, tuple[Script, int, bytes]] = {
    "plain": ((OK,), 200, b"{}"),
    "byte by byte": (tuple(OK[at : at + 1] for at in range(len(OK))), 200, b"{}"),
    "HTTP/1.0": ((b"HTTP/1.0 200 OK\r\n\r\n{}", Act.CLOSE), 200, b"{}"),
    "ended by the close": ((LINE + b"\r\n{", Act.BREATHE, b"}", Act.CLOSE), 200, b"{}"),
    "ended at once by the close": ((LINE + b"\r\n", Act.CLOSE), 200, b""),
    "100 before it": ((b"HTTP/1.1 100 Continue\r\n\r\n" + OK,), 200, b"{}"),
    "103 before it": ((b"HTTP/1.1 103 Early Hints\r\nX: 1\r\n\r\n", Act.BREATHE, OK), 200, b"{}"),
    "chunked": ((CHUNKED + b"1\r\n{\r\n1;why=1\r\n}\r\n0\r\n\r\n",), 200, b"{}"),
    "chunk sizes with spaces": ((CHUNKED + b"2  \r\n{}\r\n0\r\n\r\n",), 200, b"{}"),
    "lines that end in LF": ((OK.replace(b"\r\n", b"\n"),), 200, b"{}"),
    "a blank line before it": ((b"\r\n" + OK,), 200, b"{}"),
    "a line break after it": ((OK + b"\r\n",), 200, b"{}"),
    "an empty header": ((LINE + b"X:\r\nContent-Length: 2\r\n\r\n{}",), 200, b"{}"),
    "odd characters": ((LINE + b"X: \xff\x01\r\nContent-Length: 2\r\n\r\n{}",), 200, b"{}"),
    "packed": (
        (LINE + b"Content-Encoding: GZIP\r\nConnection: close\r\n\r\n" + gzip.compress(b"{}"),
         Act.CLOSE),
        200,
        b"{}",
    ),
    "204 that tells a length": ((b"HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\n",), 204, b""),
    "64 kB of a longer one": (
        (length(LARGEST_BODY + 9, b" " * LARGEST_BODY), Act.CLOSE),
        200,
        b" " * LARGEST_BODY,
    ),
}  # fmt: skip

BROKEN: dict[str, tuple[Script, NetworkFault]] = {
    "nothing": ((Act.CLOSE,), NetworkFault.CLOSED),
    "half a head": ((LINE + b"Content-Le", Act.BREATHE, Act.CLOSE), NetworkFault.CLOSED),
    "100 alone": ((b"HTTP/1.1 100 Continue\r\n\r\n", Act.CLOSE), NetworkFault.CLOSED),
    "less than its length": ((length(3, b"{}"), Act.CLOSE), NetworkFault.BROKE_OFF),
    "64 kB but one byte": ((length(70000, b" " * 65535), Act.CLOSE), NetworkFault.BROKE_OFF),
    "chunks without an end": ((CHUNKED + b"2\r\n{}\r\n", Act.CLOSE), NetworkFault.BROKE_OFF),
    "a last chunk cut off": ((CHUNKED + b"2\r\n{}\r\n0\r\n", Act.CLOSE), NetworkFault.BROKE_OFF),
    "more than its length": ((length(2, b"{}junk"), Act.CLOSE), NetworkFault.GARBLED),
    "a body with a 204": ((b"HTTP/1.1 204 No\r\n\r\n{}",), NetworkFault.GARBLED),
    "no HTTP": ((b"SSH-2.0-OpenSSH_9.2\r\n",), NetworkFault.GARBLED),
    "HTTP/9.9": ((OK.replace(b"1.1", b"9.9"),), NetworkFault.GARBLED),
    "a status of four digits": ((OK.replace(b"200", b"2000"),), NetworkFault.GARBLED),
    "a negative length": ((LINE + b"Content-Length: -2\r\n\r\n{}",), NetworkFault.GARBLED),
    "a length above 2^64": ((length(2**70, b"{}"),), NetworkFault.GARBLED),
    "a list of lengths": ((LINE + b"Content-Length: 2, 2\r\n\r\n{}",), NetworkFault.GARBLED),
    "two lengths": ((LINE + b"Content-Length: 2\r\n" * 2 + b"\r\n{}",), NetworkFault.GARBLED),
    "length, and chunked": ((CHUNKED[:-2] + b"Content-Length: 2\r\n\r\n{}",), NetworkFault.GARBLED),
    "a space before the colon": ((LINE + b"X : 1\r\nContent-Length: 2\r\n\r\n{}",), NetworkFault.GARBLED),
    "a zero byte in a header": ((LINE + b"X: \0\r\nContent-Length: 2\r\n\r\n{}",), NetworkFault.GARBLED),
    "a flood of headers": ((LINE + b"X: y\r\n" * 50_000 + OK[len(LINE) :],), NetworkFault.GARBLED),
    "a header of 100 kB": ((LINE + b"X: " + b"y" * 100_000 + b"\r\n\r\n",), NetworkFault.GARBLED),
    "packed, it says": ((LINE + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",),
                        NetworkFault.DAMAGED),
}  # fmt: skip

DOUBTED: dict[str, Script] = {
    "two replies": (OK + OK,),
    "another protocol from here on": (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ),
    "an unknown transfer coding": (LINE + b"Transfer-Encoding: identity\r\n\r\n{}", Act.CLOSE),
    "ended by a reset": (LINE + b"\r\n{}", Act.BREATHE, Act.RESET),
}
"""aiohttp takes a status from these; the client doesn't."""


@asynccontextmanager
async def client_of(url: str, seconds: float = 5.0, concurrency: int = 2) -> AsyncIterator[Client]:
    async with Client(url + "/", Secret("key"), concurrency=concurrency, timeout=seconds) as client:
        yield client


async def reply_to(script: Script) -> Reply:
    async with scripted(*script) as server, client_of(server.url) as client:
        reply = await client.post(BODY)
        assert len(server.requests) == 1
    assert reply.request_sent
    return reply


@pytest.mark.parametrize("name", WHOLE)
async def test_a_whole_reply(name: str) -> None:
    script, status, content = WHOLE[name]
    reply = await reply_to(script)
    assert (reply.status, reply.body, reply.fault) == (status, content, "")


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_no_whole_reply(name: str) -> None:
    script, fault = BROKEN[name]
    reply = await reply_to(script)
    assert (reply.status, reply.body, reply.fault) == (None, b"", fault)


async def test_headers_that_are_asked_for() -> None:
    head = b"Retry-After: 7\r\nretry-after: 8\r\nDATE: Mon\r\nContent-Type: text/plain\r\n"
    reply = await reply_to((LINE + head + b"Content-Length: 0\r\n\r\n",))
    assert (reply.retry_after, reply.date, reply.content_type) == ("7", "Mon", "text/plain")


async def test_where_the_response_lies_and_not_what_changes_it() -> None:
    head = b"Location: /5d2f\r\nauth-token: SECRET-OF-THE-RESPONSE\r\n"
    reply = await reply_to((LINE + head + b"Content-Length: 0\r\n\r\n",))
    assert reply.located == "5d2f"
    assert "SECRET" not in repr(reply)
    other = b"Location: http://example.com/5d2f\r\nContent-Length: 0\r\n\r\n"
    assert (await reply_to((LINE + other,))).located == ""


async def test_what_follows_the_body_is_no_header() -> None:
    reply = await reply_to((CHUNKED + b"2\r\n{}\r\n0\r\nRetry-After: 7\r\n\r\n",))
    assert (reply.status, reply.retry_after) == (200, "")


async def test_a_connection_that_closes_when_it_said_so() -> None:
    script = (LINE + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}",)
    async with scripted(*script) as server, client_of(server.url) as client:
        replies = [await client.post(BODY) for _ in range(3)]
    assert [(reply.status, reply.reused) for reply in replies] == [(200, False)] * 3
    assert server.connections == 3


async def test_a_kept_connection_that_closed_meanwhile_is_not_used() -> None:
    async with scripted(OK, Act.CLOSE) as server, client_of(server.url) as client:
        first = await client.post(BODY)
        await asyncio.sleep(0.03)
        second = await client.post(BODY)
    assert [(each.status, each.reused) for each in (first, second)] == [(200, False)] * 2


async def test_no_more_connections_than_requests_under_way() -> None:
    async with scripted(OK) as server, client_of(server.url) as client:
        replies = await asyncio.gather(*(client.post(BODY) for _ in range(20)))
    assert {reply.status for reply in replies} == {200}
    assert server.connections <= 2


async def test_a_cancelled_request_takes_its_connection_along() -> None:
    """Its late reply must not become another's."""
    scripts: tuple[Script, ...] = ((Act.HANG,), (OK,))
    async with playing(scripts.__getitem__) as server, client_of(server.url) as client:
        task = asyncio.create_task(client.post(BODY))
        await server.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        reply = await client.post(BODY)
    assert (reply.status, reply.reused) == (200, False)
    assert server.connections == 2


async def test_after_three_deaths_none_at_rest_is_used_either() -> None:
    def script(n: int) -> Script:
        return (Act.CLOSE,) if n in (4, 5, 6) else (OK,)

    async with (
        playing(script) as server,
        client_of(server.url, concurrency=4) as client,
    ):
        await asyncio.gather(*(client.post(BODY) for _ in range(4)))
        dying = [await client.post(BODY) for _ in range(3)]
        last = [await client.post(BODY) for _ in range(2)]
    assert [(each.status, each.reused) for each in dying] == [(None, True)] * 3
    assert [(each.status, each.reused) for each in last] == [(200, False)] * 2
    assert b"\r\nConnection: close\r\n" in server.requests[-1][1]


async def test_a_server_that_is_named() -> None:
    async with scripted(OK) as server:
        url = f"http://localhost:{server.port}"
        async with client_of(url) as client:
            assert (await client.post(BODY)).status == 200
    assert f"Host: localhost:{server.port}".encode() in server.requests[0][1]


async def test_a_steady_trickle_is_cut_off_at_last() -> None:
    """No pause is too long by itself."""
    script = (LINE, *((b"X: y\r\n", Act.BREATHE) * 40), b"Content-Length: 0\r\n\r\n")
    async with scripted(*script) as server, client_of(server.url, 0.12) as client:
        reply = await client.post(BODY)
    assert (reply.request_sent, reply.status, reply.fault) == (True, None, NetworkFault.TOO_SLOW)
    assert 450 < reply.ms < 1000


async def test_the_time_that_a_connection_rests_is_not_the_requests() -> None:
    script = (Act.BREATHE, OK)
    async with scripted(*script) as server, client_of(server.url, 0.08) as client:
        first = await client.post(BODY)
        await asyncio.sleep(0.36)
        second = await client.post(BODY)
    assert (first.status, second.status, second.reused) == (200, 200, True)


@pytest.mark.parametrize("name", DOUBTED)
async def test_what_aiohttp_takes_for_a_reply(name: str) -> None:
    reply = await reply_to(DOUBTED[name])
    assert reply.status is None
    assert reply.fault in (NetworkFault.GARBLED, NetworkFault.BROKE_OFF, NetworkFault.BROKE)
