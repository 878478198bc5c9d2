"""Refusals at random, and a key that is refused in the middle: no row is burnt."""

from __future__ import annotations

import time

from importer.sandbox import SandboxSettings, background
from importer.sandbox.faults import share
from tests.e2e.commands import Shell
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


def test_a_key_that_is_refused_in_the_middle(user: Shell) -> None:
    """The hundredth row meets a 401: so many were created, the rest stays."""
    script = {"p100": (share("401").behaviour,)}
    with background(SandboxSettings(latency=0.02, script=script)) as sandbox:
        job = Job(user, sandbox, ("--rate", "max", "--concurrency", 8))
        job.write(rows(600))
        stopped = job.run()
        posts = sandbox.posts()
        first = next(n for n, each in enumerate(posts) if each.status == 401)
        after = len(posts) - first - 1
        rest = job.run()
        assert set(job.stored().values()) == {1}
    assert stopped.status == 5
    assert after <= 8
    assert stopped.document["rows"]["created"] == len(posts) - 1
    assert rest.document["rows"]["created"] == 600
    figure("the first 401", further_requests=after, exit_status=5)
