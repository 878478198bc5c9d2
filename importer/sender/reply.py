"""What came back from one attempt, as plain facts; and who brings it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

LARGEST_BODY = 64 * 1024
"""Bytes of a reply that are read at most."""


class Reply(NamedTuple):
    """One attempt's end.

    `left`: the request was handed to the wire in this attempt; False proves that the server got
    nothing. `status` is that of a whole, well-formed HTTP reply, None otherwise; then `fault` says in
    plain words what broke. `stop`: the code of a fault that every further row would meet too; "" for any
    other. `ms` counts from the attempt's start to its end.
    """

    left: bool
    status: int | None = None
    body: bytes = b""
    content_type: str = ""
    retry_after: str = ""
    date: str = ""
    fault: str = ""
    stop: str = ""
    reused: bool = False
    ms: int = 0


class Poster(Protocol):
    """What delivery needs of a client."""

    async def post(self, body: bytes) -> Reply:
        """Post one body (a JSON object without its write key). Never raises but for cancellation."""
