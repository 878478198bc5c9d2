"""The server: where it is, and how a connection to it is made."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from aiohappyeyeballs import AddrInfoType, start_connection

from importer.sender.faults import Fault

_KNOWN_FOR = 10.0
"""Seconds that looked-up addresses are used again."""

_HEAD_START = 0.25
"""Seconds that one address is tried before the next one is, beside it (RFC 8305, 5)."""


class Unconnected(Exception):
    """No connection was made, so that nothing was sent."""

    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault


_FAULTS: tuple[tuple[type[BaseException], Fault], ...] = (
    (ssl.SSLCertVerificationError, Fault.CERTIFICATE),
    (socket.gaierror, Fault.NAME),
    (UnicodeError, Fault.NAME),
    (ssl.SSLError, Fault.NO_TLS),
    (TimeoutError, Fault.NOT_CONNECTED),
    (OSError, Fault.UNREACHABLE),
)


def fault_of(error: BaseException) -> Fault:
    """Why no connection was made."""
    return next((fault for kind, fault in _FAULTS if isinstance(error, kind)), Fault.OTHER)


class Target:
    """One server. All its addresses are tried, IPv6 and IPv4 in turn; its certificate is checked
    against the system's authorities."""

    def __init__(self, url: str, *, seconds: float) -> None:
        """`seconds`: the time that a connection may take to be made, the look-up and TLS included."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if secure else 80)
        self._tls = _tls() if secure else None
        self._seconds = seconds
        self._addresses: Sequence[AddrInfoType] = ()
        self._known_until = 0.0

    async def connect(self, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Connect this protocol; raises Unconnected."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._connect(protocol)
        except (OSError, UnicodeError) as error:
            raise Unconnected(fault_of(error)) from None

    async def _connect(self, protocol: Callable[[], asyncio.Protocol]) -> None:
        addresses = await self._looked_up()
        peer = await start_connection(addresses, happy_eyeballs_delay=_HEAD_START, interleave=1)
        await asyncio.get_running_loop().create_connection(
            protocol,
            sock=peer,
            ssl=self._tls,
            server_hostname=self._host if self._tls else None,
        )

    async def _looked_up(self) -> Sequence[AddrInfoType]:
        loop = asyncio.get_running_loop()
        if loop.time() >= self._known_until:
            self._addresses = await loop.getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
            )
            self._known_until = loop.time() + _KNOWN_FOR
        return self._addresses


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
