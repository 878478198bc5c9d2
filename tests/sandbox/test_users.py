"""The sandbox's users: read in one list or by person, merged by inserts, changed by hand."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from importer.sandbox import API_KEY, PROJECT, Sandbox, SandboxSettings, SuccessShape
from importer.sandbox.store import Store
from tests.sandbox.conftest import talking

KEY = {"Authorization": f"Bearer {API_KEY}"}


async def listed(sandbox: Sandbox, **query: str) -> dict[str, Any]:
    async with aiohttp.ClientSession(headers=KEY) as session:
        asked = {"project": PROJECT, **query}
        async with session.get(f"{sandbox.url}/api/users", params=asked) as got:
            return {"status": got.status, **await got.json()}


async def test_an_insert_merges_its_traits_over_those_of_its_user() -> None:
    async with talking() as client:
        client.sandbox.put_users([("u1", {"plan": "Gold", "seats": 3})])
        await client.insert(userId="u1", traits={"plan": "Free", "name": "Ann"})
        found = await listed(client.sandbox, userId="u1")
    (user,) = found["users"]
    assert user["traits"] == {"plan": "Free", "seats": 3, "name": "Ann"}
    assert (user["userId"], user["name"], user["project"]) == ("u1", "Ann", PROJECT)
    assert user["unsubscribed"] is False


async def test_who_is_not_there_is_an_empty_list() -> None:
    async with Sandbox() as sandbox:
        assert (await listed(sandbox, userId="nobody"))["users"] == []
        assert (await listed(sandbox))["users"] == []


async def test_a_post_updates_one_user() -> None:
    async with Sandbox() as sandbox, aiohttp.ClientSession(headers=KEY) as session:
        sandbox.put_users([("u1", {"plan": "Free", "name": "Ann"})], unsubscribed=True)
        body = {"project": PROJECT, "userId": "u1", "traits": {"plan": "Gold"}}
        async with session.post(f"{sandbox.url}/api/users", json=body) as got:
            assert got.status == 200
        (user,) = sandbox.users()
        assert user.traits == {"plan": "Gold", "name": "Ann"}
        assert user.unsubscribed
        assert sandbox.posts() == []  # those of the insert call


@pytest.mark.parametrize(
    ("headers", "project", "status"),
    [({}, PROJECT, 401), (KEY, "another", 404), ({**KEY, "Origin": "http://x"}, PROJECT, 403)],
)
async def test_who_may_not(headers: dict[str, str], project: str, status: int) -> None:
    async with Sandbox() as sandbox, aiohttp.ClientSession(headers=headers) as session:
        url = f"{sandbox.url}/api/users"
        async with session.get(url, params={"project": project}) as got:
            assert got.status == status
        body = {"project": project, "userId": "u", "traits": {}}
        async with session.post(url, json=body) as got:
            assert got.status == status


@pytest.mark.parametrize("count", [0, 1, 3, 7, 8])
async def test_pages_where_they_are_asked_for(count: int) -> None:
    async with Sandbox(SandboxSettings(users_page=4)) as sandbox:
        sandbox.put_users((f"u{n}", {"n": n}) for n in range(count))
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            got = await listed(sandbox, **cursor)
            assert len(got["users"]) <= 4
            seen += [each["userId"] for each in got["users"]]
            if not got["page"]["hasNextPage"]:
                break
            cursor = {"pageCursor": got["page"]["nextPageCursor"]}
    assert seen == [f"u{n}" for n in range(count)]


async def test_a_list_of_100_000_users_is_streamed() -> None:
    async with Sandbox() as sandbox:
        sandbox.put_users((f"user-{n}", {"plan": "Gold", "n": n}) for n in range(100_000))
        got = await listed(sandbox)
    assert {each["userId"] for each in got["users"]} == {f"user-{n}" for n in range(100_000)}


async def test_a_location_and_a_token_on_demand() -> None:
    async with talking(SandboxSettings(success=SuccessShape.LOCATION)) as client:
        got = await client.insert()
        (stored,) = client.sandbox.stored()
    assert (got.status, got.raw) == (201, b"")
    assert got.headers["Location"] == f"/api/responses/{stored.id}"
    assert got.headers["auth-token"]


def test_the_file_of_an_earlier_version_gets_the_column(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite3"
    with sqlite3.connect(path) as old:
        old.execute(
            "create table users (number integer primary key, person text unique, traits text)"
        )
        old.execute("""insert into users values (1, 'u:u1', '{"plan": "Gold"}')""")
    old.close()
    with Store(path) as store:
        (user,) = store.users()
    assert (user.user_id, user.traits, user.unsubscribed) == ("u1", {"plan": "Gold"}, False)
