"""The pure decision on a reply: created, duplicate, rejected, retry, unknown, or abort the run."""

from __future__ import annotations

import re
from datetime import UTC
from enum import Enum, auto
from functools import cache, lru_cache
from typing import NamedTuple, Protocol

from importer.model import Status
from importer.satismeter.reply_body import (
    document_of,
    error_text,
    has_error,
    response_id,
    talks,
    tells,
)

# What came back from one attempt, as plain facts; and who brings it.

LARGEST_BODY = 64 * 1024
"""Bytes of a reply that are read at most."""


class Reply(NamedTuple):
    """One attempt's end.

    `request_sent`: the request was handed to the wire in this attempt; False proves that the server got
    nothing. `status` is that of a whole, well-formed HTTP reply, None otherwise; then `fault` says in
    plain words what broke. `stop`: the code of a fault that every further row would meet too; "" for any
    other. `located` is the response's id by the reply's `Location`. `ms` counts from the attempt's start to
    its end; `left` is the moment (monotonic seconds) when its body was handed to the wire, 0.0 where it never
    was. `headers` are the names of the reply's; `kept`: its connection can carry another request.
    """

    request_sent: bool
    status: int | None = None
    body: bytes = b""
    content_type: str = ""
    retry_after: str = ""
    date: str = ""
    fault: str = ""
    stop: str = ""
    reused: bool = False
    ms: int = 0
    left: float = 0.0
    located: str = ""
    headers: tuple[str, ...] = ()
    kept: bool = False


class Poster(Protocol):
    """What delivery needs of a client."""

    async def post(self, body: bytes) -> Reply:
        """Post one body (a JSON object without its write key). Never raises but for cancellation."""


# The pure decision on a reply: what became of the row, and what the run does next.
#
# The classes follow one question: may the server have stored the row? Only a whole reply that says so, or
# proof that the request never left, settles it; all else is `unknown`.

LONGEST_PAUSE = 300.0
"""Seconds of a `Retry-After` that are obeyed at most."""

UNDATED_PAUSE = 30.0
"""Seconds for a `Retry-After` date in a reply that has no `Date` to compare it with."""

_NOT_APPLIED = {408, 425, 429, 521, 522, 523, 525, 526}
_KEY_REFUSED = {401, 403}
_WRONG_PLACE = {404, 405, 410, 501, 505}
_ROWS_OWN = {400, 413, 415, 422}
_DUPLICATE = re.compile(r"duplicat", re.IGNORECASE)
_DUPLICATE_ALONE = re.compile(r"\W*(error\W+)?duplicated? ?(response)?\W*", re.IGNORECASE)
"""The server's own word where a person has written it, too: what it quotes says nothing of the row."""
_TRAIT = re.compile(r"\btraits?\b\W{0,3}\w+")
_SENTENCE_ENDS = re.compile(r"[.!;]\s|\n")


@cache
def _not_paid() -> re.Pattern[str]:
    return re.compile(
        r"\b(upgrade|your|current|free|paid)\b.{0,20}\b(plan|trial|subscription|billing)\b"
        r"|\bplan\b.{0,20}\b(limit|expired|ended|exceeded|does(n't| not))"
        r"|\b(trial|subscription)\b.{0,20}\b(expired|ended|over|required|inactive|cancell?ed)\b"
        r"|\baccount\b.{0,30}\b(suspended|disabled|expired|inactive|deactivated|overdue)\b"
        r"|\b(payment|billing)\b.{0,20}\b(required|overdue|failed|past due|details|information)\b"
    )


