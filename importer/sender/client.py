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

from importer import __version__
from importer.sender.body import with_key
from importer.sender.content import Mask, unpacked
from importer.sender.faults import Fault
from importer.sender.reply import LARGEST_BODY, Reply
from importer.sender.reuse import KEEP_ALIVE, Reuse
from importer.settings import Secret


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
        self._mask = Mask(write_key)
        self._reuse = Reuse()
        self._session: aiohttp.ClientSession
        self._retiring: asyncio.Task[None] | None = None

    @property
    def force_close(self) -> bool:
        """Whether each connection is used once only."""
        return self._reuse.over

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
            if self._reuse.over
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
                fault=fault_of(error).value,
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
            return response.status, response.headers, self._mask.over(plain)

    def _note(self, trace: _Trace, *, alive: bool) -> None:
        """Where reused connections keep dying, the others are left to end what they carry."""
        before = self._reuse.over
        self._reuse.ended(reused=trace.reused, alive=alive)
        if self._reuse.over and not before:
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


def _tracing() -> aiohttp.TraceConfig:
    config = aiohttp.TraceConfig()
    config.on_request_headers_sent.append(_left)
    config.on_connection_reuseconn.append(_reused)
    return config


async def _left(_: object, context: SimpleNamespace, __: object) -> None:
    context.trace_request_ctx.left = True


async def _reused(_: object, context: SimpleNamespace, __: object) -> None:
    context.trace_request_ctx.reused = True


_FAULTS: tuple[tuple[type[BaseException], Fault], ...] = (
    (aiohttp.ClientConnectorCertificateError, Fault.CERTIFICATE),
    (aiohttp.ClientConnectorDNSError, Fault.NAME),
    (aiohttp.ClientConnectorSSLError, Fault.NO_TLS),
    (ssl.SSLError, Fault.TLS_BROKE),
    (aiohttp.ClientConnectorError, Fault.UNREACHABLE),
    (aiohttp.ConnectionTimeoutError, Fault.NOT_CONNECTED),
    (aiohttp.SocketTimeoutError, Fault.SILENT),
    (aiohttp.ServerDisconnectedError, Fault.CLOSED),
    (aiohttp.ClientPayloadError, Fault.BROKE_OFF),
    (aiohttp.ClientResponseError, Fault.GARBLED),
    (aiohttp.ClientOSError, Fault.BROKE),
    (zlib.error, Fault.DAMAGED),
    (TimeoutError, Fault.TOO_SLOW),
    (OSError, Fault.BROKE),
)


def fault_of(error: BaseException) -> Fault:
    """What aiohttp's exception means."""
    return next((fault for kind, fault in _FAULTS if isinstance(error, kind)), Fault.OTHER)


def _ms_since(start: float) -> int:
    return round((time.monotonic() - start) * 1000)
