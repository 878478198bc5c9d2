"""The page where rows that can't be sent are mended: cells as fields, the file written anew beside itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from importer.engine.mend import LONGEST, Changes, Mender, Problems
from importer.errors import UsageError
from importer.mapping import load
from importer.web.drafts import Draft
from importer.web.guard import FORM
from importer.web.pages import Desk
from importer.web.reading import sheet_of
from importer.web.steps import Steps, to


class Mending:
    """The handlers of `/drafts/ID/mend`."""

    def __init__(self, desk: Desk, steps: Steps) -> None:
        self._desk, self._steps = desk, steps

    def routes(self) -> list[web.RouteDef]:
        """What is asked for, and who answers."""
        at = "/drafts/{id:[0-9a-f]{16}}/mend"
        return [web.get(at, self.shown), web.post(at, self.mend)]

    def _mender(self, one: Draft, asked: Mapping[str, str]) -> Mender:
        after, drafts = asked.get("after", ""), self._desk.drafts
        return Mender(
            drafts.sent(one),
            load(str(drafts.mapping(one))),
            sheet_of(one),
            after=int(after) if after[:9].isdecimal() else 0,
            code=asked.get("code", ""),
            column=asked.get("column", ""),
        )

    async def shown(self, request: web.Request) -> web.StreamResponse:
        """A page of the rows, by cause where one was chosen."""
        return await self._page(request, self._steps.one(request), request.query, {}, {})

    async def _page(
        self,
        request: web.Request,
        one: Draft,
        asked: Mapping[str, str],
        typed: Changes,
        left: Problems,
    ) -> web.StreamResponse:
        self._steps.there(one)
        mender = self._mender(one, asked)
        rows, more = await asyncio.to_thread(mender.faulty)
        return self._desk.page(
            request,
            "mend",
            422 if left else 200,
            one=one,
            rows=[each.typed(typed.get(each.row, {}), left.get(each.row, ())) for each in rows],
            more=more,
            asked={"after": mender.after, "code": mender.code, "column": mender.column},
            left=left,
            longest=LONGEST,
        )

    async def mend(self, request: web.Request) -> web.StreamResponse:
        """Write the file anew with the cells that were changed, and plan that."""
        one, form = self._steps.one(request, changing=True), request[FORM]
        self._steps.there(one)
        mender, typed = self._mender(one, form), dict[int, dict[int, str]]()
        for name, text in form.items():
            kind, _, place = name.partition(".")
            row, _, column = place.partition(".")
            if kind == "cell" and row[:9].isdecimal() and column[:9].isdecimal():
                typed.setdefault(int(row), {})[int(column)] = text
        changes = await asyncio.to_thread(mender.changes, typed)
        if not changes:
            raise UsageError("No cell was changed.", hint="Change one, or go back to the plan.")
        folder = self._desk.drafts.mended(one)
        copy, left = await asyncio.to_thread(lambda: mender.mend(changes, folder))
        if left:
            return await self._page(request, one, form, changes, left)
        one = self._desk.drafts.change(one, mended=str(copy))
        self._desk.runs.plan(self._desk.settings, one)
        raise to(one, "plan")
