"""The pages that match the file with the survey (cards, a row as it would be, its text) and mend its rows."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import orjson
from aiohttp import BodyPartReader, web

from importer import engine, resources
from importer.discovery import Draft as Drafted
from importer.discovery.changes import asking, table_of, with_survey
from importer.discovery.draft import readable
from importer.discovery.match import Matching
from importer.discovery.told import as_typed, told
from importer.engine.mend import LONGEST, Changes, Mender, Previewed, Problems, preview
from importer.errors import ImporterError, MappingError, UsageError
from importer.mapping import load, preset, shipped
from importer.model import Response
from importer.privacy import masked
from importer.satismeter import Survey
from importer.sources import open_source
from importer.web import reading as readings
from importer.web.drafts import Draft
from importer.web.guard import FORM, PARTS, Refused, number
from importer.web.pages import Desk
from importer.web.reading import Checked, Reading, sheet_of
from importer.web.steps import Steps, small, to


@dataclass(frozen=True, slots=True)
class Now:
    """An import as it stands. `matching` is None where its file or its mapping can't be read as choices."""

    reading: Reading
    checked: Checked
    surveys: Sequence[Survey] = ()
    unread: str = ""
    matching: Matching | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row as the mapping has it, or why there is none."""

    shown: Sequence[Previewed] = ()
    error: ImporterError | None = None
    bodies: Sequence[str] = ()


class Matcher:
    """The handlers of `/drafts/ID/match`."""

    def __init__(self, desk: Desk, steps: Steps) -> None:
        self._desk, self._drafts, self._steps = desk, desk.drafts, steps

    def routes(self) -> list[web.RouteDef]:
        at = "/drafts/{id:[0-9a-f]{16}}/"
        return [
            web.get(f"{at}match", self.match),
            web.post(f"{at}match", self.said),
            web.post(f"{at}row", self.row),
            web.post(f"{at}own", self.own),
        ]

    async def match(self, request: web.Request) -> web.StreamResponse:
        """The choices as they are, and what is yet to be said."""
        one = self._steps.one(request)
        self._steps.there(one)
        return await self._page(request, one, row=number(request.query.get("row", "")))

    async def _now(self, one: Draft, campaign: str | None = None) -> Now:
        """The import as it stands; with the questions of another survey, where that is being chosen."""
        surveys, unread = await self._desk.surveys()
        reading = await self._desk.read(readings.as_its_mapping_reads(self._drafts, one))
        drafted = reading.drafted
        if drafted and not one.own and not self._drafts.mapping(one).exists():
            readings.written(self._drafts, one, drafted.text)
        if drafted and one.labels != (labels := _fingerprint(drafted)):
            one = self._drafts.save(one, labels=labels)
        checked = await asyncio.to_thread(readings.checked, self._drafts, one)
        try:
            drafted = readings.chosen(self._drafts, one, drafted) if drafted else None
        except MappingError:
            drafted = None
        if drafted is None:
            return Now(reading, checked, surveys, unread)
        known = drafted.choices.campaign if campaign is None else campaign
        asked, unasked = await self._desk.asked("" if known == "?" else known)
        if campaign is not None:
            drafted = with_survey(drafted, campaign, asked)
        drafted = asking(drafted, asked)
        document = await asyncio.to_thread(readable, drafted)
        matching = Matching(drafted, surveys, asked, document)
        return Now(reading, checked, surveys, unread or unasked, matching)

    async def _page(
        self,
        request: web.Request,
        one: Draft,
        *,
        status: int = 200,
        typed: Mapping[str, str] | None = None,
        wrong: Mapping[str, str] | None = None,
        row: int | None = None,
    ) -> web.Response:
        now = await self._now(one)
        one = self._drafts.load(one.id) or one
        shown = (
            replace(now.matching, show=self._desk.show(request, masked)) if now.matching else None
        )
        cards = shown.cards if shown else []
        if typed is not None:
            cards = [as_typed(each, typed, wrong or {}, status == 409) for each in cards]
        others = [
            each
            for each in self._drafts.all()
            if each.id != one.id and self._drafts.mapping(each).exists()
        ]
        return self._desk.page(
            request,
            "match",
            422 if wrong else status,
            one=one,
            reading=now.reading,
            checked=now.checked,
            cards=cards,
            open=[each for each in cards if each.open],
            wrong=[field for each in cards for field in each.fields if field.wrong],
            stale=status == 409,
            matching=shown,
            row=await self._row(one, now.matching, row),
            filled=typed or {},
            others_mappings=sorted(others, key=lambda each: each.labels != one.labels),
            presets=[(each.name, each.title) for each in shipped()],
            unread=now.unread,
            live=bool(now.surveys),
        )

    async def said(self, request: web.Request) -> web.StreamResponse:
        """What the person says; the mapping is written anew of it."""
        one, form = self._steps.one(request), request[FORM]
        self._steps.there(one)
        self._desk.turned(request)
        stale = form.get("revision") != str(one.revision)
        if stale and "campaign" in form:
            return await self._page(request, one, status=409, typed=form)
        one, go = self._steps.one(request, changing=True), form.get("go", "save")
        if go == "draft":
            one = self._drafts.change(one, own="")
            self._drafts.mapping(one).unlink(missing_ok=True)
            raise to(one, "match")
        one = await self._redrafted(one, form)
        now = await self._now(one)
        if now.matching is not None and "campaign" in form:
            drafted, wrong = await self._told(one, now.matching, form)
            if wrong:
                return await self._page(request, one, typed=form, wrong=wrong)
            if drafted.choices != now.matching.draft.choices:
                text = drafted.text
                one = self._drafts.change(one)
                readings.written(self._drafts, one, text)
                if now.surveys and drafted.choices.campaign != now.matching.draft.choices.campaign:
                    raise to(one, "match")  # its questions have not been looked at yet
        if go == "next":
            checked = await asyncio.to_thread(readings.checked, self._drafts, one)
            if not checked.sound:
                raise to(one, "match")
            if not one.planned:
                self._desk.runs.plan(self._desk.settings, one)
            raise to(one, "plan")
        turn = go.removeprefix("row:") if go.startswith("row:") else form.get("row", "")
        row = f"?row={turn}#row" if go.startswith("row") and number(turn) is not None else ""
        raise web.HTTPSeeOther(f"/drafts/{one.id}/match{row}")

    async def _told(
        self, one: Draft, before: Matching, form: Mapping[str, str]
    ) -> tuple[Drafted, dict[str, str]]:
        """The draft as the form has it. Another survey has other questions: then what was said of those
        before is no matter."""
        drafted, wrong = told(before, form)
        campaign = drafted.choices.campaign
        if campaign != before.draft.choices.campaign and not wrong:
            now = (await self._now(one, campaign)).matching
            if now and now.asked:
                kept = replace(now.draft.choices, method=drafted.choices.method)
                drafted = now.draft.changed(kept)
        return drafted, wrong

    async def _redrafted(self, one: Draft, form: Mapping[str, str]) -> Draft:
        """With another tool, or with columns that come again read otherwise: then it is drafted anew."""
        changes = {
            "preset": form.get("preset", one.preset),
            "waves": form.get("waves", "yes" if one.waves else "") == "yes",
        }
        if one.own or all(getattr(one, name) == value for name, value in changes.items()):
            return one
        if changes["preset"]:
            preset(str(changes["preset"]))
        campaign = (await self._now(one)).matching
        one = self._drafts.change(one, **changes)
        reading = await self._desk.read(one)
        if reading.drafted:
            known = replace(
                reading.drafted.choices,
                campaign=campaign.draft.choices.campaign if campaign else "?",
            )
            readings.written(self._drafts, one, reading.drafted.changed(known).text)
        else:
            self._drafts.mapping(one).unlink(missing_ok=True)
        return self._drafts.save(one, revision=one.revision)

    async def row(self, request: web.Request) -> web.StreamResponse:
        """One row as it would be with what the form says, which is not kept: for the script."""
        one, form = self._steps.one(request), request[FORM]
        self._steps.there(one)
        now = await self._now(one)
        matching = now.matching
        if matching is None:
            raise Refused(409, "The mapping can't be read.")
        drafted, _ = await self._told(one, matching, form)
        document = await asyncio.to_thread(readable, drafted)
        as_said = replace(matching, document=document)
        row = await self._row(one, as_said, number(form.get("row", "")))
        return self._desk.page(request, "row", one=one, row=row)

    async def _row(self, one: Draft, matching: Matching | None, row: int | None) -> Row:
        document = matching.document if matching else None
        if document is None:
            return Row()

        def of_file() -> list[Previewed]:
            how = engine.source_options(document, readings.sheet_of(one))
            with open_source(one.file, how) as source:
                return preview(source, document, row)

        try:
            shown = await asyncio.to_thread(of_file)
        except ImporterError as error:
            return Row(error=error)
        bodies = [
            orjson.dumps(orjson.loads(each.mapped.body), option=orjson.OPT_INDENT_2).decode()
            for each in shown
            if isinstance(each.mapped, Response)
        ]
        return Row(shown, None, bodies)

    async def own(self, request: web.Request) -> web.StreamResponse:
        """A mapping of the person's own, as a file or as text."""
        name, text = "mapping.yaml", b""
        if PARTS in request:
            while isinstance(part := await request[PARTS].next(), BodyPartReader):
                content = await small(part)
                if part.name == "revision":
                    request[FORM]["revision"] = content.decode(errors="replace")
                elif part.name == "mapping":
                    name, text = (part.filename or name)[:200], content
        elif other := self._drafts.load(request[FORM].get("from", "")):
            name, text = f"of {other.name}", resources.small(self._drafts.mapping(other))[0]
        else:
            text = request[FORM].get("text", "").replace("\r\n", "\n").encode()
        one = self._steps.one(request, changing=True)
        if not text.strip():
            raise UsageError("No mapping was chosen.", hint="Choose a YAML file.")
        try:
            readings.brought(self._drafts, one, text.decode("utf-8-sig"), name)
        except UnicodeDecodeError:
            raise UsageError(
                f"{name} isn't UTF-8.", hint="Save it as UTF-8 in your editor."
            ) from None
        raise to(self._drafts.change(one, own=name), "match")


def _fingerprint(drafted: Drafted) -> str:
    """Of a file's header: files with the same one may have the same mapping."""
    return hashlib.sha256("\0".join(table_of(drafted).labels).encode()).hexdigest()


# The page where rows that can't be sent are mended: cells as fields, the file written anew beside itself.


class Mending:
    """The handlers of `/drafts/ID/mend`."""

    def __init__(self, desk: Desk, steps: Steps) -> None:
        self._desk, self._steps = desk, steps

    def routes(self) -> list[web.RouteDef]:
        """What is asked for, and who answers."""
        at = "/drafts/{id:[0-9a-f]{16}}/mend"
        return [web.get(at, self.shown), web.post(at, self.mend)]

    def _mender(self, one: Draft, asked: Mapping[str, str]) -> Mender:
        drafts = self._desk.drafts
        return Mender(
            drafts.sent(one),
            load(str(drafts.mapping(one))),
            sheet_of(one),
            after=number(asked.get("after", "")) or 0,
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
            row, column = map(number, place.partition(".")[::2])
            if kind == "cell" and row is not None and column is not None:
                typed.setdefault(row, {})[column] = text
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
