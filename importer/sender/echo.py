"""What a server quotes of a request doesn't go into messages: it is a person's."""

from __future__ import annotations

import json
from collections.abc import Iterator

import orjson

from importer.sender.reply import Reply

_SHORTEST = 4
"""Letters; what is shorter tells nothing of anybody, and would be found in any text."""

_MASK = b"***"


def without_echo(reply: Reply, sent: bytes) -> Reply:
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
