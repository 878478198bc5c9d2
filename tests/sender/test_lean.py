"""The lean client's own parts: what bytes it takes for a reply, how it tells time, what it keeps."""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from importer.sender.faults import Fault
from importer.sender.lean import LeanClient
from importer.sender.lean.incoming import LARGEST_REPLY, Answer, Garbled, Incoming
from importer.sender.lean.pool import Pool
from importer.sender.lean.request import Request
from importer.sender.lean.target import Target, fault_of
from importer.sender.reply import LARGEST_BODY
from importer.sender.reuse import KEEP_ALIVE
from importer.settings import Secret
from tests.sender.scripted import Act, scripted

BODY = b'{"userId":"007"}'
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


# replies


@dataclass(frozen=True, slots=True)
class Stream:
    """A reply: the bytes of its head and its body, and what they say."""

    head: bytes
    body: bytes
    status: int
    content: bytes

    @property
    def data(self) -> bytes:
        return self.head + self.body

    @property
    def until_end(self) -> bool:
        """Whether only the connection's end ends it."""
        return b"Length" not in self.head and b"chunked" not in self.head


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """Any well-formed reply, small or longer than what is read of one."""
    status = draw(st.sampled_from([200, 201, 302, 400, 404, 429, 503]))
    content = draw(st.binary(max_size=200)) * draw(st.sampled_from([1, 1, 1, 700]))
    early = draw(st.sampled_from([b"", b"", b"HTTP/1.1 100 Continue\r\n\r\n"]))
    names = draw(st.lists(st.sampled_from([b"Date", b"X-A", b"Retry-After"]), max_size=3))
    head = b"HTTP/1.1 %d Said\r\n" % status + b"".join(name + b": 1\r\n" for name in names)
    match draw(st.sampled_from(["length", "chunks", "end"])):
        case "length":
            frame, body = b"Content-Length: %d\r\n" % len(content), content
        case "chunks":
            frame, body = b"Transfer-Encoding: chunked\r\n", _chunked(draw, content)
        case _:
            frame, body = b"", content
    return Stream(early + head + frame + b"\r\n", body, status, content[:LARGEST_BODY])


def _chunked(draw: st.DrawFn, content: bytes) -> bytes:
    cuts = draw(st.lists(st.integers(0, 10**6), max_size=3))
    chunks = [piece for piece in pieces(content, cuts) if piece]
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def read(parts: Sequence[bytes]) -> Answer | None:
    """What a new connection makes of these bytes, one read after the other, and then the end."""
    incoming = Incoming()
    for part in parts:
        if part and (answer := incoming.feed(part)):
            return answer
    return incoming.end()


CUTS = st.lists(st.integers(0, 10**6), max_size=6)


@given(streams(), CUTS)
def test_a_reply_is_the_same_however_it_is_cut_up(stream: Stream, cuts: list[int]) -> None:
    answer = read(pieces(stream.data, cuts))
    assert answer is not None
    assert (answer.status, answer.content) == (stream.status, stream.content)


@given(streams(), CUTS, st.integers(0, 10**6))
def test_a_reply_that_is_cut_short_is_none(stream: Stream, cuts: list[int], end: int) -> None:
    cut = stream.data[: end % len(stream.data)]
    answer = read(pieces(cut, cuts))
    if answer is not None:
        assert len(cut) >= len(stream.head)
        assert stream.until_end or len(answer.content) == LARGEST_BODY
        assert (answer.status, stream.content.startswith(answer.content)) == (stream.status, True)


