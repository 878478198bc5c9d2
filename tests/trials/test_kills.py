"""kill -9 at random moments, again and again, while requests fail: nothing lost, nothing stored twice."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from importer.sandbox import FaultShare, Sandbox, SandboxSettings, background
from importer.sandbox.faults import share
from tests.e2e.commands import Shell
from tests.figures import figure
from tests.trials.job import Job, ended, rows

FAULTS = (
    # stored, and its reply lost or damaged
    *("close_stored", "reset_stored", "hang_stored", "truncated_body", "broken_json", "late"),
    # not stored, which the client can't know
    *("close_read", "reset_unread", "hang", "500"),
    # not stored, and the reply says so
    *("503+0", "429+0", "408"),
)
"""13 kinds, each of 1 % of all requests."""

MIX: tuple[FaultShare, ...] = tuple(share(f"{name}:0.01") for name in FAULTS)
SLOW = 0.15
OPTIONS = ("--rate", "max", "--settle", 0.4, "--timeout", 0.4)
"""The settle time is longer than the server's work, as the defaults are for a real one."""


@dataclass
class Course:
    """What happened on the way."""

    kills: int = 0
    while_posting: int = 0
    runs: int = 0


def killed_until_done(job: Job, kills: int, seed: int) -> tuple[Course, dict[str, int]]:
    """Run and kill so many times, then run until nothing is left to do; returns the last run's rows."""
    chance, course = random.Random(seed), Course()
    while course.kills < kills:
        _kill(job, chance, course)
        if (job.folder / "results.csv").exists():
            job.results()
    for _ in range(20):
        status, document = ended(job.start())
        course.runs += 1
        if status in (0, 3, 4):
            return course, document["rows"]
        assert status == 5, document
    raise AssertionError("20 runs, and there is still something left")


def _kill(job: Job, chance: random.Random, course: Course) -> None:
    """One run, killed: four times in five so many moments after its first request, else at any moment
    from its start."""
    before = job.posts()
    process = job.start()
    course.runs += 1
    if chance.random() < 0.8:
        until = time.monotonic() + 10
        while job.posts() == before and process.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.8)
    else:
        time.sleep(chance.random() * 1.2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    if process.returncode == -signal.SIGKILL:
        course.kills += 1
        course.while_posting += job.posts() > before


def assert_nothing_lost_and_nothing_twice(job: Job, count: int, told: dict[str, int]) -> None:
    lines, stored = job.results(), job.stored()
    assert [int(line["row"]) for line in lines] == list(range(2, count + 2))
    assert Counter(line["status"] for line in lines) == Counter(
        {status: number for status, number in told.items() if number and status != "read"}
    )
    assert told["read"] == count == sum(told.values()) - told["read"]
    assert [comment for comment, copies in stored.items() if copies > 1] == []
    for number, line in enumerate(lines):
        there = stored[f"comment {number}"]
        assert line["status"] in ("created", "unknown"), line
        if line["status"] == "created":
            assert there == 1, line
    assert set(stored) <= {f"comment {number}" for number in range(count)}


def crashed(user: Shell, sandbox: Sandbox, count: int, kills: int, seed: int) -> dict[str, float]:
    """One file, killed and finished; its figures."""
    job = Job(user, sandbox, OPTIONS)
    job.write(rows(count))
    course, told = killed_until_done(job, kills, seed)
    assert_nothing_lost_and_nothing_twice(job, count, told)
    posts = job.posts()
    again, document = ended(job.start())
    assert again in (0, 4)
    assert document["rows"]["read"] == count
    assert_nothing_lost_and_nothing_twice(job, count, document["rows"])
    faults = sum(bool(each.fault) for each in sandbox.posts())
    return {
        "kills": course.kills,
        "while_posting": course.while_posting,
        "requests": posts,
        "faults": faults,
        "created": told["created"],
        "unknown": told["unknown"],
        "twice": sum(copies > 1 for copies in job.stored().values()),
    }


def faulty(seed: int, latency: float) -> SandboxSettings:
    """A server at which 13 % of the requests fail."""
    return SandboxSettings(fail=MIX, slow=SLOW, latency=latency, seed=seed)


def told(name: str, count: int, found: Sequence[dict[str, float]]) -> None:
    """Print the figures of so many files."""
    total: Counter[str] = Counter()
    for each in found:
        total.update({key: int(value) for key, value in each.items()})
    rows_in_all = count * len(found)
    figure(
        name,
        kills=f"{total['kills']} ({total['while_posting']} while posting)",
        rows=rows_in_all,
        requests_a_row=f"{total['requests'] / rows_in_all:.3f}",
        faults=f"{total['faults'] / total['requests']:.1%} of the requests",
        created=total["created"],
        unknown=total["unknown"],
        claimed_and_absent=0,
        stored_twice=total["twice"],
    )


def test_three_kills(user: Shell) -> None:
    with background(faulty(7, 0.02)) as sandbox:
        found = crashed(user, sandbox, count=400, kills=3, seed=7)
    told("kill -9, short", 400, [found])


@pytest.mark.trial
def test_a_hundred_kills(tmp_path_factory: pytest.TempPathFactory) -> None:
    from tests.e2e.commands import shell
    from tests.e2e.conftest import MAPPING

    found = []
    for seed in range(5):
        user = shell(tmp_path_factory.mktemp(f"seed{seed}"))
        user.write("mapping.yaml", MAPPING)
        with background(faulty(seed, 0.03)) as sandbox:
            found.append(crashed(user, sandbox, count=5_000, kills=20, seed=seed))
    told("kill -9, five seeds", 5_000, found)
