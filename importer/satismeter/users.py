"""The calls on users: the project's list, streamed; one of them; and what brings one's traits up to date."""

from __future__ import annotations

import codecs
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import aiohttp

from importer.satismeter.read import (
    AGAIN,
    EMPTY_PAGES,
    PASSING,
    Again,
    Calls,
    ReadError,
    refusal,
    text,
)
from importer.settings import Network, Secret

# A user as the account has him.


@dataclass(frozen=True, slots=True)
class User:
    """A user of the project. `traits` are JSON values by name, nested ones as they are, without those that
    are null; `email` and `name` are among them also where the API tells them beside. `project` is "" where
    it isn't told."""

    user_id: str
    traits: Mapping[str, object]
    unsubscribed: bool
    project: str = ""

    @classmethod
    def parse(cls, document: Mapping[str, object]) -> User:
        listed = document.get("traits")
        beside = {name: document.get(name) for name in ("email", "name")}
        own = {str(name): each for name, each in listed.items()} if isinstance(listed, dict) else {}
        traits = {**beside, **{name: each for name, each in own.items() if each is not None}}
        return cls(
            user_id=text(document.get("userId")),
            traits={name: each for name, each in traits.items() if each is not None},
            unsubscribed=document.get("unsubscribed") is True,
            project=text(document.get("project")),
        )


# A JSON object that is read as it comes: a list of 100,000 users is never whole in memory.

_LARGEST_PART = 4 << 20
"""Letters of one element, and of whatever stands beside the list."""
_SCAN = json.JSONDecoder().raw_decode
_BEHIND = frozenset(" \t\r\n,:]}")
"""What may follow a value."""
_WITHOUT = "`--no-users` goes on without looking at the account."
_LATER = f"{Calls.later} {_WITHOUT}"
_BROKEN_OFF = "The list of users broke off, or is not JSON."


class Members:
    """The members of one JSON object, from pieces of its bytes. Raises ReadError where it is none."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._text = ""
        self._at = 0

    async def read(self) -> AsyncIterator[tuple[str, object]]:
        """Name and value of each member; of a list, its name with an empty list, then with each element."""
        await self._take("{")
        if await self._next() == "}":
            return
        while True:
            name = str(await self._value())
            await self._take(":")
            if await self._next() == "[":
                yield name, []
                async for each in self._elements():
                    yield name, each
            else:
                yield name, await self._value()
            if await self._take(",}") == "}":
                return

    async def _elements(self) -> AsyncIterator[object]:
        await self._take("[")
        if await self._next() == "]":
            await self._take("]")
            return
        while True:
            yield await self._value()
            if await self._take(",]") == "]":
                return

    async def _value(self) -> object:
        await self._next()
        while True:
            try:
                value, end = _SCAN(self._text, self._at)
            except ValueError:
                await self._more()
                continue
            except RecursionError as error:
                raise ReadError("A user is nested far too deeply.", hint=_WITHOUT) from error
            if self._text[end : end + 1] in _BEHIND:  # else a number goes on: `0` and then `.5`
                self._at = end
                return value
            await self._more()

    async def _take(self, wanted: str) -> str:
        if (found := await self._next()) not in wanted:
            raise ReadError(_BROKEN_OFF, hint=_LATER)
        self._at += 1
        return found

    async def _next(self) -> str:
        """The next character that is no white space; it stays."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            await self._more()

    async def _more(self) -> None:
        piece = await anext(self._pieces, None)
        rest = self._text[self._at :]
        if piece is None or len(rest) > _LARGEST_PART:
            raise ReadError(_BROKEN_OFF, hint=_LATER)
        self._text, self._at = rest + self._decode(piece), 0


# The calls. All may be made again: reading changes nothing, and an update sets the same values.

Pace = Callable[[], Awaitable[object]]
"""Awaited before each request: the caller's rate."""

LARGEST_LIST = 2 << 30
"""Bytes: some two million users. A list beyond that is taken for one that never ends."""
_PIECE = 64 * 1024
_LONGEST_PAUSE = 60.0


async def _at_once() -> None:
    """No rate."""


