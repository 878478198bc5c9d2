"""What a reply's body says: an error, a yes, the response's ID. SatisMeter documents no shape for the insert
call, so every known one counts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from urllib.parse import SplitResult, urljoin, urlsplit

import orjson

from importer.privacy import short

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


def error_text(body: bytes, longest: int = LONGEST) -> str:
    """What an error's body says, in one line: known JSON fields, else plain text; of HTML its title."""
    said = " / ".join(_sayings(document_of(body), _TOLD))
    return short(_one_line(said or _text(body)), longest)


def tells(body: bytes, says: Callable[[str], object]) -> bool:
    """Whether a text of the body `says` it: one of its known JSON fields; where it has none, all of it."""
    sayings = list(_sayings(document_of(body), _TOLD + _NAMED))
    return any(map(says, sayings or [_text(body)]))


_FAILED = ("error", "errors", "fail", "failed", "failure")
_FINE = re.compile(
    r"0*|2\d\d|(?!not|un)([a-z]{1,20}[ _.-])?(ok(ay)?|success(ful)?|created|accepted|stored|saved)"
)
_NO_TROUBLE = re.compile(
    r"\b(no|without( any)?|zero|0) (error|problem|warning|failure)s?\b", re.IGNORECASE
)


@cache
def _trouble() -> re.Pattern[str]:
    return re.compile(
        r"\b(error|fail|invalid|forbidden|unauthori[sz]ed|denied|refused|reject|expired|exceed|missing|unknown"
        r"|unable|cannot|can't|couldn't|unavailable|unsupported|disabled|suspended|deactivated|maintenance"
        r"|duplicate|conflict|time-?out|timed out|too (many|large|long)|bad (request|gateway)|try again"
        r"|must\b|not (found|allowed|permitted|created|stored|saved|accepted|be|a|authori[sz]ed|authenticated"
        r"|enabled|valid|supported|available|processed|implemented))",
        re.IGNORECASE,
    )


def has_error(document: object, depth: int = 0) -> bool:
    """Whether JSON speaks of failure, whatever the status says: `{"error": …}` or `{"success": false}`,
    JSend's `{"status": "error"}`, `{"statusCode": 500}`, `[{"errors": …}]`, and where there is no id
    that a stored response would have, `{"message": "Forbidden"}` and `{"code": "…", "message": "…"}`."""
    if isinstance(document, list):
        return depth < _DEEPEST and any(has_error(each, depth + 1) for each in document[:_MOST])
    if not isinstance(document, dict):
        return False
    if _has_failed(document) or (not response_id(document) and _says_failure(document)):
        return True
    inner = map(document.get, _INNER) if depth < 1 else ()
    return any(has_error(each, 1) for each in inner if isinstance(each, dict))


def _has_failed(document: dict[object, object]) -> bool:
    """By the fields that are there for it."""
    if document.get("errors") or document.get("error"):
        return True
    if document.get("success", True) in _UNTRUE or document.get("ok", True) in _UNTRUE:
        return True
    return any(map(_is_failure, map(document.get, _STATUSES)))


_UNTRUE = (False, "false")
_STATUSES = ("status", "statusCode", "status_code")
_INNER = ("data", "response", "result")


def _is_failure(status: object) -> bool:
    """Whether a field called status says so: a word, or a number as of HTTP."""
    if not isinstance(status, str | int):
        return False
    text = str(status).strip().lower()
    return text in _FAILED or re.fullmatch(r"[45]\d\d", text) is not None


def _says_failure(document: dict[object, object]) -> bool:
    code = document.get("code")
    if _is_failure(code):
        return True
    if "message" in document and isinstance(code, str) and not _FINE.fullmatch(code.lower()):
        return True
    texts = (_NO_TROUBLE.sub("", each) for each in _sayings(document, _TOLD))
    return any(map(_trouble().search, texts))


_YES = re.compile(
    r"\b(ok(ay)?|success\w*|done|created|accepted|stored|saved|received|recorded|submitted|thanks?)\b",
    re.IGNORECASE,
)
_NO = re.compile(r"\b(not?|never|yet|un\w{4,})\b|n't\b", re.IGNORECASE)
_MARK = re.compile(r"(?=[A-Za-z_:.+-]{0,40}[0-9])[A-Za-z0-9_:.+-]{1,64}")
_SENT = ("answers", "user", "userId", "anonymousId", "traits", "campaign", "method", "project")


def talks(document: object) -> bool:
    """Whether JSON without an id holds words that are no yes: `{"message": "Verboten"}`. Of which language
    they are, and under what name they stand, is nobody's to guess; what comes back of the request, dates
    and numbers are no words. `{"success": true}` and the like are a yes to all of it."""
    return not response_id(document) and any(map(_is_no_yes, _words(document)))


def _words(document: object, depth: int = 0) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, list) and depth < _DEEPEST:
        for each in document[:_MOST]:
            yield from _words(each, depth + 1)
    elif isinstance(document, dict) and depth < _DEEPEST and not _affirms(document):
        for name, each in document.items():
            if name not in _SENT:
                yield from _words(each, depth + 1)


def _affirms(document: dict[object, object]) -> bool:
    given = [document.get(name) for name in ("status", "statusCode", "status_code", "code")]
    fine = (str(each).lower() for each in given if isinstance(each, str | int) and each != "")
    yes = any(document.get(name) in (True, "true") for name in ("success", "ok"))
    return yes or any(map(_FINE.fullmatch, fine))


def _is_no_yes(text: str) -> bool:
    plain = _NO_TROUBLE.sub("", text[:2_000])
    if _trouble().search(plain):
        return True
    return bool(plain.strip()) and not (
        _MARK.fullmatch(plain) or (_YES.search(plain) and not _NO.search(plain))
    )


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


_LAST = re.compile(r"[A-Za-z0-9_-]{1,64}")


def located(location: str, url: str) -> str:
    """The response's id in a `Location` that lies below `url`, to which it was posted; "" for any other."""
    if not location:
        return ""
    try:
        here, there = urlsplit(url), urlsplit(urljoin(url, location.strip()))
        same = (here.scheme, here.hostname, _port(here)) == (
            there.scheme,
            there.hostname,
            _port(there),
        )
    except ValueError:
        return ""
    folder, _, last = there.path.rstrip("/").rpartition("/")
    below = folder in (here.path.rstrip("/"), "/api/responses")
    return last if same and below and _LAST.fullmatch(last) else ""


def _port(parts: SplitResult) -> int | None:
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme)


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
