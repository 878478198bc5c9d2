"""How servers are got at: the one place that makes HTTP sessions, finds the proxy and trusts authorities.

aiohttp is imported where it is used: it takes a tenth of a second, which `--help` need not wait for.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from importer import __version__
from importer.errors import UsageError
from importer.settings import Network, is_loopback

if TYPE_CHECKING:
    import aiohttp

_T = TypeVar("_T")
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
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
