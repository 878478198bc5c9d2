"""Which connection a request gets, on either loop: what was not asked for is no reply, what was not written
was not sent. And the names of aiohttp that the client rests on."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections import Counter
from pathlib import Path
from weakref import WeakSet

import aiohttp
import pytest
from aiohttp.abc import AbstractStreamWriter
from aiohttp.client_proto import ResponseHandler

from importer.http import NetworkFault
from importer.model import Status
from importer.satismeter import insert
from importer.satismeter.classify import classify
from importer.satismeter.insert import Client, _Post, known
from importer.settings import Secret
from tests.delivery.proxies import serving
from tests.delivery.scripted import Act, Script, playing, scripted
from tests.delivery.test_client_replies import BODY, LINE, OK, client_of

LIE = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"


# what the proof rests on


class Patient(aiohttp.BytesPayload):
    """A body that waits before it writes itself."""

    def __init__(self) -> None:
        super().__init__(b"body")
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        self.asked.set()
        await self.go.wait()
        await super().write_with_length(writer, content_length)


async def test_nothing_goes_to_the_wire_before_the_body_is_asked_for() -> None:
    """The guard of the proof that nothing was sent: where this fails, an aiohttp must not be used."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(100_000):
            got.append(part)
            writer.write(OK)

    async with serving(serve) as port, aiohttp.ClientSession() as session:
        body = Patient()
        posting = asyncio.create_task(session.post(f"http://127.0.0.1:{port}/", data=body))
        await body.asked.wait()
        await asyncio.sleep(0.05)
        before = list(got)
        body.go.set()
        async with await posting as response:
            assert response.status == 200
    assert before == []
    assert b"".join(got).endswith(b"\r\n\r\nbody")


async def test_the_names_of_aiohttp_that_the_client_rests_on() -> None:
    assert known()
    assert inspect.iscoroutinefunction(aiohttp.BytesPayload.write_with_length)
    protocol = ResponseHandler(asyncio.get_running_loop())
    assert (len(protocol), protocol.should_close, protocol.exception()) == (0, False, None)
    protocol.force_close()
    assert protocol.should_close
    async with scripted(OK) as server, aiohttp.ClientSession() as session:
        used: WeakSet[asyncio.BaseProtocol] = WeakSet()
        post = _Post(b"{}", used, 5)
        async with session.post(server.url, data=post) as response:
            assert response.content.is_eof()
        post.ended()
        assert post.request_sent
        assert list(used) == [post.protocol]


async def test_an_aiohttp_that_is_built_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is proof then: each request counts as sent, and no connection is used twice."""
    monkeypatch.delattr(aiohttp.BytesPayload, "write_with_length")
    assert not known()
    async with scripted(OK) as server, client_of(server.url) as client:
        assert client.force_close
        assert aiohttp.__version__ in client.note
        assert {(await client.post(BODY)).status for _ in range(3)} == {200}
    assert server.connections == 3
    async with client_of("http://127.0.0.1:9") as client:
        reply = await client.post(BODY)
    assert (reply.request_sent, classify(reply).status) == (True, Status.UNKNOWN)


async def test_an_aiohttp_as_it_should_be_is_not_worth_a_word() -> None:
    async with client_of("http://127.0.0.1:9") as client:
        assert (client.note, client.force_close) == ("", False)


# bytes that nobody asked for

UNASKED: dict[str, tuple[bytes, ...]] = {
    "a whole reply": (LIE,),
    "two replies": (LIE, LIE),
    "a reply whose body comes later": (LIE[:-2],),
    "no HTTP": (b"\x15\x03\x03\x00\x02\x01\x00",),
    "a time-out": (b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n",),
}


@pytest.mark.parametrize("name", UNASKED)
async def test_bytes_that_nobody_asked_for_are_no_reply(name: str) -> None:
    """They must not become the next request's reply."""
    requests: list[int] = []
    said = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(set(requests))
        while await reader.read(100_000):
            requests.append(number)
            writer.write(OK)
            if len(requests) == 1:
                await asyncio.sleep(0.02)
                for each in UNASKED[name]:
                    writer.write(each)
                said.set()

    async with serving(serve) as port, client_of(f"http://127.0.0.1:{port}") as client:
        first = await client.post(BODY)
        await said.wait()
        await asyncio.sleep(0.02)
        second = await client.post(BODY)
    assert (first.status, first.body) == (second.status, second.body) == (200, b"{}")
    assert not second.reused
    assert requests == [0, 1]


