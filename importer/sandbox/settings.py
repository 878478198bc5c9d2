"""What a sandbox is like: its keys, its survey, and how it is to behave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

WRITE_KEY = "sandbox-write-key"
API_KEY = "sandbox-api-key"
PROJECT = "5d2f6b8a9b0a4c0017a3e0a1"
CAMPAIGN = "5d2f6c1e9b0a4c0017a3e1b2"

DAY = 24 * 60 * 60.0

RANGES: Mapping[str, tuple[int, int]] = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
"""The rating types and their scales; every other type is answered with text."""


@dataclass(frozen=True, slots=True)
class SandboxQuestion:
    """A question of the survey.

    `type` is a key of `RANGES`, `scale` (with `scale_range`), `choice` or `text`.
    """

    id: str
    label: str
    type: str
    scale_range: tuple[int, int] | None = None

    @property
    def range(self) -> tuple[int, int] | None:
        """The lowest and highest rating; None where the answer is text."""
        return self.scale_range or RANGES.get(self.type)


SCORE = SandboxQuestion(
    "79593580-95a7-11ed-8974-9b5d06700b8d",
    "How likely are you to recommend us to a friend or colleague?",
    "nps",
)
COMMENT = SandboxQuestion(
    "8a2f1c40-95a7-11ed-8974-9b5d06700b8d", "What is the main reason for your score?", "text"
)
RENEW = SandboxQuestion("9b1d7e50-95a7-11ed-8974-9b5d06700b8d", "Would you renew?", "choice")
SATISFACTION = SandboxQuestion(
    "a0c4d2e0-95a7-11ed-8974-9b5d06700b8d", "How satisfied are you with our support?", "csat"
)
QUESTIONS = (SCORE, COMMENT, RENEW, SATISFACTION)
"""The survey of the demo and of every sample's mapping."""


@dataclass(frozen=True, slots=True)
class Targeting:
    """Whom the survey is for. Anyone else is answered with "Duplicate response", as SatisMeter does.

    `traits` names for each trait the values that are let in (the user's stored traits count, too);
    `anonymous` says whether people without a userId may answer.
    """

    traits: Mapping[str, Sequence[str]] = field(default_factory=dict)
    anonymous: bool = True


class ErrorShape(StrEnum):
    """How an error's text is wrapped. SatisMeter documents none of it for the insert call."""

    ERRORS = "errors"
    """`{"errors": [{"title": …}]}`, as the read API does."""
    ERROR = "error"
    MESSAGE = "message"
    TEXT = "text"
    HTML = "html"


class SuccessShape(StrEnum):
    """What a stored response is answered with. SatisMeter documents a 2xx, and no body."""

    ID = "id"
    """200 and `{"id": …}`."""
    CREATED = "created"
    """201 and `{"id": …}`."""
    EMPTY = "empty"
    """200 and no body."""
    NO_CONTENT = "no_content"
    """204."""
    LOCATION = "location"
    """201, no body, and two headers: `Location` is the response's URL, `auth-token` lets it be changed."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the sandbox does to one request instead of a plain answer.

    `fault` is a name in `faults.FAULTS`, `ok` (a plain answer after all) or `status`, which answers
    `status` with `body` (an object, text, or None for an error in the settings' shape) and
    `headers`, and stores the response first if `stores`. `delay` seconds pass before anything else.
    """

    fault: str = "ok"
    status: int = 0
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    stores: bool = False
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class FaultShare:
    """A behaviour that a part of all inserts meet: `share` from 0 to 1, drawn with the seed."""

    behaviour: Behaviour
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Everything that decides how a sandbox behaves.

    `store` is the SQLite file (None: in memory). `duplicate_window` is how long, in seconds, a user
    who responded is refused as a duplicate; SatisMeter says only "recently". `latency` is the seconds
    that a reply takes, half of them before the request is worked on and half after. `rate_limit` is
    the number of requests let through in any one second. `script` names for a user (userId or
    anonymousId) what happens to his inserts, one after the other; plain answers follow. `fail` is
    drawn for inserts that no script speaks of; with `by_row` not one after the other, but from the seed,
    the person, the answers and how often they came: then any order, and any number of senders, meets the
    same. (The body is read first, then, whatever the fault.) `slow` is the seconds a slow fault takes.
    `remember` is how many requests `Sandbox.requests` keeps. `users_page` is how many users a reply
    lists; None: all of the project, in one.
    """

    write_key: str = field(default=WRITE_KEY, repr=False)
    api_key: str = field(default=API_KEY, repr=False)
    project: str = PROJECT
    campaign: str = CAMPAIGN
    questions: tuple[SandboxQuestion, ...] = QUESTIONS
    port: int = 0
    store: Path | None = None
    duplicate_window: float = 30 * DAY
    targeting: Targeting = field(default_factory=Targeting)
    latency: float = 0.0
    rate_limit: int | None = None
    fail: tuple[FaultShare, ...] = ()
    script: Mapping[str, Sequence[Behaviour]] = field(default_factory=dict)
    slow: float = 2.0
    seed: int = 0
    by_row: bool = False
    errors: ErrorShape = ErrorShape.ERRORS
    success: SuccessShape = SuccessShape.ID
    log: Path | None = None
    remember: int = 100_000
    users_page: int | None = None
