"""The pure decision on a reply: what became of the row, and what the run does next.

The classes follow one question: may the server have stored the row? Only a whole reply that says so, or
proof that the request never left, settles it; all else is `unknown`.
"""

from __future__ import annotations

import email.utils
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from importer.model import Status
from importer.sender.reply import Reply

LONGEST_PAUSE = 300.0
"""Seconds of a `Retry-After` that are obeyed at most."""

_NOT_APPLIED = {408, 425, 429, 521, 522, 523, 525, 526}
_KEY_REFUSED = {401, 403}
_WRONG_PLACE = {404, 405, 410, 501, 505}
_ROWS_OWN = {400, 413, 415, 422}
_DUPLICATE = re.compile(r"duplicat", re.IGNORECASE)
_PLAN = re.compile(
    r"\b(plan|quota|trial|subscription|billing)\b|\blimit (was |is |has been )?(reached|exceeded)\b",
    re.IGNORECASE,
)


class Next(Enum):
    """What the run does after an attempt."""

    GO_ON = auto()
    """Take the next row."""
    AGAIN = auto()
    """The row was not applied: post it again, when the pace allows."""
    STOP = auto()
    """Every further row would fare alike: stop."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The row's status after this attempt, why, and what the run does.

    `pause`: seconds for which nobody posts. `trouble`: counts towards the breaker. `unverified`: a 2xx
    that isn't an acknowledgement; three in a row stop the run.
    """

    status: Status
    code: str = ""
    message: str = ""
    next: Next = Next.GO_ON
    pause: float | None = None
    trouble: bool = False
    unverified: bool = False
    response_id: str = ""

    @property
    def in_doubt(self) -> bool:
        """The row may be stored without our knowing."""
        return self.status == Status.UNKNOWN


def judge(reply: Reply, *, doubt: bool = False, accept_empty: bool = False) -> Verdict:
    """Decide on a reply. `doubt`: an earlier attempt of this row was of unknown fate, so that a
    refusal as a duplicate proves nothing. `accept_empty`: an empty 200 is an acknowledgement."""
    if reply.status is None:
        return _no_reply(reply, doubt)
    if 200 <= reply.status < 300:
        return _success(reply, accept_empty)
    if 300 <= reply.status < 400:
        return Verdict(
            Status.UNKNOWN,
            "redirected",
            f"the server answered {reply.status}, a redirect, which is never followed",
            Next.STOP,
        )
    return _refusal(reply, doubt)


def _no_reply(reply: Reply, doubt: bool) -> Verdict:
    if reply.certificate:
        return Verdict(_pending(doubt), "bad_certificate", reply.fault, Next.STOP)
    if not reply.left:
        return Verdict(_pending(doubt), "not_sent", reply.fault, Next.AGAIN, trouble=True)
    return Verdict(
        Status.UNKNOWN,
        "no_reply",
        f"posted, but {reply.fault}; it may be stored",
        trouble=True,
    )


def _success(reply: Reply, accept_empty: bool) -> Verdict:
    document = _document(reply.body)
    if not reply.body.strip():
        acknowledged = reply.status in (201, 204) or accept_empty
        why = "an empty body"
    else:
        acknowledged = isinstance(document, (dict, list)) and not _has_errors(document)
        why = "an error inside" if isinstance(document, dict) else "a body that is not JSON"
    if acknowledged:
        return Verdict(Status.CREATED, response_id=_response_id(document))
    return Verdict(
        Status.UNKNOWN,
        "unverified",
        f"the server answered {reply.status} with {why}, which acknowledges nothing",
        trouble=True,
        unverified=True,
    )


def _refusal(reply: Reply, doubt: bool) -> Verdict:
    status = reply.status or 0
    said = said_in(reply.body)
    text = f"the server answered {status}" + (f": {said}" if said else "")
    pause = pause_of(reply)
    if status == 400 and _DUPLICATE.search(said):
        return _duplicate(doubt)
    if code := _stops(status, said):
        return Verdict(_pending(doubt), code, text, Next.STOP)
    if status in _NOT_APPLIED or (status == 503 and pause is not None):
        away = status >= 500
        return Verdict(_pending(doubt), "not_applied", text, Next.AGAIN, pause, trouble=away)
    if status in _ROWS_OWN:
        return Verdict(Status.REJECTED if not doubt else Status.UNKNOWN, "rejected", text)
    return Verdict(Status.UNKNOWN, "server_error", f"{text}; it may be stored", trouble=True)


def _stops(status: int, said: str) -> str:
    """The code of a refusal that every further row would get too; "" for any other."""
    if status in _KEY_REFUSED:
        return "key_refused"
    if status == 402 or (status < 500 and status not in _NOT_APPLIED and _PLAN.search(said)):
        return "plan_limit"
    return "wrong_survey" if status in _WRONG_PLACE else ""


def _duplicate(doubt: bool) -> Verdict:
    if doubt:
        return Verdict(
            Status.UNKNOWN,
            "stored_or_duplicate",
            "posted without an answer before; asked again, the API calls it a duplicate: "
            "either the first attempt was stored, or it was refused for another response",
        )
    return Verdict(
        Status.DUPLICATE,
        "dup_or_targeting",
        "the API answers alike for two causes: the user got a response recently, or the user's "
        "traits don't match the survey's targeting",
    )


def _pending(doubt: bool) -> Status:
    """Not applied by this attempt; an earlier one may have been."""
    return Status.UNKNOWN if doubt else Status.PENDING


def pause_of(reply: Reply) -> float | None:
    """Seconds of `Retry-After`, both forms (RFC 9110, 10.2.3): digits, or a date, taken against the
    reply's own `Date` so that a wrong clock on either side does no harm. None where there is none."""
    text = reply.retry_after.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), LONGEST_PAUSE)
    try:
        until = email.utils.parsedate_to_datetime(text)
        now = email.utils.parsedate_to_datetime(reply.date)
        return min(max((until - now).total_seconds(), 0.0), LONGEST_PAUSE)
    except (ValueError, TypeError):
        return None


def said_in(body: bytes, longest: int = 200) -> str:
    """What an error's body says, in one line: the known JSON fields, else plain text; of an HTML page
    its title."""
    document = _document(body)
    text = " / ".join(_sayings(document)) if isinstance(document, (dict, list)) else ""
    if not text:
        raw = body.decode("utf-8", "replace")
        title = re.search(r"<title[^>]*>(.*?)</title", raw[:10_000], re.IGNORECASE | re.DOTALL)
        text = title[1] if title else ("an HTML page" if raw.lstrip().startswith("<") else raw)
    line = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text[:2_000]).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _sayings(document: object, depth: int = 0) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, list) and depth < 4:
        for each in document[:10]:
            yield from _sayings(each, depth + 1)
    elif isinstance(document, dict) and depth < 4:
        for name in ("errors", "error", "title", "message", "detail", "reason"):
            yield from _sayings(document.get(name), depth + 1)


def _document(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _has_errors(document: object) -> bool:
    return isinstance(document, dict) and any(document.get(name) for name in ("errors", "error"))


def _response_id(document: object) -> str:
    """The response's ID, where the reply holds one (its shape is not documented)."""
    places = [document]
    if isinstance(document, dict):
        places += [document.get("data"), document.get("response")]
    for place in places:
        if isinstance(place, dict):
            for name in ("id", "_id"):
                if isinstance(place.get(name), (str, int)):
                    return str(place[name])[:64]
    return ""
