"""The write-ahead log: durable before, in order; what was recorded is there when it closes."""

from __future__ import annotations

import asyncio
import time

import pytest

from importer.ledger import Ledger
from importer.model import Job, Outcome, Status
from tests.ledger.backends import Backend
from tests.ledger.making import CAMPAIGN, ORIGIN, response, staged, statuses

CREATED = Outcome(Status.CREATED, http_status=201, response_id="id", ms=7)
PENDING = Outcome(Status.PENDING, "not_sent")
DOUBT = Outcome(Status.UNKNOWN, "no_reply", doubt=True)
ROWS = [response(row) for row in range(2, 42)]


def seen(backend: Backend, job: Job) -> dict[str, int]:
    """By somebody else, at this moment."""
    with backend.ledger() as other:
        return other.progress(job)


async def test_an_attempt_is_durable_before_it_goes_on(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", ROWS)
        with ledger.lock(ORIGIN, [CAMPAIGN], "a.csv"):
            async with ledger.wal(job) as wal:
                assert await wal.attempting(3) is None
                assert wal.permits(3)
                assert seen(backend, job) == {"pending": 39, "attempting": 1}
                wal.record(3, CREATED)
                await wal.flush()
                assert seen(backend, job) == {"pending": 39, "created": 1}


async def test_what_is_recorded_is_there_when_it_closes(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", ROWS)
        async with ledger.wal(job) as wal:
            await wal.attempting(0)
            wal.record(0, CREATED)
        line = next(ledger.lines(job))
    assert (line.status, line.http_status, line.response_id, line.ms) == ("created", 201, "id", 7)
    assert line.attempts == 1
    assert line.sent_at == pytest.approx(time.time(), abs=60)


async def test_a_row_that_is_tried_again_keeps_its_last_outcome(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", ROWS)
        async with ledger.wal(job) as wal:
            await asyncio.gather(wal.attempting(0), wal.attempting(1))
            wal.record(0, PENDING)
            again = wal.attempting(0)
            wal.record(1, DOUBT)
            await again
            wal.record(0, CREATED)
        first, second, *_ = ledger.lines(job)
        assert (first.status, first.attempts) == ("created", 2)
        assert (second.status, second.code, second.attempts) == ("unknown", "no_reply", 1)
        assert backend.doubt(ledger, job, 3)
        assert ledger.doubtful() == {ledger.hasher(ORIGIN).person(CAMPAIGN, "u3", "")}


async def test_a_worker_that_is_cancelled_meanwhile_does_no_harm(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", ROWS)
        async with ledger.wal(job) as wal:
            waiting = asyncio.ensure_future(wal.attempting(0))
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            wal.record(0, PENDING)
            await wal.attempting(1)
            wal.record(1, CREATED)
        assert statuses(ledger, job)[2] == ("pending", "not_sent")
        assert statuses(ledger, job)[3] == ("created", "")


async def test_what_a_killed_run_did_is_seen_by_whoever_opens_the_ledger(backend: Backend) -> None:
    job = await _killed(backend)
    with backend.ledger() as ledger:
        assert ledger.counts(job) == {"created": 1, "unknown": 1, "pending": 38}
        with ledger.lock(ORIGIN, [CAMPAIGN], "next"):
            assert ledger.recover(ORIGIN, [CAMPAIGN]) == 1
        assert statuses(ledger, job)[3] == ("unknown", "cut_off")


async def _killed(backend: Backend) -> Job:
    """A run that left one row acknowledged and one under way."""
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", ROWS)
        async with ledger.wal(job) as wal:
            await asyncio.gather(wal.attempting(0), wal.attempting(1))
            wal.record(0, CREATED)
    return job


def test_a_plan_looks_back_into_what_it_left(backend: Backend) -> None:
    job = asyncio.run(_killed(backend))
    assert job.name == "a"
    plan: Ledger = backend.plan()
    planned, send = staged(plan, "plan", ROWS)
    plan.close()
    assert send == list(range(4, 42))
    assert planned.name == "plan"