_LIMIT = re.compile(r"\b(limits?|quotas?|allowance)\b")
_USED_UP = re.compile(
    r"\b(reach|exceed|hit\b|used up|exhaust|over\b|left\b|remaining|insufficient)"
)
_ACCOUNT = re.compile(
    r"\b(plan|subscription|trial|account|billing|month|monthly|annual|yearly|daily|quotas?)\b"
)
_PERHAPS_ACCOUNT = re.compile(
    r"\b(responses?|submissions?|surveys?|usage|api|requests?|you|your)\b"
)
_ONE_FIELD = re.compile(
    r"\b(answers?|comments?|ratings?|scores?|values?|fields?|text|email|characters?|chars?|letters"
    r"|words|digits|bytes|[kmg]i?b|length|size|long|body|payload|upper|lower)\b"
)
_BARE = re.compile(r"\W*(the )?limit (has been |was |is )?(reached|exceeded)\W*")


def _of_the_account(text: str) -> bool:
    """Whether a text says that the account takes nothing more. A bare "plan", "billing" or "limit" is not
    enough: traits are called so, and answers, ratings and characters have limits; a refusal for such is
    the row's own. Where nothing tells whose limit it is, it is the account's: to go on with an account
    that is used up would make every row left `rejected`."""
    plain = _TRAIT.sub("trait", text.lower().replace("_", " "))
    return any(map(_says_so, _SENTENCE_ENDS.split(plain)))


def _says_so(sentence: str) -> bool:
    if _not_paid().search(sentence) or _BARE.fullmatch(sentence):
        return True
    if not (_LIMIT.search(sentence) and _USED_UP.search(sentence)):
        return False
    perhaps = _PERHAPS_ACCOUNT.search(sentence) and not _ONE_FIELD.search(sentence)
    return bool(perhaps or _ACCOUNT.search(sentence))


class Action(Enum):
    """What the run does after an attempt."""

    DONE = auto()
    """Take the next row."""
    RETRY = auto()
    """The row was not applied: post it again, when the pace allows."""
    ABORT = auto()
    """Every further row would fare alike: stop."""


class Classification(NamedTuple):
    """The row's status after this attempt, why, and what the run does.

    `pause`: seconds for which nobody posts. `trouble`: counts towards the breaker. `unverified`: a 2xx
    that isn't an acknowledgement; three in a row stop the run.
    """

    status: Status
    code: str = ""
    message: str = ""
    action: Action = Action.DONE
    pause: float | None = None
    trouble: bool = False
    unverified: bool = False
    response_id: str = ""

    @property
    def in_doubt(self) -> bool:
        """The row may be stored without our knowing."""
        return self.status == Status.UNKNOWN


def classify(
    reply: Reply, *, doubt: bool = False, accept_empty: bool = False, sent: bytes = b""
) -> Classification:
    """Decide on a reply. `doubt`: an earlier attempt of this row was of unknown fate, so that a
    refusal as a duplicate proves nothing. `accept_empty`: an empty 200, or one that says only what is no
    error, is an acknowledgement. `sent`: the request, which the server may quote."""
    if reply.status is None:
        return _no_reply(reply, doubt)
    if 200 <= reply.status < 300:
        return _success(reply, accept_empty)
    if 300 <= reply.status < 400:
        return Classification(
            Status.UNKNOWN,
            "redirected",
            f"the server answered {reply.status}, a redirect, which is never followed",
            Action.ABORT,
        )
    return _refusal(reply, doubt, sent)


def _no_reply(reply: Reply, doubt: bool) -> Classification:
    if reply.stop:
        status = Status.UNKNOWN if reply.request_sent else _pending(doubt)
        return Classification(status, reply.stop, reply.fault, Action.ABORT)
    if not reply.request_sent:
        return Classification(_pending(doubt), "not_sent", reply.fault, Action.RETRY, trouble=True)
    return Classification(
        Status.UNKNOWN, "no_reply", f"posted, but {reply.fault}; it may be stored", trouble=True
    )


def acknowledges(reply: Reply, *, accept_empty: bool = False) -> bool:
    """Whether a reply says that the row is stored."""
    success = reply.status is not None and 200 <= reply.status < 300
    return success and not _weighed(reply.status, reply.body, reply.located, accept_empty)[0]


