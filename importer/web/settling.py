"""What is left to be done of a job, whoever began it: rows in doubt, the comparison, what people can read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from importer.engine.jobs import purge
from importer.engine.reconcile import in_doubt, mark, resolve
from importer.engine.verify import verify
from importer.engine.verify_report import verdict, write_verify_page
from importer.errors import UsageError
from importer.model import Job, Line, Status, counted
from importer.settings import Settings
from importer.web.drafts import Draft
from importer.web.guard import FORM, FRAMED, Refused, number
from importer.web.pages import Desk
from importer.web.standing import Standing, found

ASKING = (
    "The survey is being read: the more responses, the longer. You can go on elsewhere meanwhile."
)
_MOMENT = 2.0
"""Seconds that a form waits for its answer."""
_SHOWN = 25
"""Rows in doubt on a page."""


class Settling:
    """The handlers of `/jobs/NAME` and below."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        at = "/jobs/{name}"
        sent = (self.resolve, self.mark, self.verify, self.purge)
        return [
            web.get(at, self.job),
            web.get(f"{at}/verify.html", self.compared),
            web.get(f"{at}/progress", self.progress),
            *(web.post(f"{at}/{each.__name__}", each) for each in sent),
        ]

    async def _job(self, request: web.Request) -> tuple[Standing, Job, Settings]:
        """The job that is asked for, how it stands, and the settings to settle it with."""
        name, desk = request.match_info["name"], self._desk
        standing = await asyncio.to_thread(found, desk.drafts.state, name)
        if standing is None or standing.job is None:
            raise Refused(404, "There is no such job in the ledger.")
        return standing, standing.job, replace(desk.settings, job=name)

    def _draft(self, job: Job) -> Draft | None:
        """The import of this wizard that the job is of, as long as it is here."""
        drafts, place = self._desk.drafts, str(job.settings.get("mapping", ""))
        return next((each for each in drafts.all() if str(drafts.mapping(each)) == place), None)

    def _done(self, request: web.Request, job: Job, told: str) -> web.HTTPSeeOther:
        """Back to where the job is looked at, which then says what was done."""
        draft, step = self._draft(job), "run" if request[FORM].get("to") == "run" else "results"
        self._desk.told[job.name] = told
        return web.HTTPSeeOther(
            f"/drafts/{draft.id}/{step}#said" if draft else f"/jobs/{job.name}#said"
        )

    async def _asked(
        self, request: web.Request, job: Job, work: Callable[[], str]
    ) -> web.HTTPSeeOther:
        """Ask SatisMeter, in a thread; the page that one is led to waits for what takes longer."""
        there = self._done(request, job, "")
        told = self._desk.told
        asking = self._desk.runs.once("ask", job.name, lambda _: told.update({job.name: work()}))
        if asking.task:
            await asyncio.wait([asking.task], timeout=_MOMENT)
        if asking.failed:
            raise asking.failed
        return there

    async def progress(self, request: web.Request) -> web.StreamResponse:
        """Whether it is still being asked, for the script."""
        asking = self._desk.runs.task("ask", request.match_info["name"])
        state = "asking" if asking and asking.on else "still"
        return web.json_response({"state": state, "text": ASKING, "again": 1})

    async def job(self, request: web.Request) -> web.StreamResponse:
        standing, job, _ = await self._job(request)
        facts = await to_settle(self._desk, standing, request.query.get("after", ""))
        return self._desk.page(
            request, "job", standing=standing, draft=self._draft(job), open=(), **facts
        )

    async def resolve(self, request: web.Request) -> web.StreamResponse:
        _, job, settings = await self._job(request)

        def ask() -> str:
            _, settled, _ = resolve(settings)
            return (
                f"SatisMeter was asked: {counted(settled.created, 'row')} found there, "
                f"{settled.absent:,} surely not stored, {settled.left:,} still in doubt."
            )

        raise await self._asked(request, job, ask)

    async def mark(self, request: web.Request) -> web.StreamResponse:
        """A person has looked: this one row is there, or it is not."""
        _, job, settings = await self._job(request)
        form = request[FORM]
        row, said = number(form.get("row", "")), form.get("is", "")
        if row is None or said not in {"there", "not there"}:
            raise UsageError("It wasn't said what became of which row.", hint="Use the buttons.")
        waves = [form["wave"]] if form.get("wave") else []
        await asyncio.to_thread(mark, settings, [row], waves, created=said == "there")
        more = "" if said == "there" else " It is posted again when you go on."
        raise self._done(request, job, f"Row {row}: by your word it is {said}.{more}")

    async def verify(self, request: web.Request) -> web.StreamResponse:
        _, job, settings = await self._job(request)
        extra = request[FORM].get("extra") == "yes"

        def compare() -> str:
            compared = verify(settings, allow_extra=extra)
            return f"{verdict(compared)} {write_verify_page(compared).unwritten}".strip()

        raise await self._asked(request, job, compare)

    async def compared(self, request: web.Request) -> web.StreamResponse:
        """The page of the last comparison, for its frame."""
        standing, *_ = await self._job(request)
        if standing.folder is None or not (standing.folder / "verify.html").is_file():
            raise Refused(404, "It wasn't compared yet.")
        headers = {"Content-Security-Policy": FRAMED}
        return web.FileResponse(standing.folder / "verify.html", headers=headers)

    async def purge(self, request: web.Request) -> web.StreamResponse:
        _, job, settings = await self._job(request)
        await asyncio.to_thread(purge, settings.ledger, job.name)
        told = "The ledger knows no longer whose rows they were, but that they were sent."
        raise self._done(request, job, told)


async def to_settle(desk: Desk, standing: Standing, after: str = "") -> dict[str, Any]:
    """What the pages of a job show to settle it by; `after`: the `seq` of the last row of the page before."""
    job, folder, doubt = standing.job, standing.folder, list[Line]()
    if job and standing.counts.get(Status.UNKNOWN) and not standing.running:
        since = number(after)
        since = -1 if since is None else since
        doubt = await asyncio.to_thread(in_doubt, desk.settings, job, since, _SHOWN + 1)
    return {
        "doubt": doubt[:_SHOWN],
        "after": doubt[_SHOWN - 1].seq if len(doubt) > _SHOWN else None,
        "done": desk.told.pop(job.name, "") if job else "",
        "asking": desk.runs.task("ask", job.name) if job else None,
        "asked": ASKING,
        "compared": folder is not None and (folder / "verify.html").is_file(),
    }
