"""What is counted while staging equals what a naive count of the same rows finds."""

import pickle
from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from importer.model import Chunk, Invalid, Mapped, Problem, Response, Skipped
from importer.results.scores import RatingQuestion, RowNumbers, Scores, Tally, signed

NPS = RatingQuestion("q1", "Score", "nps", 0, 10, 0)
WIDE = RatingQuestion("q2", "Points", "scale", -1000, 100_000, 1)


def response(row: int, score: int | None, points: int | None, date: str = "") -> Response:
    answers = tuple(
        None if value is None else {"id": id_, "value": value}
        for id_, value in (("q1", score), ("q2", points))
    )
    return Response(row, f"u{row}", "", "c", b"{}", b"i", b"c", order=date, answers=answers)


def chunk(rows: int) -> Chunk:
    return Chunk([("x",) * rows, ("",) * rows], list(range(rows)))


scores = st.one_of(st.none(), st.integers(0, 10))
points = st.one_of(st.none(), st.integers(-1000, 100_000))
dates = st.one_of(
    st.just(""),
    st.datetimes().map(lambda at: at.isoformat(timespec="milliseconds") + "Z"),
    st.integers(0, 10**12).map(lambda number: f"{number:0>20}."),
)


@given(st.lists(st.tuples(scores, points, dates, st.booleans(), st.booleans()), max_size=40))
def test_scores_and_months_are_those_of_the_chosen_rows(
    rows: list[tuple[int | None, int | None, str, bool, bool]],
) -> None:
    tally = Tally((NPS, WIDE), 2)
    mapped: list[Mapped] = [
        response(n, score, wide, date) if sendable else Skipped(n, "rule")
        for n, (score, wide, date, sendable, _) in enumerate(rows)
    ]
    for start in range(0, len(mapped), 7):
        tally.add(mapped[start : start + 7], chunk(len(mapped[start : start + 7])))
    chosen = [n for n, (*_, sendable, ready) in enumerate(rows) if sendable and ready]

    nps, wide = tally.scores(range(n, n + 1) for n in chosen)
    months = tally.months(range(n, n + 1) for n in chosen)

    assert nps.counts == Counter(rows[n][0] for n in chosen if rows[n][0] is not None)
    assert wide.counts == Counter(rows[n][1] for n in chosen if rows[n][1] is not None)
    dated = Counter(rows[n][2][:7] for n in chosen if rows[n][2][4:5] == "-")
    assert {month: n for month, n in months.items() if n} == dated
    assert tally.filled == [len(rows), 0]


def test_months_of_many_years_and_of_another_process_are_counted() -> None:
    """More than a byte numbers, each in the order in which its process met it."""
    dates = [f"{year:04}-{month:02}-03T10:00:00" for year in range(1990, 2030) for month in (7, 2)]
    dates = [*dates, *(date.replace("-07-", "-11-").replace("-02-", "-05-") for date in dates), ""]
    dates = [*dates, *(date.replace("-11-", "-01-").replace("-05-", "-12-") for date in dates)]
    here, there = Tally((NPS,), 2), Tally((NPS,), 2)
    for tally, some in ((here, dates), (there, dates[::-1])):
        tally.add([response(n, 9, None, date) for n, date in enumerate(some)], chunk(len(some)))
    here.join(pickle.loads(pickle.dumps(there)))

    found = here.months([range(2 * len(dates))])

    assert {month: n for month, n in found.items() if n} == Counter(
        date[:7] for date in dates * 2 if date
    )


@given(st.dictionaries(st.integers(0, 10), st.integers(1, 1000)))
def test_the_nps_is_promoters_less_detractors(counts: dict[int, int]) -> None:
    given_ = [score for score, number in counts.items() for _ in range(number)]
    found = Scores(NPS, counts)

    if not given_:
        assert found.nps is None
        return
    promoters = sum(score >= 9 for score in given_)
    detractors = sum(score <= 6 for score in given_)
    assert found.nps == 100 * (promoters - detractors) / len(given_)
    assert found.detractors + found.passives + found.promoters == found.answers


def test_only_nps_questions_have_an_nps() -> None:
    found = Scores(WIDE, {10: 3})

    assert found.nps is None
    assert found.average == 10
    assert "nps" not in found.document()


def test_an_nps_is_written_with_its_sign() -> None:
    assert [signed(each) for each in (34.4, 0.2, -0.4, -7.5, 100)] == [
        "+34",
        "0",
        "0",
        "−8",
        "+100",
    ]


def test_problems_keep_their_first_examples() -> None:
    tally = Tally((), 2)
    wrong = [
        Problem("unmapped_value", "m", n, "Plan", "Trial" if n % 2 else "Old") for n in range(9)
    ]

    tally.add([Invalid(each.row, (each,)) for each in wrong], chunk(9))

    assert [each.row for each in tally.examples["unmapped_value", "Plan"]] == [0, 1, 2]


@given(st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=6), max_size=6), st.integers(0, 6))
def test_rows_have_the_numbers_that_they_had(steps: list[list[int]], joined: int) -> None:
    """Whether they were counted here or in another process, of any stretch of them."""
    number, chunks = 1, list[list[int]]()
    for some in steps:
        chunks.append([number := number + step for step in some])
    here, there = RowNumbers(), RowNumbers()
    for at, rows in enumerate(chunks):
        (here if at < joined else there).add(rows)
    here.join(there)

    every = [row for rows in chunks for row in rows]
    for first in range(len(every)):
        for end in range(first + 1, len(every) + 1):
            found = [*here.of(range(first, end))]
            assert [row for some in found for row in some] == every[first:end]
            assert all(a.stop < b.start for a, b in pairwise(found))
