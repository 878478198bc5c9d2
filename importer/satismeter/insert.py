"""The insert call: posts one body through aiohttp, and tells what came back and whether it was sent."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Mapping
from weakref import WeakSet

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from importer import http
from importer.http import NetworkFault, fault_of
from importer.satismeter.classify import LARGEST_BODY, Reply, acknowledges
from importer.satismeter.redact import unpacked, with_key
from importer.satismeter.reply_body import located
from importer.settings import Network, Secret

# Whether a connection is used for more than one request.

KEEP_ALIVE = 5.0
"""Seconds that an idle connection is kept: shorter than servers do, so that they rarely close first."""

DEATHS = 3
"""Reused connections that may die in a row before every request gets a fresh one."""


class ConnectionReuse:
    """Where reused connections keep dying, each is used once only from then on."""

    __slots__ = ("_deaths", "over")

    def __init__(self) -> None:
        self._deaths = 0
        self.over = False

    def ended(self, *, reused: bool, alive: bool) -> None:
        """A connection brought its reply, or died of it. A fresh one tells nothing: between two deaths
        there is always one that lived."""
        if reused:
            self._deaths = 0 if alive else self._deaths + 1
            self.over = self.over or self._deaths >= DEATHS


# The HTTP client: posts a body with aiohttp, and tells what came back in the sender's own words.
#
# aiohttp raises the same exceptions for "the server never read a byte" and "the server stored the
# row and died". So the body itself (`_Post`) says what can be trusted: aiohttp keeps the request's
# head back until it asks the body to write itself, and what is asked notes that it goes to the wire
# in that very step.

HANDSHAKES = 3
"""Handshakes in a row that may be cut before any answer has come: a server that is being restarted cuts one
or two, one that wants another version of TLS, or a certificate of ours, cuts each."""

_REFUSALS = frozenset({400, 413, 415, 422, 429})
"""Statuses after which a connection is used again: the server is done with the row."""

_STOPS: Mapping[NetworkFault, tuple[str, int]] = {
    NetworkFault.CERTIFICATE: ("bad_certificate", 0),
    NetworkFault.PROXY_LOGIN: ("proxy_refused", 0),
    NetworkFault.PROXY_REFUSED: ("proxy_refused", 0),
    NetworkFault.PROXY_AWAY: ("proxy_refused", 1),
    NetworkFault.PROXY_CUT: ("proxy_refused", HANDSHAKES),
    NetworkFault.PLAIN: ("no_tls", 1),
    NetworkFault.OTHER_TLS: ("no_tls", 1),
    NetworkFault.NO_TLS: ("no_tls", 1),
    NetworkFault.SPEAKS_TLS: ("no_tls", 1),
    NetworkFault.HANDSHAKE_CUT: ("no_tls", HANDSHAKES),
}
"""What no waiting mends: the code that the run stops with, and how often in a row it takes as long as no
answer has come; after one it is an outage like any other. 0: at once, whatever came before."""


def _keeps(status: int) -> bool:
    """Whether a reply with this status may leave its connection to the next request."""
    return 200 <= status < 300 or status in _REFUSALS


def known() -> bool:
    """Whether the installed aiohttp is built as the proof that nothing was sent needs it. Where it isn't,
    every request counts as sent, and each connection is used once."""
    writes = getattr(aiohttp.ClientRequest, "write_bytes", None)
    names = getattr(getattr(writes, "__code__", None), "co_names", ())
    return (
        "write_with_length" in names
        and "write_with_length" in vars(aiohttp.BytesPayload)
        and all(hasattr(ResponseHandler, name) for name in ("should_close", "force_close"))
        and hasattr(AbstractStreamWriter, "transport")
    )


class _Unfit(Exception):
    """The connection can't carry the request: it is closing, or holds bytes that nobody asked for."""


class _Lacking(Exception):
    """What came is not one whole reply to the request."""

    def __init__(self, fault: NetworkFault) -> None:
        super().__init__()
        self.fault = fault


