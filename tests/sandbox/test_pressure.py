"""Many requests at once: the rate limit, latency, shares of faults, duplicates in a race."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from importer.sandbox import SCORE, Behaviour, FaultShare, SandboxSettings
from importer.sandbox.server import Pace
from tests.sandbox.conftest import talking


def test_no_second_has_more_than_the_limit() -> None:
    pace = Pace(10)
    passed = [moment for moment in (tick / 100 for tick in range(500)) if not pace.wait(moment)]
    assert len(passed) == 50
    for moment in passed:
        assert sum(moment <= other < moment + 1 for other in passed) <= 10


def test_the_wait_is_what_is_left_of_the_second() -> None:
    pace = Pace(2)
    assert [pace.wait(moment) for moment in (0.0, 0.25, 0.5, 1.0, 1.125)] == [0, 0, 0.5, 0, 0.125]


def test_without_a_limit_everything_passes() -> None:
    pace = Pace(None)
    assert {pace.wait(0.0) for _ in range(1000)} == {0.0}


async def test_above_the_limit_is_429_with_retry_after() -> None:
    async with talking(SandboxSettings(rate_limit=5)) as client:
        got = [await client.insert(userId=str(number)) for number in range(8)]
        await asyncio.sleep(1)
        after = await client.insert(userId="after")
        assert len(client.sandbox.stored()) == 6
    assert [each.status for each in got] == [200] * 5 + [429] * 3
    assert {each.headers.get("Retry-After") for each in got[5:]} == {"1"}
    assert after.status == 200


async def test_latency_is_each_requests_own() -> None:
    loop = asyncio.get_running_loop()
    async with talking(SandboxSettings(latency=0.2)) as client:
        start = loop.time()
        got = await asyncio.gather(*(client.insert(userId=str(n)) for n in range(20)))
        took = loop.time() - start
    assert {each.status for each in got} == {200}
    assert 0.2 <= took < 2


async def test_of_racing_posts_of_one_user_one_is_stored() -> None:
    async with talking(SandboxSettings(latency=0.01)) as client:
        got = await asyncio.gather(*(client.insert() for _ in range(30)))
        assert len(client.sandbox.stored()) == 1
    assert Counter(each.status for each in got) == {200: 1, 400: 29}


async def test_shares_are_drawn_with_the_seed() -> None:
    async def statuses(seed: int) -> list[int]:
        fail = (
            FaultShare(Behaviour("status", 503), 0.2),
            FaultShare(Behaviour("status", 500), 0.1),
        )
        async with talking(SandboxSettings(fail=fail, seed=seed)) as client:
            return [(await client.insert(userId=str(n))).status for n in range(400)]

    first = await statuses(1)
    assert first == await statuses(1) != await statuses(2)
    counts = Counter(first)
    assert counts[503] == pytest.approx(80, abs=25)
    assert counts[500] == pytest.approx(40, abs=20)
    assert counts[200] == 400 - counts[503] - counts[500]


async def test_copies_tell_what_is_stored_twice() -> None:
    async with talking() as client:
        await client.insert(forceSurvey=True)
        await client.insert(forceSurvey=True)
        await client.insert(userId="008")
        assert client.sandbox.copies() == {
            ("007", ((SCORE.id, 9),)): 2,
            ("008", ((SCORE.id, 9),)): 1,
        }


async def test_only_the_last_requests_are_remembered() -> None:
    async with talking(SandboxSettings(remember=2)) as client:
        for number in range(4):
            await client.insert(userId=str(number))
        assert [each.person for each in client.sandbox.requests] == ["2", "3"]
