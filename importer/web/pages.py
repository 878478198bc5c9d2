"""Pages: facts go into a template, and text can't break out of it. And the desk that all pages share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from importer import __version__, codes
from importer.errors import ImporterError
from importer.model import counted, duration, letter
from importer.privacy import Show, masked_id, plain, short
from importer.results import signed
from importer.results.report.page import code_parts, minute, templates, thousands
from importer.satismeter import Reader, Survey, SurveyQuestion
from importer.settings import Settings
from importer.web.drafts import Draft, Drafts
from importer.web.guard import FORM, Guard
from importer.web.reading import Reading, read
from importer.web.runs import Runs

if TYPE_CHECKING:
    from jinja2 import Environment

STEPS = ("read", "match", "plan", "run", "results")
_FRESH, _AWAY = 300.0, 30.0
"""Seconds that a survey counts as it was read, and that one which can't be read isn't asked for again."""
_MOST_READ = 4


@dataclass
class Desk:
    """What the pages share. `settings` are those of every job, the keys among them: they are in memory only.
    `typed` names the keys that were typed into a page; `told` is, by job, what was done last; `bare` are the
    sessions that see values as they stand."""

    settings: Settings
    drafts: Drafts
    guard: Guard = field(default_factory=Guard)
    typed: set[str] = field(default_factory=set)
    told: dict[str, str] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    start: str = "/"
    asked_at: float = field(default_factory=time.monotonic)
    _read: dict[tuple[object, ...], Reading] = field(default_factory=dict)
    _surveys: dict[str, tuple[float, Sequence[Any], str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.runs = Runs(self.drafts)
        self._first = self.settings

    async def read(self, one: Draft) -> Reading:
        """The draft's file as it is read, in a thread; once for each way to read it."""
        how = (one.sheet, one.header, one.encoding, one.delimiter, one.preset, one.waves)
        key = (one.id, one.sha256, _changed(one), *how)
        if key not in self._read:
            self._read[key] = await asyncio.to_thread(read, one)
            while len(self._read) > _MOST_READ:
                del self._read[next(iter(self._read))]
        return self._read[key]

    def take_keys(self, **given: object) -> None:
        self.settings = replace(self.settings, **given)  # type: ignore[arg-type]  # fields of Settings
        self.typed = {name for name in {*self.typed, *given} if getattr(self.settings, name)}
        self._surveys.clear()

    def forget_keys(self) -> None:
        """Be left with those that the wizard was started with."""
        names = ("write_key", "api_key", "project")
        self.take_keys(**{name: getattr(self._first, name) for name in names})
        self.typed.clear()

    async def surveys(self) -> tuple[Sequence[Survey], str]:
        """The project's surveys, where they can be read; else none, and why."""
        return await self._live("")

    async def called(self, campaign: str) -> str:
        """A survey as people know it: by its name, where the project's surveys can be read."""
        surveys, _ = await self.surveys()
        name = next((each.name for each in surveys if each.id == campaign), "")
        return f"“{name}” ({campaign})" if name else campaign

    async def asked(self, campaign: str) -> tuple[Sequence[SurveyQuestion], str]:
        """The questions of a survey, where they can be read; else none, and why."""
        return await self._live(campaign) if campaign else ((), "")

    async def _live(self, campaign: str) -> tuple[Sequence[Any], str]:
        settings = self.settings
        if not settings.reads or settings.api_key is None:
            return (), ""
        until, found, why = self._surveys.get(campaign, (0.0, (), ""))
        if time.monotonic() < until:
            return found, why
        try:
            async with Reader(
                settings.endpoint.origin,
                settings.api_key,
                settings.project,
                network=settings.network,
            ) as reader:
                found = await (reader.questions(campaign) if campaign else reader.surveys())
            lasts, why = _FRESH, ""
        except ImporterError as error:  # each page would wait for it
            lasts, found, why = _AWAY, (), f"{error.message} {to_do(error)}".strip()
        self._surveys[campaign] = time.monotonic() + lasts, found, why
        return found, why

    def show(self, request: web.Request, otherwise: Show = masked_id) -> Show:
        """How a value of the file is shown to who asks."""
        return plain if self.guard.csrf(request) in self.bare else otherwise

    def turned(self, request: web.Request) -> None:
        """Show values as they stand, or masked again, where a form's button says so: in this session."""
        turn = {"show": self.bare.add, "hide": self.bare.discard}.get(request[FORM].get("go", ""))
        if turn:
            turn(self.guard.csrf(request))

    def page(
        self, request: web.Request, template: str, status: int = 200, **facts: object
    ) -> web.Response:
        """A page's answer. Every template knows who asks (`csrf`) and what the desk knows."""
        text = (
            _environment()
            .get_template(f"{template}.html.jinja")
            .render(
                csrf=self.guard.csrf(request),
                known=self.guard.known(request),
                settings=self.settings,
                typed=self.typed,
                seen=self.show(request),
                bare=self.guard.csrf(request) in self.bare,
                step=template if template in STEPS else "",
                **{"one": None, **facts},
            )
        )
        return web.Response(text=text, status=status, content_type="text/html")


def to_do(error: ImporterError) -> str:
    """What an error asks for, in the words of the pages."""
    return codes.told_on_page(error.remedy, error.hint)


def _changed(one: Draft) -> int:
    """When the file was, in nanoseconds: one of the person's own may be mended meanwhile."""
    try:
        return Path(one.file).stat().st_mtime_ns
    except OSError:
        return 0


@cache
def _environment() -> Environment:
    named = (code_parts, counted, duration, letter, masked_id, minute, short, signed, thousands)
    filters = (*named, codes.on_page, codes.warned_on_page, to_do)
    environment = templates("importer.web", filters)
    environment.tests["mended"] = {*codes.of("mapping"), *codes.of("checks")}.__contains__
    status = {name: each.brief for name, each in codes.of("status").items()}
    environment.globals.update(steps=STEPS, status=status, version=__version__)
    return environment