class _Post(aiohttp.BytesPayload):
    """The body of one attempt. `request_sent`: it was handed to the wire; `unfit`: it was not,
    since the connection wasn't fit to carry it; `late`: it took too long."""

    def __init__(self, content: bytes, used: WeakSet[asyncio.BaseProtocol], seconds: float) -> None:
        super().__init__(content, content_type="application/json")
        self._used = used
        self._seconds = seconds
        self._limit: asyncio.TimerHandle | None = None
        self._transport: asyncio.WriteTransport | None = None
        self.start = self.left = 0.0
        self.request_sent = self.unfit = self.late = self.reused = False
        self.protocol: ResponseHandler | None = None

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """aiohttp asks for the body, whose head goes out with it. Nothing may wait between the look at the
        connection, the note, and the write: then nothing else can happen between them."""
        transport = writer.transport
        protocol = transport.get_protocol() if transport and not transport.is_closing() else None
        if not isinstance(protocol, ResponseHandler) or protocol.should_close:
            self.unfit = True
            raise _Unfit
        self.reused = protocol in self._used
        if not self.reused:
            self._used.add(protocol)
        self.protocol = protocol
        self._transport = transport
        self._limit = asyncio.get_running_loop().call_later(self._seconds, self._give_up)
        self.request_sent, self.left = True, time.monotonic()
        await super().write_with_length(writer, content_length)

    def _give_up(self) -> None:
        self.late = True
        self.done_with(cut=True)

    def done_with(self, *, cut: bool) -> None:
        """Let the connection carry nothing more. `cut`: at once; only while it is nobody else's."""
        if self.protocol is not None:
            self.protocol.force_close()
        if cut and self._transport:
            self._transport.abort()

    @property
    def unsent(self) -> bool:
        """Whether some of it still waits to be sent."""
        there = self._transport
        return there is not None and not there.is_closing() and there.get_write_buffer_size() > 0

    @property
    def ms(self) -> int:
        """Milliseconds since `start`."""
        return round((time.monotonic() - self.start) * 1000)

    def ended(self) -> None:
        """The attempt is over."""
        if self._limit:
            self._limit.cancel()