async def test_half_a_head_that_nobody_asked_for_is_dropped() -> None:
    """It can't be seen; but neither it nor the rest of it makes a reply."""

    def script(n: int) -> Script:
        if n == 0:
            return (OK, Act.BREATHE, LIE[:20])
        return (LIE[20:], OK) if n == 1 else (OK,)

    async with playing(script) as server, client_of(server.url) as client:
        await client.post(BODY)
        await asyncio.sleep(0.05)
        second = await client.post(BODY)
        third = await client.post(BODY)
    assert second.status != 201
    assert (third.status, third.body) == (200, b"{}")


async def test_connections_that_are_all_unfit_are_passed_over() -> None:
    """However many there are, and without a word to anybody: no attempt was made."""
    lies = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100_000):
            writer.write(OK)
            if not lies.is_set():
                await lies.wait()
                writer.write(LIE)

    async with serving(serve) as port:
        url = f"http://127.0.0.1:{port}"
        async with client_of(url, concurrency=6) as client:
            await asyncio.gather(*(client.post(BODY) for _ in range(6)))
            lies.set()
            await asyncio.sleep(0.05)
            reply = await client.post(BODY)
    assert (reply.status, reply.reused) == (200, False)


# what is closed, what is kept


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        (OK, True),
        (b"HTTP/1.1 204 No\r\n\r\n", True),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\n{}", True),
        (b"HTTP/1.1 422 Bad\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 429 Slow\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n", True),
        (LINE + b"Content-Length: 0\r\n\r\n", False),
        (LINE + b"Content-Length: 4\r\n\r\n<p/>", False),
        (LINE + b'Content-Length: 13\r\n\r\n{"error":"no"}'[:-1], False),
        (b"HTTP/1.1 302 There\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 409 Odd\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n{}", False),
        (b"HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n", False),
    ],
)
@pytest.mark.parametrize("in_pieces", [False, True])
async def test_only_a_reply_that_settles_all_keeps_its_connection(
    reply: bytes, kept: bool, in_pieces: bool
) -> None:
    head, end, body = reply.partition(b"\r\n\r\n")
    script: Script = (head + end, Act.BREATHE, body) if in_pieces and body else (reply,)
    async with scripted(*script) as server, client_of(server.url) as client:
        replies = [await client.post(BODY) for _ in range(3)]
    assert len({each.status for each in replies}) == 1
    assert None not in {each.status for each in replies}
    assert server.connections == (1 if kept else 3)


async def test_an_empty_200_keeps_its_connection_where_it_acknowledges() -> None:
    empty = LINE + b"Content-Length: 0\r\n\r\n"
    async with (
        scripted(empty) as server,
        Client(server.url, Secret("k"), concurrency=1, timeout=5, accept_empty=True) as client,
    ):
        for _ in range(3):
            await client.post(BODY)
    assert server.connections == 1


@pytest.mark.filterwarnings("ignore:Sending a large body")
async def test_a_reply_before_the_request_was_whole() -> None:
    """The rest of the request would be taken for the next one."""
    body = b'{"a":"' + b"x" * 20_000_000 + b'"}'
    refusal = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"
    async with (
        scripted(refusal, Act.HANG, unread=True) as server,
        client_of(server.url) as client,
    ):
        replies = [await client.post(body), await client.post(BODY)]
    assert [(each.status, each.reused) for each in replies] == [(413, False)] * 2
    assert server.connections == 2


LATE = b'HTTP/1.1 %d Late\r\nContent-Length: 11\r\n\r\n{"id":"no"}'


