"""TLS, authorities and proxies, on either loop: what is wrong is told as what it is."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from importer.errors import UsageError
from importer.http import NetworkFault
from importer.model import Status
from importer.satismeter.classify import Action, Reply, classify
from importer.satismeter.insert import HANDSHAKES, Client
from importer.settings import Network, Secret
from tests.delivery.proxies import HOST, both_ways, proxy, serving, tls_for
from tests.delivery.scripted import Act, Script, scripted
from tests.delivery.test_client_replies import BODY, LINE, OK

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of whoever runs the tests."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return path


@asynccontextmanager
async def client_of(
    url: str, network: Network | None = None, seconds: float = 5.0
) -> AsyncIterator[Client]:
    async with Client(
        url + "/", Secret("key"), concurrency=2, timeout=seconds, network=network
    ) as client:
        yield client


async def reply_of(url: str, network: Network | None = None) -> Reply:
    async with client_of(url, network) as client:
        return await client.post(BODY)


# authorities


@pytest.mark.parametrize("how", ["SSL_CERT_FILE", "--ca-file"])
async def test_an_authority_that_is_named(
    how: str, authority: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "SSL_CERT_FILE":
        monkeypatch.setenv(how, str(ca_file))
    network = Network(ca_file=ca_file if how == "--ca-file" else None)
    async with (
        scripted(OK, tls=tls_for(authority, "127.0.0.1")) as server,
        client_of(server.url, network) as client,
    ):
        replies = [await client.post(BODY) for _ in range(3)]
    assert [(each.status, each.reused) for each in replies] == [(200, n > 0) for n in range(3)]


async def test_a_certificate_for_another_name_is_refused(
    authority: trustme.CA, ca_file: Path
) -> None:
    async with scripted(OK, tls=tls_for(authority, "127.0.0.1")) as server:
        there = server.url.replace("127.0.0.1", "localhost")
        reply = await reply_of(there, Network(ca_file=ca_file))
        assert server.requests == []
    assert (reply.request_sent, reply.stop, reply.fault) == (
        False,
        "bad_certificate",
        NetworkFault.CERTIFICATE,
    )


@pytest.mark.parametrize("how", ["SSL_CERT_FILE", "--ca-file"])
@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
async def test_a_file_of_authorities_that_can_not_be_used_is_named(
    how: str, content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "missing.pem"
    if content is not None:
        path.write_bytes(content)
    if how == "SSL_CERT_FILE":
        monkeypatch.setenv(how, str(path))
    with pytest.raises(UsageError, match=f"{how} names .*missing.pem"):
        await reply_of("https://127.0.0.1:9", Network(ca_file=path if how == "--ca-file" else None))


# TLS that doesn't come about


async def started(client: Client, times: int) -> list[Reply]:
    return [await client.post(BODY) for _ in range(times)]


@asynccontextmanager
async def hanging_up(greeting: bytes = b"") -> AsyncIterator[str]:
    """A server that takes what comes first, says one thing, and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(greeting)

    async with serving(serve) as port:
        yield f"https://127.0.0.1:{port}"


