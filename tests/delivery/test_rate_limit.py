"""The pace, on a scripted clock: no window holds more than the rate, and hardly less."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
from bisect import bisect_right
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.delivery.rate_limit import RateLimiter
from tests.delivery.clock import Clock


async def posts(
    clock: Clock,
    rate_limiter: RateLimiter,
    count: int,
    workers: int = 8,
    delays: Callable[[int], float] = lambda _: 0.0,
) -> list[float]:
    """The moments of `count` posts; the journal takes `delays(n)` seconds for the n-th."""
    numbers = iter(range(count))
    moments: list[float] = []

    async def work() -> None:
        for number in numbers:
            slot = await rate_limiter.acquire()
            await clock.sleep(delays(number))
            await rate_limiter.wait_until(slot)
            moments.append(clock())

    await clock.run(*(work() for _ in range(workers)))
    return moments


def most_in(moments: list[float], seconds: float) -> int:
    """The most posts in any window of so many seconds (its end excluded)."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - seconds + 1e-9:
            first += 1
        most = max(most, last - first + 1)
    return most


@settings(max_examples=40, deadline=None)
@given(
    rate=st.sampled_from([0.5, 1.0, 3.0, 7.5, 10.0, 33.3, 200.0]),
    workers=st.integers(1, 12),
    delays=st.lists(st.sampled_from([0.0, 0.001, 0.02, 0.05, 1.5]), min_size=1, max_size=9),
)
def test_no_window_holds_more_than_the_rate(rate: float, workers: int, delays: list[float]) -> None:
    clock = Clock()
    rate_limiter = RateLimiter(rate, clock, clock.sleep)
    taken = itertools.cycle(delays)
    moments = asyncio.run(posts(clock, rate_limiter, 90, workers, lambda _: next(taken)))
    assert len(moments) == 90
    allowed = max(1, int(rate))
    assert most_in(moments, allowed / rate) <= allowed
    assert most_in(moments, 1.0) <= math.ceil(rate)


@settings(max_examples=15, deadline=None)
@given(
    rate=st.sampled_from([3.0, 33.3, 200.0]),
    delays=st.lists(st.sampled_from([0.0, 0.001, 0.02, 0.05]), min_size=1, max_size=9),
    ways=st.lists(st.floats(0.0001, 0.0049), min_size=1, max_size=40),
)
def test_a_server_sees_no_more_although_requests_take_now_longer_now_less(
    rate: float, delays: list[float], ways: list[float]
) -> None:
    clock = Clock()
    taken, way = itertools.cycle(delays), itertools.cycle(ways)
    moments = asyncio.run(
        posts(clock, RateLimiter(rate, clock, clock.sleep), 300, delays=lambda _: next(taken))
    )
    assert most_in(sorted(at + next(way) for at in moments), 1.0) <= math.ceil(rate)


@pytest.mark.parametrize("rate", [0.5, 10.0, 33.3, 200.0])
async def test_the_rate_is_reached_within_a_percent(rate: float) -> None:
    clock = Clock()
    rate_limiter = RateLimiter(rate, clock, clock.sleep)
    moments = await posts(clock, rate_limiter, 400, delays=lambda _: 0.01)
    assert 399 / (moments[-1] - moments[0]) == pytest.approx(rate, rel=0.01)
    assert max(b - a for a, b in itertools.pairwise(moments)) < 1.5 / rate + 0.01


@settings(max_examples=25, deadline=None)
@given(
    rate=st.sampled_from([3.0, 10.0, 100.0]),
    delays=st.lists(st.sampled_from([0.0, 0.0, 0.004, 0.03, 0.3]), min_size=1, max_size=9),
)
def test_handshakes_and_a_busy_machine_put_no_more_into_a_second(
    rate: float, delays: list[float]
) -> None:
    """Between the permission and the wire a connection is made, or others are served."""
    clock = Clock()
    rate_limiter = RateLimiter(rate, clock, clock.sleep)
    taken, numbers = itertools.cycle(delays), iter(range(250))
    left: list[float] = []

    async def work() -> None:
        for _ in numbers:
            post = await rate_limiter.wait_until(await rate_limiter.acquire())
            await clock.sleep(next(taken))
            left.append(moment := clock())
            await clock.sleep(0.05)
            rate_limiter.answered(post, moment)

    asyncio.run(clock.run(*(work() for _ in range(32))))
    assert most_in(sorted(left), 1.0) <= math.ceil(rate)


async def test_what_leaves_at_once_is_as_fast_with_its_moment_told() -> None:
    clock = Clock()
    rate_limiter, began = RateLimiter(50.0, clock, clock.sleep), clock()

    async def work() -> None:
        for _ in range(200):
            post = await rate_limiter.wait_until(await rate_limiter.acquire())
            await clock.sleep(0.01)
            rate_limiter.answered(post, post + 0.0005)

    await clock.run(work(), work())
    assert clock() - began <= 400 / 50 * 1.01


async def test_without_a_rate_nobody_waits() -> None:
    clock = Clock()
    moments = await posts(clock, RateLimiter(None, clock, clock.sleep), 500)
    assert set(moments) == {1_000.0}


