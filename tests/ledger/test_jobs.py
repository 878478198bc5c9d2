"""Jobs: found again, cut off, explained; one at a time for a campaign."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from itertools import chain

import pytest

from importer.errors import Busy, UsageError
from importer.model import Invalid, Mapped, Problem, Status
from tests.ledger.backends import Backend
from tests.ledger.making import ORIGIN, job_of, response, staged, statuses

ROWS = [response(row) for row in range(2, 8)]


def test_what_was_cut_off_is_in_doubt(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", ROWS)
        backend.end(ledger, job, 3, "attempting")
        assert ledger.counts(job) == {"pending": 5, "unknown": 1}
        assert ledger.recover(ORIGIN, [job.campaigns]) == 1
        assert statuses(ledger, job)[3] == ("unknown", "cut_off")
        assert ledger.recover(ORIGIN, [job.campaigns]) == 0


def test_rows_of_other_surveys_may_be_under_way(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", ROWS)
        backend.end(ledger, job, 3, "attempting")
        assert ledger.recover(ORIGIN, ["another survey"]) == 0
        assert ledger.recover("https://elsewhere", [job.campaigns]) == 0
        assert ledger.recover(ORIGIN, ["*"]) == 1


def test_jobs_are_found_by_name_and_number(backend: Backend) -> None:
    with backend.ledger() as ledger:
        with pytest.raises(UsageError, match="no job yet"):
            ledger.job("")
        first, second = ledger.start_job(job_of("a", "1")), ledger.start_job(job_of("a", "2"))
        assert (first.name, second.name) == ("a", "a-2")
        assert ledger.job("a") == ledger.job("1") == first
        assert ledger.job("") == second
        assert ledger.jobs() == [second, first]
        with pytest.raises(UsageError, match="no job 'b'"):
            ledger.job("b")


def test_a_job_belongs_to_its_server_and_sheet(backend: Backend) -> None:
    with backend.ledger() as ledger:
        one = job_of("a", "1")
        others = (
            replace(one, mapping_sha256="other"),
            replace(one, origin="https://other"),
            replace(one, sheet="other"),
            replace(one, file_sha256="other"),
        )
        ids = {ledger.start_job(each).id for each in (one, *others, one)}
    assert len(ids) == 5


def test_reasons_that_only_the_whole_can_give(backend: Backend) -> None:
    people = [response(row, f"p{row % 3}", score=row) for row in range(2, 11)]
    with backend.ledger() as ledger:
        earlier, _ = staged(ledger, "earlier", [response(2, "p1", score=0)])
        backend.end(ledger, earlier, 2, Status.CREATED)
        job, _ = staged(ledger, "a", people)
        backend.end(ledger, job, 2, Status.CREATED)
        backend.end(ledger, job, 3, Status.UNKNOWN, "no_reply")
        for row in (4, 5):
            backend.end(ledger, job, row, Status.DUPLICATE, "dup_or_targeting")
        ledger.explain(job)
        assert statuses(ledger, job) == {
            2: ("created", ""),
            3: ("unknown", "no_reply"),
            4: ("duplicate", "dup_earlier_run"),
            5: ("duplicate", "dup_same_file"),
            6: ("pending", "held"),
            7: ("pending", "not_reached"),
            8: ("pending", "not_reached"),
            9: ("pending", "held"),
            10: ("pending", "not_reached"),
        }
        backend.end(ledger, job, 3, Status.CREATED)
        ledger.explain(job)
        assert statuses(ledger, job)[6] == ("pending", "not_reached")


def test_a_first_import_into_a_survey_is_told(backend: Backend) -> None:
    """A new ledger knows nothing of what another one has sent."""
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "first", ROWS)
        assert "knows of no earlier import into this survey" in ledger.unknown_survey(job)
        backend.end(ledger, job, 2, Status.CREATED)
        assert ledger.unknown_survey(job) == ""
        assert ledger.unknown_survey(ledger.start_job(job_of("next"))) == ""
        for other in (replace(job, campaigns="another"), replace(job, origin="https://other")):
            assert ledger.unknown_survey(other)
    with closing(backend.plan()) as plan:
        assert plan.unknown_survey(plan.start_job(job_of("plan"))) == ""


def test_one_run_for_a_campaign_and_who_comes_second_is_told(backend: Backend) -> None:
    with backend.ledger() as first, backend.ledger() as second:
        assert second.lock_holder(ORIGIN, ["a"]) is None
        with first.lock(ORIGIN, ["a", "b"], "answers.csv"):
            assert (second.lock_holder(ORIGIN, ["b"]) or {})["file"] == "answers.csv"
            for campaigns in (["b"], ["*"], ["c", "a"]):
                with (
                    pytest.raises(Busy, match=r"answers\.csv"),
                    second.lock(ORIGIN, campaigns, "x"),
                ):
                    pass
            with second.lock(ORIGIN, ["c"], "x"), second.lock("https://other", ["a"], "x"):
                assert second.lock_holder(ORIGIN, ["*"]) is not None
        late = first.lock(ORIGIN, ["a"], "answers.csv")
        with second.lock(ORIGIN, ["*"], "x"), pytest.raises(Busy), late:
            pass
        assert first.lock_holder(ORIGIN, ["a"]) is None


def test_the_lines_of_a_job_come_by_status_and_page(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", ROWS)
        for row in (2, 4, 6):
            backend.end(ledger, job, row, Status.CREATED)
        backend.end(ledger, job, 5, Status.REJECTED, "rejected")
        found = list(ledger.lines(job, (Status.CREATED, Status.REJECTED), limit=3))
        assert [each.row for each in found] == [2, 4, 5]
        more = ledger.lines(job, (Status.CREATED, Status.REJECTED), after=found[-1].seq, limit=3)
        assert [each.row for each in more] == [6]
        assert [each.row for each in ledger.lines(job, after=3)] == [6, 7]
        assert [each.row for each in ledger.lines(job, code="rejected")] == [5]
        assert list(ledger.lines(job, (Status.FAILED,))) == []


def test_a_row_in_flight_is_unknown_once_nobody_posts(backend: Backend) -> None:
    with backend.ledger() as running, backend.ledger() as looking:
        job, _ = staged(running, "a", ROWS)
        with running.lock(ORIGIN, job.campaigns.split(","), "a.csv"):
            backend.end(running, job, 2, Status.UNKNOWN, "no_reply")
            backend.end(running, job, 3, "attempting")
            assert looking.progress(job) == {"pending": 4, "unknown": 1, "attempting": 1}
            assert looking.counts(job) == {"pending": 4, "unknown": 2}
        assert looking.progress(job) == {"pending": 4, "unknown": 2}


def test_a_jobs_rows_and_persons_are_counted_as_its_lines_say(backend: Backend) -> None:
    """Persons with several rows, some of which are another row's to decide, invalid, or have other traits."""
    wrong = Invalid(9, (Problem("bad_number", "no number", 9),))
    rows: list[Mapped] = [
        *(response(2, "a", key="1"), response(3, "a", key="2")._replace(traits=b'{"plan":1}')),
        *(response(4, "a", key="1"), response(5, "b", key="3"), response(6, "c", key="4")),
        *(response(7, "c", key="5"), response(8, "b", key="3"), wrong, response(10, "d", key="6")),
    ]
    ready = (Status.PENDING, Status.FAILED)
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", rows)
        lines = list(ledger.lines(job))
        assert ledger.standing(job).by(0) == {"pending": 6, "duplicate": 2, "invalid": 1}
        assert ledger.standing(job).by(0, own=True) == {"pending": 6, "invalid": 1}
        assert ledger.standing(job).duplicates == {"dup_same_file": 2}
        assert ledger.people(job, ready) == (2, 1, {1: 2, 2: 2})
        for statuses_, own in (
            (ready, True),
            (ready, False),
            (("duplicate",), False),
            (("x",), False),
        ):
            found = [*chain.from_iterable(ledger.seqs(job, statuses_, own=own))]
            assert found == [each.seq for each in lines if each.status in statuses_]
