"""Permission, testimony and fences: what keeps two senders from posting one row."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from importer.errors import Busy, LedgerError
from importer.ledger.postgres.connection import Address, connect, cut
from importer.ledger.postgres.database import text as statement
from importer.ledger.postgres.journal import PINNED, Journal, LaneLost
from importer.ledger.postgres.lanes import Keeper, Timing
from importer.model import Outcome, Status

CREATED = Outcome(Status.CREATED, http_status=201, response_id="id", ms=7)
BUSY = Outcome(Status.PENDING, "throttled", "wait", 429)
ROWS = 40
QUICK = Timing(ttl=0.5, beat=60, guard=5)


@pytest.fixture
def job(address: Address) -> int:
    return staged(address, "a")


def staged(address: Address, name: str, rows: int = ROWS, first: int = 0) -> int:
    """A job whose rows have the identities from `first` on."""
    with closing(connect(address)) as one:
        found = one.execute(
            "INSERT INTO jobs (name, file, file_sha256, sheet, mapping, mapping_sha256, origin, campaigns,"
            " settings, started_at) VALUES (%s, '', '', '', '', '', 'https://x', 'c', '{}', 0) RETURNING id",
            (name,),
        ).fetchone()
        assert found
        one.execute(
            'INSERT INTO staged (job, seq, "row", status, identity, person)'
            " SELECT %(job)s, n, n + 2, 'pending', decode(md5((%(first)s + n)::text), 'hex'),"
            " substr(decode(md5((%(first)s + n)::text), 'hex'), 1, 8)"
            " FROM generate_series(0, %(rows)s - 1) AS n",
            {"job": found[0], "rows": rows, "first": first},
        )
        return int(found[0])


@contextmanager
def holding(
    address: Address, job: int, timing: Timing | None = None, lanes: int = 1
) -> Iterator[Keeper]:
    with Keeper(address, f"tester {time.monotonic()}", timing or Timing()) as keeper:
        keeper.open(job, lanes)
        keeper.take()
        yield keeper


def said(address: Address, job: int) -> dict[int, tuple[str, int]]:
    """Status and attempts of the rows that were sent."""
    with closing(connect(address)) as one:
        found = one.execute(
            "SELECT seq, status, attempts FROM rows WHERE job = %s AND attempts > 0", (job,)
        )
        return {seq: (status, attempts) for seq, status, attempts in found}


async def test_an_attempt_is_durable_before_it_goes_on(address: Address, job: int) -> None:
    with holding(address, job) as keeper:
        async with Journal(address, keeper, ROWS) as journal:
            assert await journal.attempting(3) is None
            assert journal.permits(3)
            assert said(address, job) == {3: ("attempting", 1)}
            journal.record(3, CREATED)
            await journal.flush()
            assert said(address, job) == {3: ("created", 1)}


async def test_a_row_is_asked_for_again_after_a_refusal(address: Address, job: int) -> None:
    with holding(address, job) as keeper:
        async with Journal(address, keeper, ROWS) as journal:
            for _ in range(3):
                assert await journal.attempting(5) is None
                journal.record(5, BUSY)
            assert await journal.attempting(5) is None
            journal.record(5, CREATED)
        assert said(address, job) == {5: ("created", 4)}


async def test_an_attempt_that_was_freed_unposted_is_none(address: Address, job: int) -> None:
    """Too late for its post it is asked for again: results.csv says how often a row was posted."""
    freed = {4: Outcome(Status.PENDING), 6: Outcome(Status.UNKNOWN, doubt=True)}
    with holding(address, job) as keeper:
        async with Journal(address, keeper, ROWS) as journal:
            for seq, cut in freed.items():
                for _ in range(3):
                    assert await journal.attempting(seq) is None
                    journal.record(seq, cut)
                assert await journal.attempting(seq) is None
                journal.record(seq, CREATED)
        assert said(address, job) == {4: ("created", 1), 6: ("created", 1)}


async def test_what_another_job_has_sent_is_not_permitted(address: Address, job: int) -> None:
    other = staged(address, "b")
    with holding(address, job) as one, holding(address, other) as two:
        async with Journal(address, one, ROWS) as first, Journal(address, two, ROWS) as second:
            assert [await first.attempting(seq) for seq in (1, 2, 3)] == [None] * 3
            first.record(1, CREATED)
            first.record(3, BUSY)
            await first.flush()
            sent, doubt = await second.attempting(1), await second.attempting(2)
            assert sent
            assert sent.status == Status.ALREADY_SENT
            assert sent.message.startswith("sent by job a, row 3, on 20")
            assert doubt
            assert (doubt.status, doubt.code) == (Status.UNKNOWN, "unknown_earlier")
            assert await second.attempting(3) is None  # surely not stored: it may go
            second.record(3, CREATED)
    assert said(address, job) == {1: ("created", 1), 2: ("attempting", 1), 3: ("pending", 1)}
    assert said(address, other)[3] == ("created", 1)


async def test_four_jobs_over_the_same_rows_post_each_row_once(address: Address) -> None:
    """No lock between them, each in another order; nothing deadlocks."""
    rows, posted = 300, []

    async def post(job: int, step: int) -> None:
        with holding(address, job) as keeper:
            async with Journal(address, keeper, rows) as journal:
                for start in range(0, rows, 20):
                    seqs = [(number * step + job) % rows for number in range(start, start + 20)]
                    answers = [journal.attempting(seq) for seq in seqs]
                    for seq, answer in zip(seqs, answers, strict=True):
                        if await answer is None:
                            posted.append(seq)
                            journal.record(seq, CREATED)

    jobs = [staged(address, name, rows) for name in "abcd"]
    await asyncio.gather(
        *(post(job, step) for job, step in zip(jobs, (1, 7, 11, 299), strict=True))
    )
    assert sorted(posted) == list(range(rows))


async def test_a_lane_that_was_taken_gives_no_permission_and_takes_testimony(
    address: Address, job: int
) -> None:
    with holding(address, job, QUICK) as slow:
        async with Journal(address, slow, ROWS) as journal:
            assert await journal.attempting(7) is None
            await asyncio.sleep(0.6)
            assert not journal.permits(7)
            with holding(address, job) as fresh:
                assert said(address, job) == {7: ("unknown", 1)}
                with pytest.raises(LaneLost):
                    await journal.attempting(8)
                journal.record(7, CREATED)
                await journal.flush()
                assert said(address, job) == {7: ("created", 1)}
                async with Journal(address, fresh, ROWS) as next_:
                    told = await next_.attempting(7)
                    assert told
                    assert told.status == Status.CREATED
                    assert await next_.attempting(8) is None


async def test_what_is_settled_as_stored_stays_so_whatever_a_late_witness_says(
    address: Address, job: int
) -> None:
    with holding(address, job) as keeper:
        async with Journal(address, keeper, ROWS) as journal:
            await journal.attempting(1)
            journal.record(1, CREATED)
            await journal.flush()
            journal._made[1] = (identity(address, job, 1), 1)
            journal.record(1, Outcome(Status.UNKNOWN, "timeout", doubt=True))
        assert said(address, job) == {1: ("created", 1)}


def identity(address: Address, job: int, seq: int) -> bytes:
    with closing(connect(address)) as one:
        found = one.execute(
            "SELECT identity FROM staged WHERE job = %s AND seq = %s", (job, seq)
        ).fetchone()
        assert found
        return bytes(found[0])


def test_a_taker_waits_for_an_attempt_that_is_being_written(address: Address, job: int) -> None:
    """The fence: with a weaker lock the taker would pass, see no attempt, and the attempt would stand."""
    taken: list[float] = []

    def take() -> None:
        with holding(address, job):
            taken.append(time.monotonic())

    with holding(address, job, QUICK) as slow, closing(connect(address)) as one:
        values = {
            "job": job,
            "lanes": 1,
            "shards": [0],
            "tokens": [slow.lanes[0]],
            "seqs": [4],
            "at": 0,
        }
        one.execute("BEGIN")
        assert len(one.execute(statement("attempt"), values).fetchall()) == 1
        time.sleep(0.6)
        thread = threading.Thread(target=take)
        thread.start()
        time.sleep(0.3)
        assert not taken
        one.execute("COMMIT")
        thread.join()
        assert taken
        assert said(address, job) == {4: ("unknown", 1)}
        assert one.execute(statement("attempt"), values | {"seqs": [5]}).fetchall() == []


async def test_a_lost_connection_is_made_anew_and_nothing_is_lost(
    address: Address, job: int
) -> None:
    with holding(address, job) as keeper:
        async with Journal(address, keeper, ROWS) as journal:
            await journal.attempting(1)
            journal.record(1, CREATED)
            assert journal._connection
            cut(journal._connection)
            assert await journal.attempting(2) is None
            journal.record(2, CREATED)
        assert said(address, job) == {1: ("created", 1), 2: ("created", 1)}


async def test_a_standby_that_is_about_to_take_over_is_waited_for(
    address: Address, job: int
) -> None:
    """Until it has, it lets nobody write: the same as a server that is away, for who was at work."""
    with holding(address, job) as keeper, closing(connect(address)) as one:
        name = one.info.dbname
        async with Journal(address, keeper, ROWS) as journal:
            assert await journal.attempting(1) is None
            assert journal._connection
            one.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
            cut(journal._connection)
            waits = asyncio.ensure_future(journal.attempting(2))
            await asyncio.sleep(1)
            assert not waits.done()
            one.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
            assert await waits is None
    assert said(address, job) == {1: ("attempting", 1), 2: ("attempting", 1)}


async def test_an_outage_that_lasts_ends_the_journal(
    address: Address, job: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with holding(address, job) as keeper:
        async with Journal(address, keeper, ROWS, outage=0.5) as journal:
            assert journal._connection
            cut(journal._connection)
            away = Address({"host": "/nowhere"}, "away")
            monkeypatch.setattr(journal, "_address", away)
            with pytest.raises(LedgerError, match="away"):
                await journal.attempting(2)
            assert journal.broken
    assert said(address, job) == {}


async def test_a_hung_commit_ends_the_journal_with_a_word(
    address: Address, job: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("journal", "connection"):
        monkeypatch.setattr(f"importer.ledger.postgres.{module}.HUNG", 0.5)
    with holding(address, job) as keeper, closing(connect(address)) as one:
        async with Journal(address, keeper, ROWS) as journal:
            one.execute("BEGIN")
            one.execute("LOCK TABLE sent IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(LedgerError, match="not confirmed"):
                await journal.attempting(2)
            one.execute("ROLLBACK")
        assert journal.broken


def test_one_holds_a_survey_and_others_are_told_who(address: Address) -> None:
    facts = {"pid": 7, "host": "h", "file": "a.csv", "since": 0}
    with Keeper(address, "one") as one, Keeper(address, "two") as two:
        one.hold("https://x", ["a", "b"], facts)
        for wanted in (["b"], ["*"]):
            with pytest.raises(Busy, match="process 7 on h, importing a"):
                two.hold("https://x", wanted, facts)
        two.hold("https://x", ["c"], facts)
        two.hold("https://y", ["*"], facts)
        with pytest.raises(Busy):
            one.hold("https://y", ["a"], facts)
        with Keeper(address, "three") as three, pytest.raises(Busy):
            three.hold("https://x", ["*"], facts)
    with Keeper(address, "four") as four:
        four.hold("https://x", ["*"], facts)


def test_a_lease_is_kept_by_its_beats_and_ends_without(address: Address, job: int) -> None:
    with holding(address, job, Timing(ttl=0.6, beat=0.1)):
        time.sleep(1)
        with holding(address, job) as other:
            assert other.lanes == {}
    with holding(address, job) as other:
        assert set(other.lanes) == {0}


def test_a_lane_that_cannot_be_given_back_is_free_when_its_lease_ends(
    address: Address, job: int
) -> None:
    with holding(address, job, QUICK) as keeper:
        assert keeper._connection
        cut(keeper._connection)
        keeper.give()
        with holding(address, job) as other:
            assert other.lanes == {}
        time.sleep(0.6)
        with holding(address, job) as other:
            assert set(other.lanes) == {0}


def test_lanes_are_shared_out_and_given_back(address: Address, job: int) -> None:
    with Keeper(address, "one") as one, Keeper(address, "two") as two:
        for keeper in (one, two):
            keeper.open(job, 5)
        assert one.take(2) == 2
        assert two.take(9) == 3
        assert two.left() == (5, 5)
        one.give(done=True)
        assert two.left() == (3, 3)
        assert one.take(9) == 0
        two.give()
        assert one.take(9) == 3


@pytest.mark.parametrize("rows", [0, 20_000])
@pytest.mark.parametrize("name", ["attempt", "attempt_again", "outcome"])
def test_each_row_is_found_by_its_key_however_large_the_tables(
    address: Address, job: int, name: str, rows: int
) -> None:
    large = staged(address, "large", rows, first=1_000)
    with holding(address, job) as keeper, closing(connect(address, **PINNED)) as one:
        one.execute(
            "INSERT INTO sent (identity, job, seq, token, status)"
            " SELECT identity, job, seq, 1, 'created' FROM staged WHERE job = %s",
            (large,),
        )
        if rows:
            one.execute("ANALYZE")
        values: dict[str, object] = {
            "job": job, "lanes": 1, "shards": [0], "tokens": [keeper.lanes[0]], "seqs": list(range(20)),
            "at": 0.0, "identities": [identity(address, job, 1)], "statuses": ["created"], "codes": [""],
            "messages": [""], "https": [201], "responses": ["x"], "mss": [1], "doubts": [0],
        }  # fmt: skip
        plan = "\n".join(
            line for (line,) in one.execute("EXPLAIN " + statement(name), values).fetchall()
        )
        assert "Seq Scan" not in plan, plan
        assert "Hash Join" not in plan, plan
        assert "Merge Join" not in plan, plan
        assert "Bitmap" not in plan, plan
        lines = plan.splitlines()
        of_rows = [lines[at + 1] for at, line in enumerate(lines) if "staged_pkey" in line]
        assert all("seq = " in line for line in of_rows), plan
