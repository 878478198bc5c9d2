"""The read calls: v3 with a Bearer key, and the older export with basic auth."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from aiohttp import web
from aiohttp.typedefs import Handler

from importer.sandbox import statistics
from importer.sandbox.insert import Refusal
from importer.sandbox.reply import Reply, document, refused
from importer.sandbox.settings import DAY, ErrorShape, SandboxSettings
from importer.sandbox.store import Period, Store, Stored

DEFAULT_PAGE = 20
LARGEST_PAGE = 100
UNASKED_PERIOD = 30 * DAY
"""What a list covers where the request names no startDate."""


class Reads:
    """Answers the read calls from a store. `now` gives Unix time in milliseconds."""

    def __init__(self, settings: SandboxSettings, store: Store, now: Callable[[], int]) -> None:
        self._settings = settings
        self._store = store
        self._now = now

    def routes(self) -> list[web.RouteDef]:
        """The paths, as aiohttp takes them."""
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

    def _v3(self, answer: Callable[[Mapping[str, str]], Reply]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            refusal = self._denied(request)
            if refusal:
                return _refused(refusal)
            try:
                return answer(request.query).to_http()
            except ValueError as error:
                return _refused(Refusal(400, (str(error),)))

        return handle

    def _denied(self, request: web.Request) -> Refusal | None:
        if request.headers.get("Authorization") != f"Bearer {self._settings.api_key}":
            return Refusal(401, ("Unknown API key",))
        if request.match_info["project"] != self._settings.project:
            return Refusal(404, ("Unknown project",))
        if request.match_info.get("campaign", self._settings.campaign) != self._settings.campaign:
            return Refusal(404, ("Unknown survey",))
        return None

    def _project(self, _: Mapping[str, str]) -> Reply:
        project = {"id": self._settings.project, "name": "Sandbox", "defaultLanguage": "en"}
        return document({"data": project})

    def _campaigns(self, _: Mapping[str, str]) -> Reply:
        return document({"data": [self._survey()]})

    def _campaign(self, _: Mapping[str, str]) -> Reply:
        return document({"data": self._survey()})

    def _survey(self) -> dict[str, str]:
        kinds = [q.type for q in self._settings.questions if q.range] or ["custom"]
        return {
            "id": self._settings.campaign,
            "name": "Sandbox survey",
            "type": kinds[0],
            "state": "running",
        }

    def _responses(self, query: Mapping[str, str]) -> Reply:
        size = _page_size(query.get("pageSize"))
        found = self._store.newest(self._period(query), size + 1)
        more = len(found) > size
        page = {
            "hasNextPage": more,
            "nextPageCursor": _cursor(found[size - 1]) if more else None,
        }
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

    def _statistics(self, query: Mapping[str, str]) -> Reply:
        period = Period(
            _moment(query.get("startDate"), 0), _moment(query.get("endDate"), Period().end)
        )
        figures = statistics.of(self._settings.questions, self._store.newest(period))
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
        rows = [statistics.flat(self._settings.questions, each) for each in found]
        if request.query.get("format") == "csv":
            return Reply(200, _csv(rows, found), "text/csv").to_http()
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


def _iso(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cursor(last: Stored) -> str:
    return base64.urlsafe_b64encode(f"{last.created}.{last.number}".encode()).decode()


def _position(cursor: str) -> tuple[int, int]:
    try:
        created, number = base64.urlsafe_b64decode(cursor).decode().split(".")
        return int(created), int(number)
    except ValueError:
        raise ValueError("pageCursor: not one of ours") from None
