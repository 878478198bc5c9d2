"""A run over a file's address."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from importer.sandbox import Sandbox
from tests.e2e.commands import Shell


class Quiet(SimpleHTTPRequestHandler):
    """Says nothing on standard error, where the command's own words are looked at."""

    def log_message(self, *_: object) -> None:
        """What was asked for stays unsaid."""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "answers.csv").write_text("id,score,comment,email\nu1,10,,\nu2,11,,\n")
    handler = partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_plan_and_run_over_an_address(user: Shell, sandbox: Sandbox, web: str) -> None:
    url = f"{web}/answers.csv?token=secret"
    words = (url, "-m", "mapping.yaml", "--endpoint", sandbox.url, "--state", "state")

    planned = user("plan", *words)
    ran = user("run", *words, "--yes", "--log-file", "log.jsonl", "--json")

    assert (planned.status, ran.status) == (3, 3)
    assert ran.document["rows"]["created"] == 1
    assert ran.document["file"] == f"{web}/answers.csv"
    written = [path for path in user.folder.rglob("*") if path.is_file()]
    assert user.folder / "answers-import" / "results.csv" in written
    assert not [path for path in written if b"token=secret" in path.read_bytes()]
    assert "secret" not in planned.out + planned.err + ran.out + ran.err


def test_an_address_that_gives_nothing(user: Shell, sandbox: Sandbox, web: str) -> None:
    words = ("-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes")

    ended = user("run", f"{web}/other.csv?token=secret", *words, "--log-file", "log.jsonl")

    assert ended.status == 2
    assert "404" in ended.err
    assert "secret" not in ended.err + (user.folder / "log.jsonl").read_text()
