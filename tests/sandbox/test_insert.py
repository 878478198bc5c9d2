"""The insert call: each check, in its order, and what is stored."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.sandbox import (
    COMMENT,
    RENEW,
    SATISFACTION,
    SCORE,
    ErrorShape,
    SandboxQuestion,
    SandboxSettings,
    Store,
    SuccessShape,
    Targeting,
)
from importer.sandbox.api import Refusal, checked
from importer.sandbox.store import Insert
from tests.sandbox.conftest import Clock, body, talking

DAY = 86400


async def test_a_response_is_stored_as_it_was_sent() -> None:
    answers = [{"id": SCORE.id, "value": 10}, {"id": COMMENT.id, "value": "Líbí se\nmi 😀"}]
    async with talking() as client:
        got = await client.insert(
            answers=answers, method="Email", traits={"email": "a@example.com"}, rating=10
        )
        [stored] = client.sandbox.stored()
    assert (got.status, got.json) == (200, {"id": stored.id})
    assert (stored.user_id, stored.method, stored.rating) == ("007", "Email", 10)
    assert stored.answers == ((SCORE.id, 10), (COMMENT.id, "Líbí se\nmi 😀"))
    assert stored.traits == {"email": "a@example.com"}


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"null", b"[]", b'{"a": NaN}', b'{"a": "\xff"}', b"1 2"]
)
async def test_what_is_no_json_object_is_refused_first(raw: bytes) -> None:
    async with talking() as client:
        assert (await client.post(raw)).status == 400
        assert client.sandbox.stored() == []


@pytest.mark.parametrize("key", [None, "", "other", 7, ["sandbox-write-key"]])
async def test_an_unknown_key_comes_before_everything_else(key: object) -> None:
    async with talking() as client:
        assert (await client.insert(writeKey=key, campaign="x", answers=1)).status == 401


@pytest.mark.parametrize("campaign", [None, "", "5d2f6c1e9b0a4c0017a3e1b3", 5])
async def test_an_unknown_survey_comes_before_the_types(campaign: object) -> None:
    async with talking() as client:
        assert (await client.insert(campaign=campaign, answers=1)).status == 404


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"userId": None}, "one of userId and anonymousId"),
        ({"anonymousId": "a"}, "one of userId and anonymousId"),
        ({"userId": 7}, "userId: expected a string"),
        ({"userId": ""}, "userId: expected a string"),
        ({"userId": None, "anonymousId": ""}, "anonymousId: expected a string"),
        ({"answers": None}, "answers: expected a list"),
        ({"answers": []}, "answers: expected a list"),
        ({"answers": {SCORE.id: 9}}, "answers: expected a list"),
        ({"answers": [9]}, "answers[0]: expected an object"),
        ({"answers": [{"id": SCORE.id}]}, "answers[0]: expected an object"),
        ({"answers": [{"id": "score", "value": 9}]}, "answers[0].id: unknown question"),
        ({"answers": [{"id": [SCORE.id], "value": 9}]}, "answers[0].id: unknown question"),
        ({"answers": [{"id": SCORE.id, "value": 9}] * 2}, "answers[1].id: answered twice"),
        ({"method": "SMS"}, "method: expected one of"),
        ({"method": ["Email"]}, "method: expected one of"),
        ({"traits": []}, "traits: expected an object"),
        ({"traits": "x"}, "traits: expected an object"),
        ({"forceSurvey": "true"}, "forceSurvey: expected true or false"),
        ({"forceSurvey": 1}, "forceSurvey: expected true or false"),
        ({"rating": 11}, "rating: expected an integer from 0 to 10"),
        ({"rating": "9"}, "rating: expected an integer from 0 to 10"),
    ],
)
async def test_a_wrong_type_is_named(changes: dict[str, object], says: str) -> None:
    async with talking() as client:
        got = await client.insert(**changes)
        assert client.sandbox.stored() == []
    assert got.status == 400
    assert [says in title for title in got.titles] == [True]


@pytest.mark.parametrize(
    ("question", "fits", "wrong"),
    [
        (SCORE, [0, 10], [-1, 11, 9.0, "9", True, None]),
        (SATISFACTION, [1, 5], [0, 6, 3.5]),
        (SandboxQuestion("effort", "Effort?", "ces"), [1, 7], [0, 8]),
        (SandboxQuestion("stars", "Stars?", "scale", (1, 100)), [1, 100], [0, 101]),
        (COMMENT, ["x", "9"], ["", 9, True, ["x"], None]),
        (RENEW, ["Yes"], ["", 1]),
    ],
)
async def test_a_value_fits_its_question(
    question: SandboxQuestion, fits: list[Any], wrong: list[Any]
) -> None:
    settings = SandboxSettings(questions=(question,), duplicate_window=0)
    async with talking(settings) as client:
        statuses = [
            (await client.insert(answers=[{"id": question.id, "value": value}])).status
            for value in [*fits, *wrong]
        ]
    assert statuses == [200] * len(fits) + [400] * len(wrong)


async def test_everything_that_is_wrong_is_said_at_once() -> None:
    async with talking() as client:
        got = await client.insert(userId=7, method="x", rating=True, traits=1)
    assert len(got.titles) == 4


async def test_a_user_who_responded_recently_is_a_duplicate() -> None:
    clock = Clock()
    async with talking(SandboxSettings(duplicate_window=30 * DAY), clock) as client:
        await client.insert()
        clock.now += 30 * DAY - 1
        refused = await client.insert(answers=[{"id": SCORE.id, "value": 1}])
        forced = await client.insert(forceSurvey=True)
        clock.now += 30 * DAY + 1
        later = await client.insert()
        other = await client.insert(userId="008")
        same_name = await client.insert(userId=None, anonymousId="007")
    assert (refused.status, refused.titles) == (400, ["Duplicate response"])
    assert [got.status for got in (forced, later, other, same_name)] == [200] * 4


async def test_the_targeting_answers_with_the_same_words() -> None:
    targeting = Targeting(traits={"plan": ["Gold", "Silver"]}, anonymous=False)
    async with talking(SandboxSettings(targeting=targeting, duplicate_window=0)) as client:
        gold = await client.insert(traits={"plan": "Gold"})
        remembered = await client.insert()
        bronze = await client.insert(traits={"plan": "Bronze"})
        nothing = await client.insert(userId="008")
        forced = await client.insert(userId="008", forceSurvey=True)
        nobody = await client.insert(userId=None, anonymousId="x", traits={"plan": "Gold"})
    assert [got.status for got in (gold, remembered, forced)] == [200] * 3
    assert [got.titles for got in (bronze, nothing, nobody)] == [["Duplicate response"]] * 3


async def test_traits_belong_to_the_user_and_grow() -> None:
    async with talking(SandboxSettings(duplicate_window=0)) as client:
        await client.insert(traits={"plan": "Gold", "name": "A"})
        await client.insert(traits={"plan": "Silver"})
        stored = client.sandbox.stored()
    assert [each.traits for each in stored] == [{"plan": "Silver", "name": "A"}] * 2


@pytest.mark.parametrize(
    ("shape", "reply"),
    [
        (ErrorShape.ERRORS, b'{"errors":[{"title":"Unknown write key"}]}'),
        (ErrorShape.ERROR, b'{"error":"Unknown write key"}'),
        (ErrorShape.MESSAGE, b'{"message":"Unknown write key"}'),
        (ErrorShape.TEXT, b"Unknown write key"),
        (ErrorShape.HTML, b"<!DOCTYPE html><title>Error</title><h1>Unknown write key</h1>"),
    ],
)
async def test_errors_come_in_the_chosen_shape(shape: ErrorShape, reply: bytes) -> None:
    async with talking(SandboxSettings(errors=shape)) as client:
        assert (await client.insert(writeKey="x")).raw == reply


@pytest.mark.parametrize(
    ("shape", "status", "has_id"),
    [
        (SuccessShape.ID, 200, True),
        (SuccessShape.CREATED, 201, True),
        (SuccessShape.EMPTY, 200, False),
        (SuccessShape.NO_CONTENT, 204, False),
        (SuccessShape.LOCATION, 201, False),
    ],
)
async def test_success_comes_in_the_chosen_shape(
    shape: SuccessShape, status: int, has_id: bool
) -> None:
    async with talking(SandboxSettings(success=shape)) as client:
        got = await client.insert()
        [stored] = client.sandbox.stored()
    assert (got.status, got.raw) == (status, orjson.dumps({"id": stored.id}) if has_id else b"")


async def test_a_body_over_one_mebibyte_is_413() -> None:
    async with talking() as client:
        got = await client.insert(traits={"x": "y" * 2**20})
    assert got.status == 413


async def test_an_unknown_path_is_404_in_the_same_shape() -> None:
    async with talking() as client, client.session.get(client.sandbox.url + "/nowhere") as reply:
        assert (reply.status, await reply.json()) == (404, {"errors": [{"title": "Not Found"}]})


async def test_requests_are_remembered_with_their_bytes() -> None:
    async with talking() as client:
        await client.insert()
        await client.insert()
        first, second = client.sandbox.posts()
        [stored] = client.sandbox.stored()
    assert first.body == orjson.dumps(body())
    assert first.complete
    assert (first.person, first.status, first.stored) == ("007", 200, stored.id)
    assert (second.status, second.stored) == (400, "")
    assert first.arrived <= first.answered <= second.arrived


_INTEGERS = st.integers(-(2**63), 2**64 - 1)
"""What a JSON reader gives as an integer; what is longer comes as a float."""
_ODD = st.recursive(
    st.none() | st.booleans() | _INTEGERS | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_ANSWER = st.fixed_dictionaries(
    {"id": st.sampled_from([SCORE.id, COMMENT.id]) | _ODD, "value": _ODD}
)
_FIELDS = st.sampled_from(
    ["userId", "anonymousId", "method", "traits", "forceSurvey", "rating", "answers"]
)


@given(st.dictionaries(_FIELDS, _ODD, max_size=3), st.none() | st.lists(_ANSWER | _ODD, max_size=3))
def test_whatever_comes_is_stored_whole_or_refused_with_a_reason(
    changes: dict[str, object], answers: list[object] | None
) -> None:
    odd: dict[str, Any] = {
        **body(),
        **changes,
        **({"answers": answers} if answers is not None else {}),
    }
    with Store(None) as store:
        verdict = checked(odd, SandboxSettings(), store, 0)
        if isinstance(verdict, Refusal):
            assert verdict.status == 400
            assert all(verdict.titles)
            return
        assert isinstance(verdict, Insert)
        stored = store.add(verdict, 0)
    assert [list(answer) for answer in stored.answers] == [
        [answer["id"], answer["value"]] for answer in odd["answers"]
    ]
    assert stored.traits == odd.get("traits", {})
