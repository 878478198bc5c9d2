"""A reply as its bytes come in: parsed by llhttp (through httptools), bounded, and whole or nothing."""

from __future__ import annotations

from typing import NamedTuple

import httptools

from importer.sender.reply import LARGEST_BODY

LARGEST_HEAD = 64 * 1024
"""Bytes of header names and values in one reply, trailers included."""

LARGEST_REPLY = 8 * LARGEST_BODY
"""Bytes of a reply in all: sent in chunks of one byte, a body takes six times its size."""


class Garbled(Exception):
    """What came is not one well-formed reply."""


class Answer(NamedTuple):
    """A whole reply, as it came. `reusable`: the connection may carry another request."""

    status: int
    content: bytes
    content_type: str
    encoding: str
    retry_after: str
    date: str
    reusable: bool


class Incoming:
    """The replies of one connection, one at a time.

    It is as lenient as aiohttp, which knows what servers get wrong: odd characters in header values, lines
    that end in LF alone, spaces after a chunk's size. Nothing of that moves a reply's end.
    """

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(
            lenient_headers=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )
        self._answer: Answer | None = None
        self._taken = 0
        self._begin()

    @property
    def headed(self) -> bool:
        """Whether the head of a reply is there, so that what may break off is its body."""
        return self._headed

    def feed(self, data: bytes) -> Answer | None:
        """Take bytes; the answer, as soon as it is whole or has 64 kB. Raises Garbled, also where more
        than one reply comes: then nothing says which is the request's."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if self._size < LARGEST_BODY:
                raise Garbled from None
        answer, self._answer = self._answer, None
        self._taken = 0 if answer else self._taken + len(data)
        if self._taken > LARGEST_REPLY:
            raise Garbled
        return answer

    def end(self) -> Answer | None:
        """The server has sent all it will: the answer, if the end is what ends it."""
        framed = b"content-length" in self._headers or b"transfer-encoding" in self._headers
        return None if framed or not self._headed else self._made(reusable=False)

    def on_message_begin(self) -> None:
        """Called by the parser, as the others below."""
        if self._answer is not None:
            raise Garbled
        self._begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head += len(name) + len(value)
        if self._head > LARGEST_HEAD or b"\0" in value:
            raise Garbled
        if not self._headed:
            self._headers.setdefault(name.lower(), value)

    def on_headers_complete(self) -> None:
        self._headed = True

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)
        self._size += len(part)
        if self._size >= LARGEST_BODY:
            self._answer = self._made(reusable=False)
            raise Garbled

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if not 100 <= status < 200:
            self._answer = self._made(reusable=self._parser.should_keep_alive())
        self._headed = False

    def _begin(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._parts: list[bytes] = []
        self._head = self._size = 0
        self._headed = False

    def _made(self, *, reusable: bool) -> Answer:
        return Answer(
            self._parser.get_status_code(),
            b"".join(self._parts)[:LARGEST_BODY],
            self._text(b"content-type"),
            self._text(b"content-encoding"),
            self._text(b"retry-after"),
            self._text(b"date"),
            reusable,
        )

    def _text(self, name: bytes) -> str:
        return self._headers.get(name, b"").decode("latin-1")
