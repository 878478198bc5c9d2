"""Rows to their ends: journalled first, one after the other per person, stopped where all would fail."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.delivery.abort_rules import FIRST_REFUSED, UNVERIFIED, Abort
from importer.delivery.worker import MOST_TRIES
from importer.model import Outcome, QueuedRow, Status
from importer.satismeter.classify import Reply
from tests.delivery.clock import Clock
from tests.delivery.fakes import CREATED, CUT, NOT_SENT, Scene, rows, said, scene
from tests.figures import figure

HTML = Reply(request_sent=True, status=200, body=b"<title>Log in</title>")


async def test_every_row_is_journalled_posted_and_recorded_once() -> None:
    done = scene(lambda *_: CREATED, latency=0.001)
    await done.run(rows(200))
    assert sorted(done.server.posts) == list(range(200))
    assert done.journal.open == set()
    assert done.journal.statuses() == {Status.CREATED: 200}
    assert len(done.seen) == done.delivery.requests == 200
    assert done.delivery.stopped is None


async def test_each_row_gets_its_own_outcome() -> None:
    answers = [CREATED, said(400, "Duplicate response"), said(422, "no"), CUT, said(500), HTML]
    done = scene(lambda seq, _: answers[seq % 6])
    await done.run(rows(60))
    assert [done.journal.outcomes[seq].status for seq in range(6)] == [
        "created", "duplicate", "rejected", "unknown", "unknown", "unknown",
    ]  # fmt: skip
    assert all(done.journal.outcomes[seq].doubt == (seq % 6 > 2) for seq in range(60))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (said(401), "key_refused"),
        (said(403), "key_refused"),
        (said(402), "plan_limit"),
        (said(400, "Your plan's limit is reached"), "plan_limit"),
        (said(404, "Unknown survey"), "wrong_survey"),
        (said(302), "redirected"),
        (Reply(request_sent=False, stop="bad_certificate", fault="bad"), "bad_certificate"),
    ],
)
async def test_where_every_row_would_fail_it_stops_at_once(answer: Reply, code: str) -> None:
    done = scene(lambda seq, _: answer if seq >= 50 else CREATED, concurrency=8, latency=0.01)
    await done.run(rows(5_000))
    assert done.delivery.stopped is not None
    assert done.delivery.stopped.code == code
    after = len(done.server.posts) - done.server.posts.index(50) - 1
    assert after <= 8
    assert done.journal.outcomes[50].status == ("unknown" if code == "redirected" else "pending")
    assert done.journal.open == set()


async def test_a_key_that_is_refused_costs_as_many_requests_as_are_in_flight() -> None:
    done = scene(lambda *_: said(401), concurrency=8, latency=0.01)
    await done.run(rows(5_000))
    assert len(done.server.posts) <= 8
    assert set(done.journal.statuses()) == {Status.PENDING}


ALONE = [
    pytest.param(said(403, "Attention Required!"), id="a firewall's 403"),
    pytest.param(said(401), id="401"),
    pytest.param(said(404, "User not found"), id="404"),
    pytest.param(said(402), id="402"),
    pytest.param(said(400, "Your plan's limit is reached"), id="plan"),
]


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("answer", ALONE)
async def test_a_row_that_is_refused_alone_stops_nothing(answer: Reply, concurrency: int) -> None:
    """Two of them, with others in between; and what waited behind the first goes on."""
    done = scene(
        lambda seq, _: answer if seq in (50, 90) else CREATED,
        concurrency=concurrency,
        latency=0.001,
    )
    every = rows(200)
    every[60] = QueuedRow(60, 62, every[50].person, False)
    await done.run(every)
    assert done.delivery.stopped is None
    assert done.journal.statuses() == {Status.CREATED: 198, Status.REJECTED: 2}
    assert done.journal.outcomes[50].code == "rejected"
    assert done.journal.outcomes[50].http_status == answer.status
    assert len(done.seen) == 200


@pytest.mark.parametrize("answer", ALONE)
async def test_two_refused_one_after_the_other_stop_and_stay(answer: Reply) -> None:
    done = scene(lambda seq, _: answer if seq in (50, 51) else CREATED, concurrency=1)
    await done.run(rows(200))
    assert done.delivery.stopped is not None
    assert done.delivery.stopped.code == done.journal.outcomes[50].code
    assert done.journal.statuses() == {Status.CREATED: 50, Status.PENDING: 2}
    assert len(done.seen) == 52


async def test_the_last_row_refused_alone_stays_to_be_sent() -> None:
    done = scene(lambda seq, _: said(403) if seq == 49 else CREATED)
    await done.run(rows(50))
    assert done.delivery.stopped is None
    assert done.journal.outcomes[49].status is Status.PENDING
    assert len(done.seen) == 50


@pytest.mark.parametrize("at", [1, 8, 57])
@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_revoked_leaves_no_row_rejected(at: int, status: int) -> None:
    """Some of those in flight were accepted, and their replies come after the first refusal."""
    count = 0

    def answer(seq: int, _: int) -> Reply | float:
        nonlocal count
        count += 1
        return said(status) if count > at else 0.001 * (seq % 13)

    done = scene(answer, concurrency=8, latency=0.004)
    await done.run(rows(5_000))
    assert done.delivery.stopped is not None
    assert done.delivery.stopped.code == "key_refused"
    assert len(done.server.posts) <= at + 1 + 8
    assert set(done.journal.statuses()) <= {Status.CREATED, Status.PENDING}


async def test_a_key_that_is_revoked_bit_by_bit_leaves_no_row_rejected() -> None:
    """One server of several knows it first: what looked like a row's own trouble was not."""
    refused = {20, 30, *range(40, 5_000)}
    done = scene(lambda seq, _: said(401) if seq in refused else CREATED, concurrency=1)
    await done.run(rows(5_000))
    assert done.delivery.stopped is not None
    assert done.journal.statuses() == {Status.CREATED: 38, Status.PENDING: 4}


