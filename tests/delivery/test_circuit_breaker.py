"""In an outage the run waits and probes."""

from __future__ import annotations

import pytest

from importer.delivery.circuit_breaker import PROBE_EVERY, THRESHOLD, CircuitBreaker
from tests.delivery.clock import Clock


def never() -> bool:
    return False


def opened(clock: Clock) -> CircuitBreaker:
    breaker = CircuitBreaker(clock=clock, sleep=clock.sleep)
    for _ in range(THRESHOLD):
        breaker.record_failure()
    return breaker


def test_it_takes_some_trouble_in_a_row() -> None:
    breaker = CircuitBreaker()
    for _ in range(3):
        for _ in range(THRESHOLD - 1):
            breaker.record_failure()
        breaker.record_success()
    assert not breaker.is_open


async def test_closed_lets_everyone_through() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock=clock, sleep=clock.sleep)
    await clock.run(*(breaker.acquire(never) for _ in range(50)))
    assert clock() == 1_000.0


async def test_open_lets_one_through_at_a_time() -> None:
    clock = Clock()
    breaker = opened(clock)
    admitted: list[float] = []

    async def probe() -> None:
        await breaker.acquire(never)
        admitted.append(clock())
        await clock.sleep(0.1)
        if clock() > 1_020:
            breaker.record_success()
        else:
            breaker.record_failure()

    await clock.run(*(probe() for _ in range(6)))
    assert admitted[:4] == pytest.approx([1_005.0, 1_010.1, 1_015.2, 1_020.3], abs=0.3)
    assert admitted[5] < 1_022, "the rest go on as soon as a probe fared well"


async def test_a_probe_that_hangs_is_not_joined_by_another() -> None:
    clock = Clock()
    breaker = opened(clock)
    admitted: list[float] = []

    async def probe() -> None:
        await breaker.acquire(never)
        admitted.append(clock())
        await clock.sleep(30.0)
        breaker.record_failure() if len(admitted) < 3 else breaker.record_success()

    await clock.run(*(probe() for _ in range(4)))
    assert admitted[1] - admitted[0] >= 30.0 + PROBE_EVERY
    assert admitted[2] - admitted[1] >= 30.0 + PROBE_EVERY


async def test_a_run_that_stops_waits_for_no_probe() -> None:
    clock = Clock()
    breaker = opened(clock)
    await clock.run(breaker.acquire(lambda: clock() > 1_001.0))
    assert clock() < 1_002.0


def test_how_long_it_has_been_away_counts_from_the_first_trouble() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock=clock)
    clock.now += 60
    assert breaker.away_for == 0.0
    breaker.record_failure()
    clock.now += 7
    breaker.record_throttled()
    clock.now += 1
    assert breaker.away_for == 8.0
    breaker.record_success()
    assert breaker.away_for == 0.0


def test_an_api_that_is_busy_is_there() -> None:
    breaker = opened(Clock())
    breaker.record_throttled()
    assert not breaker.is_open
    assert breaker.away_for == 0.0
