"""In an outage the run waits and probes."""

from __future__ import annotations

import pytest

from importer.sender.breaker import PROBE_EVERY, THRESHOLD, Breaker
from tests.sender.clock import Clock


def never() -> bool:
    return False


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock=clock, sleep=clock.sleep)
    for _ in range(THRESHOLD):
        breaker.trouble()
    return breaker


def test_it_takes_some_trouble_in_a_row() -> None:
    breaker = Breaker()
    for _ in range(3):
        for _ in range(THRESHOLD - 1):
            breaker.trouble()
        breaker.well()
    assert not breaker.is_open


async def test_closed_lets_everyone_through() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock, sleep=clock.sleep)
    await clock.run(*(breaker.admit(never) for _ in range(50)))
    assert clock() == 1_000.0


async def test_open_lets_one_through_at_a_time() -> None:
    clock = Clock()
    breaker = opened(clock)
    admitted: list[float] = []

    async def probe() -> None:
        await breaker.admit(never)
        admitted.append(clock())
        await clock.sleep(0.1)
        if clock() > 1_020:
            breaker.well()
        else:
            breaker.trouble()

    await clock.run(*(probe() for _ in range(6)))
    assert admitted[:4] == pytest.approx([1_005.0, 1_010.1, 1_015.2, 1_020.3], abs=0.3)
    assert admitted[5] < 1_022, "the rest go on as soon as a probe fared well"


async def test_a_probe_that_hangs_is_not_joined_by_another() -> None:
    clock = Clock()
    breaker = opened(clock)
    admitted: list[float] = []

    async def probe() -> None:
        await breaker.admit(never)
        admitted.append(clock())
        await clock.sleep(30.0)
        breaker.trouble() if len(admitted) < 3 else breaker.well()

    await clock.run(*(probe() for _ in range(4)))
    assert admitted[1] - admitted[0] >= 30.0 + PROBE_EVERY
    assert admitted[2] - admitted[1] >= 30.0 + PROBE_EVERY


async def test_a_run_that_stops_waits_for_no_probe() -> None:
    clock = Clock()
    breaker = opened(clock)
    await clock.run(breaker.admit(lambda: clock() > 1_001.0))
    assert clock() < 1_002.0


def test_how_long_it_has_been_away_counts_from_the_first_trouble() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    clock.now += 60
    assert breaker.away_for == 0.0
    breaker.trouble()
    clock.now += 7
    breaker.busy()
    clock.now += 1
    assert breaker.away_for == 8.0
    breaker.well()
    assert breaker.away_for == 0.0


def test_an_api_that_is_busy_is_there() -> None:
    breaker = opened(Clock())
    breaker.busy()
    assert not breaker.is_open
    assert breaker.away_for == 0.0
