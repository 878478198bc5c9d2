"""The bytes of a request: everything but the body is the same each time."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from importer import __version__
from importer.sender.body import with_key
from importer.settings import Secret


class Request:
    """What is posted to one URL. It shows nothing of itself, since it holds the write key."""

    __slots__ = ("_head", "_key")

    def __init__(self, url: str, key: Secret, *, last: bool = False) -> None:
        """`last`: tell the server that no other request follows on the same connection."""
        lines = [
            b"POST " + _path(url) + b" HTTP/1.1",
            b"Host: " + _authority(url),
            b"User-Agent: satismeter-importer/" + __version__.encode(),
            b"Content-Type: application/json",
            b"Accept: application/json",
            b"Accept-Encoding: identity",
            *([b"Connection: close"] if last else []),
            b"Content-Length: ",
        ]
        self._head = b"\r\n".join(lines)
        self._key = key

    def of(self, body: bytes) -> bytes:
        """The request with this body, a JSON object without its write key."""
        whole = with_key(body, self._key)
        return b"%b%d\r\n\r\n%b" % (self._head, len(whole), whole)


def _path(url: str) -> bytes:
    parts = urlsplit(url)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    query = quote(parts.query, safe="/?%:@!$&'()*+,;=~")
    return (f"{path}?{query}" if query else path).encode()


def _authority(url: str) -> bytes:
    """Host and port, as the header wants them. A name that can't be encoded is never found either."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    host = b"[" + name.encode() + b"]" if ":" in name else _ascii(name)
    return host + (b":%d" % parts.port if parts.port else b"")


def _ascii(name: str) -> bytes:
    try:
        return name.encode("idna")
    except UnicodeError:
        return name.encode("ascii", "replace")
