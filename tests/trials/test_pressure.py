"""Servers that refuse, are limited or are away: no row is burnt."""

from __future__ import annotations

import time

import pytest

from importer.sandbox import Sandbox, SandboxSettings, background
from importer.sandbox.script import share
from tests.e2e.commands import Shell
from tests.figures import figure
from tests.trials.job import Job, rows


def most_in_a_second(sandbox: Sandbox) -> int:
    """The most requests that arrived in any second."""
    moments = sorted(each.arrived for each in sandbox.posts())
    first = most = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def limited(user: Shell, count: int) -> None:
    with background(SandboxSettings(rate_limit=100, latency=0.01)) as sandbox:
        job = Job(user, sandbox, ("--rate", "max"))
        job.write(rows(count))
        told = job.run().document["rows"]
        posts = sandbox.posts()
        took = posts[-1].answered - posts[0].arrived
        refused = sum(each.status == 429 for each in posts)
        most = most_in_a_second(sandbox)
    figure(
        "a server that allows 100/s",
        most_in_a_second=most,
        on_average=f"{count / took:.1f}/s",
        refused=f"{refused / len(posts):.1%}",
        failed=told["failed"],
        created=told["created"],
    )
    assert most <= 123
    assert count / took >= 75 - 100 * 100 / count * 0.1
    assert refused <= 0.1 * len(posts)
    assert told["created"] == count


def test_a_limited_server(user: Shell) -> None:
    limited(user, 500)


@pytest.mark.trial
def test_a_limited_server_for_long(user: Shell) -> None:
    limited(user, 6_000)


def test_refusals_that_come_at_random(user: Shell) -> None:
    """3 % of the requests, whatever the pace, with `Retry-After: 0`."""
    fail = (share("429+0:0.03"),)
    with background(SandboxSettings(fail=fail, latency=0.01)) as sandbox:
        job = Job(user, sandbox, ("--rate", "max"))
        job.write(rows(1_000))
        start = time.monotonic()
        told = job.run().document["rows"]
        took = time.monotonic() - start
    figure("429 for 3 % of the requests", rows_a_second=round(1_000 / took), failed=told["failed"])
    assert told["created"] == 1_000
    assert took < 20


def test_a_refused_key_costs_as_many_requests_as_are_in_flight(user: Shell) -> None:
    with background(SandboxSettings(latency=0.05)) as sandbox:
        job = Job(user, sandbox, ("--rate", "max", "--concurrency", 8))
        job.write(rows(300))
        refused = job.run(SATISMETER_WRITE_KEY="another-key")
        asked = job.posts()
        right = job.run()
    assert refused.status == 5
    assert refused.document["rows"]["pending"] == 300
    assert right.document["rows"]["created"] == 300
    assert asked <= 1 + 8
    figure("a refused key", requests=asked, pending=300, created_with_the_right_one=300)


def test_a_key_that_is_refused_in_the_middle(user: Shell) -> None:
    """The hundredth row meets a 401: so many were created, the rest stays."""
    script = {"p100": (share("401").behaviour,)}
    with background(SandboxSettings(latency=0.02, script=script)) as sandbox:
        job = Job(user, sandbox, ("--rate", "max", "--concurrency", 8))
        job.write(rows(1_000))
        stopped = job.run()
        posts = sandbox.posts()
        first = next(n for n, each in enumerate(posts) if each.status == 401)
        after = len(posts) - first - 1
        rest = job.run()
        assert set(job.stored().values()) == {1}
    assert stopped.status == 5
    assert after <= 8
    assert stopped.document["rows"]["created"] == len(posts) - 1
    assert rest.document["rows"]["created"] == 1_000
    figure("the first 401", further_requests=after, exit_status=5)
