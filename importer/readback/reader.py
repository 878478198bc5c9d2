"""The read calls over HTTP. Reading changes nothing, so a failed call is simply made again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import aiohttp
import orjson

from importer import http
from importer.errors import ExitStatus, ImporterError
from importer.faults import fault_of
from importer.readback.found import Found, Question, Survey
from importer.settings import Network, Secret

PAGE = 100
"""Responses a call; the API allows 1 to 100."""

_LARGEST_BODY = 16 * 1024 * 1024
_TRIES = 4
_AGAIN = {408, 425, 429, 500, 502, 503, 504}


class ReadError(ImporterError):
    """The survey can't be read; nothing was changed."""

    exit_status = ExitStatus.STOPPED


class _Again(Exception):
    """This call may fare better in a moment."""


class Reader:
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
        self._network = network or Network()
        self._project = f"{origin}/api/v3/projects/{project}"
        self._key = api_key
        self._timeout = timeout
        self._pause = pause
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Reader:
        self._session = http.session(
            self._network,
            self._project,
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            headers={"Accept": "application/json"},
            keep=15.0,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def surveys(self) -> list[Survey]:
        """The project's surveys."""
        document = await self._get("/campaigns", {})
        return [Survey.parse(each) for each in _items(document)]

    async def questions(self, campaign: str) -> list[Question]:
        """The questions of a survey, in its order."""
        document = await self._get(f"/campaigns/{campaign}/statistics", {"startDate": _iso(_EPOCH)})
        data = document.get("data", document)
        listed = data.get("questions") if isinstance(data, Mapping) else None
        return [Question.parse(each) for each in listed or [] if isinstance(each, Mapping)]

    async def responses(
        self, campaign: str, since: datetime, until: datetime | None = None
    ) -> AsyncIterator[Found]:
        """The survey's responses of a time. `since` is always sent: without it the API silently
        covers the last 30 days only."""
        query = {"pageSize": str(PAGE), "startDate": _iso(since)}
        if until is not None:
            query["endDate"] = _iso(until)
        seen: set[str] = set()
        while True:
            document = await self._get(f"/campaigns/{campaign}/responses", query)
            for each in _items(document):
                yield Found.parse(each)
            cursor = _next_cursor(document)
            if not cursor:
                return
            if cursor in seen:
                raise ReadError("The API's pages lead in a circle.", hint="Try it again later.")
            seen.add(cursor)
            query["pageCursor"] = cursor

    async def _get(self, path: str, query: Mapping[str, str]) -> Mapping[str, object]:
        tries = 0
        while True:
            try:
                return await self._once(self._project + path, query)
            except (_Again, aiohttp.ClientError, TimeoutError, OSError) as error:
                tries += 1
                if tries == _TRIES or fault_of(error).permanent:
                    raise ReadError(
                        f"The survey can't be read: {_reason(error)}.",
                        hint="Nothing was changed; try it again later.",
                    ) from error
                await asyncio.sleep(self._pause * 2**tries)

    async def _once(self, url: str, query: Mapping[str, str]) -> Mapping[str, object]:
        # The key goes with each request: a session's headers are sent to a proxy, too.
        headers = {"Authorization": f"Bearer {self._key.reveal()}"}
        async with self._session.get(
            url, params=query, headers=headers, allow_redirects=False
        ) as response:
            if response.status in _AGAIN:
                raise _Again(f"the server answered {response.status}")
            if response.status != 200:
                raise _refusal(response.status)
            body = await _bounded(response.content)
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ReadError("The API answered with something that is not JSON.") from error
        if not isinstance(document, dict):
            raise ReadError("The API answered with something unexpected.")
        return document


_EPOCH = datetime(2010, 1, 1, tzinfo=UTC)
"""Before the first response that there can be."""


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in content.iter_chunked(64 * 1024):
        size += len(part)
        if size > _LARGEST_BODY:
            raise ReadError("The API's answer is far too large.")
        parts.append(part)
    return b"".join(parts)


def _refusal(status: int) -> ReadError:
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


def _reason(error: BaseException) -> str:
    """In plain words; never an exception's own text but ours, since it may quote what was sent."""
    if isinstance(error, _Again):
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
    page = document.get("page")
    if not isinstance(page, Mapping) or not page.get("hasNextPage"):
        return ""
    return str(page.get("nextPageCursor") or "")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
