"""Fewer requests under way where the server grows slow or refuses."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from importer.delivery.concurrency import AdaptiveConcurrency
from tests.delivery.clock import Clock
from tests.figures import figure


@dataclass
class Loaded:
    """A server that works on `capacity` requests at once, each for `seconds`; more of them share."""

    clock: Clock
    capacity: int
    seconds: float
    under_way: int = 0
    most: int = 0
    latencies: list[float] = field(default_factory=list)

    async def answer(self) -> float:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        took = self.seconds * max(1.0, self.under_way / self.capacity)
        await self.clock.sleep(took)
        self.under_way -= 1
        self.latencies.append(took)
        return took


async def serve(
    concurrency: AdaptiveConcurrency, server: Loaded, requests: int, workers: int
) -> float:
    """The seconds that so many requests took."""
    numbers = iter(range(requests))
    start = server.clock()

    async def work() -> None:
        for _ in numbers:
            await concurrency.room()
            concurrency.record(await server.answer())
            concurrency.leave()

    await server.clock.run(*(work() for _ in range(workers)))
    return server.clock() - start


@pytest.mark.parametrize(("capacity", "seconds"), [(4, 0.2), (10, 0.1), (1, 0.5)])
async def test_a_server_at_its_limit_is_not_pressed_beyond_it(
    capacity: int, seconds: float
) -> None:
    clock = Clock()
    server = Loaded(clock, capacity, seconds)
    took = await serve(AdaptiveConcurrency(64), server, 2_000, 64)
    steady = sorted(server.latencies[500:])
    pressed = 64 / capacity * seconds
    figure(
        f"concurrency 64, a server for {capacity} at once",
        share_of_its_best=round(2_000 * seconds / capacity / took, 3),
        typical_latency=round(steady[len(steady) // 2], 2),
        without=pressed,
    )
    assert took <= 1.15 * 2_000 * seconds / capacity
    assert steady[len(steady) // 2] < 0.6 * pressed


async def test_a_server_that_keeps_up_gets_all_soon() -> None:
    clock = Clock()
    concurrency = AdaptiveConcurrency(64)
    server = Loaded(clock, 64, 0.2)
    assert concurrency.limit == 2
    assert await serve(concurrency, server, 2 + 30 + 64, 64) < 3 * 0.2 + 0.01
    assert (concurrency.limit, server.most) == (64, 64)


def test_a_quick_server_gets_all_at_once_and_a_slow_one_step_by_step() -> None:
    """As many as one that works on one at a time would answer in three seconds, or twice as many."""
    allowed = {}
    for seconds in (0.001, 0.05, 0.5, 3.0):
        concurrency = AdaptiveConcurrency(128)
        for _ in range(2):
            concurrency.record(seconds)
        allowed[seconds] = concurrency.limit
    assert allowed == {0.001: 128, 0.05: 120, 0.5: 12, 3.0: 4}


def test_one_fault_at_the_start_is_no_distress_and_two_are() -> None:
    for bad, grown in ((1, True), (2, False)):
        concurrency = AdaptiveConcurrency(64)
        for seconds in [None] * bad + [0.05] * (4 - bad):
            concurrency.record(seconds)
        assert (concurrency.limit > 2) == grown


async def test_what_is_quick_is_never_called_slow() -> None:
    """From 1 ms to 100 ms is a factor, and no distress."""
    concurrency = AdaptiveConcurrency(32)
    server = Loaded(Clock(), 1, 0.003)
    await serve(concurrency, server, 2_000, 32)
    assert concurrency.limit == 32


def test_refusals_cut_it_down_to_one_and_it_comes_back() -> None:
    concurrency = AdaptiveConcurrency(32)
    for _ in range(300):
        concurrency.record(None)
    assert concurrency.limit == 1
    rounds = 0
    while concurrency.limit < 32:
        concurrency.record(0.1)
        rounds += 1
    assert rounds < 32 * 32


def test_a_few_faults_are_no_distress() -> None:
    concurrency = AdaptiveConcurrency(16)
    for number in range(1_000):
        concurrency.record(None if number % 8 == 0 else 0.1)
    assert concurrency.limit == 16


async def test_never_more_than_allowed_and_nobody_is_forgotten() -> None:
    clock = Clock()
    concurrency = AdaptiveConcurrency(8)
    most = ended = 0
    under_way = 0

    async def work(number: int) -> None:
        nonlocal most, ended, under_way
        await concurrency.room()
        under_way += 1
        most = max(most, under_way)
        await clock.sleep(0.1 + number % 7)
        under_way -= 1
        concurrency.record(None if number > 150 else 0.1)
        concurrency.leave()
        ended += 1

    await clock.run(*(work(number) for number in range(300)))
    assert (most, ended) == (8, 300)
