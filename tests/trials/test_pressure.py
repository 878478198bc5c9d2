"""Refusals at random, and a key that is refused in the middle: no row is burnt."""

from __future__ import annotations

import json
import time
from dataclasses import replace

from importer.sandbox import SandboxSettings, background
from importer.sandbox.faults import share
from tests.e2e.commands import Shell
from tests.e2e.processes import wait_until
from tests.figures import figure
from tests.trials.job import Job, rows


def test_refusals_that_come_at_random(user: Shell) -> None:
    """3 % of the requests, whatever the pace, with `Retry-After: 0`."""
    fail = (share("429+0:0.03"),)
    with background(SandboxSettings(fail=fail, latency=0.01)) as sandbox:
        job = Job(user, sandbox, ("--rate", "max"))
        job.write(rows(600))
        start = time.monotonic()
        told = job.run().document["rows"]
        took = time.monotonic() - start
    figure("429 for 3 % of the requests", rows_a_second=round(600 / took), failed=told["failed"])
    assert told["created"] == 600
    assert took < 15


def test_a_key_that_is_revoked_in_the_middle(user: Shell) -> None:
    """So many were created, the rest stays, and no row is called refused."""
    with background(SandboxSettings(latency=0.02)) as sandbox:
        job = Job(user, sandbox, ("--rate", "max", "--concurrency", 8))
        job.write(rows(600))
        known = sandbox.settings
        with job.start() as process:
            wait_until(lambda: len(sandbox.posts()) >= 100)
            sandbox.settings = replace(known, write_key="another")
            stopped = json.loads(process.communicate(timeout=30)[0])
        posts = sandbox.posts()
        refused = sum(each.status in {401, 403} for each in posts)
        sandbox.settings = known
        rest = job.run()
        assert set(job.stored().values()) == {1}
    assert (process.returncode, stopped["stopped"].partition(":")[0]) == (5, "key_refused")
    assert 1 <= refused <= 9
    assert stopped["rows"]["rejected"] == 0
    assert stopped["rows"]["created"] == len(posts) - refused
    assert rest.document["rows"]["created"] == 600
    figure("a key that was revoked", further_requests=refused - 1, exit_status=5)


def test_one_row_that_meets_a_401_stops_nothing(user: Shell) -> None:
    """Those that are accepted after it show that the key isn't the reason."""
    with background(
        SandboxSettings(latency=0.02, script={"p100": (share("401").behaviour,)})
    ) as sandbox:
        job = Job(user, sandbox, ("--rate", "max", "--concurrency", 8))
        job.write(rows(600))
        ended = job.run()
    assert ended.status == 3
    assert (ended.document["rows"]["created"], ended.document["rows"]["rejected"]) == (599, 1)
