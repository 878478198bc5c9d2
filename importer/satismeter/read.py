"""The read API, v3: the project's surveys, their questions, the responses stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self, TypeVar
from urllib.parse import quote

import aiohttp
import orjson

from importer import http
from importer.errors import ExitStatus, ImporterError
from importer.http import fault_of
from importer.model import since_1970
from importer.settings import Network, Secret

# What the read API tells, as plain facts. It documents few fields: what is absent is "".


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey of the project: `type` is nps, csat, ces …; `state` as the API says it."""

    id: str
    name: str
    type: str
    state: str

    @classmethod
    def parse(cls, document: Mapping[str, object]) -> Survey:
        return cls(*(text(document.get(name)) for name in ("id", "name", "type", "state")))


@dataclass(frozen=True, slots=True)
class SurveyQuestion:
    """A question of a survey, from its statistics: the one place where IDs, labels and types stand.
    `values` are the answers that were given so far."""

    id: str
    label: str
    type: str
    values: tuple[str, ...] = ()

    @classmethod
    def parse(cls, document: Mapping[str, object]) -> SurveyQuestion:
        statistics = document.get("statistics")
        listed = statistics.get("values") if isinstance(statistics, Mapping) else None
        given = [each.get("value") for each in listed or [] if isinstance(each, Mapping)]
        return cls(
            text(document.get("id")),
            text(document.get("label")),
            text(document.get("type")),
            tuple(text(value) for value in given),
        )


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response as the survey holds it. `created` is the API's text (ISO 8601); `answers` are
    (question ID, value) as they were sent: integers or text."""

    id: str
    created: str
    user_id: str
    anonymous_id: str
    email: str
    answers: tuple[tuple[str, int | str], ...]

    @classmethod
    def parse(cls, document: Mapping[str, object]) -> StoredResponse:
        user = document.get("user")
        user = user if isinstance(user, Mapping) else {}
        listed = document.get("answers")
        answers = (
            [each for each in listed if isinstance(each, Mapping)]
            if isinstance(listed, list)
            else []
        )
        return cls(
            id=text(document.get("id")),
            created=text(document.get("created")),
            user_id=text(user.get("userId")),
            anonymous_id=text(user.get("anonymousId")),
            email=text(user.get("email")),
            answers=tuple((text(each.get("id")), _value(each.get("value"))) for each in answers),
        )


MARGIN = 3600.0
"""Seconds before a row's first attempt from which responses count as its own: clocks may differ."""


def moment(created: str) -> float:
    """When the survey says that a response came, as Unix seconds; a date that can't be read is now."""
    return since_1970(created, time.time())


def text(value: object) -> str:
    """A field as text; "" where it is absent."""
    return "" if value is None else str(value)


def _value(value: object) -> int | str:
    """A whole number stays one: `9.0` of a JSON writer is 9."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else text(value)


# The read calls over HTTP. Reading changes nothing, so a failed call is simply made again.

_T = TypeVar("_T")
PAGE = 100
"""Responses a call; the API allows 1 to 100."""

EMPTY_PAGES = 10
"""In a row; a server that has ever new pages without a response would keep us for ever."""
_LARGEST_BODY = 16 * 1024 * 1024
_TRIES = 4
AGAIN = {408, 425, 429, 500, 502, 503, 504}


class ReadError(ImporterError):
    """The survey can't be read; nothing was changed."""

    exit_status = ExitStatus.STOPPED


class Again(Exception):
    """This call may fare better in a moment; a second argument is for how many seconds the server asks."""


PASSING = (Again, aiohttp.ClientError, TimeoutError, OSError)
"""After these a call is made again."""


