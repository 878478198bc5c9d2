"""What a reply's body says. SatisMeter documents no shape for the insert call, so every known one counts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import orjson

LONGEST = 200
"""Letters of a server's text that go into a message at most."""

_TOLD = ("errors", "error", "title", "message", "detail", "reason")
_NAMED = ("code", "type", "name")
_DEEPEST = 4
_MOST = 10


def document_of(body: bytes) -> object:
    """The body as JSON; None where it is none. What the strict parser refuses (NaN, half a surrogate,
    another encoding) the slower one may take."""
    try:
        return orjson.loads(body)
    except ValueError:
        return _lenient(body)


def _lenient(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def said_in(body: bytes, longest: int = LONGEST) -> str:
    """What an error's body says, in one line: the known JSON fields, else plain text; of an HTML page
    its title."""
    line = _one_line(" / ".join(_sayings(document_of(body), _TOLD)) or _text(body))
    return line if len(line) <= longest else line[: longest - 1] + "…"


def tells(body: bytes, says: Callable[[str], object]) -> bool:
    """Whether a text of the body `says` it: one of its known JSON fields; where it has none, all of it."""
    sayings = list(_sayings(document_of(body), _TOLD + _NAMED))
    return any(map(says, sayings or [_text(body)]))


def has_error(document: object) -> bool:
    """Whether a JSON object speaks of failure, whatever the status says."""
    if not isinstance(document, dict):
        return False
    if document.get("errors") or document.get("error"):
        return True
    return document.get("success") is False or document.get("ok") is False


def response_id(document: object) -> str:
    """The response's ID, where the reply holds one (its shape is not documented); "" where not."""
    if not isinstance(document, dict):
        return ""
    for place in (document, document.get("data"), document.get("response")):
        if isinstance(place, dict):
            for name in ("id", "_id"):
                found = place.get(name)
                if isinstance(found, str) or type(found) is int:
                    return _one_line(str(found))[:64]
    return ""


def _sayings(document: object, names: tuple[str, ...], depth: int = 0) -> Iterator[str]:
    if isinstance(document, str):
        if depth:
            yield document
    elif isinstance(document, list) and depth < _DEEPEST:
        for each in document[:_MOST]:
            yield from _sayings(each, names, depth + 1)
    elif isinstance(document, dict) and depth < _DEEPEST:
        for name in names:
            yield from _sayings(document.get(name), names, depth + 1)


def _text(body: bytes) -> str:
    """Plain text as it stands; of an HTML page its title, else its words."""
    raw = body.decode("utf-8", "replace")
    if not raw.lstrip().startswith("<"):
        return raw
    title = re.search(r"<title[^>]*>([^<]*)</title", raw[:10_000], re.IGNORECASE)
    words = re.sub(r"<[^>]*>", " ", raw[:10_000])
    return title[1] if title and title[1].strip() else words if words.strip() else "an HTML page"


def _one_line(text: str) -> str:
    """Without what would break a line, or could not be written into a file."""
    if text.isalnum() and text.isascii():
        return text[:2_000]
    plain = text[:2_000].encode("utf-8", "replace").decode()
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", plain).split())
