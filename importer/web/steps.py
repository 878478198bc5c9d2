"""The pages of one import: read, mapping, plan, run, results. Forms post, redirect and get."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import BodyPartReader, hdrs, web

from importer.engine.jobs import purge
from importer.errors import SourceError, UsageError
from importer.ledger import SENDABLE
from importer.mapping.yaml import MAX_BYTES
from importer.model import counted, duration
from importer.web import reading as readings
from importer.web.drafts import MEANWHILE, Draft
from importer.web.guard import FORM, FRAMED, PARTS, Refused
from importer.web.pages import Desk
from importer.web.runs import PILOT
from importer.web.settling import to_settle
from importer.web.standing import Standing

_SHOWN = 25
_MEND = {"problems.csv", "problems.xlsx"}
_RESULTS = {"results.csv", "report.html", "summary.json", *_MEND}
_PLANNED = {"plan.html", "plan-summary.json", *(f"plan-{each}" for each in _MEND)}
_OWN = {"mapping.yaml", "plan.json"}
AGAIN = ("rejected", "duplicate")
"""Statuses whose rows are surely not stored, and don't go again by themselves."""
_ROWS = {"pilot": PILOT, "rest": None}
_REHEARSING = "Rows go to a made-up SatisMeter on this machine."
_DELIMITERS = (",", ";", "tab", "|")