async def test_a_row_that_was_refused_before_is_its_own_trouble_once_others_are_accepted() -> None:
    """Two of them side by side, which stopped the run before; and with a key that was revoked meanwhile."""
    before = [*rows(20), *(QueuedRow(n, n + 2, bytes([n]), False, refused=True) for n in (20, 21))]
    done = scene(lambda seq, _: said(403) if seq >= 20 else CREATED, concurrency=1)
    await done.run(before)
    assert done.delivery.stopped is None
    assert done.journal.statuses() == {Status.CREATED: 20, Status.REJECTED: 2}

    done = scene(lambda *_: said(403), concurrency=1)
    await done.run(before[::-1])
    assert done.delivery.stopped is not None
    assert done.journal.statuses() == {Status.PENDING: 1}


async def test_a_row_that_was_refused_between_accepted_ones_needs_no_other() -> None:
    """The file's last row; other files were sent since. Where the key is refused, it stays to be sent."""
    last = QueuedRow(0, 2, b"p", False, refused=True, cleared=True)
    done = scene(lambda *_: said(403))
    await done.run([last])
    assert (done.delivery.stopped, done.journal.statuses()) == (None, {Status.REJECTED: 1})

    done = scene(lambda *_: said(403), concurrency=1)
    await done.run([last, *rows(5)[1:]])
    assert done.delivery.stopped is not None
    assert done.journal.statuses() == {Status.PENDING: 2}


async def test_a_person_whose_row_was_refused_alone_waits() -> None:
    """At the end of the file nothing shows whose fault it is."""
    done = scene(lambda seq, _: said(403) if seq == 8 else CREATED, concurrency=1)
    every = rows(10)
    await done.run([*every[:9], QueuedRow(9, 11, every[8].person, False)])
    assert 9 not in done.server.posts
    assert done.journal.statuses() == {Status.CREATED: 8, Status.PENDING: 1}


async def test_a_login_page_is_believed_three_times() -> None:
    done = scene(lambda *_: HTML, concurrency=2)
    await done.run(rows(5_000))
    assert done.delivery.stopped is not None
    assert done.delivery.stopped.code == "unverified"
    assert UNVERIFIED <= len(done.server.posts) <= UNVERIFIED + 1
    assert set(done.journal.statuses()) == {Status.UNKNOWN}