class Client:
    """An HTTP client for one endpoint; an async context manager.

    No redirects, no cookies, no compression asked for, at most 64 kB of a reply, packed or not, as the server
    said it: it may quote the write key. `timeout`: seconds without a byte; a whole attempt gets four
    times as long. `concurrency`: connections at most. `accept_empty`: an empty 200 acknowledges, or one
    that says only what is no error.
    """

    def __init__(
        self,
        url: str,
        write_key: Secret,
        *,
        concurrency: int,
        timeout: float,
        network: Network | None = None,
        accept_empty: bool = False,
    ) -> None:
        self._url, self._where = URL(url), url
        self._key = write_key
        self._concurrency = concurrency
        self._timeout = timeout
        self._network = network or Network()
        self._accept_empty = accept_empty
        self._proxied = http.proxy_for(self._network, url) is not None
        self._reuse = ConnectionReuse()
        self._known = known()
        self._used: WeakSet[asyncio.BaseProtocol] = WeakSet()
        self._answered = False
        self._in_a_row = 0
        self._session: aiohttp.ClientSession
        self._retiring: asyncio.Task[None] | None = None

    @property
    def force_close(self) -> bool:
        """Whether each connection is used once only."""
        return self._reuse.over or not self._known

    @property
    def note(self) -> str:
        """What the user should know; "" where there is nothing."""
        if self._known:
            return ""
        return (
            f"aiohttp {aiohttp.__version__} is built otherwise than the importer knows: each connection is "
            "used once, and a row whose connection fails may have been sent."
        )

    async def __aenter__(self) -> Client:
        self._session = self._opened()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        if self._retiring:
            self._retiring.cancel()
            await asyncio.gather(self._retiring, return_exceptions=True)

    def _opened(self) -> aiohttp.ClientSession:
        connecting = min(10.0, self._timeout)
        return http.session(
            self._network,
            str(self._url),
            limit=self._concurrency,
            keep=0.0 if self.force_close else KEEP_ALIVE,
            timeout=aiohttp.ClientTimeout(
                total=None, connect=connecting, sock_connect=connecting, sock_read=self._timeout
            ),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
        )

    async def post(self, body: bytes) -> Reply:
        """One attempt. A connection that is found unfit before anything was written to it is no attempt: the
        next one is taken, and only `concurrency` of them can be unfit."""
        content, start = with_key(body, self._key), time.monotonic()
        for _ in range(self._concurrency + 1):
            post = _Post(content, self._used, 4 * self._timeout)
            post.start, post.request_sent = start, not self._known
            ending = await self._attempt(post)
            if post.request_sent or not post.unfit:
                break
        self._note(reused=post.reused, alive=isinstance(ending, Reply))
        if isinstance(ending, Reply):
            self._answered = True
            return ending
        stop = self._stop(ending)
        return Reply(
            request_sent=post.request_sent,
            fault=ending.value,
            stop=stop,
            reused=post.reused,
            ms=post.ms,
            left=post.left,
        )

    async def _attempt(self, post: _Post) -> Reply | NetworkFault:
        try:
            return await self._exchange(post)
        except (
            aiohttp.ClientError,
            TimeoutError,
            OSError,
            ValueError,
            zlib.error,
            _Lacking,
        ) as error:
            post.done_with(cut=False)
            if post.late:
                return NetworkFault.TOO_SLOW
            if isinstance(error, _Lacking):
                return error.fault
            return fault_of(error, proxied=self._proxied and not post.request_sent)
        finally:
            post.ended()

    async def _exchange(self, post: _Post) -> Reply:
        response = await self._session.post(self._url, data=post, allow_redirects=False)
        try:
            # A reply that is whole by now has gone back to the pool with its connection, and nothing has run
            # since: nobody can have taken it, so it may be cut. Where the rest comes later, somebody can.
            ours = response.content.is_eof()
            if not _keeps(response.status):
                post.done_with(cut=False)
            content = b""
            if post.request_sent:
                whole = response.content
                content = (
                    whole.read_nowait(LARGEST_BODY) if ours else await _at_most(whole, LARGEST_BODY)
                )
            if not response.content.at_eof():
                response.close()
            _check(response, post)
            reply = self._reply(response, content, post)
        except BaseException:
            response.close()
            raise
        if post.unsent or not self._clean(reply):
            post.done_with(cut=ours)
        return reply

    def _reply(self, response: aiohttp.ClientResponse, content: bytes, post: _Post) -> Reply:
        headers = response.headers
        plain = unpacked(content, headers.get("Content-Encoding", ""))
        return Reply(
            request_sent=True,
            status=response.status,
            body=plain,
            content_type=headers.get("Content-Type", ""),
            retry_after=headers.get("Retry-After", ""),
            date=headers.get("Date", ""),
            reused=post.reused,
            ms=post.ms,
            left=post.left,
            located=located(headers.get("Location", ""), self._where),
            headers=tuple(headers),
            kept=post.protocol is not None and not post.protocol.should_close,
        )

    def _clean(self, reply: Reply) -> bool:
        """Whether the server has said all that it has to say, so that its connection may be used again.
        After any other reply a second one may come late (a proxy says 500, and then the server behind it is
        done), and would be taken for the next row's."""
        return reply.status in _REFUSALS or acknowledges(reply, accept_empty=self._accept_empty)

    def _stop(self, fault: NetworkFault) -> str:
        """The code of a fault that no waiting mends; "" for others."""
        code, times = _STOPS.get(fault, ("", 0))
        self._in_a_row = self._in_a_row + 1 if code else 0
        patient = times and (self._answered or self._in_a_row < times)
        return "" if patient else code

    def _note(self, *, reused: bool, alive: bool) -> None:
        """Where reused connections keep dying, the others are left to end what they carry."""
        before = self._reuse.over
        self._reuse.ended(reused=reused, alive=alive)
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
    body = await content.read(most)
    while len(body) < most and not content.at_eof():
        body += await content.read(most - len(body))
    return body


def _check(response: aiohttp.ClientResponse, post: _Post) -> None:
    """Raise where what was read is not one whole reply to the request, as far as aiohttp lets one see it."""
    fault = None
    second = post.protocol is not None and len(post.protocol) > 0  # and which is the row's?
    if not post.request_sent:  # it was there before the request went, so it answers something else
        post.unfit = True
        fault = NetworkFault.GARBLED
    elif post.late:
        fault = NetworkFault.TOO_SLOW
    elif second or response.status < 200:  # 101: another protocol from here on
        fault = NetworkFault.GARBLED
    elif "Content-Length" not in response.headers:
        fault = _unframed(response, post.protocol)
    if fault:
        raise _Lacking(fault)


def _unframed(
    response: aiohttp.ClientResponse, protocol: ResponseHandler | None
) -> NetworkFault | None:
    coding = response.headers.get("Transfer-Encoding", "chunked")
    if coding.lower() != "chunked":
        return NetworkFault.GARBLED
    if not http.is_whole(response):
        return NetworkFault.BROKE_OFF
    reset = protocol is not None and isinstance(protocol.exception(), aiohttp.ClientOSError)
    return NetworkFault.BROKE if reset else None  # a reset drops what was still under way
