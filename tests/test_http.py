"""Everything that speaks HTTP: through a proxy, with authorities of its own, and told apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
import trustme

from importer import Endpoint, Settings, http, run
from importer.automation import VARIABLES, Undelivered, notify_target
from importer.automation.notify import Webhook
from importer.errors import ImporterError, UsageError
from importer.sandbox import WRITE_KEY, background
from importer.satismeter.read import Reader
from importer.settings import Network, Secret
from importer.sources.remote import Address, fetched
from tests.automation.test_notice import NOTICE
from tests.delivery.proxies import HOST, proxy, serving, tls_for
from tests.e2e.conftest import MAPPING
from tests.e2e.here import Here

PAGE = b'{"data": []}'
SECRETS = ("api-key-canary", "hook-canary", "token-canary")


@dataclass
class Server:
    """Answers everything with a page; `heads`: what it was asked."""

    reply: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(PAGE), PAGE)
    heads: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.reply)
        await writer.drain()


async def read(network: Network) -> None:
    """The surveys of a project."""
    key = Secret("api-key-canary")
    async with Reader(f"https://{HOST}", key, "p", timeout=5, pause=0, network=network) as reader:
        assert await reader.surveys() == []


async def fetch(network: Network) -> None:
    """A file."""

    def get() -> None:
        address = Address.parse(f"https://{HOST}/answers.csv?token=token-canary")
        with fetched(address, network=network) as path:
            assert path.read_bytes() == PAGE

    await asyncio.to_thread(get)


async def tell(network: Network) -> None:
    """A webhook."""
    made = notify_target("webhook", {VARIABLES["webhook"]: f"https://{HOST}/hook-canary"}, network)
    await asyncio.to_thread(made.send, NOTICE)


WAYS = {"read": read, "fetch": fetch, "tell": tell}
Way = Callable[[Network], Awaitable[None]]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Way:
    """Each in turn, with no proxy of whoever runs the tests."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return WAYS[request.param]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    return tmp_path / "authority.pem"


@asynccontextmanager
async def hidden(authority: trustme.CA, server: Server) -> AsyncIterator[int]:
    """A TLS server for `HOST`, which only a proxy leads to."""
    async with serving(server.serve, tls_for(authority)) as port:
        yield port


async def test_through_a_proxy_that_learns_no_secret(
    way: Way, authority: trustme.CA, ca_file: Path
) -> None:
    server = Server()
    async with hidden(authority, server) as port, proxy(port) as middle:
        await way(Network(Secret(middle.url), ca_file))
    assert len(server.heads) == len(middle.heads) == 1
    assert middle.heads[0].startswith(b"CONNECT api.test:443 ")
    for secret in SECRETS:
        assert secret.encode() not in middle.heads[0]
    assert b"roxy-Authorization" not in middle.heads[0]


async def test_as_the_environment_says(
    way: Way, authority: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()
    async with hidden(authority, server) as port, proxy(port) as middle:
        monkeypatch.setenv("HTTPS_PROXY", middle.url.replace("//", "//user:pass@"))
        monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
        await way(Network())
    assert b"\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n" in middle.heads[0]
    assert len(server.heads) == 1


async def told(way: Way, network: Network) -> str:
    with pytest.raises((ImporterError, Undelivered)) as raised:
        await way(network)
    text = str(raised.value)
    for secret in SECRETS:
        assert secret not in text
    return text


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (407, "the proxy wants a user name and password"),
        (403, "the proxy refused to connect to the server"),
    ],
)
async def test_a_proxy_that_refuses_is_told_at_once(way: Way, status: int, words: str) -> None:
    says = b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status
    async with proxy(says=says) as middle:
        text = await told(way, Network(Secret(middle.url)))
        assert len(middle.heads) == 1
    assert words in text


async def test_a_proxy_that_is_not_there_is_told(way: Way) -> None:
    assert "the proxy could not be reached" in await told(way, Network(Secret("127.0.0.1:9")))


async def test_a_certificate_that_nobody_vouches_for_is_told_at_once(
    way: Way, authority: trustme.CA
) -> None:
    server = Server()
    async with hidden(authority, server) as port, proxy(port) as middle:
        text = await told(way, Network(Secret(middle.url)))
        assert len(middle.heads) == 1
    assert "the server's TLS certificate is not valid" in text
    assert server.heads == []


async def test_authorities_that_can_not_be_read_are_the_files_fault(
    way: Way, tmp_path: Path
) -> None:
    assert "which can't be used: No such file" in await told(
        way, Network(ca_file=tmp_path / "no.pem")
    )


async def test_an_import_does_not_fail_of_a_notice(tmp_path: Path) -> None:
    with pytest.raises(Undelivered, match="which can't be used"):
        await tell(Network(ca_file=tmp_path / "no.pem"))


