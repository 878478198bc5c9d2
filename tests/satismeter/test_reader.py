"""The read client against the sandbox, and against servers that misbehave."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from importer.sandbox import API_KEY, CAMPAIGN, COMMENT, PROJECT, SCORE, WRITE_KEY, Sandbox
from importer.satismeter.read import PAGE, Reader, ReadError, Survey, SurveyQuestion
from importer.settings import Secret

LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def reader(origin: str, key: str = API_KEY, project: str = PROJECT) -> Reader:
    return Reader(origin, Secret(key), project, timeout=2.0, pause=0.0)


async def fill(sandbox: Sandbox, people: int) -> None:
    async with aiohttp.ClientSession() as session:
        for number in range(people):
            answers = [{"id": SCORE.id, "value": number % 11}, {"id": COMMENT.id, "value": "ok"}]
            body = {"writeKey": WRITE_KEY, "campaign": CAMPAIGN, "userId": f"u{number}"}
            url = f"{sandbox.url}/api/responses"
            async with session.post(url, json=body | {"answers": answers}) as reply:
                assert reply.status == 200


async def test_surveys_and_questions() -> None:
    async with Sandbox() as sandbox, reader(sandbox.url) as one:
        await fill(sandbox, 3)
        assert await one.surveys() == [Survey(CAMPAIGN, "Sandbox survey", "nps", "running")]
        questions = await one.questions(CAMPAIGN)

    assert (questions[0].id, questions[0].type) == (SCORE.id, "nps")
    assert isinstance(questions[0], SurveyQuestion)


async def test_every_page_of_responses_is_read() -> None:
    async with Sandbox() as sandbox, reader(sandbox.url) as one:
        await fill(sandbox, 230)
        found = [each async for each in one.responses(CAMPAIGN, LONG_AGO)]

    assert len(found) == 230
    assert {each.user_id for each in found} == {f"u{number}" for number in range(230)}
    assert {dict(each.answers)[COMMENT.id] for each in found} == {"ok"}
    assert all(isinstance(dict(each.answers)[SCORE.id], int) for each in found)


async def test_responses_older_than_thirty_days_are_read_too() -> None:
    async with Sandbox(clock=lambda: 1_600_000_000.0) as sandbox:
        await fill(sandbox, 2)
        async with reader(sandbox.url) as one:
            assert len([each async for each in one.responses(CAMPAIGN, LONG_AGO)]) == 2
            later = datetime(2021, 1, 1, tzinfo=UTC)
            assert [each async for each in one.responses(CAMPAIGN, later)] == []


@pytest.mark.parametrize(
    ("key", "project", "said"),
    [("wrong", PROJECT, "API key"), (API_KEY, "nowhere", "no such project")],
)
async def test_refusals_say_what_to_look_at(key: str, project: str, said: str) -> None:
    async with Sandbox() as sandbox, reader(sandbox.url, key, project) as one:
        with pytest.raises(ReadError, match=said):
            await one.surveys()


async def asked(handler: Handler) -> tuple[int, str]:
    """How often a server was asked, and what was said of it."""
    calls = 0

    async def counted(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        return await handler(request)

    app = web.Application()
    app.router.add_get("/{path:.*}", counted)
    async with TestServer(app) as server, reader(str(server.make_url("")).rstrip("/")) as one:
        with pytest.raises(ReadError) as raised:
            await anext(one.responses(CAMPAIGN, LONG_AGO))
    return calls, raised.value.message


async def test_a_server_that_fails_is_asked_again_and_then_told_of() -> None:
    async def fails(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    calls, said = await asked(fails)

    assert (calls, said) == (4, "The survey can't be read: the server answered 503.")


async def test_no_redirect_is_followed() -> None:
    async def away(_: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"})

    assert await asked(away) == (1, "The API answered 302.")


async def test_a_page_that_is_no_json() -> None:
    async def page(_: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>Log in</html>", content_type="text/html")

    assert await asked(page) == (1, "The API answered with something that is not JSON.")


async def test_an_endless_answer_is_cut() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        reply = web.StreamResponse()
        await reply.prepare(request)
        for _ in range(20):
            await reply.write(b" " * 1024 * 1024)
        return reply

    assert await asked(endless) == (1, "The API's answer is far too large.")


async def test_pages_that_lead_in_a_circle_end() -> None:
    async def circle(_: web.Request) -> web.StreamResponse:
        page = {"hasNextPage": True, "nextPageCursor": "again"}
        return web.json_response({"data": [], "page": page})

    _, said = await asked(circle)

    assert said == "The API's pages lead in a circle."


@pytest.mark.parametrize(
    "page", [{"hasNextPage": True}, {"hasNextPage": True, "nextPageCursor": None}, None]
)
async def test_a_list_that_may_go_on_and_does_not_say_how(page: object) -> None:
    """What stands on the rest would seem not to be stored."""

    async def cut(_: web.Request) -> web.StreamResponse:
        data = [] if page else [{"id": str(number)} for number in range(PAGE)]
        return web.json_response({"data": data, "page": page})

    app = web.Application()
    app.router.add_get("/{path:.*}", cut)
    async with TestServer(app) as server, reader(str(server.make_url("")).rstrip("/")) as one:
        with pytest.raises(ReadError, match="how its list of responses goes on"):
            _ = [each async for each in one.responses(CAMPAIGN, LONG_AGO)]


async def test_a_response_on_two_pages_is_one() -> None:
    """The second page begins with what a new response has pushed off the first."""
    pages = [[{"id": "3"}, {"id": "2"}], [{"id": "2"}, {"id": "1"}, {}, {}]]

    async def shifted(request: web.Request) -> web.StreamResponse:
        second = "pageCursor" in request.query
        page = {"hasNextPage": not second, "nextPageCursor": "2"}
        return web.json_response({"data": pages[second], "page": page})

    app = web.Application()
    app.router.add_get("/{path:.*}", shifted)
    async with TestServer(app) as server, reader(str(server.make_url("")).rstrip("/")) as one:
        found = [each.id async for each in one.responses(CAMPAIGN, LONG_AGO)]
    assert found == ["3", "2", "1", "", ""]