@pytest.mark.parametrize("late", [200, 400])
@pytest.mark.parametrize("delay", [0.03, 0.1, 0.2])
@pytest.mark.parametrize("gap", [0.0, 0.1])
async def test_a_late_second_reply_is_nobodys(late: int, delay: float, gap: float) -> None:
    """A proxy says 500, and passes on what the server says when it is done. `gap`: seconds between
    requests; 0: as fast as may be. Rows that the server never read are counted at the server."""
    read: Counter[bytes] = Counter()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            row = (await reader.readexactly(size)).split(b'"row":')[1].rstrip(b"}")
            read[row] += 1
            if int(row) % 3:
                writer.write(OK)
            else:
                writer.write(b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n{}")
                await asyncio.sleep(delay)
                writer.write(LATE % late)

    async with serving(serve) as port, client_of(f"http://127.0.0.1:{port}", 2) as client:
        replies = {}
        for number in range(6 if gap else 12):
            replies[b"%d" % number] = await client.post(b'{"row":%d}' % number)
            await asyncio.sleep(gap)
    judged = {row: classify(reply).status for row, reply in replies.items()}
    assert {row for row in judged if int(row) % 3 == 0} == {
        row for row, status in judged.items() if status is Status.UNKNOWN
    }
    for row, status in judged.items():
        if status in (Status.CREATED, Status.REJECTED):
            assert read[row] == 1
    assert set(judged.values()) == {Status.CREATED, Status.UNKNOWN}


# between taking a connection and writing


@pytest.mark.parametrize("turns", range(8))
async def test_a_request_that_is_cancelled_before_it_left_was_not_sent(turns: int) -> None:
    """Turn by turn of the loop: where the body wasn't asked for, the server read nothing."""
    posts: list[_Post] = []

    class Seen(_Post):
        def __init__(self, *given: object) -> None:
            super().__init__(*given)  # type: ignore[arg-type]
            posts.append(self)

    async with scripted(OK) as server, client_of(server.url) as client:
        await client.post(BODY)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(insert, "_Post", Seen)
            task = asyncio.create_task(client.post(BODY))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        await asyncio.sleep(0.03)
        asked = len(server.requests)
        assert (await client.post(BODY)).status == 200
    left = [post.request_sent for post in posts]
    if not any(left):
        assert asked == 1


async def test_a_connection_that_dies_between_taking_and_writing_got_nothing() -> None:
    """It is posted on another one: nothing was lost, and nothing is in doubt."""
    dying = iter([True])

    class Dying(_Post):
        async def write_with_length(
            self, writer: AbstractStreamWriter, content_length: int | None
        ) -> None:
            if next(dying, False) and writer.transport:
                writer.transport.abort()
            await super().write_with_length(writer, content_length)

    async with scripted(OK) as server, client_of(server.url) as client:
        await client.post(BODY)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(insert, "_Post", Dying)
            reply = await client.post(BODY)
    assert (reply.status, reply.request_sent, reply.reused) == (200, True, False)
    assert [connection for connection, _ in server.requests] == [0, 1]


async def test_leaving_ends_what_is_under_way() -> None:
    async with scripted(Act.HANG) as server:
        async with client_of(server.url) as client:
            task = asyncio.create_task(client.post(BODY))
            await server.asked.wait()
        reply = await task
    assert (reply.request_sent, reply.status) == (True, None)
    assert reply.fault in (NetworkFault.BROKE, NetworkFault.CLOSED)


# names and addresses


async def test_a_name_that_cannot_be_one_is_not_found() -> None:
    async with client_of("https://a..b") as client:
        reply = await client.post(BODY)
    assert (reply.request_sent, reply.fault) == (False, NetworkFault.NAME)


async def test_a_server_that_has_only_an_ipv6_address() -> None:
    async with scripted(OK, host="::1") as server, client_of(server.url) as client:
        assert (await client.post(BODY)).status == 200
    assert f"Host: [::1]:{server.port}".encode() in server.requests[0][1]


async def test_the_bytes_of_a_request() -> None:
    async with scripted(OK) as server:
        url = f"http://127.0.0.1:{server.port}/a b/ü?q=1"
        async with Client(url, Secret('k"'), concurrency=1, timeout=5) as client:
            await client.post(BODY)
    head, _, body = server.requests[0][1].partition(b"\r\n\r\n")
    assert body == b'{"writeKey":"k\\"","userId":"007"}'
    first, *lines = head.split(b"\r\n")
    assert first == b"POST /a%20b/%C3%BC?q=1 HTTP/1.1"
    headers = dict(line.split(b": ", 1) for line in lines)
    assert headers.pop(b"User-Agent").startswith(b"satismeter-importer/")
    assert headers == {
        b"Host": b"127.0.0.1:%d" % server.port,
        b"Content-Type": b"application/json",
        b"Accept": b"application/json",
        b"Accept-Encoding": b"identity",
        b"Content-Length": b"%d" % len(body),
    }


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
    assert [(each.request_sent, each.fault) for each in replies] == [
        (False, NetworkFault.NOT_CONNECTED)
    ] * 5


async def test_a_process_that_slept_takes_nothing_for_more_than_it_is() -> None:
    """The reply lies in the socket when the process wakes up, long after its time. It may be too late to be
    taken, but then the row is in doubt."""
    async with scripted(OK) as server, client_of(server.url, 0.2) as client:
        await client.post(BODY)
        task = asyncio.create_task(client.post(BODY))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(time.sleep, 0.5)
        reply = await task
    assert (reply.status, reply.fault) in ((200, ""), (None, NetworkFault.SILENT))
    assert classify(reply).status in (Status.CREATED, Status.UNKNOWN)
