"""Rows of one person arrive oldest first, however the requests fail."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest

from importer.sandbox import SandboxSettings, background
from importer.sandbox.script import share
from tests.e2e.commands import Shell
from tests.figures import figure
from tests.trials.job import Job, rows

FAULTS = (
    "close_stored",
    "close_read",
    "500",
    "503+0",
    "429+0",
    "truncated_body",
    "late",
    "reset_stored",
)


def inversions(user: Shell, people: int, each: int, seed: int) -> None:
    settings = SandboxSettings(
        duplicate_window=0,
        fail=tuple(share(f"{name}:0.016") for name in FAULTS),
        slow=0.1,
        latency=0.005,
        seed=seed,
    )
    with background(settings) as sandbox:
        job = Job(user, sandbox, ("--rate", "max", "--settle", 0.5, "--concurrency", 16))
        job.write(rows(people * each, people))
        runs, status = 0, 5
        while status not in (0, 3) and runs < 60:
            ended = job.run()
            runs, status = runs + 1, ended.status
            if status == 4 and ended.document["requests"] == 0:
                break
        arrived = defaultdict(list)
        for stored in sandbox.stored():
            comment = next(value for _, value in stored.answers if isinstance(value, str))
            arrived[stored.user_id].append(int(comment.rpartition(" ")[2]))
        told = ended.document["rows"]
    wrong = 0
    for numbers in arrived.values():
        wrong += sum(later < earlier for earlier, later in pairwise(numbers))
    figure(
        f"order of {people} people, {each} rows each",
        inversions=wrong,
        stored=sum(map(len, arrived.values())),
        created=told["created"],
        runs=runs,
    )
    assert wrong == 0
    assert told["created"] <= sum(map(len, arrived.values()))
    assert told["read"] == people * each == sum(told.values()) - told["read"]


def test_forty_people(user: Shell) -> None:
    inversions(user, people=40, each=10, seed=3)


@pytest.mark.trial
def test_two_hundred_people(user: Shell) -> None:
    inversions(user, people=200, each=20, seed=4)