async def test_a_pause_holds_everyone_even_those_who_had_their_slot() -> None:
    clock = Clock()
    rate_limiter = RateLimiter(10.0, clock, clock.sleep)

    async def pausing() -> None:
        await clock.sleep(2.0)
        rate_limiter.pause(30.0)
        rate_limiter.pause(5.0)

    moments: list[float] = []
    await clock.run(pausing(), _posts_in(clock, rate_limiter, 60, moments))
    assert [at for at in moments if 1_002.0 < at < 1_032.0] == []
    assert len([at for at in moments if at <= 1_002.0]) == pytest.approx(20, abs=1)
    assert most_in(moments, 1.0) <= 10


async def _posts_in(
    clock: Clock, rate_limiter: RateLimiter, count: int, moments: list[float]
) -> None:
    numbers = iter(range(count))

    async def work() -> None:
        for _ in numbers:
            await rate_limiter.wait_until(await rate_limiter.acquire())
            moments.append(clock())

    await asyncio.gather(*(work() for _ in range(8)))


async def refusing(
    allowed: int, seconds: float, retry_after: float
) -> tuple[list[float], int, int]:
    """What a server that allows so many requests a second is asked, at `--rate max` and 8 in flight:
    the moments, how many were taken, how many refused."""
    clock = Clock()
    rate_limiter = RateLimiter(None, clock, clock.sleep)
    asked: list[float] = []
    taken: list[float] = []

    async def work() -> None:
        while clock() < 1_000 + seconds:
            slot = await rate_limiter.acquire()
            await rate_limiter.wait_until(slot)
            asked.append(clock())
            refused = len(taken) - bisect_right(taken, clock() - 1) >= allowed
            if not refused:
                taken.append(clock())
            await clock.sleep(0.01)
            if refused:
                rate_limiter.on_429()
                rate_limiter.pause(retry_after)

    await clock.run(*(work() for _ in range(8)))
    return asked, len(taken), len(asked) - len(taken)


@pytest.mark.parametrize(("allowed", "retry_after"), [(100, 1.0), (100, 0.2), (20, 1.0), (8, 1.0)])
async def test_the_servers_limit_is_learned(allowed: int, retry_after: float) -> None:
    asked, taken, refused = await refusing(allowed, 40, retry_after)
    assert most_in(asked, 1.0) <= allowed + 8
    assert taken / 40 >= 0.75 * allowed
    assert refused <= 0.1 * len(asked)


async def refused_at_random(
    share: float, retry_after: float, seed: int, count: int = 2_000
) -> float:
    """The seconds that so many rows take, 8 in flight, 10 ms each, where a share of the requests is
    refused whatever the rate; a refused row is put off as the delivery does it."""
    clock, chance = Clock(), random.Random(seed)
    rate_limiter = RateLimiter(None, clock, clock.sleep)
    numbers = iter(range(count))

    async def work() -> None:
        for _ in numbers:
            puts_off = 0.2
            while True:
                await rate_limiter.wait_until(await rate_limiter.acquire())
                await clock.sleep(0.01)
                if chance.random() >= share:
                    break
                rate_limiter.on_429()
                rate_limiter.pause(retry_after)
                if not retry_after:
                    await clock.sleep(puts_off)
                    puts_off *= 2

    await clock.run(*(work() for _ in range(8)))
    return clock() - 1_000.0


@pytest.mark.parametrize("seed", range(12))
async def test_refusals_at_random_do_not_slow_it_down(seed: int) -> None:
    """2.5 s without a refusal; the 60 rows that are put off cost 0.2 s of one worker each."""
    assert await refused_at_random(0.03, 0.0, seed) < 2.5 + 60 * 0.25 / 8 + 8


async def test_refusals_at_random_cost_their_pauses_and_little_more() -> None:
    """3 % of 2,000 requests, and some 60 pauses of a second."""
    assert await refused_at_random(0.03, 1.0, 0) < 2 * 65


async def test_one_refusal_at_the_start_tells_nothing_and_two_do() -> None:
    clock = Clock()
    rate_limiter = RateLimiter(None, clock, clock.sleep)
    await posts(clock, rate_limiter, 3)
    rate_limiter.on_429()
    assert rate_limiter.rate is None
    rate_limiter.on_429()
    assert rate_limiter.rate == 10.0


async def test_a_lower_limit_is_learned_even_while_refusals_are_spared() -> None:
    clock = Clock()
    rate_limiter = RateLimiter(None, clock, clock.sleep)
    await posts(clock, rate_limiter, 50)
    clock.now += 1.5
    await posts(clock, rate_limiter, 50)
    rate_limiter.on_429()
    assert rate_limiter.rate == pytest.approx(0.9 * 49)
    clock.now += 1.0
    await posts(clock, rate_limiter, 20)
    rate_limiter.on_429()
    assert rate_limiter.rate is None
    await posts(clock, rate_limiter, 30)
    for _ in range(20):
        rate_limiter.on_429()
    assert rate_limiter.rate is not None


async def test_a_learned_rate_climbs_again() -> None:
    clock = Clock()
    rate_limiter = RateLimiter(50.0, clock, clock.sleep)
    await posts(clock, rate_limiter, 100)
    rate_limiter.on_429()
    learned = rate_limiter.rate or 0.0
    assert 40 < learned < 46
    clock.now += 5
    assert learned < (rate_limiter.rate or 0.0) < 50
    clock.now += 60
    assert rate_limiter.rate == 50.0


async def test_what_a_burst_was_refused_it_was_not_taken() -> None:
    clock = Clock()
    rate_limiter = RateLimiter(None, clock, clock.sleep)
    await posts(clock, rate_limiter, 100)
    for _ in range(8):
        rate_limiter.on_429()
    assert rate_limiter.rate == pytest.approx(0.9 * 92)
