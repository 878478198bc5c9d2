"""How servers are got at: the one place that makes HTTP sessions, finds the proxy and trusts authorities.

aiohttp is imported where it is used: it takes a tenth of a second, which `--help` need not wait for.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Coroutine, Mapping
from contextvars import copy_context
from enum import StrEnum
from functools import cache, lru_cache, partial, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from importer import __version__
from importer.errors import UsageError
from importer.settings import Network, is_loopback

if TYPE_CHECKING:
    import ssl

    import aiohttp


_T = TypeVar("_T")
_P = ParamSpec("_P")
USER_AGENT = f"satismeter-importer/{__version__}"
CA_FILE = "SSL_CERT_FILE"
"""Where OpenSSL looks for the authorities in place of the system's."""


def session(
    network: Network,
    url: str,
    *,
    timeout: aiohttp.ClientTimeout,
    headers: Mapping[str, str] | None = None,
    limit: int = 8,
    keep: float = 0.0,
) -> aiohttp.ClientSession:
    """A session for the server of this URL: through its proxy, with no cookies, no compression asked for
    and none undone. `headers` hold no secret, since a proxy gets them too; `limit` connections at most;
    `keep`: seconds that an idle one is kept, 0 to use each once. To be made on a loop; raises UsageError."""
    import aiohttp

    proxy = proxy_for(network, url)
    secure = "https" in (urlsplit(url).scheme, urlsplit(proxy or "").scheme)
    trust = trusted(network) if secure else True
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=limit, ssl=trust, keepalive_timeout=keep)
        if keep
        else aiohttp.TCPConnector(limit=limit, ssl=trust, force_close=True),
        proxy=proxy,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=timeout,
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **(headers or {})},
    )


def proxy_for(network: Network, url: str) -> str | None:
    """The proxy that leads to this URL, maybe with a user and password; None for this machine itself, and
    where there is none. Raises UsageError, which doesn't quote it."""
    from urllib.request import getproxies_environment, proxy_bypass

    parts = urlsplit(url)
    if is_loopback(parts.hostname or ""):
        return None
    if network.proxy:
        return _sound(network.proxy.reveal(), "--proxy")
    known = getproxies_environment()
    name = parts.scheme if parts.scheme in known else "all"
    if name not in known or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return _sound(known[name], f"{name.upper()}_PROXY")


def _sound(proxy: str, named: str) -> str:
    """The proxy's URL; plain http where it names no scheme."""
    whole = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(whole)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise UsageError(
            f"{named} is no address of a proxy that can be used.",
            hint="Such as http://proxy.example.com:3128. A SOCKS proxy can't be used; NO_PROXY names hosts "
            "that need none.",
        )
    return whole


def trusted(network: Network) -> ssl.SSLContext | bool:
    """Which authorities are trusted; True for the system's alone. Raises UsageError where a file that was
    named can't be used: OpenSSL itself would pass over it, and then trust nobody."""
    environment = os.environ.get(CA_FILE, "")
    given = str(network.ca_file or "")
    return _context(environment, given) if environment or given else True


@lru_cache(maxsize=4)  # it takes a tenth of a second
def _context(environment: str, given: str) -> ssl.SSLContext:
    import ssl

    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    for name, path in ((CA_FILE, environment), ("--ca-file", given)):
        try:
            if path:
                context.load_verify_locations(path)
        except OSError as error:  # ssl.SSLError is one
            why = "holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
            raise UsageError(
                f"{name} names {path}, which can't be used: {why}.",
                hint="It must be a file of the authorities' certificates in PEM format.",
            ) from None
    return context


def check(network: Network, url: str) -> None:
    """Raises UsageError where the proxy or the authorities can't be used, before anything else is done."""
    proxy_for(network, url)
    trusted(network)


