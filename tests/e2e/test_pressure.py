"""Limits, outages, races and full disks, with real sockets and the installed command."""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack, closing

import pytest

from importer.ledger.sqlite.journal import checkpoint
from importer.sandbox import Sandbox, SandboxSettings, background
from tests.e2e.commands import Shell
from tests.e2e.processes import people, started, wait_until
from tests.figures import figure


def words(sandbox: Sandbox, *more: object) -> tuple[object, ...]:
    run = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes", "--json")
    return (*run, *more)


@pytest.mark.parametrize(
    ("rows", "concurrency"),
    [(500, 8), pytest.param(3_000, 20, marks=pytest.mark.trial)],
)
def test_a_server_that_allows_100_a_second_is_not_pressed(
    user: Shell, rows: int, concurrency: int
) -> None:
    user.write("answers.csv", people(rows))
    with background(SandboxSettings(rate_limit=100)) as sandbox:
        ended = user(*words(sandbox, "--rate", "max", "--concurrency", concurrency))
        posts = sandbox.posts()
    moments = [post.arrived for post in posts]
    refused = sum(post.status == 429 for post in posts)
    most = max(sum(at <= other < at + 1 for other in moments) for at in moments)
    average = (len(posts) - refused) / (moments[-1] - moments[0])
    figure(
        f"100/s allowed, {rows} rows, {concurrency} in flight",
        most_in_a_second=most,
        average=round(average, 1),
        refused=f"{refused / len(posts):.1%}",
        failed=ended.document["rows"]["failed"],
    )
    assert ended.document["rows"]["created"] == rows
    assert most <= 123
    assert average >= 75
    assert refused <= 0.1 * len(posts)


@pytest.mark.trial
def test_a_minute_of_outage_is_waited_through(user: Shell) -> None:
    """The server goes away after some rows, and comes back on the same port."""
    rows, seconds = 5_000, 60.0
    user.write("answers.csv", people(rows))
    store = user.folder / "store.db"
    with ExitStack() as away:
        first = away.enter_context(background(SandboxSettings(store=store)))
        with started(user, *words(first, "--rate", "300/s", "--settle", "1")) as process:
            wait_until(lambda: len(first.posts()) >= rows // 3)
            away.close()
            time.sleep(seconds)
            with background(SandboxSettings(store=store, port=first.port)) as second:
                out, err = process.communicate(timeout=120)
                copies = second.copies()
    document = json.loads(out)
    rows_a_status, requests = document["rows"], document["requests"]
    figure(
        f"{seconds:.0f} s of outage, {rows} rows",
        requests_a_row=round(requests / rows, 4),
        failed=rows_a_status["failed"],
        in_doubt=rows_a_status["unknown"],
    )
    assert (process.returncode in (0, 4), err.count("Traceback")) == (True, 0)
    assert rows_a_status["failed"] == rows_a_status["pending"] == 0
    assert rows_a_status["created"] + rows_a_status["unknown"] == rows
    assert requests <= 1.05 * rows
    assert len(copies) == rows
    assert set(copies.values()) == {1}


def limited(size: int) -> Callable[[], None]:
    """No file may grow beyond so many bytes: the disk is full, for this process."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.parametrize("size", [20_000, 600_000, 2_000_000, 8_000_000])
def test_on_a_full_disk_nothing_is_posted_that_is_not_journalled(user: Shell, size: int) -> None:
    """While it stages, or while it posts; and with room again the same command goes on."""
    user.write("answers.csv", people(2_000))
    with background() as sandbox:
        command = words(sandbox, "--rate", "max", "--settle", "0.2", "--state", "state")
        with started(user, *command, preexec=limited(size)) as process:
            out, err = process.communicate(timeout=60)
        posts = len(sandbox.posts())
        journalled = attempts_in(user)
        again = user(*command)
        copies = sandbox.copies()
    figure(f"a disk full at {size:,} bytes", exit=process.returncode, posts=posts)
    assert "Traceback" not in err
    assert process.returncode == (0 if size == 8_000_000 else 5), (out, err)
    assert posts <= journalled
    assert "disk" in err or process.returncode == 0
    assert again.status in (0, 4)
    assert len(copies) == 2_000
    assert set(copies.values()) == {1}


def attempts_in(user: Shell) -> int:
    path = user.folder / "state" / "ledger.sqlite3"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as ledger:
        if not ledger.execute("SELECT 1 FROM sqlite_master WHERE name = 'rows'").fetchone():
            return 0
        checkpoint(ledger)
        return int(ledger.execute("SELECT COUNT(*) FROM rows WHERE attempts > 0").fetchone()[0])


@pytest.mark.parametrize("count", [4, pytest.param(20, marks=pytest.mark.trial)])
def test_of_racing_commands_one_runs_and_the_others_exit_75(user: Shell, count: int) -> None:
    user.write("answers.csv", people(400))
    with background(SandboxSettings(latency=0.3)) as sandbox, ExitStack() as stack:
        command = words(sandbox, "--concurrency", 2)
        racing = [stack.enter_context(started(user, *command)) for _ in range(count)]
        wait_until(lambda: sum(each.poll() is None for each in racing) == 1, 90)
        losers = [each for each in racing if each.poll() is not None]
        codes = [each.returncode for each in losers]
        told = [each.communicate()[1] for each in losers]
        [winner] = [each for each in racing if each not in losers]
        end(winner)
        assert set(sandbox.copies().values()) <= {1}
    figure(f"{count} racing commands", winners=1, exit_75=codes.count(75))
    assert codes == [75] * (count - 1)
    assert all("Another run holds the campaign" in text for text in told)
    assert winner.returncode == 143


def end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.communicate(timeout=15)
