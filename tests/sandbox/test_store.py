"""The store: a file that outlives its server and that others may read meanwhile."""

from __future__ import annotations

import dataclasses
import json
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from importer.sandbox import SCORE, Sandbox, SandboxSettings, Store, background
from importer.sandbox.store import Insert
from tests.sandbox.conftest import body, talking

INSERT = Insert("c", "007", "", "Email", ((SCORE.id, 9),), {"plan": "Gold"})

_POST = """
import asyncio, json, sys, aiohttp
async def main(url, body):
    async with aiohttp.ClientSession() as session:
        for number in range(100_000):
            body["userId"] = str(number)
            async with session.post(url + "/api/responses", json=body) as reply:
                print(number, reply.status, flush=True)
asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
"""


def test_an_insert_reads_back(tmp_path: Path) -> None:
    with Store(tmp_path / "store.db") as store:
        stored = store.add(INSERT, 1_790_000_000_000)
        assert store.one(stored.number) == stored
        assert list(store.all()) == [stored]
    assert (stored.user_id, stored.answers, stored.traits) == (
        "007",
        ((SCORE.id, 9),),
        {"plan": "Gold"},
    )
    assert (len(stored.id), len(stored.user)) == (24, 24)


@pytest.mark.trial
def test_how_many_inserts_a_second(tmp_path: Path) -> None:
    with Store(tmp_path / "store.db") as store:
        start = time.perf_counter()
        for number in range(20_000):
            store.add(dataclasses.replace(INSERT, user_id=str(number)), number)
        rate = 20_000 / (time.perf_counter() - start)
    print(f"{rate:,.0f} inserts a second, each a commit of its own")  # noqa: T201  a trial's figure
    assert rate > 3_000


def test_another_reader_sees_each_insert_at_once(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with Store(path) as writer, Store(path) as reader:
        for number in range(1, 4):
            writer.add(INSERT, number)
            assert reader.count() == number


def test_the_file_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    Store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, and long enough to be looked at as one" * 20)
    with pytest.raises(sqlite3.DatabaseError):
        Store(path)
    assert path.read_text().startswith("not a database")


async def test_a_second_sandbox_goes_on_with_the_file(tmp_path: Path) -> None:
    settings = SandboxSettings(store=tmp_path / "store.db")
    async with talking(settings) as client:
        assert (await client.insert()).status == 200
    async with talking(settings) as client:
        assert (await client.insert()).status == 400
        assert len(client.sandbox.stored()) == 1


def test_what_a_killed_client_was_answered_is_stored(tmp_path: Path) -> None:
    with background(SandboxSettings(store=tmp_path / "store.db")) as sandbox:
        command = [sys.executable, "-c", _POST, sandbox.url, json.dumps(body())]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
            assert client.stdout is not None
            answered = [client.stdout.readline().split() for _ in range(200)]
            client.send_signal(signal.SIGKILL)
        stored = {each.user_id for each in sandbox.stored()}
    assert {number for number, _ in answered} <= stored
    assert {status for _, status in answered} == {"200"}
    assert max(sandbox_copies(tmp_path / "store.db")) == 1


def sandbox_copies(path: Path) -> list[int]:
    with Store(path) as store:
        return list(store.copies().values())


def test_in_the_background_it_ends_with_its_block() -> None:
    with background() as sandbox:
        url = sandbox.url
        assert sandbox.stored() == []
    assert url.startswith("http://127.0.0.1:")


async def test_a_port_in_use_is_told_where_it_was_asked_for() -> None:
    async with Sandbox() as first:
        with (
            pytest.raises(OSError, match="in use"),
            background(SandboxSettings(port=first.port)),
        ):
            raise AssertionError