def is_whole(response: aiohttp.ClientResponse) -> bool:
    """Whether a reply that was read to its end is all of it. Over TLS only a length or chunks say so: a
    connection that was cut (without close_notify) looks like one that was closed at the reply's end."""
    framed = "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
    return framed or response.status in (204, 304) or response.url.scheme != "https"


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run this on an event loop of its own, and wait; also where another loop is running on this thread."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    if not within_a_loop():
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def apart(work: Callable[_P, _T]) -> Callable[_P, _T]:
    """A function that brings event loops of its own: called within a running one, it does its work in a
    thread. The loop stands still meanwhile."""

    @wraps(work)
    def called(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        if not within_a_loop():
            return work(*args, **kwargs)
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(copy_context().run, partial(work, *args, **kwargs)).result()

    return called


def within_a_loop() -> bool:
    """Whether an event loop is running on this thread, so that no other can."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


# What can break a request, in plain words: the same wherever it is made.


class NetworkFault(StrEnum):
    """Why no whole reply came. Never a library's own text, which may quote what was sent."""

    CERTIFICATE = "the server's TLS certificate is not valid"
    NAME = "the server's name could not be looked up"
    NO_TLS = "no TLS connection could be made"
    PLAIN = "the server speaks no TLS at this port: http, or another port?"
    OTHER_TLS = "the server and this machine share no version of TLS, or no cipher"
    HANDSHAKE_CUT = "the server closed the connection before TLS was agreed on"
    SPEAKS_TLS = "the server speaks TLS at this port: https?"
    PROXY_AWAY = "the proxy could not be reached"
    PROXY_LOGIN = "the proxy wants a user name and password, or refused those that it got"
    PROXY_REFUSED = "the proxy refused to connect to the server"
    PROXY_FAILED = "the proxy could not connect to the server"
    PROXY_CUT = "the proxy closed the connection before it had connected to the server"
    UNREACHABLE = "the server could not be reached"
    NOT_CONNECTED = "no connection was made in time"
    TLS_BROKE = "the TLS connection broke"
    SILENT = "no answer came in time"
    TOO_SLOW = "no whole answer came in time"
    CLOSED = "the server closed the connection"
    BROKE = "the connection broke"
    BROKE_OFF = "the answer broke off"
    GARBLED = "the answer was not valid HTTP"
    DAMAGED = "the answer was damaged"
    OTHER = "the exchange failed"

    @property
    def permanent(self) -> bool:
        """Whether it is a setting's fault, so that trying again is of no use."""
        return self in _PERMANENT


_PERMANENT = {
    *(
        NetworkFault.CERTIFICATE,
        NetworkFault.NO_TLS,
        NetworkFault.PLAIN,
        NetworkFault.OTHER_TLS,
        NetworkFault.SPEAKS_TLS,
    ),
    *(NetworkFault.PROXY_AWAY, NetworkFault.PROXY_LOGIN, NetworkFault.PROXY_REFUSED),
}

_REASONS = {
    **dict.fromkeys(
        ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG"),
        NetworkFault.PLAIN,
    ),
    **dict.fromkeys(
        (
            "UNSUPPORTED_PROTOCOL",
            "NO_PROTOCOLS_AVAILABLE",
            "NO_SHARED_CIPHER",
            "TLSV1_ALERT_PROTOCOL_VERSION",
            "TLSV1_ALERT_INSUFFICIENT_SECURITY",
            "SSLV3_ALERT_HANDSHAKE_FAILURE",
        ),
        NetworkFault.OTHER_TLS,
    ),
}
"""OpenSSL's names of what kept TLS from being agreed on."""

_ALERT = r"\x15\x03"
"""How a TLS alert begins, as a parser of HTTP quotes it: what answers plain http with it speaks TLS."""


def fault_of(error: BaseException, *, proxied: bool = False) -> NetworkFault:
    """What an exception of aiohttp means. `proxied`: a proxy was to connect, and the request had not
    left yet, so that whatever broke is between the proxy and us."""
    import aiohttp

    if isinstance(error, aiohttp.ClientHttpProxyError):
        return _refusal(error.status)
    if isinstance(error, aiohttp.ClientConnectorError):
        return _unconnected(error, proxied=proxied)
    if isinstance(error, aiohttp.ClientResponseError) and _ALERT in error.message:
        return NetworkFault.PROXY_CUT if proxied else NetworkFault.SPEAKS_TLS
    fault = next(
        (fault for kind, fault in _faults() if isinstance(error, kind)), NetworkFault.OTHER
    )
    return NetworkFault.PROXY_CUT if proxied and fault in _CUT else fault


_CUT = {NetworkFault.CLOSED, NetworkFault.GARBLED, NetworkFault.BROKE}


def _refusal(status: int) -> NetworkFault:
    """Of a proxy that answers a CONNECT."""
    if status == 407:
        return NetworkFault.PROXY_LOGIN
    return (
        NetworkFault.PROXY_FAILED if status >= 500 or status == 429 else NetworkFault.PROXY_REFUSED
    )


def _unconnected(error: BaseException, *, proxied: bool) -> NetworkFault:
    import ssl

    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return NetworkFault.CERTIFICATE
    cause = getattr(error, "os_error", None)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return NetworkFault.PROXY_AWAY if proxied else NetworkFault.NAME
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return NetworkFault.PROXY_AWAY
    if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError):
        refused = isinstance(cause, ConnectionRefusedError)
        return NetworkFault.UNREACHABLE if refused else NetworkFault.HANDSHAKE_CUT
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return _REASONS.get(getattr(cause, "reason", None) or "", NetworkFault.NO_TLS)
    return NetworkFault.UNREACHABLE


@cache
def _faults() -> tuple[tuple[type[BaseException], NetworkFault], ...]:
    import ssl

    import aiohttp

    return (
        (ssl.SSLError, NetworkFault.TLS_BROKE),
        (aiohttp.ConnectionTimeoutError, NetworkFault.NOT_CONNECTED),
        (aiohttp.SocketTimeoutError, NetworkFault.SILENT),
        (aiohttp.ServerDisconnectedError, NetworkFault.CLOSED),
        (aiohttp.ClientPayloadError, NetworkFault.BROKE_OFF),
        (aiohttp.ClientResponseError, NetworkFault.GARBLED),
        (aiohttp.ClientOSError, NetworkFault.BROKE),
        (zlib.error, NetworkFault.DAMAGED),
        (TimeoutError, NetworkFault.TOO_SLOW),
        (UnicodeError, NetworkFault.NAME),  # a host that can't be one, as `a..b`
        (OSError, NetworkFault.BROKE),
    )
