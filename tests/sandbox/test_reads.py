"""The read calls: v3 with its paging and its 30 days, the statistics, the older export."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

import aiohttp
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.sandbox import (
    API_KEY,
    CAMPAIGN,
    COMMENT,
    PROJECT,
    QUESTIONS,
    RENEW,
    SATISFACTION,
    SCORE,
    SandboxSettings,
)
from importer.sandbox.store import Stored, of
from tests.sandbox.conftest import Client, Clock, talking

DAY = 86400
RESPONSES = ["/responses", f"/campaigns/{CAMPAIGN}/responses"]
OLD = "2000-01-01T00:00:00Z"


async def fill(client: Client, count: int) -> None:
    for number in range(count):
        got = await client.insert(
            userId=f"user-{number}",
            answers=[
                {"id": SCORE.id, "value": number % 11},
                {"id": COMMENT.id, "value": f"comment {number}"},
                {"id": RENEW.id, "value": "Yes" if number % 3 else "No"},
            ],
            traits={"name": f"Name {number}", "email": f"user-{number}@example.com"},
        )
        assert got.status == 200


def users(page: dict[str, Any]) -> list[str]:
    return [response["user"]["userId"] for response in page["data"]]


@pytest.mark.parametrize("path", ["", "/campaigns", f"/campaigns/{CAMPAIGN}", *RESPONSES])
async def test_the_api_key_is_needed(path: str) -> None:
    async with talking() as client:
        got = await client.get(path, key="sandbox-write-key")
    assert (got.status, got.titles) == (401, ["Unknown API key"])


async def test_the_project_and_its_surveys() -> None:
    survey = {"id": CAMPAIGN, "name": "Sandbox survey", "type": "nps", "state": "running"}
    async with talking() as client:
        assert (await client.get("")).json["data"] == {
            "id": PROJECT, "name": "Sandbox", "defaultLanguage": "en"
        }  # fmt: skip
        assert (await client.get("/campaigns")).json == {"data": [survey]}
        assert (await client.get(f"/campaigns/{CAMPAIGN}")).json == {"data": survey}


async def test_an_unknown_survey_or_project_is_404() -> None:
    async with talking() as client:
        survey = await client.get("/campaigns/5d2f6c1e9b0a4c0017a3e1b3/statistics")
        headers = {"Authorization": f"Bearer {API_KEY}"}
        url = f"{client.sandbox.url}/api/v3/projects/other/responses"
        async with client.session.get(url, headers=headers) as project:
            assert project.status == 404
    assert (survey.status, survey.titles) == (404, ["Unknown survey"])


@pytest.mark.parametrize("path", RESPONSES)
async def test_a_response_reads_back_as_it_was_sent(path: str) -> None:
    async with talking() as client:
        await fill(client, 1)
        got = await client.get(path)
        [stored] = client.sandbox.stored()
    assert got.json == {
        "data": [
            {
                "id": stored.id,
                "created": "2026-09-21T14:13:20.000Z",
                "method": "In-App",
                "campaign": {"id": CAMPAIGN},
                "answers": [
                    {"id": SCORE.id, "label": SCORE.label, "value": 0},
                    {"id": COMMENT.id, "label": COMMENT.label, "value": "comment 0"},
                    {"id": RENEW.id, "label": RENEW.label, "value": "No"},
                ],
                "user": {
                    "id": stored.user,
                    "userId": "user-0",
                    "anonymousId": None,
                    "name": "Name 0",
                    "email": "user-0@example.com",
                    "traits": {"name": "Name 0", "email": "user-0@example.com"},
                },
            }
        ],
        "page": {"hasNextPage": False, "nextPageCursor": None},
    }


@pytest.mark.parametrize("size", [1, 7, 100])
async def test_pages_give_each_response_once_newest_first(size: int) -> None:
    async with talking() as client:
        await fill(client, 45)
        seen: list[str] = []
        params = {"pageSize": str(size)}
        while True:
            page: dict[str, Any] = (await client.get(RESPONSES[0], **params)).json
            seen += users(page)
            assert len(page["data"]) <= size
            if not page["page"]["hasNextPage"]:
                break
            params["pageCursor"] = page["page"]["nextPageCursor"]
    assert seen == [f"user-{number}" for number in reversed(range(45))]


async def test_a_page_has_20_by_default_and_stays_put_while_responses_arrive() -> None:
    async with talking() as client:
        await fill(client, 25)
        first: dict[str, Any] = (await client.get(RESPONSES[1])).json
        await client.insert(userId="late")
        second: dict[str, Any] = (
            await client.get(RESPONSES[1], pageCursor=first["page"]["nextPageCursor"])
        ).json
    assert (len(first["data"]), users(second)) == (20, [f"user-{n}" for n in reversed(range(5))])


@pytest.mark.parametrize(
    "params",
    [
        {"pageSize": "0"},
        {"pageSize": "101"},
        {"pageSize": "ten"},
        {"pageCursor": "!"},
        {"startDate": "yesterday"},
        {"endDate": "31.12.2026"},
    ],
)
async def test_a_wrong_parameter_is_400(params: dict[str, str]) -> None:
    async with talking() as client:
        assert (await client.get(RESPONSES[0], **params)).status == 400


async def test_without_a_start_the_list_covers_30_days_only() -> None:
    clock = Clock()
    async with talking(SandboxSettings(duplicate_window=0), clock) as client:
        for user in ("old", "edge", "new"):
            await client.insert(userId=user)
            clock.now += 15 * DAY
        clock.now -= 15 * DAY
        unasked: dict[str, Any] = (await client.get(RESPONSES[0])).json
        clock.now += 1
        later: dict[str, Any] = (await client.get(RESPONSES[0])).json
        asked: dict[str, Any] = (await client.get(RESPONSES[0], startDate=OLD)).json
    assert users(unasked) == ["new", "edge", "old"]
    assert users(later) == ["new", "edge"]
    assert users(asked) == ["new", "edge", "old"]


async def test_the_period_may_be_named_in_any_zone() -> None:
    clock = Clock()  # 2026-09-21T14:13:20Z
    async with talking(SandboxSettings(duplicate_window=0), clock) as client:
        for user in ("first", "second"):
            await client.insert(userId=user)
            clock.now += 3600

        async def between(start: str, end: str) -> list[str]:
            return users((await client.get(RESPONSES[0], startDate=start, endDate=end)).json)

        assert await between(OLD, "2026-09-21T14:30:00Z") == ["first"]
        assert await between("2026-09-21T16:30:00+02:00", "2026-09-22") == ["second"]
        assert await between("2026-09-22", "2026-09-23") == []


async def test_statistics_agree_with_the_responses() -> None:
    async with talking() as client:
        await fill(client, 30)
        got: dict[str, Any] = (await client.get(f"/campaigns/{CAMPAIGN}/statistics")).json["data"]  # type: ignore[assignment]  # any JSON
        empty: dict[str, Any] = (
            await client.get(f"/campaigns/{CAMPAIGN}/statistics", endDate=OLD)
        ).json["data"]  # type: ignore[assignment]  # any JSON
    scores = [number % 11 for number in range(30)]
    by_id = {question["id"]: question for question in got["questions"]}
    assert got["statistics"] == {"responses": 30}
    assert [(q["id"], q["label"], q["type"]) for q in got["questions"]] == [
        (q.id, q.label, q.type) for q in QUESTIONS
    ]
    score = by_id[SCORE.id]["statistics"]
    assert {v["value"]: v["answers"] for v in score["values"]} == Counter(scores)
    promoters, detractors = sum(s > 8 for s in scores), sum(s < 7 for s in scores)
    assert score["metric"] == {
        "type": "nps",
        "value": round(100 * (promoters - detractors) / 30, 1),
    }
    assert by_id[RENEW.id]["statistics"]["values"] == [
        {"value": "No", "answers": 10},
        {"value": "Yes", "answers": 20},
    ]
    assert by_id[COMMENT.id]["statistics"] == {"answers": 30, "metric": None, "values": []}
    assert by_id[SATISFACTION.id]["statistics"]["metric"] == {"type": "csat", "value": None}
    assert empty["statistics"] == {"responses": 0}


@given(
    st.lists(st.tuples(st.integers(0, 10), st.integers(1, 5), st.sampled_from(["", "Yes", "No"])))
)
def test_statistics_add_up(rows: list[tuple[int, int, str]]) -> None:
    responses = [
        Stored(
            number=number, campaign=CAMPAIGN, user_id="u", anonymous_id="", created=0,
            method="Email", rating=None, user="", traits={},
            answers=((SCORE.id, score), (SATISFACTION.id, stars))
            + (((RENEW.id, renew),) if renew else ()),
        )
        for number, (score, stars, renew) in enumerate(rows)
    ]  # fmt: skip
    figures: Any = of(QUESTIONS, responses)
    assert figures["statistics"]["responses"] == len(rows)
    for question in figures["questions"]:
        counted = question["statistics"]
        if question["type"] != "text":
            assert sum(value["answers"] for value in counted["values"]) == counted["answers"]
    nps = figures["questions"][0]["statistics"]["metric"]["value"]
    assert nps is None if not rows else -100 <= nps <= 100


async def test_the_older_export_in_json_and_csv() -> None:
    async with talking() as client:
        await fill(client, 12)
        url = client.sandbox.url + "/api/responses"
        auth = {"Authorization": aiohttp.encode_basic_auth(API_KEY, "")}
        params = {"project": PROJECT, "startDate": OLD}
        async with client.session.get(
            url, params={**params, "format": "json"}, headers=auth
        ) as reply:
            records = orjson.loads(await reply.read())["responses"]
        async with client.session.get(
            url, params={**params, "format": "csv"}, headers=auth
        ) as reply:
            rows = list(csv.DictReader(io.StringIO(await reply.text())))
    newest = records[0]
    assert (newest["rating"], newest["score"], newest["category"]) == (0, 0, "detractor")
    assert (newest["feedback"], newest["user"]["email"]) == ("comment 11", "user-11@example.com")
    assert [row["user.userId"] for row in rows] == [r["user"]["userId"] for r in records]
    assert [row["category"] for row in rows[1:4]] == ["promoter", "promoter", "passive"]


@pytest.mark.parametrize("header", [None, "Basic !", "Bearer sandbox-api-key"])
async def test_the_older_export_wants_basic_auth(header: str | None) -> None:
    async with talking() as client:
        headers = {"Authorization": header} if header else {}
        url = f"{client.sandbox.url}/api/responses?project={PROJECT}"
        async with client.session.get(url, headers=headers) as reply:
            assert reply.status == 401
