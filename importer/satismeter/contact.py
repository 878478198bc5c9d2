"""First contact: what the first replies say of the assumptions on the API that docs/api.md lists."""

from __future__ import annotations

import asyncio
import re
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import orjson

from importer import resources
from importer.model import Status
from importer.satismeter.classify import Classification, Poster, Reply, classify, pause_of
from importer.satismeter.read import MARGIN, Reader, moment
from importer.satismeter.redact import Redactor
from importer.satismeter.reply_body import document_of, error_text, response_id, tells


class Assumption(NamedTuple):
    """What the importer takes for granted, where that is known from, what it does by it, and what a person
    does where a reply contradicts it."""

    id: str
    assumed: str
    source: str
    used: str
    remedy: str


_TEXT = resources.small(Path(__file__).with_name("assumptions.toml"))[0].decode()
ASSUMPTIONS = tuple(Assumption(id_, **texts) for id_, texts in tomllib.loads(_TEXT).items())
MOST = 10
"""Rows of a pilot at most, and replies of it that are recorded."""

_CLOCKS = 120.0
"""Seconds before a post from which a response of the same person, with other answers, is taken for it."""


class Seen(NamedTuple):
    """One attempt: when it was sent (Unix seconds), the body without the key, the reply, and its class."""

    sent_at: float
    body: bytes
    reply: Reply
    classified: Classification


class Contact:
    """Posts through `poster`, and keeps what came back first. A Poster."""

    def __init__(self, poster: Poster, redactor: Redactor, *, accept_empty: bool = False) -> None:
        self._poster = poster
        self._redactor = redactor
        self._accept_empty = accept_empty
        self._seen: list[Seen] = []
        self._read: dict[str, bool | None] = {}

    async def post(self, body: bytes) -> Reply:
        """Posts as the poster does, and keeps the first replies with what they were answers to."""
        sent_at = time.time()
        reply = await self._poster.post(body)
        if len(self._seen) < MOST:
            classified = classify(reply, accept_empty=self._accept_empty, sent=body)
            self._seen.append(Seen(sent_at, body, reply, classified))
        return reply

    async def read_back(self, reader: Reader, look: Look, seconds: float) -> None:
        """Look for the first response that was acknowledged, for so long. Raises ReadError."""
        stored = (each for each in self._seen if each.classified.status is Status.CREATED)
        if (first := next(stored, None)) is None:
            return
        surely = 3 if first.classified.response_id else 2
        pause, until = 0.5, time.monotonic() + seconds
        while (found := await _listed(reader, first, look)).how < surely:
            if (left := until - time.monotonic()) <= 0:
                break
            await asyncio.sleep(min(pause, left))
            pause *= 2
        self._read = _read(first, found)

    def findings(self) -> list[dict[str, str]]:
        """Each assumption's `id`, words (`assumed`), and whether it was `found` confirmed, contradicted or
        not seen; with what to `do` where it is contradicted. [] where nothing was posted."""
        judged = [*map(_judged, self._seen), self._read]
        return [_finding(each, judged) for each in ASSUMPTIONS] if self._seen else []

    def shapes(self) -> list[dict[str, object]]:
        """The replies without a value of theirs."""
        return [_shape(each, self._redactor) for each in self._seen]


def _finding(assumption: Assumption, judged: Sequence[Mapping[str, bool | None]]) -> dict[str, str]:
    verdicts = {each.get(assumption.id) for each in judged}
    found = "contradicted" if False in verdicts else "confirmed" if True in verdicts else "not seen"
    told = {"id": assumption.id, "found": found, "assumed": assumption.assumed}
    return {**told, "do": assumption.remedy} if found == "contradicted" else told


# What one reply says of the assumptions: True confirms, False contradicts, None says nothing.

_DUPLICATE = re.compile(r"(?i)duplicat|already (responded|answered|exists|submitted|stored)")
_OF_THE_KEY = re.compile(r"(?i)\b(write|api)[ _-]?key\b|unauthori[sz]ed|invalid (key|token)")
_REFUSED = (400, 413, 415, 422)
_WRONG_PLACE = (404, 405, 410, 501, 505)


def _judged(seen: Seen) -> dict[str, bool | None]:
    reply, classified, status = seen.reply, seen.classified, seen.reply.status
    if status is None:
        return {}
    stored, refused = classified.status is Status.CREATED, status in _REFUSED
    duplicate = classified.status is Status.DUPLICATE
    page = reply.body.lstrip().startswith(b"<")
    sent = seen.body.decode("utf-8", "replace")

    def says(what: re.Pattern[str]) -> bool:
        """Whether the reply says it, and doesn't only quote it from what was sent."""
        return not what.search(sent) and tells(reply.body, what.search)

    other_than_400 = classified.unverified or (400 <= status < 500 and not duplicate)
    other_than_401 = classified.unverified or refused
    return {
        "A1": not 300 <= status < 400 and status not in _WRONG_PLACE,
        "A2": True if stored else False if classified.unverified else None,
        "A3": bool(classified.response_id) if stored else None,
        "A4": bool(error_text(reply.body)) and not page if refused and not duplicate else None,
        "A5": duplicate or (False if other_than_400 and says(_DUPLICATE) else None),
        "A6": pause_of(reply) is not None if status == 429 else None,
        "A7": (status in (401, 403) and not page)
        or (False if other_than_401 and says(_OF_THE_KEY) else None),
        "A8": reply.kept if stored or refused else None,
    }


