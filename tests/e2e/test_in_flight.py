"""A look at a run that is under way: rows in flight are no rows in doubt; what a kill leaves is."""

from __future__ import annotations

import signal
from contextlib import suppress
from subprocess import TimeoutExpired

from importer.sandbox import Behaviour, FaultShare, SandboxSettings, background
from tests.e2e.commands import Shell
from tests.e2e.processes import people, started, wait_until


def test_status_tells_rows_in_flight_from_rows_in_doubt(user: Shell) -> None:
    user.write("answers.csv", people(20))
    hang = SandboxSettings(fail=(FaultShare(Behaviour("hang")),))
    with background(hang) as sandbox:
        run = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes")
        with started(user, *run, "--state", "state") as process:
            wait_until(lambda: len(sandbox.posts()) >= 2)
            looked = user("status", "--state", "state", "--json").document
            told = user("status", "--state", "state").out
            process.send_signal(signal.SIGKILL)
            with suppress(TimeoutExpired):
                process.communicate(timeout=10)
    flying = looked["rows"].pop("in_flight")
    assert flying >= 2
    assert looked["rows"]["unknown"] == 0
    assert looked["left"] == looked["rows"]["read"] == 20
    assert f"in flight {flying:>5}".split() == next(
        line.split() for line in told.splitlines() if "in flight" in line
    )
    assert "importer status" in told.splitlines()[-1]
    after = user("status", "--state", "state", "--json").document["rows"]
    assert "in_flight" not in after
    assert after["unknown"] >= flying


def test_a_kill_leaves_no_more_rows_in_doubt_than_were_under_way(user: Shell) -> None:
    """No attempt is journalled ahead of its turn, however fast the server answers."""
    user.write("answers.csv", people(1_000))
    most = 8
    with background(SandboxSettings(latency=0.01)) as sandbox:
        run = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes")
        pace = ("--rate", "max", "--concurrency", str(most), "--state", "state")
        with started(user, *run, *pace) as process:
            wait_until(lambda: len(sandbox.posts()) >= 300)
            process.send_signal(signal.SIGKILL)
            with suppress(TimeoutExpired):
                process.communicate(timeout=10)
        stored = len(sandbox.stored())
    rows = user("status", "--state", "state", "--json").document["rows"]
    assert rows["unknown"] <= most
    assert 300 - most <= rows["created"] <= stored <= rows["created"] + rows["unknown"]