async def test_the_first_twenty_refused_stop_and_stay_to_be_sent() -> None:
    done = scene(lambda seq, _: said(422, f"unknown question {seq % 2}"), latency=0.001)
    await done.run(rows(5_000))
    assert done.delivery.stopped is not None
    assert done.delivery.stopped.code == "all_refused"
    assert FIRST_REFUSED <= len(done.server.posts) < FIRST_REFUSED + 8
    assert set(done.journal.statuses()) == {Status.PENDING}
    assert "unknown question" in done.journal.outcomes[0].message


async def test_refusals_among_acceptances_are_the_rows_own() -> None:
    done = scene(lambda seq, _: CREATED if seq == 10 else said(422, "no"), concurrency=1)
    await done.run(rows(100))
    assert done.delivery.stopped is None
    assert done.journal.statuses() == {Status.CREATED: 1, Status.REJECTED: 99}


async def test_an_outage_burns_no_row() -> None:
    """60 s of outage and probes every 5 s, a hundredfold as fast; 5,000 rows as in the field."""
    back = time.monotonic() + 0.6

    def answer(seq: int, _: int) -> Reply:
        return NOT_SENT if seq >= 500 and time.monotonic() < back else CREATED

    done = scene(answer, probe_every=0.05)
    await done.run(rows(5_000))
    assert time.monotonic() > back
    assert done.journal.statuses() == {Status.CREATED: 5_000}
    assert done.delivery.requests <= 1.05 * 5_000
    figure("60 s of outage, a hundredfold", requests_a_row=done.delivery.requests / 5_000, failed=0)


async def test_an_outage_that_cuts_connections_leaves_few_in_doubt() -> None:
    back = time.monotonic() + 0.6
    done = scene(lambda *_: CUT if time.monotonic() < back else CREATED, probe_every=0.05)
    await done.run(rows(2_000))
    assert done.journal.statuses()[Status.UNKNOWN] <= 5 + 8 + 12
    assert done.delivery.requests == 2_000


@pytest.mark.parametrize("status", [429, 503])
async def test_a_pause_that_is_longer_than_the_outage_ends_with_it(status: int) -> None:
    done = scene(lambda *_: said(status, retry_after="300"), outage=0.2)
    await asyncio.wait_for(done.run(rows(50)), 10)
    assert done.delivery.stopped is not None
    assert done.delivery.stopped.code == "outage"
    assert done.journal.statuses().keys() == {Status.PENDING}


async def test_the_same_where_a_row_under_way_is_accepted_meanwhile() -> None:
    """A limit that is reached in mid-run: the API is well, and nobody asks it."""
    done = scene(lambda seq, _: 0.05 if seq else said(429, retry_after="300"), outage=0.2)
    await asyncio.wait_for(done.run(rows(50)), 10)
    assert done.delivery.stopped is not None
    assert done.delivery.stopped.code == "outage"
    assert done.journal.statuses() == {Status.CREATED: 1, Status.PENDING: 1}


async def test_a_pause_within_the_outage_is_waited_for() -> None:
    done = scene(lambda _, tries: said(429, retry_after="1") if tries == 1 else CREATED, outage=5.0)
    await done.run(rows(3))
    assert done.delivery.stopped is None
    assert done.journal.statuses() == {Status.CREATED: 3}


async def test_an_outage_without_an_end_stops_and_its_rows_stay() -> None:
    done = scene(lambda *_: NOT_SENT, outage=0.3)
    await done.run(rows(100))
    assert done.delivery.stopped is not None
    assert done.delivery.stopped.code == "outage"
    assert set(done.journal.statuses()) == {Status.PENDING}


async def test_a_server_that_refuses_for_hours_stops_and_fails_no_row() -> None:
    """429 for all: a batch pauses, it doesn't burn its rows."""
    clock = Clock()
    done = scene(lambda *_: said(429), clock=clock)
    await clock.run(done.run(rows(100)))
    assert clock() == pytest.approx(1_900, abs=60)
    assert done.delivery.stopped is not None
    assert done.delivery.stopped.code == "outage"
    assert set(done.journal.statuses()) == {Status.PENDING}
    assert done.delivery.requests < 300


