"""What can break a request, in plain words: the same wherever it is made."""

from __future__ import annotations

import ssl
import zlib
from enum import StrEnum
from functools import cache


class Fault(StrEnum):
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
    *(Fault.CERTIFICATE, Fault.NO_TLS, Fault.PLAIN, Fault.OTHER_TLS, Fault.SPEAKS_TLS),
    *(Fault.PROXY_AWAY, Fault.PROXY_LOGIN, Fault.PROXY_REFUSED),
}

_REASONS = {
    **dict.fromkeys(
        ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG"),
        Fault.PLAIN,
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
        Fault.OTHER_TLS,
    ),
}
"""OpenSSL's names of what kept TLS from being agreed on."""

_ALERT = r"\x15\x03"
"""How a TLS alert begins, as a parser of HTTP quotes it: what answers plain http with it speaks TLS."""


def fault_of(error: BaseException, *, proxied: bool = False) -> Fault:
    """What an exception of aiohttp means. `proxied`: a proxy was to connect, and the request had not
    left yet, so that whatever broke is between the proxy and us."""
    import aiohttp

    if isinstance(error, aiohttp.ClientHttpProxyError):
        return _refusal(error.status)
    if isinstance(error, aiohttp.ClientConnectorError):
        return _unconnected(error, proxied=proxied)
    if isinstance(error, aiohttp.ClientResponseError) and _ALERT in error.message:
        return Fault.PROXY_CUT if proxied else Fault.SPEAKS_TLS
    fault = next((fault for kind, fault in _faults() if isinstance(error, kind)), Fault.OTHER)
    return Fault.PROXY_CUT if proxied and fault in _CUT else fault


_CUT = {Fault.CLOSED, Fault.GARBLED, Fault.BROKE}


def _refusal(status: int) -> Fault:
    """Of a proxy that answers a CONNECT."""
    if status == 407:
        return Fault.PROXY_LOGIN
    return Fault.PROXY_FAILED if status >= 500 or status == 429 else Fault.PROXY_REFUSED


def _unconnected(error: BaseException, *, proxied: bool) -> Fault:
    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Fault.CERTIFICATE
    cause = getattr(error, "os_error", None)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Fault.PROXY_AWAY if proxied else Fault.NAME
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return Fault.PROXY_AWAY
    if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError):
        refused = isinstance(cause, ConnectionRefusedError)
        return Fault.UNREACHABLE if refused else Fault.HANDSHAKE_CUT
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return _REASONS.get(getattr(cause, "reason", None) or "", Fault.NO_TLS)
    return Fault.UNREACHABLE


@cache
def _faults() -> tuple[tuple[type[BaseException], Fault], ...]:
    import aiohttp

    return (
        (ssl.SSLError, Fault.TLS_BROKE),
        (aiohttp.ConnectionTimeoutError, Fault.NOT_CONNECTED),
        (aiohttp.SocketTimeoutError, Fault.SILENT),
        (aiohttp.ServerDisconnectedError, Fault.CLOSED),
        (aiohttp.ClientPayloadError, Fault.BROKE_OFF),
        (aiohttp.ClientResponseError, Fault.GARBLED),
        (aiohttp.ClientOSError, Fault.BROKE),
        (zlib.error, Fault.DAMAGED),
        (TimeoutError, Fault.TOO_SLOW),
        (UnicodeError, Fault.NAME),  # a host that can't be one, as `a..b`
        (OSError, Fault.BROKE),
    )
