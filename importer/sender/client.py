"""The one file that knows aiohttp: posts a body and tells what came back, in the sender's own words.

aiohttp raises the same exceptions for "the server never read a byte" and "the server stored the row and
died"; what can be trusted is whether `on_request_headers_sent` fired for this attempt.
"""

from __future__ import annotations

import asyncio
import ssl
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp
import orjson

from importer import __version__
from importer.sender.body import with_key
from importer.sender.reply import LARGEST_BODY, Reply
from importer.settings import Secret

KEEP_ALIVE = 5.0
"""Seconds that an idle connection is kept: shorter than servers do, so that they rarely close first."""

_DEATHS = 3
"""Reused connections that may die in a row before every request gets a fresh one."""


@dataclass(slots=True)
class _Trace:
    left: bool = False
    reused: bool = False


class Client:
    """An HTTP client for one endpoint; an async context manager.

    No redirects, no cookies, no compression asked for, at most 64 kB of a reply, packed or not; a write
    key that the server quotes is masked. `timeout`: seconds without a byte; a whole attempt gets four
    times as long.
    """

    def __init__(self, url: str, write_key: Secret, *, concurrency: int, timeout: float) -> None:
        self._url = url
        self._key = write_key
        self._concurrency = concurrency
        self._timeout = timeout
        self._deaths = 0
        self._force_close = False
        self._session: aiohttp.ClientSession
        self._retiring: asyncio.Task[None] | None = None

    @property
    def force_close(self) -> bool:
        """Whether each connection is used once only."""
        return self._force_close

    async def __aenter__(self) -> Client:
        self._session = self._opened()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        if self._retiring:
            self._retiring.cancel()
            await asyncio.gather(self._retiring, return_exceptions=True)

    def _opened(self) -> aiohttp.ClientSession:
        connector = (
            aiohttp.TCPConnector(limit=self._concurrency, force_close=True)
            if self._force_close
            else aiohttp.TCPConnector(limit=self._concurrency, keepalive_timeout=KEEP_ALIVE)
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trace_configs=[_tracing()],
            timeout=aiohttp.ClientTimeout(
                total=4 * self._timeout,
                sock_connect=min(10.0, self._timeout),
                sock_read=self._timeout,
            ),
            headers={
                "User-Agent": f"satismeter-importer/{__version__}",
                "Content-Type": "application/json",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
        )

    async def post(self, body: bytes) -> Reply:
        """One attempt."""
        trace = _Trace()
        start = time.monotonic()
        try:
            status, headers, content = await self._exchange(body, trace)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, zlib.error) as error:
            self._note(trace, alive=False)
            return Reply(
                left=trace.left,
                fault=fault_of(error),
                certificate=isinstance(error, aiohttp.ClientConnectorCertificateError),
                reused=trace.reused,
                ms=_ms_since(start),
            )
        self._note(trace, alive=True)
        return Reply(
            left=True,
            status=status,
            body=content,
            content_type=headers.get("Content-Type", ""),
            retry_after=headers.get("Retry-After", ""),
            date=headers.get("Date", ""),
            reused=trace.reused,
            ms=_ms_since(start),
        )

    async def _exchange(self, body: bytes, trace: _Trace) -> tuple[int, Mapping[str, str], bytes]:
        async with self._session.post(
            self._url,
            data=with_key(body, self._key),
            allow_redirects=False,
            trace_request_ctx=trace,
        ) as response:
            content = await _at_most(response.content, LARGEST_BODY)
            if len(content) >= LARGEST_BODY:
                response.close()
            plain = unpacked(content, response.headers.get("Content-Encoding", ""))
            return response.status, response.headers, without(plain, self._key)

    def _note(self, trace: _Trace, *, alive: bool) -> None:
        """Where reused connections keep dying, use each only once from now on. Fresh ones tell
        nothing: between two deaths there is always one that lived."""
        if not trace.reused:
            return
        self._deaths = 0 if alive else self._deaths + 1
        if self._deaths >= _DEATHS and not self._force_close:
            self._force_close = True
            retired, self._session = self._session, self._opened()
            self._retiring = asyncio.create_task(_close_later(retired, 4 * self._timeout))


async def _close_later(session: aiohttp.ClientSession, seconds: float) -> None:
    """Requests of other workers may still be under way on it."""
    try:
        await asyncio.sleep(seconds)
    finally:
        await session.close()


async def _at_most(content: aiohttp.StreamReader, most: int) -> bytes:
    parts: list[bytes] = []
    left = most
    while left > 0 and (part := await content.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def unpacked(content: bytes, encoding: str) -> bytes:
    """A body that came packed although nobody asked for it: its first 64 kB. Raises zlib.error where it
    isn't packed after all; other encodings stay as they are, and acknowledge nothing."""
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return content
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(content, LARGEST_BODY)


def without(content: bytes, key: Secret) -> bytes:
    """A server's text, in which it may have quoted the write key."""
    plain = key.reveal().encode()
    for quoted in (plain, orjson.dumps(key.reveal())[1:-1]):
        content = content.replace(quoted, b"***") if quoted else content
    return content


def _tracing() -> aiohttp.TraceConfig:
    config = aiohttp.TraceConfig()
    config.on_request_headers_sent.append(_left)
    config.on_connection_reuseconn.append(_reused)
    return config


async def _left(_: object, context: SimpleNamespace, __: object) -> None:
    context.trace_request_ctx.left = True


async def _reused(_: object, context: SimpleNamespace, __: object) -> None:
    context.trace_request_ctx.reused = True


_FAULTS: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientConnectorCertificateError, "the server's TLS certificate is not valid"),
    (aiohttp.ClientConnectorDNSError, "the server's name could not be looked up"),
    (aiohttp.ClientConnectorSSLError, "no TLS connection could be made"),
    (ssl.SSLError, "the TLS connection broke"),
    (aiohttp.ClientConnectorError, "the server could not be reached"),
    (aiohttp.ConnectionTimeoutError, "no connection was made in time"),
    (aiohttp.SocketTimeoutError, "no answer came in time"),
    (aiohttp.ServerDisconnectedError, "the server closed the connection"),
    (aiohttp.ClientPayloadError, "the answer broke off"),
    (aiohttp.ClientResponseError, "the answer was not valid HTTP"),
    (aiohttp.ClientOSError, "the connection broke"),
    (zlib.error, "the answer was damaged"),
    (TimeoutError, "no whole answer came in time"),
    (OSError, "the connection broke"),
)


def fault_of(error: BaseException) -> str:
    """aiohttp's exception in plain words. Never its own text, which may quote what was sent."""
    return next(
        (words for kind, words in _FAULTS if isinstance(error, kind)), "the exchange failed"
    )


def _ms_since(start: float) -> int:
    return round((time.monotonic() - start) * 1000)