async def test_a_row_that_alone_is_put_off_is_given_up_and_holds_its_followers() -> None:
    clock = Clock()
    done = scene(lambda seq, _: said(408) if seq == 0 else 0.5, concurrency=4, clock=clock)
    await clock.run(done.run(_one_person_among_many()))
    outcome = done.journal.outcomes[0]
    assert (outcome.status, outcome.code) == (Status.FAILED, "gave_up")
    assert MOST_TRIES <= done.server.posts.count(0) <= MOST_TRIES + 4
    assert done.journal.attempts[1] == 0
    assert 1 not in done.server.posts


def _one_person_among_many() -> list[QueuedRow]:
    first, second, *others = rows(2_000)
    follower = QueuedRow(second.seq, second.row, first.person, False)
    return [first, follower, *others]


async def test_everyone_waits_for_retry_after() -> None:
    done = scene(
        lambda seq, nth: said(503, retry_after="1") if (seq, nth) == (3, 1) else CREATED,
        latency=0.005,
    )
    moments: dict[int, float] = {}
    start = time.monotonic()
    done.delivery._observer = lambda row, _: moments.update({row.seq: time.monotonic() - start})
    await done.run(rows(100))
    assert not [at for at in moments.values() if 0.2 < at < 0.95]
    assert done.journal.statuses() == {Status.CREATED: 100}


async def test_held_people_are_left_alone() -> None:
    done = scene(lambda *_: CREATED)
    every = rows(40, people=4)
    await done.run(every, held=[every[1].person])
    assert sorted(done.server.posts) == [row.seq for row in every if row.seq % 4 != 1]


async def stopped_after(done: Scene, seconds: float, stop: Abort, count: int = 2_000) -> float:
    """Stop in the middle; returns the seconds until the delivery ended."""
    running = asyncio.create_task(done.run(rows(count)))
    await asyncio.sleep(seconds)
    start = time.monotonic()
    done.delivery.stop(stop)
    await running
    return time.monotonic() - start


SIGNAL = Abort("interrupted", "interrupted", 15)


async def test_a_stop_lets_those_in_flight_come_to_their_ends() -> None:
    done = scene(lambda *_: 0.1)
    took = await stopped_after(done, 0.55, SIGNAL)
    assert took < 0.15
    assert done.server.cut_off == 0
    assert done.journal.statuses() == {Status.CREATED: 2 + 8 + 8 + 8 + 8 + 8}
    assert done.journal.open == set()
    assert done.delivery.stopped == SIGNAL


async def test_a_stop_wakes_those_who_wait_for_a_pause_or_their_slot() -> None:
    for paused in (True, False):
        done = scene(lambda *_: CREATED, rate=None if paused else 0.5)
        if paused:
            done.rate_limiter.pause(300.0)
        took = await stopped_after(done, 0.05, SIGNAL)
        assert took < 0.1
        assert done.journal.open == set()
        assert len(done.server.posts) == (0 if paused else 1)


async def test_a_pause_that_catches_a_journalled_attempt_leaves_it_pending() -> None:
    done = scene(lambda *_: 0.05, concurrency=2)
    running = asyncio.create_task(done.run(rows(50)))
    await asyncio.sleep(0.02)
    done.rate_limiter.pause(300.0)
    await asyncio.sleep(0.1)
    done.delivery.stop(SIGNAL)
    await running
    assert done.journal.open == set()
    assert done.journal.statuses()[Status.CREATED] == 2
    assert set(done.journal.statuses()) <= {Status.CREATED, Status.PENDING}


async def test_abandoned_rows_are_in_doubt_exactly_where_they_were_posted() -> None:
    done = scene(lambda *_: 30.0)
    running = asyncio.create_task(done.run(rows(50)))
    await asyncio.sleep(0.05)
    done.delivery.stop(SIGNAL)
    done.delivery.abandon()
    await running
    assert done.server.cut_off == 2, "it begins with two"
    assert done.journal.statuses() == {Status.UNKNOWN: 2}
    assert {outcome.code for outcome in done.journal.outcomes.values()} == {"cut_off"}
    assert all(outcome.doubt for outcome in done.journal.outcomes.values())


async def test_a_journal_that_fails_ends_all_posting() -> None:
    done = scene(lambda *_: 0.01, breaks=100)
    await done.run(rows(1_000))
    assert done.delivery.stopped is not None
    assert done.delivery.stopped.code == "ledger"
    assert len(done.server.posts) == 100
    assert done.journal.statuses()[Status.CREATED] == 100
    assert done.journal.open == set()


