"""Users are read in a stream, by whatever pieces it comes; what isn't the project's list is told as such."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from importer.sandbox import API_KEY, PROJECT, Sandbox, SandboxSettings
from importer.satismeter.read import ReadError
from importer.satismeter.users import Members, User, Users
from importer.settings import Secret

Handler = Callable[[web.Request], "web.StreamResponse | object"]


def users(origin: str, *, key: str = API_KEY, project: str = PROJECT, **more: int) -> Users:
    return Users(origin, Secret(key), project, pause=0.001, **more)  # type: ignore[arg-type]


async def listed(reader: Users) -> list[User]:
    return [each async for some in reader.listed() for each in some]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server that answers every request by `handler`: a reply, text or a JSON value."""

    async def answer(request: web.Request) -> web.StreamResponse:
        found = handler(request)
        if isinstance(found, web.StreamResponse):
            return found
        text = found if isinstance(found, str) else json.dumps(found)
        return web.Response(text=text, content_type="application/json")

    app = web.Application()
    app.add_routes([web.route("*", "/api/users", answer)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def pieces(content: bytes, cuts: Sequence[int]) -> AsyncIterator[bytes]:
    ends = sorted({min(cut, len(content)) for cut in cuts} | {len(content)})
    start = 0
    for end in ends:
        yield content[start:end]
        start = end


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(), values), st.lists(st.integers(0, 400)), st.sampled_from([None, 1])
)
async def test_members_are_the_same_however_the_bytes_are_cut(
    document: dict[str, object], cuts: list[int], indent: int | None
) -> None:
    content = json.dumps(document, ensure_ascii=False, indent=indent).encode("utf-8", "replace")
    whole = json.loads(content)
    found: dict[str, object] = {}
    async for name, each in Members(pieces(content, cuts)).read():
        if isinstance(whole[name], list):
            held = found.setdefault(name, [])
            assert isinstance(held, list)
            held.append(each)
        else:
            found[name] = each
    expected = {
        name: [[], *each] if isinstance(each, list) else each for name, each in whole.items()
    }
    assert found == expected


@pytest.mark.parametrize(
    "content", ["", "x", "[]", "{", '{"users":[{}', '{"users":[{} {}]}', '{"a":1', '{"a":tru}']
)
async def test_what_is_no_whole_object_is_refused(content: str) -> None:
    with pytest.raises(ReadError):
        async for _ in Members(pieces(content.encode(), [3])).read():
            pass


async def test_the_list_is_one_request() -> None:
    async with Sandbox() as sandbox:
        sandbox.put_users((f"u{n}", {"n": n}) for n in range(1_200))
        async with users(sandbox.url) as reader:
            found = await listed(reader)
    assert [(each.user_id, each.traits) for each in found] == [
        (f"u{n}", {"n": n}) for n in range(1_200)
    ]
    assert reader.requests == 1
    assert not reader.pages


async def test_pages_are_followed() -> None:
    async with Sandbox(SandboxSettings(users_page=100)) as sandbox:
        sandbox.put_users((f"u{n}", {"n": n}) for n in range(250))
        async with users(sandbox.url) as reader:
            found = await listed(reader)
    assert [each.user_id for each in found] == [f"u{n}" for n in range(250)]
    assert reader.requests == 3
    assert reader.pages


async def test_one_user_and_none() -> None:
    async with Sandbox() as sandbox:
        sandbox.put_users([("ü 1&x=2", {"plan": "Gold"})], unsubscribed=True)
        async with users(sandbox.url) as reader:
            found = await reader.one("ü 1&x=2")
            assert found is not None
            assert (found.traits, found.unsubscribed) == ({"plan": "Gold"}, True)
            assert await reader.one("nobody") is None


