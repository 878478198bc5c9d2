from __future__ import annotations

import pytest

from importer import codes
from importer.mapping.checks import CHECKS, BodySize, Check, check
from importer.model import Invalid, Mapped, Response, Skipped

SOUND = Response(
    row=7,
    user_id="007",
    anonymous_id="",
    campaign="5d2f6c1e9b0a4c0017a3e1b2",
    body=b"{}",
    idempotency_key=b"i",
    content=b"c",
    key="R7",
)
BROKEN = [
    ("one_person", SOUND._replace(user_id="")),
    ("one_person", SOUND._replace(user_id=" ")),
    ("one_person", SOUND._replace(anonymous_id="a1")),
    ("several_addresses", SOUND._replace(user_id="a@example.com;b@example.com")),
    ("too_big", SOUND._replace(body=b"x" * 1_000_001)),
]
FINE = [
    SOUND,
    SOUND._replace(user_id="", anonymous_id="a1"),
    SOUND._replace(user_id="ann@example.com"),
    SOUND._replace(body=b"x" * 1_000_000),
]


def test_a_broken_rule_names_the_wave() -> None:
    (row,) = check([SOUND._replace(user_id="", wave="2022")])
    assert isinstance(row, Invalid)
    assert row.wave == "2022"


@pytest.mark.parametrize(("code", "response"), BROKEN)
def test_a_broken_rule_makes_a_row_invalid(code: str, response: Response) -> None:
    (row,) = check([response])
    assert isinstance(row, Invalid)
    (problem,) = row.problems
    assert (problem.code, problem.row, row.key) == (code, 7, "R7")
    assert problem.message
    assert problem.fix


@pytest.mark.parametrize("response", FINE)
def test_a_sound_response_stays_itself(response: Response) -> None:
    assert check([response]) == [response]


def test_every_rule_that_is_broken_is_told() -> None:
    (row,) = check([SOUND._replace(user_id="a@b@c@", body=b"xxx")], [*CHECKS, BodySize(limit=2)])
    assert isinstance(row, Invalid)
    assert [problem.code for problem in row.problems] == ["several_addresses", "too_big"]


def test_other_rows_pass_and_the_order_stays() -> None:
    rows: list[Mapped] = [Skipped(2, "Status is blank"), SOUND, Invalid(9, ())]
    assert check(rows) == rows


def test_an_objection_holds_nothing_of_the_row() -> None:
    (row,) = check([SOUND._replace(user_id="ann@example.com,bob@example.com")])
    assert isinstance(row, Invalid)
    assert "example" not in row.problems[0].message


def test_each_rule_is_broken_above() -> None:
    assert {each.code for each in CHECKS} == {code for code, _ in BROKEN} == set(codes.of("checks"))


def test_codes_are_told_apart() -> None:
    codes = [each.code for each in CHECKS]
    assert len(codes) == len(set(codes))


MANY = [each for _, each in BROKEN] + FINE


@pytest.mark.parametrize("one", MANY)
@pytest.mark.parametrize("other", MANY)
def test_a_look_at_many_overlooks_none(one: Response, other: Response) -> None:
    for each in CHECKS:
        if each.none([one, other]):
            assert not each.objection(one)
            assert not each.objection(other)


@pytest.mark.parametrize("each", CHECKS)
def test_a_look_at_many_is_enough_for_most(each: Check) -> None:
    assert each.none([SOUND, SOUND._replace(user_id="ann@example.com")])
    assert each.none([])
