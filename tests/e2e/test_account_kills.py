"""SIGKILL at random moments of the look, the run and the restore: the account comes out as if nobody had."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections import defaultdict

import pytest

from importer.sandbox import Sandbox, SandboxSettings, background
from tests.e2e.commands import IMPORTER, Shell
from tests.e2e.here import Here
from tests.e2e.test_restore import MAPPING, READS, after, made, now_in, same, total
from tests.figures import figure


def started(user: Shell, words: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [IMPORTER, *words],
        cwd=user.folder,
        env=dict(user.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def under_fire(user: Shell, words: list[str], kills: int, chance: random.Random) -> tuple[int, int]:
    """Kill so many starts, each at a moment of its own; then let it end. Returns how many were killed, and
    the last exit status."""
    killed = 0
    for _ in range(kills):
        process = started(user, words)
        time.sleep(chance.uniform(0.4, 6.0))
        killed += process.poll() is None
        process.kill()
        _, said = process.communicate()
        assert b"defect" not in said, said
    for _ in range(10):
        process = started(user, words)
        _, said = process.communicate(timeout=240)
        if process.returncode == 0:
            return killed, 0
        assert process.returncode in (4, 5), said
    return killed, process.returncode


@pytest.mark.parametrize(
    ("persons", "kills"), [(60, 1), pytest.param(150, 5, marks=pytest.mark.trial)]
)
@pytest.mark.parametrize("policy", ["keep", "overwrite"])
def test_killed_anywhere(user: Shell, policy: str, persons: int, kills: int) -> None:
    seed = int.from_bytes(policy.encode()[:2]) + kills
    chance = random.Random(seed)
    here = Here(user.folder, {**user.environment, **READS})
    text, today = made(persons, seed)
    here.write("answers.csv", text)
    here.write("mapping.yaml", MAPPING.replace("POLICY", policy))
    settings = SandboxSettings(duplicate_window=0, users_page=persons // 6 + 1, latency=0.01)
    with background(settings) as sandbox:
        sandbox.put_users(today.items())
        _killed_anywhere(here, sandbox, (text, today), policy, kills, chance)
        stored = sandbox.copies()
    assert max(stored.values()) <= text.count("\n")


def _killed_anywhere(
    here: Here,
    sandbox: Sandbox,
    given: tuple[str, dict[str, dict[str, object]]],
    policy: str,
    kills: int,
    chance: random.Random,
) -> None:
    text, today = given
    server = ["--endpoint", sandbox.url, "--state", "state"]
    run = ["run", "answers.csv", "-m", "mapping.yaml", *server, "--yes", "--rate", "60/s"]
    run += ["--settle", "0.3"]
    while_running, status = under_fire(here, run, kills, chance)
    assert status == 0
    assert sandbox.settings.users_page is not None
    # A row in doubt may be posted again by itself: the sandbox takes several responses of one person.
    assert len(sandbox.stored()) >= text.count("\n") - 1
    expected = after(text, today, keep=policy == "keep")
    assert same(now_in(sandbox), expected)
    back = ["restore", "--state", "state", "--yes", "--rate", "60/s"]
    while_restoring, status = under_fire(here, back, kills, chance)
    assert status == 0
    for person, had in today.items():
        for name, value in had.items():
            if value is not None:
                assert same(now_in(sandbox)[person][name], value), (person, name)
    posted: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for each in sandbox.requests:
        if each.method == "POST" and each.path == "/api/users":
            body = json.loads(each.body)
            for name, value in body["traits"].items():
                posted[body["userId"], name].add(json.dumps(value, sort_keys=True))
                assert same(value, today[body["userId"]][name])
    assert all(len(values) == 1 for values in posted.values())
    assert bool(posted) is (policy == "overwrite")
    left = here("restore", "--state", "state", "--yes", "--json", "--dry-run")
    assert total(left, "to_restore") == 0
    told = f"{while_running} of {kills} in a look or run, {while_restoring} in a restore"
    figure(f"killed, {policy}: {told}")
