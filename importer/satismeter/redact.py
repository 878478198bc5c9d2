"""What a server quotes of a request goes nowhere: neither the write key nor a person's texts."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator

import orjson

from importer.satismeter.classify import LARGEST_BODY, Reply
from importer.settings import Secret

# What a server quotes of a request doesn't go into messages: it is a person's.

_SHORTEST = 4
"""Letters; what is shorter tells nothing of anybody, and would be found in any text."""

_MASK = b"***"


def redact_echo(reply: Reply, sent: bytes) -> Reply:
    """An error's reply without the texts of the request that it quotes, escaped or not; every other
    reply as it is."""
    if reply.status is None or reply.status < 400 or not reply.body:
        return reply
    quiet = reply.body
    for text in sorted(set(_texts(orjson.loads(sent))), key=len, reverse=True):
        for quoted in (text.encode(), orjson.dumps(text)[1:-1], json.dumps(text)[1:-1].encode()):
            quiet = quiet.replace(quoted, _MASK)
    return reply._replace(body=quiet)


def _texts(value: object) -> Iterator[str]:
    """Every text of answers, traits and IDs, but for those of the survey."""
    if isinstance(value, str):
        if len(value) >= _SHORTEST:
            yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name not in ("campaign", "method", "id"):
                yield from _texts(each)


# The content of a reply: unpacked where it came packed, and without the write key.

_PACKED = ("gzip", "x-gzip", "deflate")


def unpacked(content: bytes, encoding: str) -> bytes:
    """A body that came packed although nobody asked for it: its first 64 kB. Raises zlib.error where it
    isn't packed after all; other encodings stay as they are, and acknowledge nothing."""
    if not encoding or encoding.strip().lower() not in _PACKED:
        return content
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(content, LARGEST_BODY)


class KeyRedactor:
    """Takes the write key out of a server's text, which may quote it as it is or as JSON."""

    __slots__ = ("_forms",)

    def __init__(self, key: Secret) -> None:
        text = key.reveal()
        self._forms = {text.encode(), orjson.dumps(text)[1:-1]} - {b""}

    def over(self, content: bytes) -> bytes:
        """The content, with three asterisks for each key."""
        for form in self._forms:
            content = content.replace(form, b"***")
        return content


# The body of a request: a planned response, with the write key put in front.


def with_key(body: bytes, key: Secret | str) -> bytes:
    """The body as it is posted: the write key first, the rest byte by byte as it was planned."""
    text = key.reveal() if isinstance(key, Secret) else key
    return b'{"writeKey":' + orjson.dumps(text) + b"," + body[1:]
