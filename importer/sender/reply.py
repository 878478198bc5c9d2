"""What came back from one attempt, as plain facts."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_BODY = 64 * 1024
"""Bytes of a reply that are read at most."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One attempt's end.

    `left`: the request's headers were handed to the wire in this attempt; False proves that the server
    got nothing. `status` is that of a whole, well-formed HTTP reply, None otherwise; then `fault` says
    in plain words what broke. `certificate`: the server's TLS certificate was refused. `ms` counts from
    the attempt's start to its end.
    """

    left: bool
    status: int | None = None
    body: bytes = b""
    content_type: str = ""
    retry_after: str = ""
    date: str = ""
    fault: str = ""
    certificate: bool = False
    reused: bool = False
    ms: int = 0
