"""The journal's entries and `rows`: folded at any time, by anybody, they come to the same."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.ledger import reading
from importer.ledger.sqlite import SqliteLedger
from importer.ledger.sqlite.database import connect
from importer.ledger.sqlite.journal import checkpoint
from importer.model import Job, Outcome, Status
from tests.ledger.making import CAMPAIGN, ORIGIN, SECRET, response, staged, statuses
from tests.ledger.sqlite.making import ledger_in

ROWS = 4
OUTCOMES = [
    Outcome(Status.CREATED, http_status=201, response_id="id", ms=7),
    Outcome(Status.PENDING, "not_sent"),
    Outcome(Status.UNKNOWN, "cut_off", "it may be \ufffd stored", doubt=True),
]
Entry = int | tuple[int, Outcome]
seqs = st.integers(0, ROWS - 1)
entries = st.lists(st.one_of(seqs, st.tuples(seqs, st.sampled_from(OUTCOMES))), max_size=12)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    with ledger_in(tmp_path) as one:
        yield one


def journalled(ledger: SqliteLedger, job: Job, at: float, group: list[Entry]) -> None:
    """One commit, as the journal makes it."""
    ledger.connection.execute(
        "INSERT INTO journal (job, at, entries) VALUES (?, ?, ?)",
        (job.id, at, orjson.dumps(group).decode()),
    )


def told(ledger: SqliteLedger) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = ledger.connection.execute(
        "SELECT seq, status, code, message, http_status, response_id, ms, doubt, attempts, sent_at"
        " FROM rows ORDER BY seq"
    ).fetchall()
    return found


def one_by_one(groups: list[list[Entry]]) -> list[tuple[object, ...]]:
    """What the rows would say if each entry had been written where it belongs."""
    found: list[list[object]] = [
        [n, "pending", "", "", None, "", None, 0, 0, None] for n in range(ROWS)
    ]
    for at, group in enumerate(groups):
        for entry in group:
            if isinstance(entry, int):
                row = found[entry]
                row[1], row[8], row[9] = "attempting", int(str(row[8])) + 1, float(at)
            else:
                seq, o = entry
                doing = [
                    o.status.value,
                    o.code,
                    o.message,
                    o.http_status,
                    o.response_id,
                    o.ms,
                    o.doubt,
                ]
                found[seq][1:8] = doing
    return [tuple(row) for row in found]


@settings(max_examples=60, deadline=None)
@given(groups=st.lists(st.tuples(entries, st.booleans()), max_size=6))
def test_it_comes_to_the_same_whenever_it_is_folded(groups: list[tuple[list[Entry], bool]]) -> None:
    with TemporaryDirectory() as folder, ledger_in(Path(folder)) as ledger:
        job, _ = staged(ledger, "a", [response(row) for row in range(2, 2 + ROWS)])
        for at, (group, folded) in enumerate(groups):
            journalled(ledger, job, at, group)
            if folded:
                checkpoint(ledger.connection)
        unfolded = ledger.at_this_moment(job)
        checkpoint(ledger.connection)
        assert unfolded == Counter(str(row[1]) for row in told(ledger))
        assert told(ledger) == one_by_one([group for group, _ in groups])
        assert ledger.connection.execute("SELECT COUNT(*) FROM journal").fetchone() == (0,)


@pytest.fixture
def killed(tmp_path: Path) -> Job:
    """A run that was killed: one row was acknowledged, one was under way, nothing was folded."""
    with ledger_in(tmp_path) as ledger:
        job, _ = staged(ledger, "a", [response(row) for row in range(2, 2 + ROWS)])
        journalled(ledger, job, 1.0, [0, 1])
        journalled(ledger, job, 2.0, [(0, OUTCOMES[0])])
    return job


def test_whoever_opens_a_ledger_sees_what_a_killed_run_did(tmp_path: Path, killed: Job) -> None:
    with ledger_in(tmp_path) as ledger:
        assert ledger.counts(killed) == {"created": 1, "unknown": 1, "pending": 2}
        assert ledger.recover(ORIGIN, [CAMPAIGN]) == 1
        assert statuses(ledger, killed)[3] == ("unknown", "cut_off")


def test_who_only_looks_sees_it_and_leaves_it_there(tmp_path: Path, killed: Job) -> None:
    with ledger_in(tmp_path) as ledger:
        journalled(ledger, killed, 3.0, [2, (2, OUTCOMES[0]), 3])
        with reading(tmp_path) as looked:
            assert isinstance(looked, SqliteLedger)
            [job] = looked.jobs()
            assert looked.at_this_moment(job) == {"created": 2, "attempting": 2}
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                looked.connection.execute("DELETE FROM journal")
        assert ledger.connection.execute("SELECT COUNT(*) FROM journal").fetchone() == (1,)


def test_who_only_looks_makes_no_ledger(tmp_path: Path) -> None:
    with reading(tmp_path) as looked:
        assert looked is None
    assert list(tmp_path.iterdir()) == []


def test_whoever_opens_a_new_ledger_at_the_same_time_finds_it_made(tmp_path: Path) -> None:
    for turn in range(5):
        path, together = tmp_path / f"{turn}.sqlite3", Barrier(6)

        def opened(path: Path = path, together: Barrier = together) -> int:
            together.wait()
            with closing(SqliteLedger.open(path, SECRET, "process")) as ledger:
                return len(ledger.jobs())

        with ThreadPoolExecutor(6) as pool:
            assert [each.result() for each in [pool.submit(opened) for _ in range(6)]] == [0] * 6


def test_a_ledger_that_is_just_being_made_holds_nothing_yet(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "ledger.sqlite3")) as connection:
        connection.execute("CREATE TABLE facts (name TEXT)")
        with reading(tmp_path) as looked:
            assert looked is None


def test_a_plan_sees_it_too(tmp_path: Path, killed: Job) -> None:
    path = tmp_path / "ledger.sqlite3"
    with closing(SqliteLedger.throwaway(path, SECRET)) as plan:
        job, to_send = staged(plan, "b", [response(row) for row in range(2, 2 + ROWS)])
        assert plan.counts(job) == {"already_sent": 1, "unknown": 1, "pending": 2}
        assert to_send == [4, 5]


def test_a_fold_that_fails_changes_nothing(ledger: SqliteLedger, tmp_path: Path) -> None:
    job, _ = staged(ledger, "a", [response(row) for row in range(2, 2 + ROWS)])
    journalled(ledger, job, 1.0, [0, 1])
    before = told(ledger)
    ledger.connection.execute(
        "CREATE TRIGGER full BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with pytest.raises(sqlite3.Error, match="full"):
        checkpoint(ledger.connection)
    assert told(ledger) == before
    ledger.connection.execute("DROP TRIGGER full")
    checkpoint(ledger.connection)
    assert statuses(ledger, job)[2] == ("attempting", "")
