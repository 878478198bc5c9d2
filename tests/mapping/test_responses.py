"""Bodies, and what tells rows apart, are the bytes that orjson makes of each row by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.mapping.responses import Responder
from importer.model import Response

VALUES = st.sampled_from(
    [
        *("", "a", '"', "\\", "\n", ',\n  "', '},{"id":"q1","value":', "\u2028", "é", "\U0001f600"),
        *(0, 1, -7, 1.0, 0.5, 1e300, True, False, 2**53, [], ["a"], ["a", "b"], {"a": [1]}),
    ]
)
BLANK = st.none()
TEXTS = st.sampled_from(["007", "ann@example.com", "ü", "", '"'])


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """What was read of each row; of some columns the same in all."""
    count = draw(st.integers(0, 6))

    def column(each: st.SearchStrategy[Any]) -> list[Any]:
        same = draw(st.booleans())
        return [draw(each)] * count if same else [draw(each) for _ in range(count)]

    columns = {
        "campaign": column(st.sampled_from(["c1", "c2"])),
        "method": column(BLANK | st.just("Email")),
        "user": column(TEXTS),
        "rating": column(BLANK | st.integers(0, 10)),
        "order": column(BLANK | st.just("2024-01-01T00:00:00.000Z")),
        **{f"a{n}": column(BLANK | VALUES) for n in range(3)},
        **{f"t{n}": column(BLANK | VALUES) for n in range(2)},
        **{f"k{n}": column(BLANK | st.just("R1") | st.just(7)) for n in range(2)},
    }
    return [{name: each[row] for name, each in columns.items()} for row in range(count)]


IDS = ["q2", "q1", "q3"]
TRAITS = ["plan", 'odd "name"']


def by_itself(
    row: int, each: dict[str, Any], answers: int, traits: int, keys: int, wave: str, force: bool
) -> Response:
    user, nameless = (each["user"], "") if each["user"] else ("", "anon")
    asked = [
        None if each[f"a{n}"] is None else {"id": IDS[n], "value": each[f"a{n}"]}
        for n in range(answers)
    ]
    known = {TRAITS[n]: each[f"t{n}"] for n in range(traits) if each[f"t{n}"] is not None}
    body: dict[str, Any] = {"campaign": each["campaign"]}
    body |= {"method": each["method"]} if each["method"] is not None else {}
    body["userId" if user else "anonymousId"] = user or nameless
    body |= {"traits": known} if known else {}
    body["answers"] = [one for one in asked if one is not None]
    body |= {"rating": each["rating"]} if each["rating"] is not None else {}
    body |= {"forceSurvey": True} if force else {}
    sorted_ = sorted(body["answers"], key=lambda one: str(one["id"]))
    date, waves = each["order"] or "", [wave] if wave else []
    content = orjson.dumps([user, nameless, sorted_, each["rating"], date, *waves])
    key = [each[f"k{n}"] for n in range(keys)]
    itself = orjson.dumps({"key": key} | ({"wave": wave} if wave else {})) if keys else content
    shown = " / ".join(str(one) for one in key if one is not None)
    fields = (row, user, nameless, each["campaign"], orjson.dumps(body), itself, content)
    return Response(*fields, orjson.dumps(known), shown, date, tuple(asked), wave)


@given(
    table=rows(),
    answers=st.integers(1, 3),
    traits=st.integers(0, 2),
    keys=st.integers(0, 2),
    wave=st.sampled_from(["", "2024", '"']),
    force=st.booleans(),
)
def test_what_is_written_by_column_is_what_each_row_is_alone(
    table: list[dict[str, Any]], answers: int, traits: int, keys: int, wave: str, force: bool
) -> None:
    alone = [
        by_itself(row, each, answers, traits, keys, wave, force)
        for row, each in enumerate(table, 2)
    ]

    def column(name: str) -> list[Any]:
        return [each[name] for each in table]

    given_ = list(zip(*[each.answers for each in alone], strict=True)) or [()] * answers
    found = Responder(TRAITS[:traits], IDS[:answers], wave, force=force).responses(
        range(2, 2 + len(table)),
        [each.user_id for each in alone],
        [each.anonymous_id for each in alone],
        column("campaign"),
        column("method"),
        given_,
        column("rating"),
        [column(f"t{n}") for n in range(traits)],
        column("order"),
        [column(f"k{n}") for n in range(keys)],
    )
    assert found == alone
    assert all(type(each) is Response and type(each.body) is bytes for each in found)
    if not keys:
        assert all(each.content is each.idempotency_key for each in found)


@pytest.mark.parametrize("results", [[True, 1, 1.0, True], [1, True, 1], [0, False, -0.0]])
def test_equal_results_of_other_types_stay_apart(results: Sequence[object]) -> None:
    count = len(results)
    answers = [[{"id": "q1", "value": each} for each in results]]
    found = Responder(["plan"], ["q1"], "", force=False).responses(
        *(range(count), ["u"] * count, [""] * count, ["c"] * count, [None] * count),
        *(answers, [None] * count, [results], [None] * count, []),
    )
    assert [each.traits for each in found] == [orjson.dumps({"plan": each}) for each in results]
