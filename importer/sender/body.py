"""The body of a request: a planned response, with the write key put in front."""

from __future__ import annotations

import orjson

from importer.settings import Secret


def with_key(body: bytes, key: Secret | str) -> bytes:
    """The body as it is posted: the write key first, the rest byte by byte as it was planned."""
    text = key.reveal() if isinstance(key, Secret) else key
    return b'{"writeKey":' + orjson.dumps(text) + b"," + body[1:]