def _success(reply: Reply, accept_empty: bool) -> Classification:
    lacking, found = _weighed(reply.status, reply.body, reply.located, accept_empty)
    if not lacking:
        return Classification(Status.CREATED, response_id=found)
    return Classification(
        Status.UNKNOWN,
        "unverified",
        f"the server answered {reply.status} with {lacking}, which acknowledges nothing",
        trouble=True,
        unverified=True,
    )


@lru_cache(maxsize=1)
def _weighed(status: int | None, body: bytes, located: str, accept_empty: bool) -> tuple[str, str]:
    """Why a 2xx acknowledges nothing, "" where it does; and the response's ID. The client asks whether its
    connection may be used again, and right after that the row is classified: the second time is free."""
    document = document_of(body)
    lacking = _lacking(status, body, document, located, accept_empty)
    return lacking, response_id(document) or located


def _lacking(
    status: int | None, body: bytes, document: object, located: str, accept_empty: bool
) -> str:
    """Why a 2xx acknowledges nothing; "" where it does."""
    if isinstance(document, dict | list) and has_error(document):
        return "an error inside"
    if isinstance(document, dict | list) and not located and status != 201:
        return "words that are no yes, and no ID" if not accept_empty and talks(document) else ""
    if isinstance(document, dict | list) or located:
        return ""
    if body.strip():
        return "a body that is no JSON object"
    return "" if accept_empty or status in (201, 204) else "an empty body"


def _refusal(reply: Reply, doubt: bool, sent: bytes) -> Classification:
    status = reply.status or 0
    said = error_text(reply.body)
    text = f"the server answered {status}" + (f": {said}" if said else "")
    pause = pause_of(reply)
    is_duplicate = _DUPLICATE_ALONE.fullmatch if b"duplicat" in sent.lower() else _DUPLICATE.search
    if status == 400 and tells(reply.body, is_duplicate):
        return _duplicate(doubt)
    if code := _stops(status, reply.body):
        return Classification(_pending(doubt), code, text, Action.ABORT)
    if status in _NOT_APPLIED or (status == 503 and pause is not None):
        away = status >= 500
        return Classification(
            _pending(doubt), "not_applied", text, Action.RETRY, pause, trouble=away
        )
    if status in _ROWS_OWN:
        if doubt:
            told = f"posted without an answer before, so it may be stored; asked again, {text}"
            return Classification(Status.UNKNOWN, "rejected_in_doubt", told)
        return Classification(Status.REJECTED, "rejected", text)
    return Classification(Status.UNKNOWN, "server_error", f"{text}; it may be stored", trouble=True)


def _stops(status: int, body: bytes) -> str:
    """The code of a refusal that every further row would get too; "" for any other."""
    if status in _KEY_REFUSED:
        return "key_refused"
    if status == 407:
        return "proxy_refused"
    if status == 402 or (status in _ROWS_OWN | _WRONG_PLACE and tells(body, _of_the_account)):
        return "plan_limit"
    return "wrong_survey" if status in _WRONG_PLACE else ""


def _duplicate(doubt: bool) -> Classification:
    if doubt:
        return Classification(
            Status.UNKNOWN,
            "stored_or_duplicate",
            "posted without an answer before; asked again, the API calls it a duplicate: "
            "either the first attempt was stored, or it was refused for another response",
        )
    return Classification(
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
    reply's own `Date` so that a wrong clock on either side does no harm. None where there is none, or
    none that can be read."""
    text = reply.retry_after.strip()
    if re.fullmatch(r"[0-9]+", text):
        return LONGEST_PAUSE if len(text) > 9 else min(float(text), LONGEST_PAUSE)
    until, now = _seconds(text), _seconds(reply.date)
    if until is None:
        return None
    return UNDATED_PAUSE if now is None else min(max(until - now, 0.0), LONGEST_PAUSE)


def _seconds(date: str) -> float | None:
    """An HTTP date as Unix seconds; a date without a zone is UTC."""
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
