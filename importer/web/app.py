"""The server: who asks is looked at first, every failure becomes a page; it listens on 127.0.0.1 alone."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from importer import shutdown
from importer.errors import Busy, ImporterError, UsageError
from importer.settings import Secret, Settings
from importer.web.drafts import Drafts
from importer.web.guard import FORM, Refused, dressed
from importer.web.match import Matcher, Mending
from importer.web.pages import STEPS, Desk, to_do
from importer.web.settling import Settling
from importer.web.standing import history
from importer.web.steps import Steps

log = logging.getLogger(__name__)
ADDRESS = "127.0.0.1"
_STATIC = Path(__file__).with_name("static")
_TYPES = {"style.css": "text/css", "app.js": "text/javascript"}
_LARGEST_FORM = 2 << 20
_UNTYPED = {"csrf", "revision", "seal", "shown", "go", "back", "to", "write_key", "api_key"}
_TYPED = {409, 422, 507}
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}
_FULL = (
    "Make room on the disk, or let the wizard write there, go back, and do it again: nothing was sent by "
    "this. A run that is under way stops by itself where it can’t write, and loses nothing."
)


class Front:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/open", self.open),
            web.get("/", self.home),
            web.get("/history", self.history),
            web.get("/keys", self.keys),
            web.post("/keys", self.take_keys),
            web.post("/quit", self.quit),
            web.get("/static/{name}", self.static),
        ]

    async def open(self, request: web.Request) -> web.StreamResponse:
        """By the link from the terminal: a cookie, and a page that goes on by itself. (A redirect would lose
        a Strict cookie where the link was clicked in another program.)"""
        response = self._desk.page(request, "open", start=self._desk.start)
        self._desk.guard.admit(request, response)
        return response

    async def home(self, request: web.Request) -> web.StreamResponse:
        """Choose a file; what is running, what isn't finished, what was done."""
        drafts, runs = self._desk.drafts, self._desk.runs
        running = await asyncio.to_thread(runs.running)
        others = [each for each in drafts.all() if each not in running]
        return self._desk.page(
            request,
            "home",
            running=running,
            others=[(each, drafts.goes_at(each), drafts.there(each)) for each in others],
            jobs=await asyncio.to_thread(history, drafts.state, 5),
            largest=drafts.largest,
        )

    async def history(self, request: web.Request) -> web.StreamResponse:
        jobs = await asyncio.to_thread(history, self._desk.drafts.state)
        return self._desk.page(request, "history", jobs=jobs)

    async def keys(self, request: web.Request) -> web.StreamResponse:
        """Which keys are known; never a key itself."""
        return self._desk.page(request, "keys", back=request.query.get("back", ""))

    async def take_keys(self, request: web.Request) -> web.StreamResponse:
        """Keys that were typed stay in memory until they are forgotten, or the server ends."""
        form, given = request[FORM], dict[str, object]()
        if form.get("go") == "forget":
            self._desk.forget_keys()
        for name, what in (("write_key", "write key"), ("api_key", "API key")):
            if form.get(name, "").strip():
                given[name] = Secret.parse(form[name].strip(), what)
        if form.get("project", "").strip():
            given["project"] = Secret.parse(form["project"].strip(), "project's ID").reveal()
        self._desk.take_keys(**given)
        id_, _, step = form.get("back", "").partition("/")
        step = step if step in STEPS else "read"
        raise web.HTTPSeeOther(f"/drafts/{id_}/{step}" if self._desk.drafts.load(id_) else "/keys")

    async def quit(self, request: web.Request) -> web.StreamResponse:
        """End the server; runs go on."""
        running = len(await asyncio.to_thread(self._desk.runs.running))
        self._desk.ending.set()
        return self._desk.page(
            request, "message", title="The wizard has ended.", running=running, hint="", sent={}
        )

    async def static(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in _TYPES:
            raise Refused(404, "There is no such file.")
        return web.FileResponse(
            _STATIC / name, headers={hdrs.CONTENT_TYPE: f"{_TYPES[name]}; charset=utf-8"}
        )


def application(desk: Desk) -> web.Application:

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            await desk.guard.check(request)
            desk.asked_at = time.monotonic()
            return await handler(request)
        except Refused as refused:
            return _message(desk, request, refused.status, refused.reason, refused.hint)
        except ImporterError as error:
            status = 409 if isinstance(error, Busy) else 422
            return _message(desk, request, status, error.message, to_do(error))
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return _message(desk, request, error.status, error.reason)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001  a defect: its kind and place, never what it was about
            if isinstance(error, OSError) and error.errno in _NO_ROOM:
                return _message(
                    desk, request, 507, f"The disk refused it: {error.strerror}.", _FULL
                )
            last = traceback.extract_tb(error.__traceback__)[-1]
            said = f"unexpected {type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
            return _message(
                desk, request, 500, said, "This is a defect of the importer; please report it."
            )

    app = web.Application(middlewares=[guarded], client_max_size=_LARGEST_FORM)
    app.on_response_prepare.append(dressed)
    steps = Steps(desk)
    rooms = (Front(desk), steps, Matcher(desk, steps), Mending(desk, steps), Settling(desk))
    app.add_routes([route for room in rooms for route in room.routes()])
    return app


def _message(
    desk: Desk, request: web.Request, status: int, title: str, hint: str = ""
) -> web.Response:
    form = request.get(FORM) or {} if status in _TYPED else {}  # so that nothing typed is lost
    sent = {name: text for name, text in form.items() if text and name not in _UNTYPED}
    facts = {"title": title, "hint": hint, "sent": sent, "running": 0}
    response = desk.page(request, "message", status, **facts)
    if request.body_exists and not request.content.at_eof():
        response.force_close()  # what was not read of a file is not waited for
    return response


def serve(settings: Settings, file: Path | None, port: int, opened: Callable[[str], None]) -> int:
    """Serve until Ctrl-C, SIGTERM or *quit*; `opened` is called with the link, and with a new one at
    each Enter on the terminal. Returns how many runs go on by themselves. Raises UsageError."""
    return asyncio.run(_serve(settings, file, port, opened))


IDLE = 8 * 3600.0
"""Seconds without a request and a run after which the wizard ends by itself."""
_NOW_AND_THEN = 60.0


async def _kept(desk: Desk) -> None:
    """Return once the wizard is told to end, or nobody has asked for anything for long. Meanwhile what is too
    old goes from the disk."""
    while not desk.ending.is_set():
        running = await asyncio.to_thread(desk.runs.running)
        await asyncio.to_thread(desk.drafts.sweep, frozenset(each.pid for each in running))
        if not running and time.monotonic() - desk.asked_at > IDLE:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(desk.ending.wait(), _NOW_AND_THEN)


async def _serve(
    settings: Settings, file: Path | None, port: int, opened: Callable[[str], None]
) -> int:
    desk = Desk(settings, Drafts(settings.state))
    if file is not None:
        desk.start = f"/drafts/{desk.drafts.adopt(file).id}/read"
    runner = web.AppRunner(
        application(desk), access_log=None, logger=log, handle_signals=False, shutdown_timeout=2
    )
    await runner.setup()
    try:
        try:
            site = web.TCPSite(runner, ADDRESS, port)
            await site.start()
        except OSError as error:
            raise UsageError(
                f"The port {port} can't be listened on: {error.strerror}.",
                hint="Leave --port out to get a free one.",
            ) from error
        desk.guard.port = runner.addresses[0][1]

        def link() -> None:
            opened(f"http://{ADDRESS}:{desk.guard.port}/open?token={desk.guard.token()}")

        if sys.stdin.isatty():
            _at_each_enter(asyncio.get_running_loop(), link)
        with shutdown.told(desk.ending.set):
            link()
            await _kept(desk)
            await asyncio.sleep(0.2)  # the last page is still on its way
            return len(desk.runs.running())
    finally:
        desk.runs.close()
        await runner.cleanup()


def _at_each_enter(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """By a thread, which ends with the terminal or the process: on Windows no loop watches a terminal. It
    reads past `sys.stdin`, whose lock it would hold while Python ends."""

    def wait() -> None:
        with suppress(OSError, RuntimeError):  # the terminal, or the loop, is gone
            while os.read(sys.stdin.fileno(), 1024):
                loop.call_soon_threadsafe(call)

    threading.Thread(target=wait, name="terminal", daemon=True).start()