# What the read API says of them.

Look = Callable[[str, str, str, Iterable[tuple[str, object]]], bytes]
"""Survey, userId, anonymousId and answers in the one form in which rows in doubt are compared."""


class _Found(NamedTuple):
    """The response as the survey lists it, and how it was known: 4 by its ID, with the same person and
    answers; 3 by its ID; 2 by person and answers; 1 by the person; 0 not at all."""

    how: int = 0
    created: float = 0.0


async def _listed(reader: Reader, seen: Seen, look: Look) -> _Found:
    body, named = orjson.loads(seen.body), seen.classified.response_id
    campaign, who = body["campaign"], (body.get("userId") or "", body.get("anonymousId") or "")
    own = look(campaign, *who, [(each["id"], each["value"]) for each in body["answers"]])
    best, since = _Found(), datetime.fromtimestamp(seen.sent_at - MARGIN, UTC)
    async for each in reader.responses(campaign, since):
        theirs, created = (each.user_id, each.anonymous_id), moment(each.created)
        alike = look(campaign, *theirs, each.answers) == own
        if named and each.id == named:
            return _Found(4 if alike else 3, created)
        recent = theirs == who and created > seen.sent_at - _CLOCKS
        best = max(best, _Found(2 if alike else 1 if recent else 0, created))
    return best


def _read(seen: Seen, found: _Found) -> dict[str, bool | None]:
    if not found.how:
        return {"A9": False}
    return {
        "A9": abs(found.created - seen.sent_at) < MARGIN,
        "A10": found.how in (2, 4),
        "A11": found.how > 2 if seen.classified.response_id else None,
    }


# A reply's shape: no value of it, and of the names, which the server chooses, none that quotes anything.

_KNOWN = frozenset((
    "Age", "Connection", "Content-Length", "Content-Type", "Date", "Location", "Retry-After", "Server", "Via",
    "_id", "answers", "anonymousId", "campaign", "code", "created", "data", "detail", "error", "errors", "id",
    "message", "method", "name", "ok", "project", "reason", "response", "result", "status",
    "statusCode", "status_code", "success", "title", "type", "user", "userId",
))  # fmt: skip
_NAME = re.compile(r"[A-Za-z_](?:[A-Za-z_.-]|\d(?!\d{3})){3,39}")
"""Other names that may be told. Shorter ones, long numbers, an @ or a blank may be a person's."""
_MOST_NAMES = 100
_WIDEST, _DEEPEST = 20, 4


def _shape(seen: Seen, redactor: Redactor) -> dict[str, object]:
    reply = seen.reply
    told: dict[str, object] = {
        "sent_at": datetime.fromtimestamp(seen.sent_at, UTC).isoformat(timespec="seconds"),
        "ms": reply.ms,
        "status": reply.status,
    }
    if reply.status is None:
        return {**told, "fault": reply.fault}
    document = document_of(reply.body)
    headers = reply.headers[:_MOST_NAMES]
    names = _Names(redactor, seen.body, [*headers, *_names(document)])
    return {
        **told,
        "headers": [names(each) for each in headers],
        "body": _kind(reply.body, document),
        "json": _keys(document, names) if isinstance(document, dict | list) else None,
        "id": "json" if response_id(document) else "Location" if reply.located else None,
        "kept": reply.kept,
    }


def _kind(body: bytes, document: object) -> str:
    if not body.strip():
        return "empty"
    if document is not None:
        return "json"
    return "html" if body.lstrip().startswith(b"<") else "text"


class _Names:
    """Tells a server's names: those that are known as they are, others only where all of them together quote
    nothing of the request or of a key, since a name may hold a piece."""

    def __init__(self, redactor: Redactor, sent: bytes, names: Sequence[str]) -> None:
        unknown = [each for each in names if each not in _KNOWN and _NAME.fullmatch(each)]
        text = " ".join(unknown[:_MOST_NAMES])
        quiet = redactor.over(text, sent) == text
        self._told = {*_KNOWN, *(unknown[:_MOST_NAMES] if quiet else ())}

    def __call__(self, name: str) -> str:
        return name if name in self._told else "***"


def _keys(document: object, names: Callable[[str], str], depth: int = 0) -> object:
    """The keys with the kinds of their values; of a list its first element."""
    if isinstance(document, dict) and depth < _DEEPEST:
        listed = islice(document.items(), _WIDEST)
        told = {names(key): _keys(value, names, depth + 1) for key, value in listed}
        more = len(document) - _WIDEST
        return told | ({"…": f"{more} more"} if more > 0 else {})
    if isinstance(document, list) and depth < _DEEPEST:
        return [_keys(each, names, depth + 1) for each in document[:1]]
    return _KINDS.get(type(document), "null")


_KINDS = {
    dict: "object",
    list: "list",
    str: "text",
    bool: "boolean",
    int: "number",
    float: "number",
}


def _names(document: object) -> list[str]:
    """The keys that `_keys` comes to, in its order."""
    found: list[str] = []

    def took(name: str) -> str:
        found.append(name)
        return name

    _keys(document, took)
    return found
