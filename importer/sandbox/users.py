"""The sandbox's users: the list, one of them, and what adds or updates one."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from aiohttp import web

from importer.sandbox.api import Refusal, denied, document, parsed, refused
from importer.sandbox.settings import ErrorShape, SandboxSettings
from importer.sandbox.store import Store, StoredUser

_BATCH = 500
"""Users that are written at once: a list of 100,000 is never whole in memory."""


class Users:
    def __init__(self, settings: SandboxSettings, store: Store) -> None:
        self._settings = settings
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/users", self._listed), web.post("/api/users", self._put)]

    async def _listed(self, request: web.Request) -> web.StreamResponse:
        """All users of the project, streamed; that of `userId` alone, or none, where one is asked for."""
        if refusal := denied(request, self._settings, request.query.get("project")):
            return refused(refusal, ErrorShape.ERRORS).to_http()
        if (user_id := request.query.get("userId")) is not None:
            found = self._store.user(user_id)
            return document({"users": [self._shown(found)] if found else []}).to_http()
        most, after = self._settings.users_page, int(request.query.get("pageCursor") or 0)
        reply = web.StreamResponse(headers={"Content-Type": "application/json"})
        await reply.prepare(request)
        await reply.write(b'{"users":[')
        told = 0
        while some := self._store.users(after, min(_BATCH, most - told) if most else _BATCH):
            listed = b",".join(orjson.dumps(self._shown(each)) for each in some)
            await reply.write((b"," if told else b"") + listed)
            told, after = told + len(some), some[-1].number
            if told == most:
                break
        more = most is not None and bool(self._store.users(after, 1))
        page = {"hasNextPage": more, "nextPageCursor": str(after) if more else None}
        end = b'],"page":' + orjson.dumps(page) + b"}" if most else b"]}"
        await reply.write_eof(end)
        return reply

    async def _put(self, request: web.Request) -> web.Response:
        body = parsed(await request.read())
        if isinstance(body, Refusal):
            return refused(body, ErrorShape.ERRORS).to_http()
        if refusal := denied(request, self._settings, body.get("project")):
            return refused(refusal, ErrorShape.ERRORS).to_http()
        user_id, traits = body.get("userId"), body.get("traits", {})
        if not isinstance(user_id, str) or not user_id or not isinstance(traits, Mapping):
            wrong = Refusal(400, ("expected a userId and traits",))
            return refused(wrong, ErrorShape.ERRORS).to_http()
        self._store.put_users([(user_id, traits)])
        found = self._store.user(user_id)
        return document(self._shown(found) if found else {}).to_http()

    def _shown(self, user: StoredUser) -> dict[str, object]:
        return {
            "id": user.id,
            "project": self._settings.project,
            "userId": user.user_id or None,
            "email": user.traits.get("email"),
            "name": user.traits.get("name"),
            "traits": dict(user.traits),
            "unsubscribed": user.unsubscribed,
        }