async def test_an_update_sets_these_traits_and_no_others() -> None:
    async with Sandbox() as sandbox:
        sandbox.put_users([("u1", {"plan": "Free", "n": 1, "deep": {"a": [1, None]}})])
        async with users(sandbox.url) as reader:
            await reader.update("u1", {"plan": "Gold", "deep": {"a": [2]}})
        (user,) = sandbox.users()
    assert user.traits == {"plan": "Gold", "n": 1, "deep": {"a": [2]}}


def test_a_user_is_read_tolerantly() -> None:
    """Traits may be missing, nested or null; e-mail and name stand beside them."""
    assert User.parse({"userId": "u", "email": "a@x.org"}).traits == {"email": "a@x.org"}
    assert User.parse({"userId": 7, "traits": None}).user_id == "7"
    found = User.parse(
        {"userId": "u", "name": "Ann", "traits": {"name": "Bo", "x": None, "y": {"z": [1]}}}
    )
    assert found.traits == {"name": "Bo", "y": {"z": [1]}}
    assert User.parse({"traits": ["odd"], "userId": None}) == User("", {}, unsubscribed=False)


def refusing(status: int) -> Handler:
    return lambda _: web.json_response({"errors": [{"title": "secret-of-somebody"}]}, status=status)


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (refusing(401), "refused the API key (401)"),
        (refusing(403), "refused the API key (403)"),
        (refusing(404), "no such project"),
        (refusing(500), "the server answered 500"),
        (lambda _: "<html>Log in</html>", "is not JSON"),
        (lambda _: {}, "other than users"),
        (lambda _: {"errors": [{"title": "no"}]}, "other than users"),
        (lambda _: {"users": None}, "other than users"),
        (lambda _: '{"users":[{"userId":"a"},', "broke off"),
        (lambda _: {"users": [{"userId": "a", "project": "other"}]}, "another project"),
        (lambda _: {"users": [], "page": {"hasNextPage": True}}, "how its list of users goes on"),
        (
            lambda _: {
                "users": [{"userId": "a"}],
                "page": {"hasNextPage": True, "nextPageCursor": "x"},
            },
            "in a circle",
        ),
    ],
)
async def test_what_is_not_the_projects_list(handler: Handler, said: str) -> None:
    async with serving(handler) as origin, users(origin, key="the-very-key") as reader:
        with pytest.raises(ReadError) as error:
            await listed(reader)
    assert said in error.value.message
    assert "--no-users" in error.value.hint
    assert "the-very-key" not in str(error.value)
    assert "secret-of-somebody" not in str(error.value)


async def test_a_list_that_never_ends_is_left() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        reply = web.StreamResponse()
        await reply.prepare(request)
        await reply.write(b'{"users":[{"userId":"0"}')
        number = 0
        while True:
            number += 1
            await reply.write(b"".join(b',{"userId":"%d"}' % n for n in range(1_000)))

    app = web.Application()
    app.add_routes([web.get("/api/users", endless)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with users(origin, largest=1 << 20) as reader:
            with pytest.raises(ReadError, match="no end"):
                await listed(reader)
    finally:
        await runner.cleanup()


async def test_a_server_that_is_busy_is_asked_again() -> None:
    replies = iter([503, 429, 200])

    def answer(_: web.Request) -> object:
        status = next(replies)
        if status != 200:
            return web.Response(status=status, headers={"Retry-After": "0"})
        return {"users": [{"userId": "u1", "traits": {}}]}

    async with serving(answer) as origin, users(origin) as reader:
        assert [each.user_id for each in await listed(reader)] == ["u1"]
    assert reader.requests == 3


async def test_the_pace_is_asked_before_each_request() -> None:
    asked = 0

    async def pace() -> None:
        nonlocal asked
        asked += 1

    async with Sandbox(SandboxSettings(users_page=1)) as sandbox:
        sandbox.put_users([("a", {}), ("b", {})])
        async with Users(sandbox.url, Secret(API_KEY), PROJECT, pace=pace) as reader:
            await listed(reader)
            await reader.one("a")
            await reader.update("a", {"x": 1})
    assert asked == reader.requests == 4
