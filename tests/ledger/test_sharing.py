"""Several processes that post rows of one job."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from importer.ledger import Journal, by_person
from importer.model import Outcome, Status
from tests.ledger.making import ledger_in, response, staged, statuses

CREATED = Outcome(Status.CREATED)


def test_rows_of_a_person_stay_together_and_in_order(tmp_path: Path) -> None:
    rows = [response(row, f"u{row % 40}", score=row // 40) for row in range(2, 202)]
    with ledger_in(tmp_path) as ledger:
        job, _ = staged(ledger, "a", rows, chunk=500)
        order = [seq for seq in reversed(range(200)) if seq % 7]
        parts = by_person(ledger, job, order, 3)
        assert by_person(ledger, job, [], 2) == [type(parts[0])("q")] * 2
    of_person = defaultdict(set)
    for place, part in enumerate(parts):
        for seq in part:
            of_person[rows[seq].user_id].add(place)
        assert list(part) == [seq for seq in order if seq in set(part)]
        assert len(part) > len(order) / 10
    assert sorted(seq for part in parts for seq in part) == sorted(order)
    assert {len(places) for places in of_person.values()} == {1}


async def test_whoever_folds_the_journal_does_it_for_all(tmp_path: Path) -> None:
    """One folds while rows of the other are under way; neither takes anything from the other."""
    with ledger_in(tmp_path) as ledger:
        job, _ = staged(ledger, "a", [response(row) for row in range(2, 8)], chunk=500)
        async with (
            Journal(ledger.path, job.id) as one,
            Journal(ledger.path, job.id) as other,
        ):
            await one.attempting(0)
            await other.attempting(1)
            other.record(1, CREATED)
            await other.attempting(2)
            await one.flush()
            found = [status for status, _ in statuses(ledger, job).values()]
            assert found == ["attempting", "created", "attempting", *["pending"] * 3]
            one.record(0, CREATED)
            other.record(2, CREATED)
            await other.flush()
        found = [status for status, _ in statuses(ledger, job).values()]
        assert found == [*["created"] * 3, *["pending"] * 3]
        assert [line.attempts for line in ledger.lines(job)] == [1, 1, 1, 0, 0, 0]