class Users(Calls):
    """The users of one project; an async context manager. `origin` is scheme, host and port; `timeout` the
    seconds that a reply may be silent; `largest` the bytes of a list. Counts its `requests`. Raises
    ReadError, of which none quotes a key or a person."""

    what = "account's users"
    later = _LATER

    def __init__(
        self,
        origin: str,
        api_key: Secret,
        project: str,
        *,
        network: Network | None = None,
        timeout: float = 60.0,
        pause: float = 1.0,
        pace: Pace = _at_once,
        largest: int = LARGEST_LIST,
    ) -> None:
        waits = aiohttp.ClientTimeout(total=None, sock_connect=timeout, sock_read=timeout)
        super().__init__(f"{origin}/api/users", api_key, waits, pause, network)
        self._project = project
        self._pace = pace
        self._largest = largest
        self.requests = 0
        self.pages = False
        """Whether the list that was read came in pages."""

    async def listed(self) -> AsyncIterator[Sequence[User]]:
        """All users of the project, some at a time, in one reply or page by page (the paging isn't
        documented: a reply that names a next page has one). A user may come twice: where a reply breaks off,
        it is asked for again."""
        cursor, seen, empty = "", set(), 0
        while True:
            page: dict[str, object] = {}
            any_ = False
            async for some in self._page({"pageCursor": cursor} if cursor else {}, page):
                any_ = any_ or bool(some)
                yield some
            empty = 0 if any_ else empty + 1
            cursor = _next_cursor(page)
            if not cursor:
                return
            self.pages = True
            if cursor in seen or empty == EMPTY_PAGES:
                raise ReadError("The list of users leads in a circle.", hint=_WITHOUT)
            seen.add(cursor)

    async def one(self, user_id: str) -> User | None:
        """The user of this userId; None where the project has none."""
        found = None
        async for some in self._page({"userId": user_id}, {}):
            found = next((each for each in some if each.user_id == user_id), found)
        return found

    async def update(self, user_id: str, traits: Mapping[str, object]) -> None:
        """Set these traits of a user, and no others."""
        body = {"userId": user_id, "traits": traits, "project": self._project}
        # In ASCII: a value that came with half a surrogate goes back as it came.
        content = json.dumps(body, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json"}
        await self._tried(lambda: self._updated(content, headers))

    async def _updated(self, content: bytes, headers: Mapping[str, str]) -> None:
        await self._pace()
        self.requests += 1
        async with self._session.post(
            self._url,
            data=content,
            headers={**headers, **self._authorised()},
            allow_redirects=False,
        ) as response:
            _hold(response, (200, 201, 202, 204))
            await response.read()

    async def _page(
        self, query: Mapping[str, str], page: dict[str, object]
    ) -> AsyncIterator[Sequence[User]]:
        """The users of one reply, some at a time; what stands beside them goes into `page`."""
        tries = 0
        while True:
            try:
                async for some in self._once(query, page):
                    yield some
            except PASSING as error:
                tries += 1
                await self._patience(error, tries)
            else:
                return

    async def _once(
        self, query: Mapping[str, str], page: dict[str, object]
    ) -> AsyncIterator[Sequence[User]]:
        await self._pace()
        self.requests += 1
        async with self._session.get(
            self._url,
            params={"project": self._project, **query},
            headers=self._authorised(),
            allow_redirects=False,
        ) as response:
            _hold(response, (200,))
            some: list[User] = []
            listed = False
            async for name, each in Members(self._bounded(response.content)).read():
                if name not in _LISTS:
                    page[name] = each
                    continue
                listed = listed or each == []
                if isinstance(each, dict):
                    some.append(self._own(User.parse(each)))
                if len(some) == _BATCH:
                    yield some
                    some = []
            if not listed:
                raise ReadError("The API answered with something other than users.", hint=_WITHOUT)
            yield some

    def _own(self, user: User) -> User:
        """Raises ReadError for a user of another project."""
        if user.project and user.project != self._project:
            raise ReadError(
                "The API key lists the users of another project.",
                hint=f"Compare --project with the settings page. {_WITHOUT}",
            )
        return user

    async def _bounded(self, content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
        size = 0
        async for piece in content.iter_chunked(_PIECE):
            size += len(piece)
            if size > self._largest:
                raise ReadError("The list of users seems to have no end.", hint=_WITHOUT)
            yield piece


_LISTS = ("users", "data")
_BATCH = 500


def _hold(response: aiohttp.ClientResponse, accepted: Sequence[int]) -> None:
    if response.status in AGAIN:
        raise Again(f"the server answered {response.status}", _pause_of(response))
    if response.status not in accepted:
        refused = refusal(response.status)
        raise ReadError(refused.message, hint=f"{refused.hint} {_WITHOUT}".strip())


def _pause_of(response: aiohttp.ClientResponse) -> float:
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), _LONGEST_PAUSE) if asked.isdecimal() and asked.isascii() else 0.0


def _next_cursor(page: Mapping[str, object]) -> str:
    """Where the list goes on; "" at its end. ReadError where there is more that can't be got."""
    told = page.get("page")
    if not isinstance(told, Mapping) or not told.get("hasNextPage"):
        return ""
    if not (cursor := told.get("nextPageCursor")):
        raise ReadError("The API doesn't say how its list of users goes on.", hint=_WITHOUT)
    return str(cursor)