class Calls:
    """A connection to what the API key opens; an async context manager."""

    what: str = "survey"
    later: str = "Nothing was changed; try it again later."

    def __init__(
        self,
        url: str,
        api_key: Secret,
        timeout: aiohttp.ClientTimeout,
        pause: float,
        network: Network | None,
    ) -> None:
        self._url, self._key = url, api_key
        self._timeout, self._pause = timeout, pause
        self._network = network or Network()
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self._session = http.session(
            self._network,
            self._url,
            timeout=self._timeout,
            headers={"Accept": "application/json"},
            keep=15.0,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    def _authorised(self) -> dict[str, str]:
        # With each request: a session's headers are sent to a proxy, too.
        return {"Authorization": f"Bearer {self._key.reveal()}"}

    async def _patience(self, error: Exception, tries: int) -> None:
        """Wait before the next try. Raises ReadError where another is of no use."""
        if tries == _TRIES or fault_of(error).permanent:
            told = f"The {self.what} can't be read: {reason(error)}."
            raise ReadError(told, hint=self.later) from error
        wanted = error.args[1] if isinstance(error, Again) and len(error.args) > 1 else 0.0
        await asyncio.sleep(max(self._pause * 2**tries, wanted))

    async def _tried(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """What a call comes to, made again where that may help. Raises ReadError."""
        tries = 0
        while True:
            try:
                return await call()
            except PASSING as error:
                tries += 1
                await self._patience(error, tries)


class Reader(Calls):
    """The read API of one project; an async context manager. `origin` is scheme, host and port, such
    as `https://app.satismeter.com`; `timeout` the seconds that one call may take. Raises ReadError."""

    def __init__(
        self,
        origin: str,
        api_key: Secret,
        project: str,
        *,
        timeout: float = 60.0,
        pause: float = 1.0,
        network: Network | None = None,
    ) -> None:
        url = f"{origin}/api/v3/projects/{quote(project, safe='')}"
        super().__init__(url, api_key, aiohttp.ClientTimeout(total=timeout), pause, network)

    async def surveys(self) -> list[Survey]:
        document = await self._get("/campaigns", {})
        return [Survey.parse(each) for each in _items(document)]

    async def questions(self, campaign: str) -> list[SurveyQuestion]:
        document = await self._get(
            f"/campaigns/{quote(campaign, safe='')}/statistics", {"startDate": _iso(_EPOCH)}
        )
        data = document.get("data", document)
        listed = data.get("questions") if isinstance(data, Mapping) else None
        return [SurveyQuestion.parse(each) for each in listed or [] if isinstance(each, Mapping)]

    async def responses(
        self, campaign: str, since: datetime, until: datetime | None = None
    ) -> AsyncIterator[StoredResponse]:
        """The survey's responses of a time. `since` is always sent: without it the API silently
        covers the last 30 days only."""
        query = {"pageSize": str(PAGE), "startDate": _iso(since)}
        if until is not None:
            query["endDate"] = _iso(until)
        seen: set[str] = set()
        path, empty = f"/campaigns/{quote(campaign, safe='')}/responses", 0
        ids: set[str] = set()
        while True:
            document = await self._get(path, query)
            items = _items(document)
            for each in map(StoredResponse.parse, items):
                # A response that comes in meanwhile pushes another one onto the next page as well.
                if not each.id or each.id not in ids:
                    ids.add(each.id)
                    yield each
            cursor = _next_cursor(document)
            if not cursor:
                return
            empty = 0 if items else empty + 1
            if cursor in seen or empty == EMPTY_PAGES:
                raise ReadError("The API's pages lead in a circle.", hint="Try it again later.")
            seen.add(cursor)
            query["pageCursor"] = cursor

    async def _get(self, path: str, query: Mapping[str, str]) -> Mapping[str, object]:
        return await self._tried(lambda: self._once(self._url + path, query))

    async def _once(self, url: str, query: Mapping[str, str]) -> Mapping[str, object]:
        async with self._session.get(
            url, params=query, headers=self._authorised(), allow_redirects=False
        ) as response:
            if response.status in AGAIN:
                raise Again(f"the server answered {response.status}")
            if response.status != 200:
                raise refusal(response.status)
            parts: list[bytes] = []
            size = 0
            async for part in response.content.iter_chunked(64 * 1024):
                size += len(part)
                if size > _LARGEST_BODY:
                    raise ReadError("The API's answer is far too large.")
                parts.append(part)
            body = b"".join(parts)
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ReadError("The API answered with something that is not JSON.") from error
        if not isinstance(document, dict):
            raise ReadError("The API answered with something unexpected.")
        return document


_EPOCH = datetime(2010, 1, 1, tzinfo=UTC)
"""Before the first response that there can be."""


def refusal(status: int) -> ReadError:
    if status in (401, 403):
        return ReadError(
            f"The API refused the API key ({status}).",
            hint="SATISMETER_API_KEY is another key than the write key: Settings > Integrations.",
        )
    if status == 404:
        return ReadError(
            "The API knows no such project or survey (404).",
            hint="Compare the project's ID and the campaign in the mapping with the settings page.",
        )
    return ReadError(f"The API answered {status}.")


def reason(error: BaseException) -> str:
    """In plain words; never an exception's own text but ours, since it may quote what was sent."""
    if isinstance(error, Again):
        return str(error)
    if (fault := fault_of(error)).permanent:
        return fault.value
    if isinstance(error, TimeoutError):
        return "no answer came in time"
    return "the server could not be reached, or broke off"


def _items(document: Mapping[str, object]) -> list[Mapping[str, object]]:
    data = document.get("data")
    return [each for each in data if isinstance(each, Mapping)] if isinstance(data, list) else []


def _next_cursor(document: Mapping[str, object]) -> str:
    """Where the next page begins; "" behind the last. ReadError where there may be one that can't be got:
    what stands on it would seem not to be stored."""
    page = document.get("page")
    if isinstance(page, Mapping) and not page.get("hasNextPage"):
        return ""
    cursor = page.get("nextPageCursor") if isinstance(page, Mapping) else None
    if not cursor and (isinstance(page, Mapping) or len(_items(document)) >= PAGE):
        raise ReadError("The API doesn't say how its list of responses goes on.")
    return str(cursor or "")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
