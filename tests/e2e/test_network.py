"""The command behind a proxy, and with authorities of a company's own."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from importer.sandbox import API_KEY, PROJECT, Sandbox
from tests.delivery.proxies import HOST, Proxy, both_ways, proxy, serving, tls_for
from tests.e2e.commands import Ended, Shell

ROWS = "id,score,comment,email\n" + "".join(f"u{n},{n},fine,u{n}@e.org\n" for n in range(5))
RUN = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", f"https://{HOST}", "--yes")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, user: Shell) -> Path:
    user.write("answers.csv", ROWS)
    return user.write("authority.pem", authority.cert_pem.bytes().decode())


@asynccontextmanager
async def behind(sandbox: Sandbox, authority: trustme.CA) -> AsyncIterator[Proxy]:
    """A proxy that leads to the sandbox, which speaks TLS under another name."""

    async def front(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", sandbox.port)
        await both_ways(reader, writer, *there)

    async with serving(front, tls_for(authority)) as port, proxy(port) as middle:
        yield middle


async def said(user: Shell, *words: object, **more: str) -> Ended:
    return await asyncio.to_thread(user, *words, **more)


async def test_a_run_through_a_proxy(
    user: Shell, sandbox: Sandbox, authority: trustme.CA, ca_file: Path
) -> None:
    async with behind(sandbox, authority) as middle:
        ended = await said(user, *RUN, "--json", "--proxy", middle.url, "--ca-file", ca_file)
    assert (ended.status, ended.document["rows"]["created"]) == (0, 5)
    assert len(sandbox.posts()) == 5
    assert 1 <= len(middle.heads) <= 2


async def test_surveys_as_the_environment_says(
    user: Shell,
    sandbox: Sandbox,
    authority: trustme.CA,
    ca_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importer.sandbox.api._HERE", re.compile(re.escape(HOST)))
    words = ("surveys", "--endpoint", f"https://{HOST}", "--json")
    given = {"SATISMETER_API_KEY": API_KEY, "SATISMETER_PROJECT": PROJECT}
    async with behind(sandbox, authority) as middle:
        login = middle.url.replace("//", "//user:canary@")
        environment = {"HTTPS_PROXY": login, "SSL_CERT_FILE": str(ca_file)}
        ended = await said(user, *words, **given, **environment)
    assert ended.status == 0
    assert len(ended.document["surveys"]) == 1
    assert API_KEY.encode() not in middle.heads[0]


@pytest.mark.parametrize("status", [407, 403])
async def test_a_proxy_that_refuses_stops_the_run_at_once(
    status: int, user: Shell, ca_file: Path
) -> None:
    start = time.monotonic()
    async with proxy(says=b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status) as middle:
        login = middle.url.replace("//", "//user:canary@")
        ended = await said(user, *RUN, HTTPS_PROXY=login)
    assert ended.status == 5
    assert time.monotonic() - start < 20
    assert "the proxy" in ended.out + ended.err
    assert "proxy_refused" in ended.out + ended.err
    everything = (
        ended.out
        + ended.err
        + "".join(
            path.read_text(encoding="utf-8", errors="replace")
            for path in (user.folder / "answers-import").rglob("*")
            if path.is_file()
        )
    )
    assert "canary" not in everything
    assert "pending" in everything


async def test_a_server_that_speaks_no_tls_stops_the_run_at_once(
    user: Shell, sandbox: Sandbox, ca_file: Path
) -> None:
    endpoint = sandbox.url.replace("http:", "https:")
    ended = await said(user, *RUN[:4], "--endpoint", endpoint, "--yes")
    assert ended.status == 5
    assert "no_tls" in ended.out + ended.err
    assert sandbox.posts() == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--proxy", "http://user:canary@h:1"), "--proxy must not hold a user name"),
        (("--proxy", "socks5://h:1"), "--proxy is no address of a proxy"),
        (("--ca-file", "no.pem"), "--ca-file names no.pem, which can't be used"),
        (("--ca-file", "answers.csv"), "which can't be used: holds no certificate"),
    ],
)
async def test_what_can_not_be_used_is_told_before_anything_is_read(
    words: tuple[str, ...], told: str, user: Shell, ca_file: Path
) -> None:
    ended = await said(user, *RUN, *words)
    assert ended.status == 2
    assert told in ended.err
    assert "canary" not in ended.err
    assert not (user.folder / "answers-import").exists()


async def test_a_file_of_authorities_that_the_environment_names(user: Shell, ca_file: Path) -> None:
    ended = await said(user, *RUN, SSL_CERT_FILE="/nowhere.pem")
    assert ended.status == 2
    assert "SSL_CERT_FILE names /nowhere.pem" in ended.err


async def test_this_machine_is_got_at_directly_whatever_the_proxy(
    user: Shell, sandbox: Sandbox, ca_file: Path
) -> None:
    words = (*RUN[:4], "--endpoint", sandbox.url, "--yes", "--json")
    ended = await said(user, *words, HTTP_PROXY="http://127.0.0.1:9", ALL_PROXY="socks5://h:1")
    assert (ended.status, ended.document["rows"]["created"]) == (0, 5)
