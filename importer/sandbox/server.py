"""The sandbox's server: takes requests, lets them meet their faults, answers, and logs them."""

from __future__ import annotations

import asyncio
import hashlib
import math
import os
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Self
from weakref import WeakSet

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from importer.sandbox import api
from importer.sandbox.api import (
    Reads,
    Refusal,
    SandboxReply,
    checked,
    denied,
    document,
    parsed,
    person_of,
    refused,
    scripted,
)
from importer.sandbox.faults import FAULTS, OnTheWire, Stores, Wire, WireFault
from importer.sandbox.settings import Behaviour, ErrorShape, SandboxSettings
from importer.sandbox.store import Copies, Insert, Store, Stored, StoredUser

# What the sandbox remembers of a request.


@dataclass(slots=True)
class Exchange:
    """One request and what became of it; filled in as it goes on.

    `arrived` and `answered` are monotonic seconds (`answered` is 0 while the reply is being worked
    on), `complete` whether the whole body came, `person` the userId or anonymousId, `fault` what was
    done to it ("" for a plain answer), `stored` the new response's id, `status` that of the reply
    (0 where a fault wrote it, or there was none). `body` are the bytes as they came, write key and all.
    """

    number: int
    method: str
    path: str
    arrived: float
    connection: str
    body: bytes = field(default=b"", repr=False)
    complete: bool = False
    person: str = ""
    fault: str = ""
    stored: str = ""
    status: int = 0
    answered: float = 0.0


# The log of requests.

MASK = "***"


class RequestLog:
    """A JSON line for each request, in a file that only its owner can read."""

    def __init__(self, path: Path | None) -> None:
        self._file: IO[bytes] | None = None
        if path is not None:
            descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            self._file = os.fdopen(descriptor, "ab", buffering=0)

    def write(self, exchange: Exchange) -> None:
        """Add a line; the write key stays out, whatever it is."""
        if self._file is None:
            return
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "number": exchange.number,
            "method": exchange.method,
            "path": exchange.path,
            "bytes": len(exchange.body),
            "fault": exchange.fault,
            "stored": exchange.stored,
            "status": exchange.status,
            "ms": round((exchange.answered - exchange.arrived) * 1000, 1),
            "body": masked(exchange.body),
        }
        self._file.write(orjson.dumps(line) + b"\n")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def masked(raw: bytes) -> Mapping[str, object] | None:
    """A body without its write key; None where it is no JSON object (no part of it is shown then)."""
    body = parsed(raw)
    if isinstance(body, Refusal):
        return None
    return {**body, "writeKey": MASK} if "writeKey" in body else body


# The rate limit.


class Pace:
    """Lets at most `limit` requests through in any one second: the moments of the last ones are kept."""

    def __init__(self, limit: int | None) -> None:
        self._passed: deque[float] | None = deque(maxlen=limit) if limit else None

    def wait(self, now: float) -> float:
        """Seconds until a request would pass; 0 lets this one through. `now` is monotonic."""
        if self._passed is None:
            return 0.0
        if len(self._passed) == self._passed.maxlen and now - self._passed[0] < 1:
            return 1 - (now - self._passed[0])
        self._passed.append(now)
        return 0.0


# The server itself: takes requests, lets them meet their faults, answers.

_LARGEST_BODY = 2**20
_PLAIN = Behaviour()
_LOGIN = "<!DOCTYPE html><title>Log in</title><h1>Log in</h1>"
_EXCHANGE = web.RequestKey("exchange", Exchange)


