"""What each of several processes gets."""

from __future__ import annotations

import math
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.pipeline.shares import Budget, budgets
from importer.spool import Spool
from tests.ledger.making import moved, response

RATES = st.none() | st.floats(0.01, 5_000)


@given(st.integers(1, 64), st.integers(1, 1_000), RATES)
def test_the_shares_are_together_what_was_asked_for(
    processes: int, concurrency: int, rate: float | None
) -> None:
    shares = budgets(processes, concurrency, rate)
    assert 1 <= len(shares) <= processes
    assert sum(each.concurrency for each in shares) == concurrency
    assert min(each.concurrency for each in shares) >= 1
    if rate is None:
        assert {each.rate for each in shares} == {None}
    else:
        assert math.fsum(each.rate or 0 for each in shares) == pytest.approx(rate)


@given(st.integers(2, 64), st.integers(1, 1_000), st.floats(0.01, 5_000))
def test_no_second_holds_more_than_one_process_would_post(
    processes: int, concurrency: int, rate: float
) -> None:
    """A pacer lets a rate of 3.3/s post four times within one second."""
    shares = budgets(processes, concurrency, rate)
    assert sum(math.ceil(each.rate or 0) for each in shares) == math.ceil(rate)


def test_a_budget_that_is_too_small_is_shared_by_fewer() -> None:
    assert budgets(4, 8, 1.5) == [Budget(8, 1.5)]
    assert budgets(4, 2, None) == [Budget(1, None), Budget(1, None)]
    assert budgets(3, 8, 10.5) == [Budget(3, 4.5), Budget(3, 3.0), Budget(2, 3.0)]


def test_another_process_finds_the_bodies() -> None:
    kept = [(0, response(2)), (3, moved(response(7), 5)), (4, response(6))]
    with closing(Spool()) as spool:
        spool.keep(kept)
        places = spool.places()
        assert [places.body(seq) for seq, _ in kept] == [row.body for _, row in kept]