class Steps:
    """The handlers of `/drafts/…`."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._drafts = desk, desk.drafts

    def routes(self) -> list[web.RouteDef]:
        at = "/drafts/{id:[0-9a-f]{16}}/"
        shown = (self.read, self.plan, self.run, self.results, self.progress)
        sent = {
            "read": self.read_anew, "plan": self.plan_anew, "cancel": self.cancel,
            "approve": self.approve, "start": self.start, "stop": self.stop, "forget": self.forget,
            "retry": self.retry, "rehearse": self.rehearse,
        }  # fmt: skip
        return [
            web.post("/drafts", self.take),
            *(web.get(at + each.__name__, each) for each in shown),
            *(web.post(at + name, each) for name, each in sent.items()),
            web.get(f"{at}files/{{name}}", self.file),
            web.get(f"{at}frame/{{name}}", self.framed),
        ]

    # what all of them begin with

    def one(self, request: web.Request, *, changing: bool = False) -> Draft:
        """The draft that is asked for; `changing`: by a form that has to be of its present state."""
        one = self._drafts.load(request.match_info["id"])
        if one is None:
            raise Refused(
                404, "This import is no longer here.", "It was forgotten, or went by itself."
            )
        if changing and request[FORM].get("revision") != str(one.revision):
            raise Refused(409, MEANWHILE, "Load the page anew, and go on from how it is now.")
        if changing and self._desk.runs.is_running(one):
            raise Refused(409, "The run is under way.", "Pause it before you change anything.")
        return one

    def there(self, one: Draft) -> None:
        """Raise UsageError where the file is gone."""
        if not self._drafts.there(one):
            raise UsageError(
                f"{one.name} is no longer there.",
                hint="Choose the same file again on the first page: this import then goes on.",
            )

    # home's form

    async def take(self, request: web.Request) -> web.StreamResponse:
        part = await request[PARTS].next() if PARTS in request else None
        if not isinstance(part, BodyPartReader) or part.name != "file":
            raise UsageError("No file was chosen.", hint="Choose one, or drop it on the page.")
        one = await self._drafts.take(part.filename or "", _pieces(part))
        sent = one.began and self._desk.runs.standing(one).job
        raise to(one, "run" if sent else "read")

    # 1 read

    async def read(self, request: web.Request) -> web.StreamResponse:
        one = self.one(request)
        self.there(one)
        try:
            reading = await self._desk.read(one)
        except SourceError as error:
            return self._desk.page(request, "read", 422, one=one, reading=None, error=error)
        return self._desk.page(
            request, "read", one=one, reading=reading, error=reading.refused, delimiters=_DELIMITERS
        )

    async def read_anew(self, request: web.Request) -> web.StreamResponse:
        """How it is to be read instead."""
        one, form = self.one(request, changing=True), request[FORM]
        self._desk.turned(request)
        shown, row = form.get("shown", ""), form.get("header", "found")
        same = form.get("sheet", shown) == shown
        rows = {"found": None, "none": ()}
        delimiter = form.get("delimiter", "")
        changes = {
            "sheet": one.sheet if same else form["sheet"],
            "header": rows.get(row, (int(row),) if row.isdecimal() else None) if same else None,
            "encoding": form.get("encoding", one.encoding),
            "delimiter": delimiter if delimiter in _DELIMITERS else "",
        }
        if any(getattr(one, name) != value for name, value in changes.items()):
            one = self._drafts.change(one, mended="", **changes)
            if not one.own and self._drafts.mapping(one).exists():
                reading = await self._desk.read(one)
                if reading.drafted:
                    readings.kept_on(self._drafts, one, reading.drafted)
        raise to(one, "match" if form.get("go") == "next" else "read")

    # 3 plan

    async def plan(self, request: web.Request) -> web.StreamResponse:
        """What a run would do."""
        one, runs = self.one(request), self._desk.runs
        planning = runs.task("plan", one.id)
        summary, checked = runs.summary(self._desk.settings, one), None
        if summary:
            checked = await asyncio.to_thread(readings.checked, self._drafts, one)
        return self._desk.page(
            request,
            "plan",
            one=one,
            planning=planning if planning and planning.on else None,
            failed=planning.failed if planning and not one.planned else None,
            summary=summary,
            traits=checked.traits if checked else (),
            survey=await self._desk.called(str(summary.get("campaign", ""))),
            seal=runs.seal(one),
        )

    async def plan_anew(self, request: web.Request) -> web.StreamResponse:
        """Makes the plan once more, as after a change of the file."""
        one = self.one(request, changing=True)
        self.there(one)
        one = self._drafts.save(one, planned=False, approved="")
        self._desk.runs.plan(self._desk.settings, one)
        raise to(one, "plan")

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        """Ends a plan that is being made; nothing was sent."""
        one = self.one(request)
        if planning := self._desk.runs.task("plan", one.id):
            planning.cancelled = True
            if planning.task:
                await asyncio.wait([planning.task], timeout=5)
        raise to(one, "match")

    async def approve(self, request: web.Request) -> web.StreamResponse:
        """Hold the run to the plan that was shown."""
        one, seal = self.one(request, changing=True), self._desk.runs.seal(self.one(request))
        if not one.planned or not seal or request[FORM].get("seal") != seal:
            raise Refused(
                409, "The plan is another by now.", "Look at it once more, and approve that."
            )
        self._drafts.path(one, "run.json").unlink(missing_ok=True)  # of what was approved before
        raise to(self._drafts.save(one, approved=seal, pid=0), "run")

    # 4 run

    async def run(self, request: web.Request) -> web.StreamResponse:
        """Send ten, then the rest."""
        one, runs = self.one(request), self._desk.runs
        standing = await asyncio.to_thread(runs.standing, one)
        rehearsal = runs.task("rehearsal", one.id)
        summary = runs.summary(self._desk.settings, one)
        posted = await asyncio.to_thread(runs.posted, one, _SHOWN) if not standing.running else []
        return self._desk.page(
            request,
            "run",
            one=one,
            standing=standing,
            told=_told(one, standing),
            stopping=one.id in runs.stopping,
            posted=posted,
            summary=summary,
            survey=await self._desk.called(str(summary.get("campaign", ""))),
            pilot=PILOT,
            rehearsal=rehearsal,
            rehearsing=_REHEARSING if rehearsal and rehearsal.on else "",
            rehearsed=runs.rehearsed(one),
            there=self._drafts.there(one),
            **await to_settle(self._desk, standing),
        )

    async def start(self, request: web.Request) -> web.StreamResponse:
        """Start it, or go on: what the page has shown, and as many rows as its button says."""
        one, rows = self.one(request), request[FORM].get("rows")
        if not await asyncio.to_thread(self._desk.runs.is_running, one):  # else: clicked twice
            one = self.one(request, changing=True)
            if rows not in _ROWS:
                raise UsageError("It wasn't said how many rows to send.", hint="Use the buttons.")
            self.there(one)
            limit, look = _ROWS[rows], request[FORM].get("look") == "yes"
            await asyncio.to_thread(
                self._desk.runs.start, self._desk.settings, one, limit, look=look
            )
        raise to(one, "run")

    async def retry(self, request: web.Request) -> web.StreamResponse:
        """Send rows that were refused once more: all of one status."""
        one, status = self.one(request, changing=True), request[FORM].get("status", "")
        if status not in AGAIN:
            raise UsageError("It wasn't said which rows to send again.", hint="Use the buttons.")
        self.there(one)
        await asyncio.to_thread(self._desk.runs.start, self._desk.settings, one, None, status)
        raise to(one, "run")

    async def rehearse(self, request: web.Request) -> web.StreamResponse:
        """The run against a made-up SatisMeter; nothing leaves this machine."""
        one = self.one(request, changing=True)
        self.there(one)
        self._desk.runs.rehearse(self._desk.settings, one)
        raise to(one, "run")

    async def stop(self, request: web.Request) -> web.StreamResponse:
        """Pause: the rows in flight end, the others wait. Once more: leave at once."""
        one = self.one(request)
        await asyncio.to_thread(self._desk.runs.stop, one)
        raise to(one, "run")

    async def progress(self, request: web.Request) -> web.StreamResponse:
        """How far a plan or a run is, for the script."""
        one, start = self.one(request), time.monotonic()
        planning = self._desk.runs.task("plan", one.id)
        if planning and planning.on:
            rows = counted(planning.rows, "row")
            return web.json_response({"state": "planning", "text": f"{rows} read", "again": 1})
        if (rehearsal := self._desk.runs.task("rehearsal", one.id)) and rehearsal.on:
            return web.json_response({"state": "rehearsing", "text": _REHEARSING, "again": 1})
        standing = await asyncio.to_thread(self._desk.runs.standing, one)
        spent = time.monotonic() - start
        state = "running" if standing.running else "still"
        return web.json_response(
            {"state": state, "again": max(1.0, 20 * spent), **_told(one, standing)}
        )

    # 5 results

    async def results(self, request: web.Request) -> web.StreamResponse:
        """What became of the rows."""
        one, runs = self.one(request), self._desk.runs
        standing = await asyncio.to_thread(runs.standing, one)
        folder = standing.folder
        there = sorted(each for each in _RESULTS if folder and (folder / each).is_file())
        return self._desk.page(
            request,
            "results",
            one=one,
            standing=standing,
            summary=standing.said if standing.said.get("rows") else {},
            there=there,
            commands=runs.commands(self._desk.settings, one),
            open=SENDABLE,
            copy=one.ours and self._drafts.there(one),
            there_still=self._drafts.there(one),
            goes_at=self._drafts.goes_at(one),
            folder=None if one.ours else folder,
            **await to_settle(self._desk, standing, request.query.get("after", "")),
        )

    def _path(self, one: Draft, name: str) -> Path:
        """Where a file of this name lies; only those are handed out that the importer writes."""
        standing, folder = self._desk.runs.standing(one), None
        if name in _RESULTS:
            folder = standing.folder
        elif name in _PLANNED:
            folder = self._desk.runs.settings(self._desk.settings, one).folder
        elif name in _OWN:
            folder = self._drafts.folder(one.id)
        if folder is None or not (folder / name).is_file():
            raise Refused(404, f"There is no {name}." if folder else "There is no such file.")
        return folder / name

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A file of the job, to be kept. Once the results of a job that has ended are, the copy goes."""
        one, name = self.one(request), request.match_info["name"]
        path = await asyncio.to_thread(self._path, one, name)
        if request.method == hdrs.METH_GET and name in _RESULTS and name not in one.got:
            one = self._drafts.save(one, got=(*one.got, name))
            await asyncio.to_thread(self._let_go, one)
        return web.FileResponse(
            path, headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )

    def _let_go(self, one: Draft) -> None:
        standing = self._desk.runs.standing(one)
        folder = standing.folder
        mend = {each for each in _MEND if folder and (folder / each).is_file()}
        ended = standing.job and not standing.running and not standing.cut_off and not standing.left
        if ended and "results.csv" in one.got and (not mend or mend & {*one.got}):
            self._drafts.drop_upload(one)

    async def framed(self, request: web.Request) -> web.StreamResponse:
        """A report in its frame, where it can do nothing."""
        one, name = self.one(request), request.match_info["name"]
        if name not in {"plan.html", "report.html"}:
            raise Refused(404, "There is no such report.")
        path = await asyncio.to_thread(self._path, one, name)
        return web.FileResponse(path, headers={"Content-Security-Policy": FRAMED})

    async def forget(self, request: web.Request) -> web.StreamResponse:
        one, runs = self.one(request), self._desk.runs
        for under_way in filter(None, (runs.task("plan", one.id), runs.task("rehearsal", one.id))):
            under_way.cancelled = True
            if under_way.task:  # what it is writing would be left
                await asyncio.wait([under_way.task])
        job = (await asyncio.to_thread(runs.standing, one)).job
        if job and request[FORM].get("ledger") == "yes":
            await asyncio.to_thread(purge, self._desk.settings.ledger, job.name)
        await asyncio.to_thread(runs.forget, one)
        if not self._drafts.all():  # another import may want them yet
            self._desk.forget_keys()
        raise web.HTTPSeeOther("/")


