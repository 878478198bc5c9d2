"""A client of the sandbox that says what a test means in one line."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import orjson

from importer.sandbox import API_KEY, CAMPAIGN, PROJECT, SCORE, WRITE_KEY, Sandbox, SandboxSettings


@dataclass(frozen=True, slots=True)
class Got:
    """A reply, read to its end."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> dict[str, object]:
        document = orjson.loads(self.raw)
        assert isinstance(document, dict)
        return document

    @property
    def titles(self) -> list[str]:
        errors = self.json["errors"]
        assert isinstance(errors, list)
        return [error["title"] for error in errors]


def body(**changes: object) -> dict[str, object]:
    """A body that passes; a change to None leaves the field out."""
    whole: dict[str, object] = {
        "writeKey": WRITE_KEY,
        "campaign": CAMPAIGN,
        "userId": "007",
        "answers": [{"id": SCORE.id, "value": 9}],
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


@dataclass(slots=True)
class Clock:
    """A clock that stands still until a test turns it."""

    now: float = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


class Client:
    """Posts and reads, over one session."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session

    async def post(self, data: bytes) -> Got:
        headers = {"Content-Type": "application/json"}
        async with self.session.post(
            self.sandbox.url + "/api/responses",
            data=io.BytesIO(data),
            headers=headers,
            allow_redirects=False,
        ) as reply:
            return Got(reply.status, reply.headers, await reply.read())

    async def insert(self, **changes: object) -> Got:
        return await self.post(orjson.dumps(body(**changes)))

    async def get(self, path: str, key: str = API_KEY, **params: str) -> Got:
        async with self.session.get(
            f"{self.sandbox.url}/api/v3/projects/{PROJECT}{path}",
            params=params,
            headers={"Authorization": f"Bearer {key}"},
        ) as reply:
            return Got(reply.status, reply.headers, await reply.read())


@asynccontextmanager
async def talking(
    settings: SandboxSettings | None = None, clock: Clock | None = None
) -> AsyncIterator[Client]:
    """A sandbox, and a client that talks to it."""
    async with (
        Sandbox(settings, clock=clock or Clock()) as sandbox,
        aiohttp.ClientSession() as session,
    ):
        yield Client(sandbox, session)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a raw socket saw: the bytes, and how it ended: `closed`, `reset` or `open`."""

    raw: bytes
    ending: str


async def raw_post(sandbox: Sandbox, data: bytes, *, patience: float = 1.0) -> Seen:
    """Post over a bare socket and read until the server ends it or patience does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", sandbox.port)
    head = (
        "POST /api/responses HTTP/1.1\r\nHost: sandbox\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(data)}\r\n\r\n"
    )
    writer.write(head.encode() + data)
    seen = await _read(reader, patience)
    writer.transport.abort()
    return seen


async def _read(reader: asyncio.StreamReader, patience: float) -> Seen:
    got = b""
    try:
        async with asyncio.timeout(patience):
            while piece := await reader.read(2**16):
                got += piece
    except TimeoutError:
        return Seen(got, "open")
    except ConnectionResetError:
        return Seen(got, "reset")
    return Seen(got, "closed")
