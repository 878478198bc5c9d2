"""`importer sandbox`, as a process."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from importer.sandbox import Store, background
from tests.sandbox.conftest import body

_COMMAND = [sys.executable, "-c", "from importer.cli import main; main()", "sandbox"]


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and the first line it prints."""
    with subprocess.Popen(
        [*_COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def post(url: str, **changes: object) -> int:
    request = urllib.request.Request(
        url + "/api/responses",
        json.dumps(body(**changes)).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def _rest(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What it still prints until it ends. `communicate` would pass over what `readline` has buffered."""
    assert process.stdout is not None
    assert process.stderr is not None
    out, err = process.stdout.read(), process.stderr.read()
    process.wait(timeout=10)
    return out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_its_address_comes_first_and_a_signal_ends_it(number: signal.Signals) -> None:
    with running() as (process, url):
        assert post(url) == 200
        process.send_signal(number)
        out, err = _rest(process)
    assert (process.returncode, err) == (0, "")
    for word in ("sandbox-write-key", "sandbox-api-key", "79593580-95a7-11ed-8974", url):
        assert word in out


def test_the_store_and_the_log_stay_and_the_key_does_not(tmp_path: Path) -> None:
    store, log = tmp_path / "store.db", tmp_path / "log.jsonl"
    with running("--store", str(store), "--log", str(log), "--fail", "503:0") as (process, url):
        assert [post(url), post(url, writeKey="canary-key"), post(url)] == [200, 401, 400]
        process.terminate()
        process.communicate(timeout=10)
    with Store(store) as opened:
        assert opened.count() == 1
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["status"] for line in lines] == [200, 401, 400]
    assert [line["body"]["writeKey"] for line in lines] == ["***"] * 3
    assert "key" not in log.read_text().replace('"writeKey"', "")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_what_it_has_answered_survives_its_own_kill(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    with running("--store", str(store)) as (process, url):
        assert [post(url, userId=str(number)) for number in range(50)] == [200] * 50
        process.kill()
        process.wait()
    with Store(store) as opened:
        assert {each.user_id for each in opened.all()} == set(map(str, range(50)))


def test_a_script_file_and_a_short_window(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text('{"007": [418]}')
    options = ("--script", str(script), "--duplicate-window", "0", "--latency", "1ms")
    with running(*options) as (_, url):
        assert [post(url), post(url), post(url)] == [418, 200, 200]


def test_json_is_one_object_on_one_line() -> None:
    with running("--json") as (_, line):
        document = json.loads(line)
    assert document["url"].startswith("http://127.0.0.1:")
    assert [question["type"] for question in document["questions"]] == [
        "nps", "text", "choice", "csat",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--fail", "nope"], "no fault that the sandbox knows"),
        (["--fail", "503:2"], "share is a number"),
        (["--latency", "soon"], "is no span of time"),
        (["--rate-limit", "0"], "--rate-limit"),
        (["--script", "none.json"], "none.json"),
        (["--store", "/nowhere/store.db"], "/nowhere/store.db"),
        (["--store", __file__], "is no store of the sandbox"),
    ],
)
def test_a_wrong_option_is_exit_2(options: list[str], says: str) -> None:
    done = subprocess.run([*_COMMAND, *options], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def test_the_faults_can_be_listed() -> None:
    done = subprocess.run([*_COMMAND, "--faults"], capture_output=True, text=True, check=True)
    assert "close_stored" in done.stdout


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:80"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
    ],
)
def test_a_page_in_a_browser_gets_nothing(headers: dict[str, str], status: int) -> None:
    """Under a name that leads to this machine (DNS rebinding) it would read a rehearsal with real data."""
    with background() as sandbox:
        url = f"{sandbox.url}/api/v3/projects/{sandbox.settings.project}"
        request = urllib.request.Request(
            url, headers={"Authorization": f"Bearer {sandbox.settings.api_key}", **headers}
        )
        try:
            with urllib.request.urlopen(request) as response:
                found = response.status
        except urllib.error.HTTPError as error:
            found = error.code
            error.close()
    assert found == status
