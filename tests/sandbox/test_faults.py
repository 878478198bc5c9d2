"""Every fault does what the table says: on the wire, and in the store."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable

import aiohttp
import orjson
import pytest

from importer.sandbox import FAULTS, Behaviour, FaultShare, SandboxSettings, Stores
from tests.sandbox.conftest import Seen, body, raw_post, talking

HEAD = b"HTTP/1.1 200 OK\r\n"


def failing(name: str, slow: float = 0.1) -> SandboxSettings:
    return SandboxSettings(fail=(FaultShare(Behaviour(name)),), slow=slow)


def declared_length(seen: Seen) -> tuple[bytes, bytes]:
    """The Content-Length that was sent, and the body that came."""
    head, _, rest = seen.raw.partition(b"\r\n\r\n")
    return head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0], rest


def length_is(compares: Callable[[int, int], bool]) -> Callable[[Seen], bool]:
    def check(seen: Seen) -> bool:
        declared, rest = declared_length(seen)
        return seen.raw.startswith(HEAD) and compares(int(declared), len(rest))

    return check


def silent(ending: str) -> Callable[[Seen], bool]:
    return lambda seen: seen == Seen(b"", ending)


def complete(seen: Seen) -> bool:
    declared, rest = declared_length(seen)
    return seen.raw.startswith(HEAD) and int(declared) == len(rest) and seen.ending == "closed"


def starts(*parts: bytes) -> Callable[[Seen], bool]:
    return lambda seen: seen.raw.startswith(parts[0]) and all(part in seen.raw for part in parts)


def bomb(seen: Seen) -> bool:
    packed = seen.raw.partition(b"\r\n\r\n")[2]
    unpacker = zlib.decompressobj(wbits=31)
    size = 0
    while packed:
        size += len(unpacker.decompress(packed, 2**22))
        packed = unpacker.unconsumed_tail
    return len(seen.raw) < 400_000 and size == 300 * 2**20


ON_THE_WIRE: dict[str, Callable[[Seen], bool]] = {
    "close_unread": silent("closed"),
    "reset_unread": silent("reset"),
    "close_read": silent("closed"),
    "reset_read": silent("reset"),
    "hang": silent("open"),
    "early_400": starts(b"HTTP/1.1 400 "),
    "early_413": starts(b"HTTP/1.1 413 "),
    "redirect_302": starts(b"HTTP/1.1 302 ", b"Location: /login\r\n"),
    "redirect_307": starts(b"HTTP/1.1 307 ", b"Location: http://localhost:", b"/elsewhere\r\n"),
    "login_page": starts(HEAD, b"text/html", b"Log in"),
    "close_stored": silent("closed"),
    "reset_stored": silent("reset"),
    "hang_stored": silent("open"),
    "late": complete,
    "slow_headers": complete,
    "slow_body": complete,
    "dying_keepalive": lambda seen: complete(seen) and b"Connection: keep-alive" in seen.raw,
    "garbage_status": starts(b"ICY NOT HTTP\r\n"),
    "bad_length": starts(HEAD, b"Content-Length: twelve\r\n"),
    "doubled_length": lambda seen: seen.raw.count(b"Content-Length: ") == 2,
    "short_length": length_is(lambda declared, came: 0 < declared < came),
    "truncated_body": length_is(lambda declared, came: declared > came > 0),
    "length_and_chunked": starts(HEAD, b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked"),
    "broken_chunk": starts(HEAD, b"chunked\r\n\r\nzz\r\n"),
    "reset_body": lambda seen: seen.raw.startswith(HEAD) and seen.ending == "reset",
    "gzip_lie": starts(HEAD, b"Content-Encoding: gzip\r\n\r\n{"),
    "gzip_bomb": bomb,
    "huge_headers": lambda seen: seen.raw.index(b"\r\n\r\n") > 2**20,
    "endless_body": lambda seen: len(seen.raw) > 2**20 and seen.ending == "open",
    "empty_200": starts(HEAD, b"Content-Length: 0\r\n"),
    "html_200": starts(HEAD, b"<h1>Thank you</h1>"),
    "broken_json": lambda seen: seen.raw.endswith(b'\r\n\r\n{"id": "5d2'),
}


def test_every_fault_is_tested() -> None:
    assert set(ON_THE_WIRE) | {"close_reused"} == set(FAULTS)


@pytest.mark.parametrize("name", ON_THE_WIRE)
async def test_a_fault_on_the_wire_and_in_the_store(name: str) -> None:
    patience = 0.3 if FAULTS[name].meaning.endswith(("never answered", "without an end")) else 5
    async with talking(failing(name)) as client:
        seen = await raw_post(client.sandbox, orjson.dumps(body()), patience=patience)
        stored = client.sandbox.stored()
        [exchange] = client.sandbox.posts()
    assert ON_THE_WIRE[name](seen), (seen.raw[:200], seen.ending)
    assert len(stored) == (FAULTS[name].stores is not Stores.NO)
    assert exchange.stored == (stored[0].id if stored else "")
    assert (exchange.fault, exchange.status) == (name, 0)


@pytest.mark.parametrize("name", [n for n, f in FAULTS.items() if f.stores is Stores.YES])
async def test_what_the_checks_refuse_is_not_stored_behind_a_fault_either(name: str) -> None:
    patience = 0.2 if name in ("hang_stored", "endless_body") else 5
    async with talking(failing(name, slow=0.02)) as client:
        await raw_post(client.sandbox, orjson.dumps(body(rating=11)), patience=patience)
        assert client.sandbox.stored() == []


async def test_an_unread_fault_leaves_the_body() -> None:
    async with talking(failing("close_unread")) as client:
        await raw_post(client.sandbox, orjson.dumps(body()))
        [exchange] = client.sandbox.posts()
    assert (exchange.body, exchange.complete, exchange.person) == (b"", False, "")


async def test_only_a_reused_connection_is_closed() -> None:
    async with talking(failing("close_reused")) as client:
        first = await client.insert()
        with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            await client.post(orjson.dumps(body(userId="008")))
        assert [each.user_id for each in client.sandbox.stored()] == ["007"]
    assert first.status == 200


async def test_late_lets_a_second_post_pass_the_checks_too() -> None:
    """What makes an immediate re-post store a row twice."""
    late = Behaviour("late")
    async with talking(SandboxSettings(script={"007": [late, late]}, slow=0.3)) as client:
        first = asyncio.create_task(client.insert())
        await asyncio.sleep(0.05)
        assert client.sandbox.stored() == []
        again = await client.insert()
        assert ((await first).status, again.status) == (200, 200)
        assert list(client.sandbox.copies().values()) == [2]


async def test_late_stores_even_when_the_client_has_left() -> None:
    async with talking(failing("late", slow=0.2)) as client:
        seen = await raw_post(client.sandbox, orjson.dumps(body()), patience=0.05)
        await asyncio.sleep(0.4)
        assert len(client.sandbox.stored()) == 1
    assert seen == Seen(b"", "open")


async def test_slow_replies_take_their_time() -> None:
    loop = asyncio.get_running_loop()
    for name in ("slow_headers", "slow_body"):
        async with talking(failing(name, slow=0.3)) as client:
            start = loop.time()
            assert (await client.insert()).status == 200
            assert loop.time() - start >= 0.3


async def test_a_307_that_is_followed_shows_what_reached_the_other_origin() -> None:
    async with talking(failing("redirect_307")) as client:
        url = client.sandbox.url + "/api/responses"
        async with client.session.post(url, json=body()) as reply:
            assert reply.status == 200
        [elsewhere] = [each for each in client.sandbox.requests if each.path == "/elsewhere"]
    assert b"sandbox-write-key" in elsewhere.body


async def test_a_302_that_is_followed_ends_in_a_false_200() -> None:
    async with talking(failing("redirect_302")) as client:
        url = client.sandbox.url + "/api/responses"
        async with client.session.post(url, json=body()) as reply:
            assert (reply.status, "Log in" in await reply.text()) == (200, True)
        assert client.sandbox.stored() == []


async def test_a_status_with_its_headers_and_body() -> None:
    steps = [
        Behaviour("status", 503, headers={"Retry-After": "2"}),
        Behaviour("status", 400, body={"error": "Duplicate"}),
        Behaviour("status", 500, body="<h1>Oops</h1>", stores=True),
        Behaviour("status", 402, body="Your plan's limit is reached"),
    ]
    async with talking(SandboxSettings(script={"007": steps})) as client:
        got = [await client.insert() for _ in range(5)]
        assert len(client.sandbox.stored()) == 1
        assert [each.fault for each in client.sandbox.posts()] == ["503", "400", "500", "402", ""]
    assert [each.status for each in got] == [503, 400, 500, 402, 400]
    assert got[0].headers["Retry-After"] == "2"
    assert got[1].json == {"error": "Duplicate"}
    assert got[2].headers["Content-Type"] == "text/html"
    assert got[3].headers["Content-Type"] == "text/plain"
    assert got[4].titles == ["Duplicate response"]


async def test_a_script_is_each_users_own_and_ends_in_plain_answers() -> None:
    script = {"a": [Behaviour("status", 503), Behaviour("ok")], "anon": [Behaviour("close_read")]}
    settings = SandboxSettings(script=script, fail=(FaultShare(Behaviour("status", 500)),))
    async with talking(settings) as client:
        a = [(await client.insert(userId="a", forceSurvey=True)).status for _ in range(3)]
        other = await client.insert(userId="b")
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await client.insert(userId=None, anonymousId="anon")
        again = await client.insert(userId=None, anonymousId="anon")
    assert a == [503, 200, 200]
    assert (other.status, again.status) == (500, 200)


async def test_a_delay_comes_first() -> None:
    loop = asyncio.get_running_loop()
    async with talking(SandboxSettings(script={"007": [Behaviour(delay=0.2)]})) as client:
        start = loop.time()
        assert (await client.insert()).status == 200
        assert loop.time() - start >= 0.2


async def test_a_client_that_leaves_in_the_middle_of_its_body_stores_nothing() -> None:
    async with talking() as client:
        _, writer = await asyncio.open_connection("127.0.0.1", client.sandbox.port)
        writer.write(b"POST /api/responses HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{")
        await asyncio.sleep(0.05)
        writer.transport.abort()
        await asyncio.sleep(0.05)
        [exchange] = client.sandbox.posts()
        assert (exchange.complete, client.sandbox.stored()) == (False, [])


@pytest.mark.parametrize("seed", [1, 2])
async def test_drawn_by_row_the_order_of_the_rows_changes_nothing(seed: int) -> None:
    """Each attempt of a row meets what it would meet alone."""
    users = [f"u{number}" for number in range(40)]
    share = FaultShare(Behaviour("status", 503), 0.3)
    met: list[dict[str, list[int]]] = []
    for order in (users + users, users[::-1] * 2):
        statuses: dict[str, list[int]] = {user: [] for user in users}
        settings = SandboxSettings(fail=(share,), seed=seed, by_row=True)
        async with talking(settings) as client:
            for user in order:
                statuses[user].append((await client.insert(userId=user)).status)
        met.append(statuses)
    assert met[0] == met[1]
    first = [each[0] for each in met[0].values()]
    assert 2 < first.count(503) < 25
    assert first != [each[1] for each in met[0].values()]
