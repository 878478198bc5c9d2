"""What the sandbox answers when nothing is wrong with the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

import orjson
from aiohttp import web

from importer.sandbox.insert import Refusal
from importer.sandbox.settings import Behaviour, ErrorShape, SuccessShape
from importer.sandbox.store import Stored

_JSON = "application/json"
_SUCCESS_STATUS = {SuccessShape.CREATED: 201, SuccessShape.NO_CONTENT: 204}


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply."""

    status: int
    body: bytes = b""
    content_type: str = _JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_http(self) -> web.Response:
        """The reply as aiohttp sends it."""
        headers = {"Content-Type": self.content_type, **self.headers} if self.body else self.headers
        return web.Response(status=self.status, body=self.body, headers=headers)


def document(data: object, status: int = 200) -> Reply:
    """A JSON document."""
    return Reply(status, orjson.dumps(data))


def stored(response: Stored, shape: SuccessShape) -> Reply:
    """The answer to a response that was stored."""
    body = document({"id": response.id}).body
    bare = shape in (SuccessShape.EMPTY, SuccessShape.NO_CONTENT)
    return Reply(_SUCCESS_STATUS.get(shape, 200), b"" if bare else body)


def refused(refusal: Refusal, shape: ErrorShape, headers: Mapping[str, str] | None = None) -> Reply:
    """The answer to a request that stored nothing."""
    body, content_type = _error(refusal.titles, shape)
    return Reply(refusal.status, body, content_type, headers or {})


def scripted(behaviour: Behaviour, shape: ErrorShape) -> Reply:
    """The answer that a script asks for."""
    if behaviour.body is None and behaviour.status >= 400:
        refusal = Refusal(behaviour.status, (f"Scripted {behaviour.status}",))
        return refused(refusal, shape, behaviour.headers)
    if isinstance(behaviour.body, str):
        kind = "text/html" if behaviour.body.lstrip().startswith("<") else "text/plain"
        return Reply(behaviour.status, behaviour.body.encode(), kind, behaviour.headers)
    body = b"" if behaviour.body is None else orjson.dumps(behaviour.body)
    return Reply(behaviour.status, body, _JSON, behaviour.headers)


def _error(titles: tuple[str, ...], shape: ErrorShape) -> tuple[bytes, str]:
    text = "; ".join(titles)
    match shape:
        case ErrorShape.ERRORS:
            return orjson.dumps({"errors": [{"title": title} for title in titles]}), _JSON
        case ErrorShape.ERROR | ErrorShape.MESSAGE:
            return orjson.dumps({shape.value: text}), _JSON
        case ErrorShape.TEXT:
            return text.encode(), "text/plain"
        case ErrorShape.HTML:
            page = f"<!DOCTYPE html><title>Error</title><h1>{escape(text)}</h1>"
            return page.encode(), "text/html"