ALERT = {
    "protocol version": (b"\x15\x03\x01\x00\x02\x02\x46", NetworkFault.OTHER_TLS),
    "handshake failure": (b"\x15\x03\x03\x00\x02\x02\x28", NetworkFault.OTHER_TLS),
    "internal error": (b"\x15\x03\x03\x00\x02\x02\x50", NetworkFault.NO_TLS),
    "http": (b"HTTP/1.1 400 Bad Request\r\n\r\n", NetworkFault.PLAIN),
    "ssh": (b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", NetworkFault.PLAIN),
}


@pytest.mark.parametrize("name", ALERT)
async def test_tls_that_can_not_be_agreed_on_stops_at_once(name: str) -> None:
    greeting, fault = ALERT[name]
    async with hanging_up(greeting) as url:
        reply = await reply_of(url)
    assert (reply.request_sent, reply.fault, reply.stop) == (False, fault, "no_tls")
    classified = classify(reply)
    assert (classified.status, classified.action) == (Status.PENDING, Action.ABORT)


async def test_a_handshake_that_is_cut_again_and_again_stops() -> None:
    async with hanging_up() as url, client_of(url) as client:
        replies = await started(client, HANDSHAKES)
    assert {(each.request_sent, each.fault) for each in replies} == {
        (False, NetworkFault.HANDSHAKE_CUT)
    }
    assert [each.stop for each in replies] == ["", "", "no_tls"]


async def test_a_server_that_has_answered_is_only_away(
    authority: trustme.CA, ca_file: Path
) -> None:
    """The honest case: its handshakes are cut while it is restarted."""
    cut = asyncio.Event()
    tls = tls_for(authority, "127.0.0.1")

    async def passing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if cut.is_set():
            await reader.read(100)
        else:
            await both_ways(
                reader, writer, *await asyncio.open_connection("127.0.0.1", server.port)
            )

    last = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    async with (
        scripted(last, tls=tls) as server,
        serving(passing) as port,
        client_of(f"https://127.0.0.1:{port}", Network(ca_file=ca_file)) as client,
    ):
        first = await client.post(BODY)
        cut.set()
        replies = await started(client, 5)
    assert first.status == 200
    assert {(each.fault, each.stop) for each in replies} == {(NetworkFault.HANDSHAKE_CUT, "")}


async def test_tls_that_is_asked_in_plain_http_stops_and_stays_in_doubt() -> None:
    async with hanging_up(ALERT["protocol version"][0]) as url:
        reply = await reply_of(url.replace("https", "http"))
    assert (reply.request_sent, reply.fault, reply.stop) == (
        True,
        NetworkFault.SPEAKS_TLS,
        "no_tls",
    )
    classified = classify(reply)
    assert (classified.status, classified.action) == (Status.UNKNOWN, Action.ABORT)


# replies over TLS


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ((LINE + b"Connection: close\r\n\r\n{}", Act.CLOSE), None),
        ((LINE + b"\r\n", Act.CLOSE), None),
        ((b"HTTP/1.0 200 OK\r\n\r\n{}", Act.RESET), None),
        ((LINE + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}", Act.CLOSE), 200),
        ((LINE + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", Act.CLOSE), 200),
        ((b"HTTP/1.1 204 No\r\n\r\n", Act.CLOSE), 204),
    ],
)
async def test_over_tls_only_a_length_or_chunks_make_a_reply_whole(
    script: Script, status: int | None, authority: trustme.CA, ca_file: Path
) -> None:
    async with scripted(*script, tls=tls_for(authority, "127.0.0.1")) as server:
        reply = await reply_of(server.url, Network(ca_file=ca_file))
    assert (reply.request_sent, reply.status) == (True, status)
    assert (reply.fault == "") == (status is not None)


# proxies


def through(address: str, ca_file: Path | None = None) -> Network:
    return Network(Secret(address), ca_file)


async def test_https_goes_through_a_tunnel(authority: trustme.CA, ca_file: Path) -> None:
    async with (
        scripted(OK, tls=tls_for(authority)) as server,
        proxy(server.port) as middle,
        client_of(f"https://{HOST}", through(middle.url, ca_file)) as client,
    ):
        replies = [await client.post(BODY) for _ in range(3)]
        [(_, request), *_] = server.requests
    assert [(each.status, each.reused) for each in replies] == [(200, n > 0) for n in range(3)]
    assert [head.splitlines()[0] for head in middle.heads] == [b"CONNECT api.test:443 HTTP/1.1"]
    assert b"key" not in middle.heads[0]
    assert b"roxy" not in request


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
async def test_the_proxy_that_the_environment_names_with_its_password(
    name: str, authority: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scripted(OK, tls=tls_for(authority)) as server, proxy(server.port) as middle:
        monkeypatch.setenv(name, f"user:p%40ss@127.0.0.1:{middle.port}")
        reply = await reply_of(f"https://{HOST}", Network(ca_file=ca_file))
    assert reply.status == 200
    login = base64.b64encode(b"user:p@ss")
    assert b"\r\nProxy-Authorization: Basic " + login + b"\r\n" in middle.heads[0]


async def test_plain_http_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted(OK) as server, proxy(server.port) as middle:
        monkeypatch.setenv("HTTP_PROXY", f"http://user:pass@127.0.0.1:{middle.port}")
        async with client_of(f"http://{HOST}") as client:
            replies = await started(client, 2)
    assert [each.status for each in replies] == [200, 200]
    assert server.requests[0][1].startswith(b"POST http://api.test/ HTTP/1.1\r\n")
    assert b"\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n" in server.requests[0][1]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_this_machine_is_never_asked_for_through_a_proxy(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with scripted(OK) as server:
        reply = await reply_of(f"http://{host}:{server.port}", through("http://127.0.0.1:9"))
    assert reply.status == 200


@pytest.mark.parametrize("named", ["api.test", ".test", "*", "x.example, api.test"])
async def test_hosts_that_are_got_at_directly(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with proxy(says=b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n") as middle:
        monkeypatch.setenv("HTTPS_PROXY", middle.url)
        monkeypatch.setenv("NO_PROXY", named)
        reply = await reply_of(f"https://{HOST}:443")
    assert (reply.fault, middle.heads) == (NetworkFault.NAME, [])


ANSWERS = {
    "407": (b"HTTP/1.1 407 Login\r\nContent-Length: 0\r\n\r\n", NetworkFault.PROXY_LOGIN, 1),
    "403": (b"HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nno!", NetworkFault.PROXY_REFUSED, 1),
    "405": (b"HTTP/1.1 405 No\r\nConnection: close\r\n\r\n", NetworkFault.PROXY_REFUSED, 1),
    "garbage": (b"SSH-2.0-OpenSSH_9.2\r\n", NetworkFault.PROXY_CUT, HANDSHAKES),
    "nothing": (b"", NetworkFault.PROXY_CUT, HANDSHAKES),
    "502": (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", NetworkFault.PROXY_FAILED, 0),
    "cut": (b"HTTP/1.1 200 OK\r\n\r\n", NetworkFault.HANDSHAKE_CUT, HANDSHAKES),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_proxy_that_does_not_connect(name: str) -> None:
    says, fault, times = ANSWERS[name]
    async with (
        proxy(says=says) as middle,
        client_of(f"https://{HOST}", through(middle.url)) as client,
    ):
        replies = await started(client, 4)
    assert {(each.request_sent, each.status, each.fault) for each in replies} == {
        (False, None, fault)
    }
    assert [bool(each.stop) for each in replies] == [
        bool(times) and n >= times for n in (1, 2, 3, 4)
    ]
    assert {each.stop for each in replies} <= {"", "proxy_refused", "no_tls"}
    assert classify(replies[0]).status is Status.PENDING


async def test_a_proxy_that_wants_a_password_in_plain_http() -> None:
    async with proxy(says=ANSWERS["407"][0]) as middle:
        reply = await reply_of(f"http://{HOST}", through(middle.url))
    classified = classify(reply)
    assert (reply.status, classified.status, classified.action) == (
        407,
        Status.PENDING,
        Action.ABORT,
    )
    assert classified.code == "proxy_refused"


@pytest.mark.parametrize("host", ["127.0.0.1", "proxy.invalid"])
async def test_a_proxy_that_is_not_there_stops(host: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        reply = await reply_of(f"https://{HOST}", through(f"http://{host}:{port}"))
    assert (reply.request_sent, reply.fault) == (False, NetworkFault.PROXY_AWAY)
    assert reply.stop == "proxy_refused"


async def test_a_proxy_that_hangs_got_nothing() -> None:
    async def hold(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with (
        serving(hold) as port,
        client_of(f"https://{HOST}", through(f"http://127.0.0.1:{port}"), 0.2) as client,
    ):
        reply = await client.post(BODY)
    assert (reply.request_sent, reply.fault, reply.stop) == (False, NetworkFault.NOT_CONNECTED, "")
    assert reply.ms < 1000


async def test_a_certificate_is_looked_at_through_a_proxy_too(authority: trustme.CA) -> None:
    async with scripted(OK, tls=tls_for(authority)) as server, proxy(server.port) as middle:
        reply = await reply_of(f"https://{HOST}", through(middle.url))
    assert (reply.request_sent, reply.stop) == (False, "bad_certificate")


async def test_a_proxy_that_is_spoken_to_in_tls(authority: trustme.CA, ca_file: Path) -> None:
    """TLS within TLS: the outer one is for the proxy's name."""
    tls = tls_for(authority, "127.0.0.1")
    async with (
        scripted(OK, tls=tls_for(authority)) as server,
        proxy(server.port, tls=tls) as middle,
    ):
        reply = await reply_of(f"https://{HOST}", through(middle.url, ca_file))
    assert (reply.status, reply.fault) == (200, "")


async def test_death_behind_a_proxy_is_in_doubt_once_the_row_has_left(
    authority: trustme.CA, ca_file: Path
) -> None:
    async with (
        scripted(Act.CLOSE, tls=tls_for(authority)) as server,
        proxy(server.port) as middle,
    ):
        reply = await reply_of(f"https://{HOST}", through(middle.url, ca_file))
    assert (reply.request_sent, reply.status, reply.stop) == (True, None, "")
    assert classify(reply).status is Status.UNKNOWN


@pytest.mark.parametrize(
    "address", ["socks5://user:secret@127.0.0.1:1080", "http://", "http://h:port", "ftp://secret"]
)
def test_an_address_that_is_no_proxys_is_refused_and_not_quoted(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    for network, name in ((Network(), "HTTPS_PROXY"), (through(address), "--proxy")):
        with pytest.raises(UsageError) as told:
            Client(f"https://{HOST}", Secret("key"), concurrency=1, timeout=5, network=network)
        assert told.value.message.startswith(name)
        assert "secret" not in told.value.message + (told.value.hint or "")


async def test_a_proxys_password_is_shown_nowhere(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("DEBUG")
    replies = []
    for name in ("407", "403", "502", "nothing"):
        async with proxy(says=ANSWERS[name][0]) as middle:
            monkeypatch.setenv("HTTPS_PROXY", f"http://user:canary@127.0.0.1:{middle.port}")
            async with client_of(f"https://{HOST}") as client:
                replies.append(await client.post(BODY))
                shown = repr(client) + repr(vars(client))
    for text in (repr(replies), shown, caplog.text, repr(through("http://user:canary@h:1"))):
        assert "canary" not in text
