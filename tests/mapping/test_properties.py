"""What holds for every table: one thing per row, nothing raised, sound bodies, the same bytes again."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from importer import codes
from importer.mapping.text import trimmed
from importer.model import Invalid, Response, Skipped
from tests.mapping.making import CAMPAIGN, COMMENT, SCORE, chunk, compiled

HEADER = ["Id", "Email", "Score", "Comment", "Plan", "At", "Row", "Q1", "Q2"]
TEXT = f"""\
campaign: {CAMPAIGN}
method: {{column: Plan, values: {{web: In-App, "*": skip}}}}
source: {{skip_if: [{{column: Plan, in: Spam}}, {{column: Comment, matches: 'test+$'}}]}}
userId: [Id, {{column: Email, lower: true}}]
anonymousId: {{hash: [Email, Row], prefix: "x:"}}
answers:
  - {{id: {SCORE}, column: Score, type: nps, parse: leading_int, rescale: {{from: [0, 10], to: [0, 10]}}}}
  - {{id: {COMMENT}, column: Comment, type: text, na: [N/A]}}
  - {{id: 9b1d7e50-95a7-11ed-8974-9b5d06700b8d, columns: '^Q', type: choice, values: {{Yes: 1, "*": keep}}}}
  - {{id: a0c4d2e0-95a7-11ed-8974-9b5d06700b8d, column: Row, type: text, parse: [unguard, one_line]}}
rating: {{column: Score, round: half_up, decimal: ",", thousands: "."}}
traits:
  email: {{column: Email, type: email}}
  plan: {{column: Plan, values: {{free: true, "*": keep}}}}
  both: {{template: "{{Id}} {{Plan}}"}}
  score: {{column: Score, type: text}}
  active: {{column: Q1, type: boolean, values: {{}}}}
  respondedAt:
    column: At
    type: date
    format: ["%d/%m/%Y", "%m/%d/%Y", iso, excel_serial, "%Y %B %d"]
    timezone: Europe/Prague
key: [Row, At]
""".replace(", values: {}", "")

PLAIN = st.sampled_from(
    [
        *("", " ", "\u00a0", "0", "7", "10", "11", "7.5", "7,5", "9 - good", "1e99", "-1", "NaN"),
        *("Yes", "no", "N/A", "anonymous", "null", "1.23E+15", "#REF!", "ann@example.com", "web"),
        *(
            "Spam",
            "a test",
            "2021-03-04",
            "2021-03-28 02:30",
            "11/12/2020",
            "31/12/2020",
            "43831.4",
        ),
        *("\0", "\ud800", "=1+1", "'+1", "\U0001f600", "a\nb", "9" * 500, "1e-99", "0001-01-01"),
    ]
)
ANY_TEXT = st.text(st.characters(codec=None), max_size=12)
CELLS = st.one_of(PLAIN, PLAIN, ANY_TEXT)
FITTING = st.tuples(
    st.sampled_from(["007", "a b", "", "anonymous", "\U0001f600"]),
    st.sampled_from(["Ann@example.com", "", "bob@example.com"]),
    st.sampled_from(["0", "10", " 7 ", "9 - good", ""]),
    st.one_of(ANY_TEXT, st.just("N/A")),
    st.sampled_from(["web", "free", "Gold", ""]),
    st.sampled_from(["2021-03-04", "31/12/2020", "43831.4", "2020 May 5", "2020-10-25 02:30"]),
    st.sampled_from(["1", "R2", "'+3", "\u00a0x"]),
    st.sampled_from(["Yes", "no", "on", ""]),
    st.sampled_from(["Yes", "else", ""]),
)
"""Rows that mostly can be sent; then a cell or two of any kind."""


@st.composite
def spoilt(draw: st.DrawFn) -> list[str]:
    """A fitting row with up to two other cells."""
    cells = list(draw(FITTING))
    for place, cell in draw(st.dictionaries(st.integers(0, 8), CELLS, max_size=2)).items():
        cells[place] = cell
    return cells


TABLES = st.lists(spoilt(), max_size=8)
COMPILED = compiled(TEXT, HEADER)


def values(data: Any) -> list[Any]:
    """All scalars of a JSON value."""
    if isinstance(data, dict):
        return [each for below in data.values() for each in values(below)]
    if isinstance(data, list):
        return [each for below in data for each in values(below)]
    return [data]


@settings(max_examples=100, deadline=None)
@given(rows=TABLES)
@example(rows=[])
@example(rows=[[""] * len(HEADER)])
def test_every_row_comes_to_one_thing_and_bodies_are_sound(rows: list[list[str]]) -> None:
    mapped = COMPILED.run(chunk(HEADER, rows))

    assert [each.row for each in mapped] == list(range(2, 2 + len(rows)))
    for row, each in zip(rows, mapped, strict=True):
        if isinstance(each, Response):
            sound(row, each)
        elif isinstance(each, Invalid):
            assert each.problems
            assert all(
                problem.code in codes.of("mapping") and problem.fix for problem in each.problems
            )
        else:
            assert isinstance(each, Skipped)
            assert each.rule


def sound(row: list[str], response: Response) -> None:
    body = orjson.loads(response.body)
    assert body["campaign"] == response.campaign
    assert (response.user_id, response.anonymous_id) == (
        body.get("userId", ""),
        body.get("anonymousId", ""),
    )
    assert bool(response.user_id) != bool(response.anonymous_id)
    assert body["answers"]
    assert all(trimmed(each) for each in values(body) if isinstance(each, str))
    assert None not in values(body)
    for answer in body["answers"]:
        if answer["id"] == SCORE:
            assert isinstance(answer["value"], int)
            assert 0 <= answer["value"] <= 10
        if answer["id"] == COMMENT:
            assert answer["value"] == row[3], "a comment is sent as it stands"
    assert orjson.loads(response.traits) == body.get("traits", {})


@settings(max_examples=25, deadline=None)
@given(rows=TABLES)
def test_the_same_rows_give_the_same_bytes_in_any_chunks(rows: list[list[str]]) -> None:
    fresh = compiled(TEXT, HEADER)
    whole = COMPILED.run(chunk(HEADER, rows))
    alone = [fresh.run(chunk(HEADER, [row]))[0] for row in rows]
    for one, other in zip(whole, alone, strict=True):
        assert type(one) is type(other)
        if isinstance(one, Response) and isinstance(other, Response):
            assert (one.body, one.idempotency_key, one.content, one.traits) == (
                other.body,
                other.idempotency_key,
                other.content,
                other.traits,
            )


@settings(max_examples=25, deadline=None)
@given(rows=TABLES, order=st.permutations(range(len(HEADER))))
def test_the_order_of_the_columns_does_not_matter(rows: list[list[str]], order: list[int]) -> None:
    # Columns that a pattern finds are joined in the order of the file.
    order = [i for i in order if HEADER[i][0] != "Q"] + [7, 8]
    header = [HEADER[i] for i in order]
    shuffled = compiled(TEXT, header).run(chunk(header, [[row[i] for i in order] for row in rows]))
    for one, other in zip(COMPILED.run(chunk(HEADER, rows)), shuffled, strict=True):
        assert type(one) is type(other)
        if isinstance(one, Response) and isinstance(other, Response):
            assert one.body == other.body