@given(
    streams(),
    CUTS,
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_damage_raises_nothing_else(
    stream: Stream, cuts: list[int], damage: list[tuple[int, int]]
) -> None:
    data = bytearray(stream.data)
    for at, byte in damage:
        data[at % len(data)] = byte
    try:
        answer = read(pieces(bytes(data), cuts))
    except Garbled:
        return
    assert answer is None or len(answer.content) <= LARGEST_BODY


@given(st.binary(max_size=300), CUTS)
def test_noise_is_no_reply(noise: bytes, cuts: list[int]) -> None:
    try:
        assert read(pieces(noise, cuts)) is None
    except Garbled:
        return


def test_surplus_is_none_of_it_wherever_it_begins() -> None:
    for surplus in (b"x", b"HTTP/1.1 2", OK):
        with pytest.raises(Garbled):
            Incoming().feed(OK + surplus)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", b"y" * 1000),
        (b"HTTP/1.1 200 OK\r\n", b"X" * 1000),
        (b"HTTP/1.1 200 ", b"O" * 1000),
        (b"", b"\r\n" * 500),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 40),
        (CHUNKED + b"1;", b"x" * 1000),
        (CHUNKED + b"0\r\n", b"X: y\r\n" * 150),
    ],
)
def test_no_reply_goes_on_for_ever(first: bytes, again: bytes) -> None:
    with pytest.raises(Garbled):
        read([first, *[again] * (2 * LARGEST_REPLY // len(again))])


def test_a_body_in_the_smallest_chunks_is_read() -> None:
    data = CHUNKED + b"1\r\nx\r\n" * (LARGEST_BODY - 1) + b"0\r\n\r\n"
    answer = read([data[at : at + 4096] for at in range(0, len(data), 4096)])
    assert answer is not None
    assert answer.content == b"x" * (LARGEST_BODY - 1)


# requests


def test_the_bytes_of_a_request() -> None:
    request = Request("https://app.example:8443/a b/ü?q=1", Secret('k"'), last=True).of(BODY)
    head, _, body = request.partition(b"\r\n\r\n")
    assert body == b'{"writeKey":"k\\"","userId":"007"}'
    lines = head.split(b"\r\n")
    assert lines[:2] == [b"POST /a%20b/%C3%BC?q=1 HTTP/1.1", b"Host: app.example:8443"]
    assert lines[2].startswith(b"User-Agent: satismeter-importer/")
    assert lines[3:] == [
        b"Content-Type: application/json",
        b"Accept: application/json",
        b"Accept-Encoding: identity",
        b"Connection: close",
        b"Content-Length: %d" % len(body),
    ]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://app.example", b"app.example"),
        ("http://[::1]:80/x", b"[::1]:80"),
        ("https://bücher.example/x", b"xn--bcher-kva.example"),
        ("https://a..b/x", b"a..b"),
    ],
)
def test_the_host_as_the_header_wants_it(url: str, host: bytes) -> None:
    assert b"\r\nHost: " + host + b"\r\n" in Request(url, Secret("k")).of(BODY)


async def test_a_name_that_cannot_be_one_is_not_found() -> None:
    async with client_of("https://a..b") as client:
        reply = await client.post(BODY)
    assert (reply.left, reply.fault) == (False, Fault.NAME)


# connections


@asynccontextmanager
async def client_of(url: str, seconds: float = 5.0) -> AsyncIterator[LeanClient]:
    async with LeanClient(url, Secret("key"), concurrency=2, timeout=seconds) as client:
        yield client


@pytest.fixture
def vouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The context of a server for 127.0.0.1 that this machine trusts (OpenSSL reads SSL_CERT_FILE)."""
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


async def test_tls_with_a_certificate_that_is_vouched_for(vouched: ssl.SSLContext) -> None:
    async with scripted(OK, tls=vouched) as server, client_of(server.url) as client:
        replies = [await client.post(BODY) for _ in range(3)]
    assert [(each.status, each.reused) for each in replies] == [(200, n > 0) for n in range(3)]


async def test_a_certificate_for_another_name_is_refused(vouched: ssl.SSLContext) -> None:
    async with scripted(OK, tls=vouched) as server:
        async with client_of(server.url.replace("127.0.0.1", "localhost")) as client:
            reply = await client.post(BODY)
        assert server.requests == []
    assert (reply.left, reply.certificate, reply.fault) == (False, True, Fault.CERTIFICATE)


OPEN_FILES = Path("/proc/self/fd")


def open_files() -> int:
    return len(list(OPEN_FILES.iterdir()))


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="the system doesn't tell")
async def test_connections_that_fail_leave_nothing_open() -> None:
    """The server waits for a request, which TLS' first words aren't, until it is left alone."""
    async with (
        scripted(OK) as server,
        client_of(f"https://127.0.0.1:{server.port}", 0.05) as client,
    ):
        await client.post(BODY)
        before = open_files()
        replies = [await client.post(BODY) for _ in range(5)]
        await asyncio.sleep(0.01)
        assert open_files() <= before
    assert [(each.left, each.fault) for each in replies] == [(False, Fault.NOT_CONNECTED)] * 5


async def test_a_server_that_has_only_an_ipv6_address() -> None:
    async with scripted(OK, host="::1") as server, client_of(server.url) as client:
        assert (await client.post(BODY)).status == 200
    assert f"Host: [::1]:{server.port}".encode() in server.requests[0][1]


@pytest.mark.parametrize("first", ["::1", "127.0.0.2"])
async def test_all_addresses_of_a_name_are_tried(first: str) -> None:
    """Nobody listens at the first one."""
    async with scripted(OK) as server:
        loop, target = asyncio.get_running_loop(), Target(server.url, seconds=5)
        found = [await loop.getaddrinfo(name, server.port) for name in (first, "127.0.0.1")]
        target._addresses, target._known_until = [each[0] for each in found], loop.time() + 60
        pool = Pool(target, 5)
        assert (await pool.fresh()).usable
        await pool.close()


async def test_an_idle_connection_is_not_used_after_its_time() -> None:
    async with scripted(OK) as server:
        pool = Pool(Target(server.url, seconds=5), 5)
        for age, kept in ((KEEP_ALIVE - 0.1, True), (KEEP_ALIVE + 0.1, False)):
            connection = await pool.fresh()
            pool.rest(connection, 1000.0)
            assert (pool.rested(1000.0 + age) is connection) == kept
            assert connection.usable == kept
        await pool.close()


async def test_a_connection_that_dies_before_it_is_used_got_nothing() -> None:
    async with scripted(OK) as server:
        pool = Pool(Target(server.url, seconds=5), 5)
        connection = await pool.fresh()
        pool.rest(connection, 1000.0)
        connection.abort()
        assert pool.rested(1000.0) is None
        await pool.close()


async def test_a_cancelled_request_leaves_no_connection() -> None:
    async with scripted(Act.HANG) as server, client_of(server.url) as client:
        task = asyncio.create_task(client.post(BODY))
        await server.asked.wait()
        task.cancel()
        await asyncio.wait([task])
        await asyncio.wait_for(client._pool._none.wait(), 1)


class Closing(asyncio.Transport):
    """A transport whose other side has closed already. Nothing may be written to it."""

    def is_closing(self) -> bool:
        return True

    def abort(self) -> None:
        pass


class Fleeting(Target):
    """A server that closes each connection as it is made."""

    async def connect(self, protocol: Callable[[], asyncio.BaseProtocol]) -> None:
        protocol().connection_made(Closing())


async def test_a_connection_that_is_closed_as_it_is_made_got_nothing() -> None:
    async with client_of("http://127.0.0.1:1") as client:
        client._pool._target = Fleeting("http://127.0.0.1:1", seconds=1)
        reply = await client.post(BODY)
    assert (reply.left, reply.fault) == (False, Fault.CLOSED)


async def test_a_process_that_slept_does_not_blame_the_server() -> None:
    """The reply lies in the socket when the process wakes up, long after its time."""
    async with scripted(OK) as server, client_of(server.url, 0.2) as client:
        await client.post(BODY)
        task = asyncio.create_task(client.post(BODY))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(time.sleep, 0.5)
        reply = await task
    assert (reply.status, reply.fault) == (200, "")
    assert reply.ms >= 400


async def test_leaving_ends_what_is_under_way() -> None:
    async with scripted(Act.HANG) as server:
        async with client_of(server.url) as client:
            task = asyncio.create_task(client.post(BODY))
            await server.asked.wait()
        reply = await task
    assert (reply.left, reply.status, reply.fault) == (True, None, Fault.BROKE)


def test_what_keeps_a_connection_from_being_made() -> None:
    verification = ssl.SSLCertVerificationError()
    assert fault_of(verification) is Fault.CERTIFICATE
    assert fault_of(socket.gaierror()) is Fault.NAME
    assert fault_of(ssl.SSLError()) is Fault.NO_TLS
    assert fault_of(TimeoutError()) is Fault.NOT_CONNECTED
    assert fault_of(ConnectionRefusedError()) is Fault.UNREACHABLE
    assert fault_of(RuntimeError()) is Fault.OTHER
