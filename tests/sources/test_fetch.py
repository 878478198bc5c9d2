"""Fetching, over a real web server and a real fsspec file system."""

import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import fsspec  # type: ignore[import-untyped]  # it has none
import pytest

from importer.errors import SourceError, UsageError
from importer.settings import Network
from importer.sources.files import LARGEST
from importer.sources.remote import CLOUD, Address, fetched
from importer.sources.source import open_source

CONTENT = b"id,score\n" + b"u1,10\n" * 1000


asked: list[str] = []
"""The paths that were asked for, as they came."""


class Files(BaseHTTPRequestHandler):
    """Serves /answers.csv, says no to others, and redirects."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        asked.append(self.path)
        moved = dict.fromkeys(("/moved.csv", "/leak.csv", "/loop.csv", "/away.csv"), 302)
        status = {"/answers.csv": 200, **moved}.get(path, 404)
        self.send_response(status)
        self.send_header("Content-Length", str(len(CONTENT) if status == 200 else 0))
        there = {
            "/moved.csv": "/answers.csv",
            "/loop.csv": "/loop.csv",
            "/away.csv": "s3://bucket/answers.csv",
        }
        self.send_header("Location", there.get(path, "http://example.com/answers.csv"))
        self.end_headers()
        if status == 200:
            self.wfile.write(CONTENT)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", ["answers.csv", "moved.csv", "answers.csv?token=secret"])
def test_over_http(web: str, name: str) -> None:
    with fetched(Address.parse(f"{web}/{name}")) as path:
        assert path.read_bytes() == CONTENT
        assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_nlink) == (0o600, 0)
        with open_source(str(path), name="answers.csv") as source:
            assert (source.place, sum(len(each.rows) for each in source.chunks())) == (
                "answers.csv",
                1000,
            )
    assert not path.exists()


def get(text: str, largest: int = LARGEST, network: Network | None = None) -> Path:
    with fetched(Address.parse(text), largest, network) as path:
        return path


def test_what_can_not_be_had(web: str) -> None:
    with pytest.raises(SourceError, match="404") as missing:
        get(f"{web}/other.csv?token=secret")
    with pytest.raises(UsageError, match="unencrypted"):
        get(f"{web}/leak.csv")
    with pytest.raises(SourceError, match="can't be fetched"):
        get("http://127.0.0.1:9/answers.csv")
    assert "secret" not in missing.value.message


def test_redirects_end(web: str) -> None:
    asked.clear()
    with pytest.raises(SourceError, match="without an end"):
        get(f"{web}/loop.csv")
    assert len(asked) == 11
    with pytest.raises(SourceError, match="can't be fetched"):
        get(f"{web}/away.csv")


def test_an_address_that_is_signed_stays_as_it_is(web: str) -> None:
    asked.clear()
    get(f"{web}/answers.csv?sig=a%2fB%7e+c&x=%20'")
    assert asked == ["/answers.csv?sig=a%2fB%7e+c&x=%20'"]


async def test_within_a_loop_that_runs(web: str) -> None:
    get(f"{web}/answers.csv")


def test_too_large(web: str) -> None:
    with pytest.raises(SourceError, match="larger than 100 bytes"):
        get(f"{web}/answers.csv", largest=100)


def test_through_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file system in memory stands for the cloud's."""
    monkeypatch.setitem(CLOUD, "memory", "memory")
    with fsspec.open("memory://bucket/answers.csv", "wb") as file:
        file.write(CONTENT)

    with fetched(Address.parse("memory://bucket/answers.csv")) as path:
        assert path.read_bytes() == CONTENT
    with pytest.raises(SourceError, match="There is no memory"):
        get("memory://bucket/other.csv")


@pytest.mark.skipif(find_spec("gcsfs") is not None, reason="the driver is here")
def test_a_driver_that_is_not_installed() -> None:
    with pytest.raises(UsageError) as told:
        get("gs://bucket/answers.csv")
    assert "satismeter-importer[gs]" in told.value.hint
