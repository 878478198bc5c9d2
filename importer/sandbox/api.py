"""The sandbox's API: the insert call and its checks, the read calls, and their replies."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any, cast

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from importer.sandbox.settings import (
    DAY,
    Behaviour,
    ErrorShape,
    SandboxSettings,
    SuccessShape,
    Targeting,
)
from importer.sandbox.store import Insert, Period, Store, Stored, flat, of

# The checks of the insert call, in the order in which a server makes them. Pure but for the store.

METHODS = ("In-App", "Mobile", "Email")
DUPLICATE = "Duplicate response"
"""SatisMeter's one text for two causes: the user responded recently, or the targeting leaves him out."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request stores nothing: the status, and one title for each thing that is wrong."""

    status: int
    titles: tuple[str, ...]


def parsed(raw: bytes) -> Mapping[str, object] | Refusal:
    """The body as an object; strict JSON, so neither `NaN` nor a byte that isn't UTF-8 passes."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return Refusal(400, ("Invalid JSON",))
    return body if isinstance(body, dict) else Refusal(400, ("The body is not an object",))


def checked(
    body: Mapping[str, object], settings: SandboxSettings, store: Store, now: int
) -> Insert | Refusal:
    """What is to be stored, or why not. `now` is Unix time in milliseconds."""
    if body.get("writeKey") != settings.write_key:
        return Refusal(401, ("Unknown write key",))
    if body.get("campaign") != settings.campaign:
        return Refusal(404, ("Unknown survey",))
    titles = tuple(_mistakes(body, settings))
    if titles:
        return Refusal(400, titles)
    # The body as a fact; `_mistakes` has proved its types.
    answers = cast(list[dict[str, Any]], body["answers"])
    insert = Insert(
        campaign=str(body["campaign"]),
        user_id=str(body.get("userId", "")),
        anonymous_id=str(body.get("anonymousId", "")),
        method=str(body.get("method", "In-App")),
        answers=tuple((answer["id"], answer["value"]) for answer in answers),
        traits=cast(dict[str, object], body.get("traits", {})),
        rating=cast(int | None, body.get("rating")),
        forced=body.get("forceSurvey") is True,
    )
    if insert.forced or (
        _targeted(insert, settings.targeting, store)
        and not store.responded_since(
            insert.campaign, insert.person, now - int(settings.duplicate_window * 1000)
        )
    ):
        return insert
    return Refusal(400, (DUPLICATE,))


def person_of(body: Mapping[str, object]) -> str:
    """The userId or anonymousId; "" where there is none."""
    person = body.get("userId") or body.get("anonymousId")
    return person if isinstance(person, str) else ""


def _mistakes(body: Mapping[str, object], settings: SandboxSettings) -> Iterator[str]:
    given = [name for name in ("userId", "anonymousId") if name in body]
    if len(given) != 1:
        yield "expected one of userId and anonymousId"
    for name in given:
        if not isinstance(body[name], str) or not body[name]:
            yield f"{name}: expected a string that is not empty"
    yield from _mistakes_of_answers(body.get("answers"), settings)
    if body.get("method", "In-App") not in METHODS:
        yield f"method: expected one of {', '.join(METHODS)}"
    if not isinstance(body.get("traits", {}), dict):
        yield "traits: expected an object"
    if not isinstance(body.get("forceSurvey", False), bool):
        yield "forceSurvey: expected true or false"
    if "rating" in body and not _whole(body["rating"], 0, 10):
        yield "rating: expected an integer from 0 to 10"


def _mistakes_of_answers(answers: object, settings: SandboxSettings) -> Iterator[str]:
    if not isinstance(answers, list) or not answers:
        yield "answers: expected a list with at least one answer"
        return
    questions = {question.id: question for question in settings.questions}
    answered = set()
    for number, answer in enumerate(answers):
        if not isinstance(answer, dict) or set(answer) != {"id", "value"}:
            yield f"answers[{number}]: expected an object with id and value"
        elif not isinstance(answer["id"], str) or answer["id"] not in questions:
            yield f"answers[{number}].id: unknown question"
        elif answer["id"] in answered:
            yield f"answers[{number}].id: answered twice"
        else:
            answered.add(answer["id"])
            yield from _mistakes_of_value(number, answer["value"], questions[answer["id"]].range)


def _mistakes_of_value(number: int, value: object, limits: tuple[int, int] | None) -> Iterator[str]:
    if limits is None:
        if not isinstance(value, str) or not value:
            yield f"answers[{number}].value: expected a string that is not empty"
    elif not _whole(value, *limits):
        yield f"answers[{number}].value: expected an integer from {limits[0]} to {limits[1]}"


def _whole(value: object, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _targeted(insert: Insert, targeting: Targeting, store: Store) -> bool:
    if insert.anonymous_id and not targeting.anonymous:
        return False
    known = {**store.traits(insert.person), **insert.traits}
    return all(str(known.get(name, "")) in values for name, values in targeting.traits.items())


# What the sandbox answers when nothing is wrong with the wire.

_JSON = "application/json"
_SUCCESS_STATUS = {
    SuccessShape.CREATED: 201,
    SuccessShape.NO_CONTENT: 204,
    SuccessShape.LOCATION: 201,
}
AUTH_TOKEN = "sandbox-auth-token"  # noqa: S105  a made-up one


@dataclass(frozen=True, slots=True)
class SandboxReply:
    status: int
    body: bytes = b""
    content_type: str = _JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_http(self) -> web.Response:
        headers = {"Content-Type": self.content_type, **self.headers} if self.body else self.headers
        return web.Response(status=self.status, body=self.body, headers=headers)


def document(data: object, status: int = 200) -> SandboxReply:
    return SandboxReply(status, orjson.dumps(data))


def stored(response: Stored, shape: SuccessShape) -> SandboxReply:
    body = document({"id": response.id}).body
    bare = shape in (SuccessShape.EMPTY, SuccessShape.NO_CONTENT, SuccessShape.LOCATION)
    located = {"Location": f"/api/responses/{response.id}", "auth-token": AUTH_TOKEN}
    headers = located if shape is SuccessShape.LOCATION else {}
    return SandboxReply(_SUCCESS_STATUS.get(shape, 200), b"" if bare else body, headers=headers)


def refused(
    refusal: Refusal, shape: ErrorShape, headers: Mapping[str, str] | None = None
) -> SandboxReply:
    body, content_type = _error(refusal.titles, shape)
    return SandboxReply(refusal.status, body, content_type, headers or {})


def scripted(behaviour: Behaviour, shape: ErrorShape) -> SandboxReply:
    if behaviour.body is None and behaviour.status >= 400:
        refusal = Refusal(behaviour.status, (f"Scripted {behaviour.status}",))
        return refused(refusal, shape, behaviour.headers)
    if isinstance(behaviour.body, str):
        kind = "text/html" if behaviour.body.lstrip().startswith("<") else "text/plain"
        return SandboxReply(behaviour.status, behaviour.body.encode(), kind, behaviour.headers)
    body = b"" if behaviour.body is None else orjson.dumps(behaviour.body)
    return SandboxReply(behaviour.status, body, _JSON, behaviour.headers)


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


# The read calls: v3 with a Bearer key, and the older export with basic auth.

DEFAULT_PAGE = 20
LARGEST_PAGE = 100
UNASKED_PERIOD = 30 * DAY
"""What a list covers where the request names no startDate."""


_HERE = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?")


def of_a_page(request: web.Request) -> bool:
    """Whether a page in a browser asks, under a name that it has made this machine's (DNS rebinding): what
    is stored here may be real."""
    return "Origin" in request.headers or _HERE.fullmatch(request.host) is None


def denied(request: web.Request, settings: SandboxSettings, project: object) -> Refusal | None:
    """Why nothing of this project is shown to who asks, or changed; None where it may be."""
    if of_a_page(request):
        return Refusal(403, ("The sandbox answers programs of this machine only",))
    if request.headers.get("Authorization") != f"Bearer {settings.api_key}":
        return Refusal(401, ("Unknown API key",))
    return None if project == settings.project else Refusal(404, ("Unknown project",))


class Reads:
    """Answers the read calls from a store. `now` gives Unix time in milliseconds."""

    def __init__(self, settings: SandboxSettings, store: Store, now: Callable[[], int]) -> None:
        self._settings = settings
        self._store = store
        self._now = now

    def routes(self) -> list[web.RouteDef]:
        project = "/api/v3/projects/{project}"
        campaign = project + "/campaigns/{campaign}"
        return [
            web.get(project, self._v3(self._project)),
            web.get(project + "/campaigns", self._v3(self._campaigns)),
            web.get(campaign, self._v3(self._campaign)),
            web.get(campaign + "/responses", self._v3(self._responses)),
            web.get(project + "/responses", self._v3(self._responses)),
            web.get(campaign + "/statistics", self._v3(self._statistics)),
            web.get("/api/responses", self._export),
        ]

    def _v3(self, answer: Callable[[Mapping[str, str]], SandboxReply]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            own, named = self._settings.campaign, request.match_info
            refusal = denied(request, self._settings, named["project"])
            if not refusal and named.get("campaign", own) != own:
                refusal = Refusal(404, ("Unknown survey",))
            if refusal:
                return _refused(refusal)
            try:
                return answer(request.query).to_http()
            except ValueError as error:
                return _refused(Refusal(400, (str(error),)))

        return handle

    def _project(self, _: Mapping[str, str]) -> SandboxReply:
        project = {"id": self._settings.project, "name": "Sandbox", "defaultLanguage": "en"}
        return document({"data": project})

    def _campaigns(self, _: Mapping[str, str]) -> SandboxReply:
        return document({"data": [self._survey()]})

    def _campaign(self, _: Mapping[str, str]) -> SandboxReply:
        return document({"data": self._survey()})

    def _survey(self) -> dict[str, str]:
        kinds = [q.type for q in self._settings.questions if q.range] or ["custom"]
        return {
            "id": self._settings.campaign,
            "name": "Sandbox survey",
            "type": kinds[0],
            "state": "running",
        }

    def _responses(self, query: Mapping[str, str]) -> SandboxReply:
        size = _page_size(query.get("pageSize"))
        found = self._store.newest(self._period(query), size + 1)
        more = len(found) > size
        page = {"hasNextPage": more, "nextPageCursor": _cursor(found[size - 1]) if more else None}
        return document({"data": [self._response(each) for each in found[:size]], "page": page})

    def _response(self, response: Stored) -> dict[str, object]:
        labels = {question.id: question.label for question in self._settings.questions}
        answers = [
            {"id": question, "label": labels.get(question, ""), "value": value}
            for question, value in response.answers
        ]
        return {
            "id": response.id,
            "created": _iso(response.created),
            "method": response.method,
            "campaign": {"id": response.campaign},
            "answers": answers,
            "user": {"id": response.user, **_user(response)},
        }

    def _statistics(self, query: Mapping[str, str]) -> SandboxReply:
        period = Period(
            _moment(query.get("startDate"), 0), _moment(query.get("endDate"), Period().end)
        )
        figures = of(self._settings.questions, self._store.newest(period))
        return document({"data": figures})

    def _period(self, query: Mapping[str, str]) -> Period:
        cursor = query.get("pageCursor")
        return Period(
            _moment(query.get("startDate"), self._now() - int(UNASKED_PERIOD * 1000)),
            _moment(query.get("endDate"), Period().end),
            _position(cursor) if cursor else Period().before,
        )

    async def _export(self, request: web.Request) -> web.Response:
        if not self._may_export(request):
            return _refused(Refusal(401, ("Unknown API key",)))
        if request.query.get("project") != self._settings.project:
            return _refused(Refusal(404, ("Unknown project",)))
        try:
            found = self._store.newest(self._period(request.query))
        except ValueError as error:
            return _refused(Refusal(400, (str(error),)))
        rows = [flat(self._settings.questions, each) for each in found]
        if request.query.get("format") == "csv":
            return SandboxReply(200, _csv(rows, found), "text/csv").to_http()
        records = [
            {**row, "created": _iso(each.created), "user": _user(each)}
            for row, each in zip(rows, found, strict=True)
        ]
        return document({"responses": records}).to_http()

    def _may_export(self, request: web.Request) -> bool:
        kind, _, packed = request.headers.get("Authorization", "").partition(" ")
        try:
            login = base64.b64decode(packed, validate=True).decode().partition(":")[0]
        except ValueError:
            return False
        return kind == "Basic" and login == self._settings.api_key


def _refused(refusal: Refusal) -> web.Response:
    return refused(refusal, ErrorShape.ERRORS).to_http()


def _user(response: Stored) -> dict[str, object]:
    return {
        "userId": response.user_id or None,
        "anonymousId": response.anonymous_id or None,
        "name": response.traits.get("name"),
        "email": response.traits.get("email"),
        "traits": response.traits,
    }


def _csv(rows: list[dict[str, object]], found: list[Stored]) -> bytes:
    """The export's columns, with the user's fields flattened."""
    names = [
        "id",
        "created",
        "rating",
        "category",
        "score",
        "feedback",
        "user.userId",
        "user.email",
    ]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    for row, each in zip(rows, found, strict=True):
        user = {"user.userId": each.user_id, "user.email": each.traits.get("email")}
        writer.writerow({**row, "created": _iso(each.created), **user})
    return text.getvalue().encode()


def _page_size(written: str | None) -> int:
    if written is None:
        return DEFAULT_PAGE
    if not (written.isascii() and written.isdigit() and 1 <= int(written) <= LARGEST_PAGE):
        raise ValueError(f"pageSize: expected 1 to {LARGEST_PAGE}")
    return int(written)


def _moment(written: str | None, default: int) -> int:
    """An ISO 8601 date or moment, as Unix milliseconds; without a zone it is UTC."""
    if written is None:
        return default
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise ValueError("startDate and endDate: expected ISO 8601") from None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(zoned.timestamp() * 1000)


_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def _iso(milliseconds: int) -> str:
    moment = _1970 + timedelta(milliseconds=milliseconds)  # Windows reckons nothing before it
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cursor(last: Stored) -> str:
    return base64.urlsafe_b64encode(f"{last.created}.{last.number}".encode()).decode()


def _position(cursor: str) -> tuple[int, int]:
    try:
        created, number = base64.urlsafe_b64decode(cursor).decode().split(".")
        return int(created), int(number)
    except ValueError:
        raise ValueError("pageCursor: not one of ours") from None
