"""The content of a reply: unpacked where it came packed, and without the write key."""

from __future__ import annotations

import zlib

import orjson

from importer.sender.reply import LARGEST_BODY
from importer.settings import Secret

_PACKED = ("gzip", "x-gzip", "deflate")


def unpacked(content: bytes, encoding: str) -> bytes:
    """A body that came packed although nobody asked for it: its first 64 kB. Raises zlib.error where it
    isn't packed after all; other encodings stay as they are, and acknowledge nothing."""
    if not encoding or encoding.strip().lower() not in _PACKED:
        return content
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(content, LARGEST_BODY)


class Mask:
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