def to(one: Draft, step: str) -> web.HTTPSeeOther:
    """A redirection (303) to one of the import's pages, so that a reload posts nothing anew."""
    return web.HTTPSeeOther(f"/drafts/{one.id}/{step}")


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while piece := await part.read_chunk(1 << 16):
        yield bytes(piece)


async def small(part: BodyPartReader) -> bytes:
    """A part that is no file of answers."""
    content = b""
    async for piece in _pieces(part):
        content += piece
        if len(content) > MAX_BYTES:
            raise UsageError("That is far too long for a mapping.", hint="Choose the YAML file.")
    return content


def _told(one: Draft, standing: Standing) -> dict[str, object]:
    """A run's progress in figures and words."""
    staged = standing.job and standing.job.staged_at
    past = standing.posted if one.again else one.before - standing.unsent
    done = max(0, min(one.goal, past)) if staged else 0
    spent = max(time.time() - one.began, 0.001)
    left = f", {duration(spent / done * (one.goal - done))} left" if 0 < done < one.goal else ""
    counts = ", ".join(
        f"{number:,} {'in flight' if name == 'attempting' else name}"
        for name, number in standing.counts.items()
    )
    return {
        "done": done,
        "goal": one.goal,
        "text": f"{done:,} of {one.goal:,} rows have their outcome{left}. In all: {counts or 'nothing yet'}.",
        "waits": standing.waits,
    }
