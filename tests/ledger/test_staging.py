"""No row is sent twice: not within a file, not across runs, files, names and orders."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.errors import SourceError
from importer.ledger.queries import FRESH
from importer.model import Invalid, Mapped, Problem, Skipped, Status
from tests.ledger.backends import Backend
from tests.ledger.making import ORIGIN, job_of, moved, response, staged, statuses, to_send

FILE = [response(row) for row in range(2, 9)]


def test_every_row_gets_its_line(backend: Backend) -> None:
    problem = Problem("out_of_range", "11 is above 10", 3, "Score", "someone@example.com")
    rows: list[Mapped] = [
        response(2),
        Invalid(3, (problem,), user_id="b@example.com"),
        Skipped(4, "Status is Spam"),
    ]
    with backend.ledger() as ledger:
        job, send = staged(ledger, "a", rows)
        lines = list(ledger.lines(job))
    assert send == [2]
    assert [(line.seq, line.row, line.status, line.code) for line in lines] == [
        (0, 2, "pending", ""),
        (1, 3, "invalid", "out_of_range"),
        (2, 4, "skipped", "skip_rule"),
    ]
    assert (lines[1].column, lines[1].value) == ("Score", "s***@example.com")
    assert lines[1].user_id == "b***@example.com"


def test_a_response_that_stands_twice_is_sent_once(backend: Backend) -> None:
    rows = [
        response(2, "u"),
        response(3, "v"),
        response(4, "v"),
        response(5, "u"),
        response(6, "u"),
    ]
    with backend.ledger() as ledger:
        job, send = staged(ledger, "a", rows, chunk=2)
        assert send == [2, 3]
        assert statuses(ledger, job)[6] == ("duplicate", "dup_same_file")


def test_the_same_key_with_other_content_is_told_and_not_sent(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", [response(2, "u", key="k")])
        backend.end_all(ledger, job)
        again, send = staged(ledger, "b", [response(2, "u", key="k", score=3)])
        assert send == []
        assert statuses(ledger, again) == {2: ("already_sent", "changed_since_sent")}


@pytest.mark.parametrize("spelling", [f"{ORIGIN}:443", f"{ORIGIN}."])
def test_a_server_has_many_spellings(backend: Backend, spelling: str) -> None:
    """0.1 took them for servers of their own, in one ledger: what it sent to one is known at the other."""
    with backend.ledger() as ledger:
        for origin, rows in ((spelling, FILE[:3]), (ORIGIN, FILE[3:5])):
            job, _ = staged(ledger, origin, rows, origin=origin)
            backend.end_all(ledger, job)
        assert (ledger.spelled(ORIGIN), ledger.spelled("https://b")) == (ORIGIN, "https://b")
        again, send = staged(ledger, "again", FILE)
        assert send == [7, 8]
        assert Counter(statuses(ledger, again).values())["already_sent", "dup_earlier_run"] == 5


def test_a_server_keeps_the_spelling_that_the_ledger_has(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", FILE[:1], origin=f"{ORIGIN}:443")
        backend.end(ledger, job, 2, "attempting")
        assert ledger.spelled(ORIGIN) == f"{ORIGIN}:443"
        assert ledger.recover(ORIGIN, ["*"]) == 1


def test_a_finished_file_run_again_sends_nothing(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", FILE)
        backend.end_all(ledger, job)
        again, send = staged(ledger, "a", FILE)
        assert send == []
        assert again.id != job.id
        assert set(statuses(ledger, again).values()) == {("already_sent", "dup_earlier_run")}


def test_a_file_that_has_rows_left_goes_on_in_its_job(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", FILE)
        backend.end(ledger, job, 2, Status.CREATED)
        backend.end(ledger, job, 3, Status.FAILED)
        backend.end(ledger, job, 4, Status.REJECTED)
        again, send = staged(ledger, "renamed", FILE)
        assert (again.id, again.name) == (job.id, job.name)
        assert again.file == "/data/renamed.csv"
        assert send == [3, 5, 6, 7, 8]


def test_rows_that_another_job_sent_meanwhile_are_not_sent_by_the_first(backend: Backend) -> None:
    """File a is interrupted; it grows, and the grown one is run to its end; then a is run again."""
    with backend.ledger() as ledger:
        first, _ = staged(ledger, "a", FILE)
        backend.end(ledger, first, 2, Status.CREATED)
        backend.end(ledger, first, 3, Status.FAILED)
        grown, send = staged(ledger, "grown", [*FILE, response(9)])
        assert send == [3, 4, 5, 6, 7, 8, 9]
        backend.end_all(ledger, grown)
        again, send = staged(ledger, "a", FILE)
        assert again.id == first.id
        assert send == []
        assert Counter(statuses(ledger, again).values()) == {
            ("created", ""): 1,
            ("already_sent", "dup_earlier_run"): 6,
        }


def test_a_row_in_doubt_elsewhere_is_not_sent_until_it_is_settled(backend: Backend) -> None:
    twice = [*FILE, moved(FILE[0], 20)]
    with backend.ledger() as ledger:
        first, _ = staged(ledger, "a", FILE[:1])
        backend.end(ledger, first, 2, Status.UNKNOWN)
        grown, send = staged(ledger, "grown", twice)
        assert send == [3, 4, 5, 6, 7, 8]
        assert statuses(ledger, grown)[2] == ("unknown", "unknown_earlier")
        backend.end(ledger, first, 2, Status.FAILED, "not_stored")
        same, send = staged(ledger, "grown", twice)
        assert same.id == grown.id
        assert send == [2, 3, 4, 5, 6, 7, 8], "the first of the two rows, and only that"
        assert statuses(ledger, same)[20] == ("duplicate", "dup_same_file")
        backend.end(ledger, same, 2, Status.CREATED)
        assert staged(ledger, "a", FILE[:1])[1] == []


@pytest.mark.parametrize("status", [Status.REJECTED, Status.DUPLICATE])
def test_the_very_request_that_was_refused_is_not_posted_again_but_a_mended_one_is(
    backend: Backend, status: Status
) -> None:
    row = response(2, "u", key="k")
    mended = row._replace(body=row.body.replace(b"}]}", b'}],"traits":{"plan":"Gold"}}'))
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", [row])
        backend.end(ledger, job, 2, status)
        again, send = staged(ledger, "b", [row, response(3)])
        assert send == [3]
        assert statuses(ledger, again)[2] == (status, f"{status}_earlier")
        assert "importer retry a --status" in next(ledger.lines(again)).message
        assert staged(ledger, "c", [mended])[1] == [2]


def test_an_acceptance_counts_before_a_later_refusal(backend: Backend) -> None:
    """Both jobs had the row open; the older one was accepted."""
    row = response(2, "u", key="k")
    with backend.ledger() as ledger:
        first, _ = staged(ledger, "a", [row])
        second, _ = staged(ledger, "b", [row, response(3)])
        backend.end(ledger, first, 2, Status.CREATED)
        backend.end(ledger, second, 2, Status.REJECTED)
        again, _ = staged(ledger, "c", [row, response(4)])
        assert statuses(ledger, again)[2] == ("already_sent", "dup_earlier_run")


def test_other_servers_and_surveys_are_others(backend: Backend) -> None:
    other = FILE[0]._replace(campaign="5d2f6c1e9b0a4c0017a3e1b3")
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", FILE[:1])
        backend.end_all(ledger, job)
        assert staged(ledger, "b", [other])[1] == [2]


@pytest.mark.parametrize(("repeats", "row"), [("latest", 4), ("first", 3)])
def test_one_row_of_a_person_by_the_mappings_date(backend: Backend, repeats: str, row: int) -> None:
    rows = [
        response(2, "u", score=1, order="2026-02"),
        response(3, "u", score=2, order="2026-01"),
        response(4, "u", score=3, order="2026-03"),
        response(5, "u", score=3, order="2026-03"),
        response(6, "other"),
    ]
    with backend.ledger() as ledger:
        job, send = staged(ledger, "a", rows, repeats=repeats)
        assert sorted(send) == [row, 6]
        assert Counter(code for _, code in statuses(ledger, job).values())["repeats"] == 2
        backend.end_all(ledger, job)
        assert staged(ledger, "a", rows, repeats=repeats)[1] == [], "what was left out stays out"
        grown = [*rows, response(7, "u", score=9, order="2026-04")]
        assert staged(ledger, "b", grown, repeats=repeats)[1] == (
            [7] if repeats == "latest" else []
        )


def test_a_start_that_was_cut_off_in_staging_goes_on(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", FILE)
        backend.cut_off_staging(ledger, job, 4)
        again, send = staged(ledger, "a", FILE, repeats="latest")
        assert again.id == job.id
        assert send == [row.row for row in FILE]


def test_a_file_that_cannot_be_read_to_its_end_leaves_no_job_behind(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job = ledger.start_job(job_of("a"))
        ledger.stage(job).add(FILE)
        with pytest.raises(SourceError), ledger.staging(job):
            raise SourceError("a.csv: a quote that is never closed")
        assert ledger.jobs() == []
        staged_before, _ = staged(ledger, "b", FILE)
        with pytest.raises(SourceError), ledger.staging(staged_before):
            raise SourceError("b.csv: no such file")
        assert sum(ledger.counts(staged_before).values()) == len(FILE)


def test_a_plan_looks_back_and_leaves_no_trace(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", FILE)
        backend.end(ledger, job, 2, Status.CREATED)
        backend.end(ledger, job, 3, Status.UNKNOWN)
        before = list(ledger.lines(job))
    with closing(backend.plan()) as plan:
        planned, send = staged(plan, "plan", FILE)
        assert send == [4, 5, 6, 7, 8]
        assert statuses(plan, planned)[3] == ("unknown", "unknown_earlier")
        assert [each.name for each in plan.jobs()] == ["a"]
    with backend.ledger() as ledger:
        assert list(ledger.lines(job)) == before
        assert ledger.jobs() == [job]


def test_rows_of_other_statuses_are_staged_where_they_are_asked_for(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", FILE)
        backend.end(ledger, job, 3, Status.REJECTED)
        backend.end(ledger, job, 4, Status.CREATED)
        again = ledger.stage(job, sending=(Status.REJECTED, Status.CREATED))
        assert [each.row for _, each in again.add(FILE)] == [3, 4]


def test_a_refused_row_that_another_job_sent_mended_is_not_retried(backend: Backend) -> None:
    row = response(2, "u", key="k")
    mended = row._replace(body=row.body.replace(b"9", b"8"))
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", [row])
        backend.end(ledger, job, 2, Status.REJECTED)
        other, _ = staged(ledger, "b", [mended])
        backend.end_all(ledger, other)
        retry = ledger.stage(job, sending=(Status.REJECTED,))
        assert retry.add([row]) == []
        assert statuses(ledger, job)[2] == ("already_sent", "dup_earlier_run")


def test_whose_rows_wait_and_which_can_be_asked_about(backend: Backend) -> None:
    people = [response(row, f"p{row % 4}", score=row) for row in range(2, 10)]
    now = 1_000_000.0
    with backend.ledger() as ledger:
        other, _ = staged(ledger, "other", [response(2, "p3", score=0)])
        backend.end(ledger, other, 2, Status.UNKNOWN)
        job, _ = staged(ledger, "a", people)
        backend.end(ledger, job, 4, Status.UNKNOWN, "no_reply")
        backend.end(ledger, job, 5, Status.UNKNOWN, "stored_or_duplicate")
        backend.end(ledger, job, 6, Status.UNKNOWN, "no_reply", at=now - FRESH)
        assert ledger.askable(job) == 1
        assert len(ledger.doubtful()) == 4
        assert len(ledger.stuck(job)) == 3
        assert [people[seq].row for seq in ledger.late_order(job, ())] == [4]
        assert [people[seq].row for seq in ledger.late_order(job, ("pending",))] == [
            2, 3, 4, 7, 8, 9,
        ]  # fmt: skip


files = st.lists(st.integers(0, 12), min_size=1, max_size=12)
fates = st.sampled_from(["created", "unknown", "rejected", "duplicate", "failed", "pending"])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(runs=st.lists(st.tuples(files, st.lists(fates, min_size=1, max_size=12)), max_size=6))
def test_whatever_is_run_in_whatever_order_nothing_is_stored_twice(
    backend: Backend,
    tmp_path_factory: pytest.TempPathFactory,
    runs: list[tuple[list[int], list[str]]],
) -> None:
    """Each run is a file of some of thirteen responses, shuffled, repeated, grown; each row sent gets
    some fate. A response is posted again only where it is surely not stored."""
    stored: Counter[int] = Counter()
    one = type(backend)(tmp_path_factory.mktemp("ledger"))
    with one.ledger() as ledger:
        for content, ends in runs:
            rows = [
                moved(response(number, f"u{number}"), 2 + at) for at, number in enumerate(content)
            ]
            job, send = staged(ledger, "file", rows)
            assert sum(ledger.counts(job).values()) == len(rows)
            for at, row in enumerate(send):
                fate = ends[at % len(ends)]
                one.end(ledger, job, row, fate)
                stored[content[row - 2]] += fate in ("created", "unknown")
    assert all(times == 1 for times in stored.values() if times)


def test_what_is_left_is_what_is_left(backend: Backend) -> None:
    with backend.ledger() as ledger:
        job, send = staged(ledger, "a", FILE)
        assert to_send(ledger, job) == send == [row.row for row in FILE]


def test_rows_of_one_key_that_differ_are_all_refused(backend: Backend) -> None:
    rows = [
        response(2, "ann", key="1.09E+10"),
        response(3, "bob", key="1.09E+10"),
        response(4, "ann", key="1.09E+10"),
        response(5, "cy", key="7"),
        response(6, "cy", key="7"),
        response(7, "dee", key="8"),
        response(8, "dee", key="8", score=3),
    ]
    with backend.ledger() as ledger:
        job, send = staged(ledger, "a", rows)
        lines = {line.row: line for line in ledger.lines(job)}
        assert send == [5]
        assert statuses(ledger, job) == {
            **dict.fromkeys((2, 3, 4, 7, 8), ("invalid", "key_clash")),
            5: ("pending", ""),
            6: ("duplicate", "dup_same_file"),
        }
        told = {row: line.message.split(" has ")[0] for row, line in lines.items() if line.message}
        assert (told[2], told[3], told[4]) == ("row 3", "row 2", "row 3")
        assert (told[7], told[8]) == ("row 8", "row 7")
        [cause] = ledger.clashes(job, "rid")
        assert (cause.count, cause.column, cause.rows) == (5, "rid", (2, 3, 4, 7, 8))
        backend.end_all(ledger, job)
        assert staged(ledger, "a", rows)[1] == [], "what was refused stays so"
        assert statuses(ledger, job)[2] == ("invalid", "key_clash")


def test_a_row_that_clashes_is_no_row_of_its_person(backend: Backend) -> None:
    rows = [
        response(2, "ann", key="1", order="2020"),
        response(3, "ann", key="2", order="2021"),
        response(4, "bob", key="2", order="2021"),
    ]
    with backend.ledger() as ledger:
        assert staged(ledger, "a", rows, repeats="latest")[1] == [2]


def test_rows_that_clash_with_one_that_was_sent_already(backend: Backend) -> None:
    """Sent in an earlier run, it is told so, as before; sent by this very job, it stays sent."""
    with backend.ledger() as ledger:
        first, _ = staged(ledger, "a", [response(2, "ann", key="1")])
        backend.end_all(ledger, first)
        both = [response(2, "ann", key="1"), response(3, "bob", key="1")]
        job, send = staged(ledger, "b", both)
        assert send == []
        assert [code for _, code in statuses(ledger, job).values()] == [
            "dup_earlier_run",
            "changed_since_sent",
        ]


def test_many_rows_of_one_key_take_one_pass(backend: Backend) -> None:
    """20,000 rows of 100 keys; one by one they would be 4 million comparisons."""
    rows = [response(n, f"u{n}", key=str(n % 100)) for n in range(2, 20_002)]
    with backend.ledger() as ledger:
        begin = time.process_time()
        job, send = staged(ledger, "a", rows, chunk=5_000)
        assert time.process_time() - begin < 10
        assert send == []
        assert ledger.counts(job) == {"invalid": 20_000}