async def test_a_file_that_may_have_been_cut_is_not_taken(
    authority: trustme.CA, ca_file: Path
) -> None:
    """Over TLS its end can't be told from a cut; the honest case has a length."""
    server = Server(reply=b"HTTP/1.1 200 OK\r\n\r\n" + PAGE)
    async with hidden(authority, server) as port, proxy(port) as middle:
        text = await told(fetch, Network(Secret(middle.url), ca_file))
    assert "may have been cut off" in text


@pytest.mark.parametrize("there", ["http://127.0.0.1:9/a.csv", "http://localhost/a.csv"])
async def test_https_leads_to_no_server_of_this_machine(
    there: str, authority: trustme.CA, ca_file: Path
) -> None:
    moved = b"HTTP/1.1 302 There\r\nContent-Length: 0\r\nLocation: %b\r\n\r\n" % there.encode()
    async with hidden(authority, Server(reply=moved)) as port, proxy(port) as middle:
        text = await told(fetch, Network(Secret(middle.url), ca_file))
    assert "leads to an address that is not https" in text


@pytest.mark.parametrize("host", ["127.0.0.1:80", "localhost", "[::1]:8080", "127.1.2.3"])
def test_this_machine_needs_no_proxy(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://proxy.example.com:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    for scheme in ("http", "https"):
        assert http.proxy_for(Network(Secret("http://h:1")), f"{scheme}://{host}/x") is None
        assert http.proxy_for(Network(), f"{scheme}://{host}/x") is None
        assert http.proxy_for(Network(), f"{scheme}://u@api.test/") is not None


async def test_work_is_run_within_a_loop_too() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    assert http.run(work()) == 7


def test_work_is_run_where_there_is_no_loop() -> None:
    async def fails() -> None:
        raise UsageError("said")

    with pytest.raises(UsageError, match="said"):
        http.run(fails())


def test_a_run_says_that_an_aiohttp_is_built_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "answers.csv").write_text("id,score,comment,email\nu1,9,fine,u1@e.org\n")
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    monkeypatch.delattr(aiohttp.BytesPayload, "write_with_length")
    with background() as sandbox:
        settings = Settings(
            file=str(tmp_path / "answers.csv"),
            mapping=str(tmp_path / "mapping.yaml"),
            state=tmp_path / "state",
            endpoint=Endpoint.parse(sandbox.url),
            write_key=Secret(WRITE_KEY),
        )
        _, summary = run(settings)
    assert summary.rows["created"] == 1
    assert [each for each in summary.warnings if aiohttp.__version__ in each]


@pytest.mark.parametrize(
    ("written", "server"),
    [
        ("https://app.satismeter.com", "https://app.satismeter.com"),
        ("https://APP.SatisMeter.com:443/api/responses", "https://app.satismeter.com"),
        ("https://app.satismeter.com.", "https://app.satismeter.com"),
        ("https://app.satismeter.com.:443", "https://app.satismeter.com"),
        ("https://app.satismeter.com:80", "https://app.satismeter.com:80"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://127.0.0.1:443", "http://127.0.0.1:443"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_server_is_one_however_it_is_spelled(written: str, server: str) -> None:
    assert Endpoint.parse(written).origin == server


ODD = [
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:abc",
    "https://example.com:0/",
    "https://[::1/x",
    "https://::1]/x",
    "http://[::1].evil.com/",
    "http://[::1]evil.com/",
    "http://[127.0.0.1]/",
    "http://evil.com\\@127.0.0.1/",
    "http://127.0.0.1:80:80/",
]


@pytest.mark.parametrize("text", ODD)
def test_an_odd_address_is_refused_before_anything(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"web address|can't be one"):
        Endpoint.parse(text)
    with pytest.raises(UsageError):
        Address.parse(text.rstrip("/x") + "/answers.csv?token=SECRET")
    with pytest.raises(UsageError) as told:
        Webhook.parse(text + "?token=SECRET")
    assert "SECRET" not in told.value.message + told.value.hint
    ended = Here(tmp_path, {"HOME": str(tmp_path)})(
        "plan", "none.csv", "-m", "none.yaml", "--endpoint", text
    )
    assert (ended.status, "defect" in ended.err) == (2, False)


@pytest.mark.parametrize(
    "text",
    [
        "http://[::1]:8080/",
        "http://[::1]/api/responses",
        "http://127.0.0.1",
        "https://app.satismeter.com:443/",
        "https://bücher.example/x",
        "https://a-b.c_d.example:8443",
    ],
)
def test_a_plain_address_is_taken(text: str) -> None:
    assert Endpoint.parse(text).url.startswith(text.rstrip("/"))