class Sandbox:
    """A local SatisMeter, on the loopback interface only.

    `async with Sandbox(settings) as sandbox:` listens at `sandbox.url` until the block ends.
    `clock` gives Unix seconds; a test may turn it.
    """

    def __init__(
        self, settings: SandboxSettings | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.settings = settings or SandboxSettings()
        self.requests: deque[Exchange] = deque(maxlen=self.settings.remember)
        self.url = ""
        self.port = 0
        self._clock = clock
        self._count = 0
        self._random = random.Random(self.settings.seed)  # noqa: S311  repeatable on purpose
        self._came: Counter[bytes] = Counter()
        self._script = {person: deque(steps) for person, steps in self.settings.script.items()}
        self._pace = Pace(self.settings.rate_limit)
        self._used: WeakSet[asyncio.Task[None]] = WeakSet()

    async def __aenter__(self) -> Self:
        self._store = Store(self.settings.store)
        self._log = RequestLog(self.settings.log)
        app = web.Application(client_max_size=_LARGEST_BODY, middlewares=[self._observe])
        app.add_routes(Reads(self.settings, self._store, self._now).routes())
        app.add_routes(Users(self.settings, self._store).routes())
        app.add_routes(
            [
                web.post("/api/responses", self._insert),
                web.get("/login", self._login),
                web.route("*", "/elsewhere", self._elsewhere),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, lingering_time=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.settings.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        self._log.close()
        self._store.close()

    def stored(self) -> list[Stored]:
        """Every response that is stored, oldest first."""
        return list(self._store.all())

    def copies(self) -> Copies:
        """How often each (person, sorted answers) is stored; above 1 is stored twice."""
        return self._store.copies()

    def posts(self) -> list[Exchange]:
        """The remembered requests of the insert call."""
        return [
            each for each in self.requests if each.method == "POST" and each.path != "/api/users"
        ]

    def users(self) -> list[StoredUser]:
        """Every user, oldest first."""
        return self._store.users()

    def put_users(
        self, users: Iterable[tuple[str, Mapping[str, object]]], *, unsubscribed: bool = False
    ) -> None:
        """Add users (userId and traits), or bring their traits up to date."""
        self._store.put_users(users, unsubscribed=unsubscribed)

    def _now(self) -> int:
        return int(self._clock() * 1000)

    @web.middleware
    async def _observe(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Remembers, paces and delays every request, and gives every error its shape."""
        exchange = request[_EXCHANGE] = self._arrival(request)
        wait = self._pace.wait(exchange.arrived)
        if wait:
            headers = {"Retry-After": str(math.ceil(wait))}
            refusal = Refusal(429, ("Too many requests",))
            answer: web.StreamResponse = refused(refusal, self.settings.errors, headers).to_http()
        else:
            await asyncio.sleep(self.settings.latency / 2)
            answer = await self._answer(request, handler)
            if request.method == "POST" and request.path == "/api/users":
                await self._read(request, exchange)  # once more: it was kept
            await asyncio.sleep(self.settings.latency / 2)
        exchange.status = 0 if isinstance(answer, OnTheWire) else answer.status
        exchange.answered = time.monotonic()
        self._log.write(exchange)
        return answer

    def _arrival(self, request: web.Request) -> Exchange:
        self._count += 1
        peer = request.transport.get_extra_info("peername") if request.transport else None
        connection = "{}:{}".format(*peer[:2]) if peer else ""
        exchange = Exchange(self._count, request.method, request.path, time.monotonic(), connection)
        self.requests.append(exchange)
        return exchange

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            refusal = Refusal(error.status, (error.reason,))
            return refused(refusal, self.settings.errors).to_http()

    async def _insert(self, request: web.Request) -> web.StreamResponse:
        exchange = request[_EXCHANGE]
        early = not self._script and not self.settings.by_row
        behaviour = self._drawn(exchange) if early else None
        fault = self._fault(behaviour, request) if behaviour else None
        if fault is None or fault.reads:
            await self._read(request, exchange)
        if behaviour is None:
            behaviour = self._scripted(exchange.person) or self._drawn(exchange)
        await asyncio.sleep(behaviour.delay)
        if behaviour.fault == "status":
            exchange.fault = str(behaviour.status)
            if behaviour.stores:
                self._plain(exchange)
            return scripted(behaviour, self.settings.errors).to_http()
        fault = self._fault(behaviour, request)
        self._used.add(request.task)
        if fault is None:
            return self._plain(exchange).to_http()
        exchange.fault = fault.name
        wire = Wire(request.transport, self.settings.slow, self.port)
        return OnTheWire(fault.play, wire, await self._outcome(fault, exchange))

    async def _read(self, request: web.Request, exchange: Exchange) -> None:
        """Take the body; a client that leaves in the middle leaves an incomplete exchange."""
        try:
            exchange.body = await request.read()
        except ConnectionError:
            return
        exchange.complete = True
        body = parsed(exchange.body)
        exchange.person = "" if isinstance(body, Refusal) else person_of(body)

    def _drawn(self, exchange: Exchange) -> Behaviour:
        draw = self._of_row(exchange) if self.settings.by_row else self._random.random()
        for share in self.settings.fail:
            if draw < share.share:
                return share.behaviour
            draw -= share.share
        return _PLAIN

    def _of_row(self, exchange: Exchange) -> float:
        """From 0 to 1, by the seed, who answered what, and how often that came."""
        sent = parsed(exchange.body)
        answers = [] if isinstance(sent, Refusal) else sent.get("answers")
        row = orjson.dumps([self.settings.seed, exchange.person, answers])
        self._came[row] += 1
        seen = hashlib.blake2b(row + b"%d" % self._came[row], digest_size=8)
        return int.from_bytes(seen.digest(), "big") / 2**64

    def _scripted(self, person: str) -> Behaviour | None:
        steps = self._script.get(person)
        return steps.popleft() if steps else (_PLAIN if steps is not None else None)

    def _fault(self, behaviour: Behaviour, request: web.Request) -> WireFault | None:
        fault = FAULTS.get(behaviour.fault)
        if fault and fault.reused_only and request.task not in self._used:
            return None
        return fault

    async def _outcome(self, fault: WireFault, exchange: Exchange) -> SandboxReply:
        """What the server does behind a fault: nothing, or its work, and the reply it would send."""
        if fault.stores is Stores.NO:
            return SandboxReply(200)
        verdict = self._verdict(exchange)
        if fault.stores is Stores.LATE:
            await asyncio.sleep(self.settings.slow)
        return self._done(verdict, exchange)

    def _plain(self, exchange: Exchange) -> SandboxReply:
        return self._done(self._verdict(exchange), exchange)

    def _verdict(self, exchange: Exchange) -> Insert | Refusal:
        if not exchange.complete:
            return Refusal(400, ("The body is incomplete",))
        body = parsed(exchange.body)
        if isinstance(body, Refusal):
            return body
        return checked(body, self.settings, self._store, self._now())

    def _done(self, verdict: Insert | Refusal, exchange: Exchange) -> SandboxReply:
        if isinstance(verdict, Refusal):
            return refused(verdict, self.settings.errors)
        stored = self._store.add(verdict, self._now())
        exchange.stored = stored.id
        return api.stored(stored, self.settings.success)

    async def _login(self, _: web.Request) -> web.Response:
        return web.Response(text=_LOGIN, content_type="text/html")

    async def _elsewhere(self, request: web.Request) -> web.Response:
        """Where a 307 leads: takes anything, so that a test can see what reached it."""
        await self._read(request, request[_EXCHANGE])
        return web.json_response({"id": "elsewhere"})


# A sandbox beside code that isn't asynchronous.


@contextmanager
def background(settings: SandboxSettings | None = None) -> Iterator[Sandbox]:
    """`with background(settings) as sandbox:` runs a sandbox in a thread of its own."""
    started: Future[tuple[Sandbox, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(settings, started)), daemon=True)
    thread.start()
    sandbox, loop, ending = started.result()
    try:
        yield sandbox
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join()


async def _serve(
    settings: SandboxSettings | None,
    started: Future[tuple[Sandbox, asyncio.AbstractEventLoop, asyncio.Event]],
) -> None:
    ending = asyncio.Event()
    try:
        async with Sandbox(settings) as sandbox:
            started.set_result((sandbox, asyncio.get_running_loop(), ending))
            await ending.wait()
    except Exception as error:
        if started.done():
            raise
        started.set_exception(error)


# The users: the list, one of them, and what adds or updates one.


_BATCH = 500
"""Users that are written at once: a list of 100,000 is never whole in memory."""


class Users:
    def __init__(self, settings: SandboxSettings, store: Store) -> None:
        self._settings = settings
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/users", self._listed), web.post("/api/users", self._put)]

    async def _listed(self, request: web.Request) -> web.StreamResponse:
        """All users of the project, streamed; that of `userId` alone, or none, where one is asked for."""
        if refusal := denied(request, self._settings, request.query.get("project")):
            return refused(refusal, ErrorShape.ERRORS).to_http()
        if (user_id := request.query.get("userId")) is not None:
            found = self._store.user(user_id)
            return document({"users": [self._shown(found)] if found else []}).to_http()
        most, after = self._settings.users_page, int(request.query.get("pageCursor") or 0)
        reply = web.StreamResponse(headers={"Content-Type": "application/json"})
        await reply.prepare(request)
        await reply.write(b'{"users":[')
        told = 0
        while some := self._store.users(after, min(_BATCH, most - told) if most else _BATCH):
            listed = b",".join(orjson.dumps(self._shown(each)) for each in some)
            await reply.write((b"," if told else b"") + listed)
            told, after = told + len(some), some[-1].number
            if told == most:
                break
        more = most is not None and bool(self._store.users(after, 1))
        page = {"hasNextPage": more, "nextPageCursor": str(after) if more else None}
        end = b'],"page":' + orjson.dumps(page) + b"}" if most else b"]}"
        await reply.write_eof(end)
        return reply

    async def _put(self, request: web.Request) -> web.Response:
        body = parsed(await request.read())
        if isinstance(body, Refusal):
            return refused(body, ErrorShape.ERRORS).to_http()
        if refusal := denied(request, self._settings, body.get("project")):
            return refused(refusal, ErrorShape.ERRORS).to_http()
        user_id, traits = body.get("userId"), body.get("traits", {})
        if not isinstance(user_id, str) or not user_id or not isinstance(traits, Mapping):
            wrong = Refusal(400, ("expected a userId and traits",))
            return refused(wrong, ErrorShape.ERRORS).to_http()
        self._store.put_users([(user_id, traits)])
        found = self._store.user(user_id)
        return document(self._shown(found) if found else {}).to_http()

    def _shown(self, user: StoredUser) -> dict[str, object]:
        return {
            "id": user.id,
            "project": self._settings.project,
            "userId": user.user_id or None,
            "email": user.traits.get("email"),
            "name": user.traits.get("name"),
            "traits": dict(user.traits),
            "unsubscribed": user.unsubscribed,
        }
