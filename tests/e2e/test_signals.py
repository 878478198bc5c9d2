"""Ctrl-C and SIGTERM: the rows in flight come to their ends, and the process leaves in time."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from importer.sandbox import Behaviour, FaultShare, Sandbox, SandboxSettings, background
from importer.shutdown import STUCK
from tests.e2e.commands import IMPORTER, Shell
from tests.e2e.processes import people, started, wait_until
from tests.e2e.test_run import results, run
from tests.figures import figure

HANG = SandboxSettings(fail=(FaultShare(Behaviour("hang")),))


def words(sandbox: Sandbox, *more: object) -> tuple[object, ...]:
    run = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes", "--json")
    return (*run, "--settle", "30", *more)


def left(process: subprocess.Popen[str], within: float) -> tuple[float, dict[str, int]]:
    """How long it took to leave, and its rows."""
    start = time.monotonic()
    out, err = process.communicate(timeout=within)
    assert "Traceback" not in err
    return time.monotonic() - start, json.loads(out)["rows"]


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 143)]
)
def test_with_a_live_server_it_leaves_within_two_seconds(
    user: Shell, number: signal.Signals, status: int
) -> None:
    user.write("answers.csv", people(3_000))
    with background(SandboxSettings(latency=0.2)) as sandbox:
        with started(user, *words(sandbox)) as process:
            wait_until(lambda: len(sandbox.posts()) >= 20)
            process.send_signal(number)
            seconds, rows = left(process, 10)
        assert process.returncode == status
        assert seconds < 2
        assert rows["unknown"] == 0
        assert rows["created"] == len(sandbox.stored())
        assert rows["created"] + rows["pending"] == rows["read"] == 3_000
    figure(f"{number.name}, live server", left_after_seconds=round(seconds, 2), exit=status)
    assert len(results(user)) == 3_000


@pytest.mark.parametrize("way", ["terminal", "pipe", "nohup"])
def test_who_watched_has_gone(user: Shell, way: str) -> None:
    """The terminal was closed, or who read the output has ended: results are written all the same."""
    user.write("answers.csv", people(60))
    here, there = os.pipe() if way == "pipe" else pty.openpty()
    ignores = ["nohup"] if way == "nohup" else []
    with (
        background(SandboxSettings(latency=0.1)) as sandbox,
        subprocess.Popen(
            [*ignores, IMPORTER, *map(str, words(sandbox, "--rate", "max", "--concurrency", 4))],
            cwd=user.folder, env=user.environment, stdin=subprocess.DEVNULL, stdout=there,
            stderr=there,
        ) as process,
    ):  # fmt: skip
        os.close(there)
        wait_until(lambda: len(sandbox.posts()) >= 8)
        os.close(here)
        if way != "pipe":
            process.send_signal(signal.SIGHUP)
        status, stored = process.wait(30), len(sandbox.stored())

    assert status == (143 if way == "terminal" else 0)
    assert [line["status"] for line in results(user)].count("created") == stored
    assert (stored == 60) is (way != "terminal")


def test_a_closed_terminal_takes_no_results_away(user: Shell) -> None:
    """The kernel sends SIGHUP, and writing to the terminal fails from then on."""
    user.write("answers.csv", people(300))
    ours, its = os.openpty()
    with background(SandboxSettings(latency=0.05)) as sandbox, ExitStack() as stack:
        line = [IMPORTER, *map(str, words(sandbox, "--concurrency", "2"))]
        process = stack.enter_context(
            subprocess.Popen(
                line, cwd=user.folder, env=dict(user.environment), stdin=its, stdout=its, stderr=its,
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  takes no lock
            )
        )  # fmt: skip
        stack.callback(process.kill)
        os.close(its)
        threading.Thread(target=_drain, args=(ours, lambda: len(sandbox.posts()) >= 10)).start()
        assert process.wait(timeout=30) == 143
        stored = len(sandbox.stored())
    assert 0 < stored < 300
    assert Counter(line["status"] for line in results(user)) == {
        "created": stored,
        "pending": 300 - stored,
    }


def _drain(terminal: int, until: Callable[[], bool]) -> None:
    """Read what is written to the terminal, then close it."""
    while not until():
        if select.select([terminal], [], [], 0.01)[0]:
            os.read(terminal, 4096)
    os.close(terminal)


def test_while_it_waits_it_leaves_at_once(user: Shell) -> None:
    """For its pace, for a pause that the server asked for, before the late pass."""
    user.write("answers.csv", people(20))
    pause = FaultShare(Behaviour("status", 503, headers={"Retry-After": "300"}))
    doubt = FaultShare(Behaviour("close_read"))
    for settings, more in (
        (SandboxSettings(), ("--rate", "1/min")),
        (SandboxSettings(fail=(pause,)), ()),
        (SandboxSettings(fail=(doubt,)), ("--limit", "2")),
    ):
        with background(settings) as sandbox:
            state = ("--state", f"state-{sandbox.port}")
            with started(user, *words(sandbox, *more, *state)) as process:
                wait_until(lambda running=sandbox: len(running.posts()) >= 1)  # type: ignore[misc]
                time.sleep(0.3)
                process.send_signal(signal.SIGTERM)
                seconds, rows = left(process, 10)
            assert process.returncode == 143
            assert seconds < 2
            assert rows["pending"] >= 18


def test_the_second_signal_leaves_at_once_and_says_what_is_in_doubt(user: Shell) -> None:
    user.write("answers.csv", people(100))
    with background(HANG) as sandbox, started(user, *words(sandbox)) as process:
        wait_until(lambda: len(sandbox.posts()) >= 2)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert process.poll() is None, "it drains"
        process.send_signal(signal.SIGTERM)
        seconds, rows = left(process, 10)
    assert process.returncode == 143
    assert seconds < 2
    assert (rows["unknown"], rows["pending"]) == (2, 98)
    assert [line["code"] for line in results(user)][:5] == ["cut_off"] * 2 + ["not_reached"] * 3


@pytest.mark.trial
def test_with_a_hung_server_it_leaves_within_eleven_seconds(user: Shell) -> None:
    user.write("answers.csv", people(100))
    with background(HANG) as sandbox, started(user, *words(sandbox)) as process:
        wait_until(lambda: len(sandbox.posts()) >= 2)
        process.send_signal(signal.SIGTERM)
        seconds, rows = left(process, 20)
    assert process.returncode == 143
    assert 9 < seconds < 11
    assert (rows["unknown"], rows["pending"]) == (2, 98)
    figure("SIGTERM, hung server", left_after_seconds=round(seconds, 2))


def test_a_disk_that_hangs_does_not_make_it_deaf() -> None:
    """A loop that is kept by one call, as by a write that doesn't come back: uvloop's and asyncio's."""
    with _hung("uvloop") as one, _hung("asyncio") as other:
        for process in (one, other):
            assert process.stdout is not None
            assert process.stdout.readline() == "hangs\n"
            process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        assert (one.poll(), other.poll()) == (None, None)
        start = time.monotonic()
        for process in (one, other):
            process.send_signal(signal.SIGTERM)
        for process in (one, other):
            _, err = process.communicate(timeout=10)
            assert process.returncode == 143
            assert "same command" in err
        assert time.monotonic() - start < STUCK + 2


def _hung(loop: str) -> subprocess.Popen[str]:
    words = (sys.executable, "-c", _HUNG, loop)
    pipe = subprocess.PIPE
    return subprocess.Popen(words, text=True, stdout=pipe, stderr=pipe)


_HUNG = """
import asyncio, sys, time
from importer.shutdown import handled

async def main():
    with handled(print, print, 10):
        print("hangs", flush=True)
        time.sleep(60)

with asyncio.Runner(loop_factory=__import__(sys.argv[1]).new_event_loop) as runner:
    runner.run(main())
"""


def test_before_the_first_post_nothing_is_left_behind(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", people(60_000))
    with started(user, *words(sandbox, "--state", "state")) as process:
        wait_until((user.folder / "state" / "ledger.sqlite3-wal").exists)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 143
    assert "The same command goes on" in err
    assert not sandbox.posts()
    assert list((user.folder / "state" / "locks").glob("*.json")) == []
    user.write("answers.csv", people(10))
    assert run(user, sandbox, "--state", "state").status == 0
