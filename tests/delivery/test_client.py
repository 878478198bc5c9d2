"""The client against a server that does everything wrong: each fault in its class."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import ssl
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import orjson
import pytest
import trustme
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from importer.http import NetworkFault, fault_of
from importer.model import Status
from importer.sandbox import (
    CAMPAIGN,
    FAULTS,
    SCORE,
    WRITE_KEY,
    Behaviour,
    FaultShare,
    Sandbox,
    SandboxSettings,
    Stores,
)
from importer.satismeter.classify import LARGEST_BODY, Reply, classify
from importer.satismeter.insert import Client
from importer.satismeter.redact import Redactor, unpacked
from importer.settings import Secret

KEY = Secret(WRITE_KEY)


def body(user: str = "007", **more: object) -> bytes:
    whole = {"campaign": CAMPAIGN, "userId": user, "answers": [{"id": SCORE.id, "value": 9}]}
    return orjson.dumps({**whole, **more})


@asynccontextmanager
async def client_of(url: str, patience: float = 0.4, key: Secret = KEY) -> AsyncIterator[Client]:
    async with Client(url + "/api/responses", key, concurrency=4, timeout=patience) as client:
        yield client


def failing(name: str) -> SandboxSettings:
    return SandboxSettings(fail=(FaultShare(Behaviour(name)),), slow=0.6)


CUT, WHOLE = "cut", "whole"
CLASSES = {
    **dict.fromkeys(("close_unread", "reset_unread", "close_read", "reset_read"), (CUT, None)),
    **dict.fromkeys(("close_stored", "reset_stored", "close_reused"), (CUT, None)),
    **dict.fromkeys(("hang", "hang_stored", "late", "slow_headers", "slow_body"), (CUT, None)),
    **dict.fromkeys(("garbage_status", "bad_length", "doubled_length"), (CUT, None)),
    **dict.fromkeys(("truncated_body", "length_and_chunked", "broken_chunk"), (CUT, None)),
    **dict.fromkeys(("reset_body", "gzip_lie", "huge_headers", "short_length"), (CUT, None)),
    "early_400": (WHOLE, 400),
    "early_413": (WHOLE, 413),
    "redirect_302": (WHOLE, 302),
    "redirect_307": (WHOLE, 307),
    **dict.fromkeys(("login_page", "html_200", "broken_json", "empty_200"), (WHOLE, 200)),
    **dict.fromkeys(("gzip_bomb", "endless_body"), (WHOLE, 200)),
    "dying_keepalive": (WHOLE, 200),
}
WAITED_FOR = ("hang", "hang_stored", "late", "slow_headers", "slow_body", "reset_body")


def test_every_fault_has_its_class() -> None:
    assert set(CLASSES) == set(FAULTS)


@pytest.mark.parametrize("name", CLASSES)
async def test_a_fault_in_its_class(name: str) -> None:
    patience = 0.1 if name in WAITED_FOR else 5
    async with (
        Sandbox(failing(name)) as sandbox,
        client_of(sandbox.url, patience) as client,
    ):
        if name == "close_reused":
            assert (await client.post(body("006"))).status == 200
        reply = await client.post(body())
        stored = [each.user_id for each in sandbox.stored()]
        asked = [each.path for each in sandbox.requests]
    ending, status = CLASSES[name]
    assert reply.request_sent
    assert reply.status == status, reply
    assert bool(reply.fault) == (ending == CUT)
    assert len(reply.body) <= LARGEST_BODY
    assert "/login" not in asked
    assert "/elsewhere" not in asked
    classified = classify(reply)
    if classified.status is Status.CREATED:
        assert "007" in stored
    if classified.status in (Status.REJECTED, Status.DUPLICATE):
        assert name in ("early_400", "early_413")
    if FAULTS[name].stores is not Stores.NO:
        assert classified.status in (Status.CREATED, Status.UNKNOWN)


async def refusing_port() -> int:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()
    return port


async def test_a_server_that_is_not_there_got_nothing() -> None:
    async with client_of(f"http://127.0.0.1:{await refusing_port()}") as client:
        reply = await client.post(body())
    assert (reply.request_sent, reply.status, reply.fault) == (
        False,
        None,
        "the server could not be reached",
    )


async def test_a_name_that_is_not_known_got_nothing() -> None:
    async with client_of("https://nowhere.invalid", 5) as client:
        reply = await client.post(body())
    assert (reply.request_sent, reply.fault) == (False, "the server's name could not be looked up")


@asynccontextmanager
async def silent() -> AsyncIterator[int]:
    """A server that takes connections and says nothing."""
    ended = asyncio.Event()

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.transport.abort()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    yield int(server.sockets[0].getsockname()[1])
    ended.set()
    server.close()
    await server.wait_closed()


async def test_tls_that_hangs_got_nothing() -> None:
    async with silent() as port, client_of(f"https://127.0.0.1:{port}") as client:
        reply = await client.post(body())
    assert (reply.request_sent, reply.status) == (False, None)
    assert reply.fault == "no connection was made in time"
    assert classify(reply).status is Status.PENDING


async def test_no_answer_is_in_doubt() -> None:
    async with silent() as port, client_of(f"http://127.0.0.1:{port}") as client:
        start = time.monotonic()
        reply = await client.post(body())
        took = time.monotonic() - start
    assert (reply.request_sent, reply.status, reply.fault) == (True, None, "no answer came in time")
    assert 0.3 < took < 1.5
    assert reply.ms == pytest.approx(took * 1000, abs=60)


@asynccontextmanager
async def self_signed() -> AsyncIterator[int]:
    """A TLS server whose certificate nobody vouches for."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=context)
    yield int(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()


async def test_a_certificate_that_nobody_vouches_for_stops_everything() -> None:
    async with self_signed() as port, client_of(f"https://127.0.0.1:{port}", 5) as client:
        reply = await client.post(body())
    assert (reply.request_sent, reply.stop, reply.status) == (False, "bad_certificate", None)
    assert classify(reply).code == "bad_certificate"


@asynccontextmanager
async def speaking_plainly() -> AsyncIterator[int]:
    """A server that knows no TLS."""

    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    yield int(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()


async def test_a_server_that_speaks_no_tls_got_nothing() -> None:
    async with (
        speaking_plainly() as port,
        client_of(f"https://127.0.0.1:{port}", 5) as client,
    ):
        reply = await client.post(body())
    assert (reply.request_sent, reply.stop, reply.status) == (False, "no_tls", None)
    assert reply.fault == "the server speaks no TLS at this port: http, or another port?"
    assert classify(reply).status is Status.PENDING


async def test_what_is_sent() -> None:
    async with Sandbox() as sandbox, client_of(sandbox.url) as client:
        reply = await client.post(body(traits={"name": "Zoë", "n": 1.5}))
        [exchange] = sandbox.posts()
    assert reply.status == 200
    assert exchange.body.startswith(b'{"writeKey":"sandbox-write-key","campaign":')
    sent = json.loads(exchange.body)
    assert sent["traits"] == {"name": "Zoë", "n": 1.5}


async def test_a_gzip_bomb_is_not_unpacked() -> None:
    async with (
        Sandbox(failing("gzip_bomb")) as sandbox,
        client_of(sandbox.url, 5) as client,
    ):
        await client.post(body())
        tracemalloc.start()
        reply = await client.post(body("008"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert len(reply.body) <= LARGEST_BODY
    assert peak < 8 * 2**20


def test_a_packed_reply_is_read_although_nobody_asked_for_one() -> None:
    plain = b'{"id": "5d2"}'
    assert unpacked(gzip.compress(plain), "gzip") == plain
    assert unpacked(zlib.compress(plain), " Deflate") == plain
    assert unpacked(plain, "") == unpacked(plain, "br") == plain
    with pytest.raises(zlib.error):
        unpacked(plain, "gzip")


async def test_connections_that_die_between_requests_are_used_once_only() -> None:
    """Every second one lives, being fresh; that must not hide the others."""
    async with (
        Sandbox(failing("close_reused")) as sandbox,
        client_of(sandbox.url) as client,
    ):
        replies = [await client.post(body(str(number))) for number in range(20)]
        assert client.force_close
        connections = {each.connection for each in sandbox.posts()}
    faults = [reply for reply in replies if reply.fault]
    assert len(faults) == 3
    assert all(reply.reused and reply.request_sent for reply in faults)
    assert len(connections) >= 17


async def test_sound_connections_are_kept() -> None:
    async with Sandbox() as sandbox, client_of(sandbox.url) as client:
        for number in range(10):
            assert (await client.post(body(str(number)))).status == 200
        assert not client.force_close
        assert len({each.connection for each in sandbox.posts()}) == 1


async def test_the_key_is_nowhere_but_in_the_body(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    canary = Secret('canary"key\\7')
    script = {"a": [Behaviour("status", 422, body=f"no such key: {canary.reveal()}")]}
    settings = SandboxSettings(script=script)
    async with Sandbox(settings) as sandbox, client_of(sandbox.url, key=canary) as client:
        replies = [await client.post(body(user)) for user in ("a", "b")]
        shown = repr(client) + repr(vars(client)) + str(canary) + repr(canary)
    async with client_of(f"http://127.0.0.1:{await refusing_port()}", key=canary) as client:
        replies.append(await client.post(body()))
    refused = Redactor(canary).classification(classify(replies[0]), body())
    assert refused.message == "the server answered 422: no such key: ***"
    assert [reply.status for reply in replies] == [422, 401, None]
    for text in (repr(replies[1:]), shown, caplog.text):
        assert "canary" not in text


def test_every_exception_of_aiohttp_has_its_words() -> None:
    key = aiohttp.client_reqrep.ConnectionKey("h", 1, True, True, None, None, None)
    info = aiohttp.RequestInfo(URL("https://h/"), "POST", CIMultiDictProxy(CIMultiDict()))
    made: dict[type[Exception], tuple[object, ...]] = {
        aiohttp.ClientConnectorCertificateError: (key, ssl.SSLCertVerificationError()),
        aiohttp.ClientConnectorDNSError: (key, OSError()),
        aiohttp.ClientConnectorSSLError: (key, ssl.SSLError()),
        aiohttp.ClientProxyConnectionError: (key, OSError()),
        aiohttp.WSServerHandshakeError: (info, ()),
        aiohttp.ServerFingerprintMismatch: (b"", b"", "h", 1),
    }
    named = {getattr(aiohttp, name) for name in dir(aiohttp)}
    kinds = {each for each in named if isinstance(each, type) and issubclass(each, Exception)}
    leaves = {
        kind
        for kind in kinds
        if issubclass(kind, aiohttp.ClientConnectionError | TimeoutError)
        and not any(issubclass(other, kind) for other in kinds - {kind})
    }
    assert len(leaves) > 5
    assert {
        kind for kind in leaves if fault_of(kind(*made.get(kind, ()))) is NetworkFault.OTHER
    } <= {
        aiohttp.ServerFingerprintMismatch  # only where a fingerprint is pinned
    }
    assert fault_of(RuntimeError("secret")) is NetworkFault.OTHER


async def test_a_request_that_is_cancelled_is_not_swallowed() -> None:
    async with silent() as port, client_of(f"http://127.0.0.1:{port}", 30) as client:
        task: asyncio.Task[Reply] = asyncio.create_task(client.post(body()))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