async def test_a_row_that_another_answers_for_is_not_posted() -> None:
    one = scene(lambda seq, _: CREATED)
    told = Outcome(Status.ALREADY_SENT, "dup_earlier_run", "sent by another job")
    one.journal.elsewhere[2] = told
    await one.run(rows(5))
    assert one.delivery.requests == 4
    assert (rows(5)[2], told) in one.seen
    assert 2 not in one.journal.outcomes
    assert one.delivery.stopped is None


async def test_an_attempt_that_is_late_is_freed_and_asked_for_again() -> None:
    """Its permission has run out while it waited: somebody else may have the row by now."""
    one = scene(lambda seq, _: CREATED)
    one.journal.late[1] = 3
    await one.run(rows(4))
    assert one.delivery.requests == 4
    assert one.journal.attempts == {0: 1, 1: 4, 2: 1, 3: 1}
    assert one.journal.statuses() == {Status.CREATED: 4}


async def test_who_has_lost_his_rows_posts_no_more() -> None:
    one = scene(lambda seq, _: CREATED)
    one.journal.lost = True
    await one.run(rows(40))
    assert one.delivery.requests == 0
    assert one.delivery.stopped
    assert one.delivery.stopped.code == "lane_lost"


async def test_a_defect_is_told_and_its_row_is_in_doubt() -> None:
    def answer(seq: int, _: int) -> Reply:
        if seq == 5:
            raise ZeroDivisionError
        return CREATED

    done = scene(answer)
    with pytest.raises(ZeroDivisionError):
        await done.run(rows(1_000))
    assert done.journal.outcomes[5].status is Status.UNKNOWN
    assert done.journal.open == set()
    assert done.delivery.stopped is not None


async def test_a_row_in_doubt_stays_so_unless_it_is_acknowledged() -> None:
    doubtful = [QueuedRow(row.seq, row.row, row.person, True) for row in rows(5)]
    answers = [CREATED, said(400, "Duplicate response"), said(422, "no"), CUT, said(401)]
    done = scene(lambda seq, _: answers[seq], concurrency=5)
    await done.run(doubtful)
    statuses = [done.journal.outcomes[seq].status for seq in range(5)]
    assert statuses == ["created", "unknown", "unknown", "unknown", "unknown"]


async def test_what_a_server_quotes_of_a_person_is_not_told() -> None:
    done = scene(lambda *_: said(422, "no such user 4711 (jane@example.com)"), concurrency=1)
    done.delivery._body = lambda _: b'{"userId":"0","traits":{"email":"jane@example.com"}}'
    await done.run(rows(1))
    assert done.journal.outcomes[0].message == "the server answered 422: no such user 4711 (***)"


REPLIES = [CREATED, CREATED, CREATED, CUT, said(500), said(429), said(503, retry_after="0")]
REPLIES += [said(400, "Duplicate response"), said(422, "no"), NOT_SENT]


@settings(max_examples=60, deadline=None)
@given(
    people=st.integers(1, 6),
    script=st.lists(st.sampled_from(REPLIES), min_size=1, max_size=40),
    concurrency=st.integers(1, 8),
)
def test_the_order_per_person_holds_under_faults(
    people: int, script: list[Reply], concurrency: int
) -> None:
    """What is stored of a person is stored oldest first; nothing follows a row of unknown fate."""

    clock = Clock()
    count = 0

    def answer(*_: int) -> Reply:
        nonlocal count
        count += 1
        return script[count % len(script)] if count < 200 else CREATED

    async def deliver() -> Scene:
        done = scene(answer, concurrency=concurrency, clock=clock)
        await clock.run(done.run(rows(30, people)))
        return done

    done = asyncio.run(deliver())
    posted: defaultdict[int, list[int]] = defaultdict(list)
    for seq in done.server.posts:
        posted[seq % people].append(seq)
    for seqs in posted.values():
        assert seqs == sorted(seqs)
    if done.delivery.stopped is None:
        for seq, outcome in done.journal.outcomes.items():
            if outcome.status in (Status.UNKNOWN, Status.FAILED):
                assert posted[seq % people][-1] == seq
    assert done.journal.open == set()
