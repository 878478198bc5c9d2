"""Results that can't be written, and a mistyped address in them."""

from __future__ import annotations

from importer.sandbox import background
from tests.e2e.commands import Shell
from tests.trials.job import Job, rows


def test_results_that_can_not_be_written_are_told_and_come_with_the_next_start(user: Shell) -> None:
    """Something stands in the way: what was posted is in the ledger, and nothing is posted twice."""
    in_the_way = user.folder / "answers-import" / "results.csv" / "in the way"
    in_the_way.mkdir(parents=True)
    with background() as sandbox:
        job = Job(user, sandbox, ("--rate", "max"))
        job.write(rows(20))
        told = job.run()
        in_the_way.rmdir()
        in_the_way.parent.rmdir()
        again = job.run()
        assert set(job.stored().values()) == {1}
        assert job.posts() == 20
    assert told.status == 5
    assert "results.csv" in told.err
    assert "Every outcome is in the ledger" in told.err
    assert again.status == 0
    assert len(job.results()) == 20


def test_a_mistyped_address_names_its_owner_nowhere(user: Shell) -> None:
    with background() as sandbox:
        job = Job(user, sandbox, ("--rate", "max", "--state", "state"))
        job.write([*rows(3), "p9,5,,jane.canary at home"])
        ended = job.run()
    assert ended.status == 3
    assert job.results()[3]["code"] == "bad_email"
    places = [*(user.folder / "state").glob("ledger*"), *job.folder.iterdir()]
    shown = [
        path.name
        for path in places
        if path.name != "problems.csv" and b"jane.canary" in path.read_bytes()
    ]
    assert len(places) >= 5
    assert shown == []
    assert "jane.canary" not in ended.out + ended.err
