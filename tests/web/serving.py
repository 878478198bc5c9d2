"""The wizard served within the test's own process, and who visits it as a browser does."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.test_utils import TestServer

from importer.settings import Secret, Settings
from importer.web.app import application
from importer.web.drafts import Draft, Drafts
from importer.web.pages import Desk

QUESTIONS = {
    "score": "79593580-95a7-11ed-8974-9b5d06700b8d",
    "comment": "8a2f1c40-95a7-11ed-8974-9b5d06700b8d",
}
CAMPAIGN = "5d2f6c1e9b0a4c0017a3e1b2"


Files = Mapping[str, tuple[str, bytes]]


@dataclass
class Visitor:
    """A browser's requests: its cookie, its headers, the hidden fields of the page it was on."""

    desk: Desk
    session: aiohttp.ClientSession
    origin: str
    text: str = ""
    status: int = 0
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    async def open(self) -> None:
        """By a new link from the terminal."""
        await self.get(f"/open?token={self.desk.guard.token()}")

    async def get(self, path: str, site: str = "same-origin") -> str:
        """A page's text."""
        return await self._asked("GET", path, {"Sec-Fetch-Site": site})

    async def post(self, path: str, files: Files | None = None, /, **given: str) -> str:
        """Send a form of the page at hand; returns the page that it leads to."""
        form = aiohttp.FormData(quote_fields=False, default_to_multipart=bool(files))
        hidden = {name: value for name, value in self.hidden.items() if name not in given}
        for name, value in {
            **hidden,
            **{each.replace("__", "."): v for each, v in given.items()},
        }.items():
            form.add_field(name, value)
        for name, (filename, content) in (files or {}).items():
            form.add_field(
                name, content, filename=filename, content_type="application/octet-stream"
            )
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": self.origin}
        return await self._asked("POST", path, headers, data=form)

    async def _asked(self, method: str, path: str, headers: dict[str, str], **more: Any) -> str:
        async with self.session.request(
            method, self.origin + path, headers=headers, **more
        ) as reply:
            self.status, self.path, self.headers = reply.status, reply.url.path, dict(reply.headers)
            self.text = await reply.text()
            return self.text

    @property
    def hidden(self) -> dict[str, str]:
        """What every form of the page has."""
        wanted = r'<input type="hidden" name="(csrf|revision|seal|back|shown)" value="([^"]*)"'
        return {"csrf": self.csrf, **dict(re.findall(wanted, self.text))}

    @property
    def csrf(self) -> str:
        """That of the session that was opened last."""
        return next(reversed(self.desk.guard._sessions.values()), "")

    @property
    def h1(self) -> str:
        """What the page says."""
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.text, re.DOTALL)
        return " ".join(found[1].split()) if found else ""

    @property
    def draft(self) -> Draft:
        """The import at hand."""
        found = self.desk.drafts.load(self.path.split("/")[2])
        assert found
        return found

    def at(self, step: str) -> str:
        """A page of the import at hand."""
        return f"/drafts/{self.draft.id}/{step}"

    async def upload(self, name: str, content: bytes) -> str:
        """Choose a file on the first page."""
        await self.get("/")
        return await self.post("/drafts", {"file": (name, content)})

    async def bring(self, mapping: bytes, name: str = "own.yaml") -> str:
        """Bring a mapping of one's own."""
        await self.get(self.at("match"))
        return await self.post(self.at("own"), {"mapping": (name, mapping)})

    async def planned(self) -> str:
        """Go on to the plan, and wait for it."""
        await self.post(self.at("match"), go="next")
        planning = self.desk.runs.task("plan", self.draft.id)
        if planning and planning.task:
            await planning.task
        return await self.get(self.at("plan"))

    async def run(self, rows: str, **more: str) -> str:
        """Send, and wait for the end."""
        await self.post(self.at("start"), rows=rows, **more)
        child = self.desk.runs._children[self.draft.id]
        assert child.wait(60) is not None
        return await self.get(self.at("run"))


@asynccontextmanager
async def wizard(
    state: Path, endpoint: str = "https://app.satismeter.com", **settings: Any
) -> AsyncIterator[Visitor]:
    """The wizard over a state folder, and a visitor who has opened it."""
    keys = {
        name: Secret(value) if name.endswith("_key") else value for name, value in settings.items()
    }
    desk = Desk(
        Settings(file="", mapping="", state=state, endpoint=endpoint, **keys),  # type: ignore[arg-type]  # text is fine
        Drafts(state),
    )
    async with (
        TestServer(application(desk)) as server,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session,
    ):
        assert server.port
        desk.guard.port = server.port
        visitor = Visitor(desk, session, f"http://127.0.0.1:{server.port}")
        await visitor.open()
        yield visitor
        desk.runs.close()
