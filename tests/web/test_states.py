"""Each page in each of its states, in a real browser: WCAG 2.2 AA by day and at night, on a phone, at 200 %,
without motion, by the keyboard alone. The wizard runs in the test's own process, which brings it there."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Error, Page, async_playwright, expect

from importer import engine
from importer.errors import SourceError
from importer.resources import SAMPLES
from importer.sandbox import API_KEY, PROJECT, WRITE_KEY, Behaviour, SandboxSettings, background
from importer.settings import Rate, Secret
from importer.web import runs as runs_room
from importer.web import settling
from importer.web.runs import Runs
from tests.results.browser import CHROMIUM
from tests.results.test_browser import PALE
from tests.web.serving import CAMPAIGN, QUESTIONS, Visitor, wizard
from tests.web.test_browser import NAMELESS, RULES, SMALL
from tests.web.test_runs import MAPPING, approved, people, workbook

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium")

AXE = Axe()
LOOKS = (
    (1200, 800, "light"),
    (1200, 800, "dark"),
    (640, 400, "light"),  # 1280 by 800 at 200 %
    (320, 640, "dark"),
)
MOVING = """
() => [...document.querySelectorAll("*")].filter(each => {
  const style = getComputedStyle(each);
  return style.animationName !== "none" || style.transitionDuration.split(", ").some(some => some !== "0s");
}).map(each => each.outerHTML.slice(0, 80))
"""
STOPS = """
() => {
  const all = document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']");
  const visible = [...all].filter(each => each.checkVisibility() && each.tabIndex >= 0 && !each.disabled);
  const groups = new Set();
  return visible.filter(each => {  // the arrows go from one of a group to the next
    if (each.type !== "radio") return true;
    const known = groups.has(each.name);
    groups.add(each.name);
    return !known;
  }).length;
}
"""
WATCHED = """
() => {
  const walk = window.walk = {reached: new Set(), out: 0, hidden: []};
  const name = (each) => each.type === "radio"
    ? `radio ${each.name}` : [...document.querySelectorAll("*")].indexOf(each);
  document.addEventListener("focusin", ({target}) => {
    walk.reached.add(name(target));
    if (!target.matches(":focus-visible")) walk.hidden.push(target.outerHTML.slice(0, 80));
  });
  document.addEventListener("focusout", ({relatedTarget}) => { walk.out += relatedTarget === null; });
}
"""
WALKED = "() => [walk.reached.size, walk.out, walk.hidden]"


@dataclass
class Looker:
    """A browser's page, and the states that it has looked at."""

    visitor: Visitor
    page: Page
    context: BrowserContext
    seen: list[str] = field(default_factory=list)

    async def goes(self, path: str, state: str, heading: str = "") -> None:
        """Go there, and look. A page that watches a job may load itself anew in that very moment, which ends
        the way to another: from a blank one nothing does."""
        with suppress(Error):
            await self.page.goto("about:blank")
        await self.page.goto(self.visitor.origin + path)
        await self.looks(state, heading)

    async def looks(self, state: str, heading: str = "") -> None:
        """At the page as it is now, in every way."""
        page = self.page
        await page.wait_for_load_state("load")
        if heading:
            await expect(page.locator("h1")).to_contain_text(heading)
        await self._by_keyboard(state)
        await page.emulate_media(reduced_motion="reduce")
        assert await page.evaluate(MOVING) == [], state
        await page.evaluate(
            "document.querySelectorAll('details').forEach(each => each.open = true)"
        )
        for width, height, scheme in LOOKS:
            await page.set_viewport_size({"width": width, "height": height})
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two
            where = (state, width, scheme)
            assert await page.evaluate(PALE) == [], where
            assert await page.evaluate(NAMELESS) == [], where
            assert await page.evaluate(SMALL) == [], where
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, where
        # On the phone: but for contrast, which PALE has measured, each look is the same.
        found = await AXE.run(page, options=RULES)
        assert found.response["violations"] == [], state
        await page.set_viewport_size({"width": 1200, "height": 800})
        self.seen.append(state)

    async def _by_keyboard(self, state: str) -> None:
        """Tab comes to everything that can be used, shows where it is, and leads out again."""
        page = self.page
        if await page.locator("iframe").count():
            return  # what is in a frame is the report's own affair
        stops = await page.evaluate(STOPS)
        await page.evaluate(WATCHED)
        reached, out = 0, 0
        for _ in range(3):  # from the heading to the end, and around once more
            for _ in range(stops + 1):
                await page.keyboard.press("Tab")
            reached, out, hidden = await page.evaluate(WALKED)
            assert hidden == [], (state, "focus can't be seen")
            if out and reached >= stops:
                break
        assert out, (state, "it leads nowhere")
        assert reached >= stops, (state, reached, stops)


@asynccontextmanager
async def looking(state: Path, endpoint: str = "", **settings: Any) -> AsyncIterator[Looker]:
    """A wizard, and a browser that has opened it."""
    given = {"endpoint": endpoint} if endpoint else {}
    async with wizard(state, **given, **settings) as visitor, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context()
        page = await context.new_page()
        page.set_default_timeout(30_000)
        said = list[str]()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        await page.goto(f"{visitor.origin}/open?token={visitor.desk.guard.token()}")
        await page.wait_for_url("**/")
        yield Looker(visitor, page, context)
        assert [each for each in said if not re.search("status of|ERR_FAILED", each)] == []
        await browser.close()


async def test_before_a_file_is_read(tmp_path: Path) -> None:
    async with looking(tmp_path) as look:
        visitor = look.visitor
        await look.goes("/", "home, empty", "Import answers")
        await look.goes("/history", "history, empty", "Nothing was run yet")
        await look.goes("/keys", "keys, none", "No write key is known yet")
        await look.page.locator("#write_key").fill("no key at all")
        await look.page.get_by_role("button", name="Take them").click()
        await look.looks("keys, refused")
        await look.goes("/nowhere", "404", "Not Found")
        await look.goes("/drafts/0123456789abcdef/read", "forgotten", "no longer here")
        await look.goes("/jobs/none", "job, unknown", "no such job")
        await visitor.upload("report.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 99)
        await look.goes(visitor.path, "read, no table", "report.png")
        await visitor.upload(
            "words.csv", "Id,NPS,Why\nä,9,schön\nö,8,größer\n".encode("cp1252") * 3
        )
        await look.goes(visitor.path, "read, encoding guessed", "cp1252")
        await visitor.upload("book.xlsx", workbook())
        await look.goes(visitor.path, "read, sheets and totals", "header in row 3")
        await look.page.get_by_role("button", name="Show values").click()
        await expect(look.page.get_by_role("button", name="Mask values")).to_be_visible()
        await look.looks("read, values shown")
        await visitor.upload("ugly.csv", (SAMPLES / "ugly.csv").read_bytes())
        await look.goes(visitor.path, "read, damage", "34 rows")
        await look.goes("/", "home, begun")
        other = await look.context.browser.new_page()  # type: ignore[union-attr]  # it was launched
        look.page, former = other, look.page
        await look.goes("/", "no session", "opens by the link")
        await look.goes("/open?token=used", "link, used", "used before")
        look.page = former
        await look.goes("/keys", "keys")
        await look.page.get_by_role("button", name="Quit").click()
        await look.looks("ended", "The wizard has ended")
        assert len(look.seen) == 17


async def test_while_it_is_matched(tmp_path: Path) -> None:
    with background() as sandbox:
        async with looking(tmp_path, sandbox.url) as look:
            visitor, page = look.visitor, look.page
            await visitor.upload("ugly.csv", (SAMPLES / "ugly.csv").read_bytes())
            match = visitor.at("match")
            await look.goes(match, "match, IDs to type", "still to be said")
            await page.get_by_label("Survey", exact=True).fill("no id")
            await page.get_by_role("button", name="Next: the plan").click()
            await look.looks("match, refused", "1 field to look at")
            visitor.desk.take_keys(api_key=Secret("wrong"), project=PROJECT)
            await look.goes(match, "match, survey unread")
            visitor.desk.take_keys(api_key=Secret(API_KEY), project=PROJECT)
            await look.goes("/keys", "keys, typed")
            await look.goes(match, "match, survey to choose", "1 thing is still to be said")
            await page.get_by_label("Survey", exact=True).select_option(CAMPAIGN)
            await page.get_by_role("button", name="Match its questions").click()
            await look.looks("match, live", "The mapping is whole")
            await page.locator(f"[name='column.{QUESTIONS['score']}']").select_option(index=3)
            await page.get_by_role("button", name="Next: the plan").click()
            await look.looks("match, type refused", "1 field to look at")
            await page.goto(visitor.origin + match)
            await visitor.get(match)
            await visitor.post(match, go="save", campaign=CAMPAIGN, zone="Europe/Prague")
            await page.get_by_label("Time zone").fill("UTC+02:00")
            await page.get_by_role("button", name="Look again").last.click()
            await look.looks("match, two versions", "Another tab has changed")
            await expect(
                page.get_by_text("Saved in another tab meanwhile: Europe/Prague")
            ).to_be_visible()
            await expect(page.get_by_label("Time zone")).to_have_value("UTC+02:00")
            await visitor.get(match)
            await visitor.post(visitor.at("own"), text="version: 1\nanswers: [nothing\n")
            await look.goes(match, "match, own mapping broken")
            await visitor.upload("answers.csv", people(9))
            await visitor.bring(MAPPING)
            await look.goes(visitor.at("match"), "match, own mapping", "fits the file")
            assert len(look.seen) == 10


class Slow:
    """What takes until it may go on; or fails."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def __call__(self, *_: object, **__: object) -> None:
        assert self.go.wait(60)

    @staticmethod
    def failing(*_: object) -> None:
        raise SourceError("The file ends within a quoted cell.", hint="Export it again.")


async def test_while_it_is_planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow()
    async with looking(tmp_path, write_key=WRITE_KEY) as look:
        visitor, page = look.visitor, look.page
        await visitor.upload("answers.csv", people(14).replace(b"p9,9", b"p9,many"))
        await visitor.bring(MAPPING)
        plan, match, mend = (visitor.at(name) for name in ("plan", "match", "mend"))
        await look.goes(plan, "plan, none", "There is no plan yet")
        await look.goes(visitor.at("run"), "run, nothing approved", "Approve a plan first")
        await look.goes(visitor.at("results"), "results, none", "Nothing was sent yet")
        with monkeypatch.context() as patch:
            patch.setattr(engine, "plan", slow)
            await visitor.get(match)
            await visitor.post(match, go="next")
            await look.goes(plan, "plan, under way", "being made")
            await page.route("**/progress", lambda route: route.abort())
            await expect(page.locator("[data-text]")).to_contain_text("nothing was sent")
            await page.unroute("**/progress")
            slow.go.set()
            await done(visitor, "plan")
            patch.setattr(engine, "plan", slow.failing)
            await visitor.get(plan)
            await visitor.post(plan)
            await done(visitor, "plan")
        await look.goes(plan, "plan, failed", "within a quoted cell")
        await visitor.get(plan)
        await visitor.post(plan)
        await done(visitor, "plan")
        await look.goes(plan, "plan", "13 of 14 rows")
        await look.goes(mend, "mend", "1 row to mend")
        await page.locator("[id='cell.11.1']").fill("77")
        await page.get_by_role("button", name="Take the changes").click()
        await look.looks("mend, refused", "still refused")
        await look.goes(f"{mend}?after=99", "mend, nothing", "No row is left")
        await page.goto(visitor.origin + plan)
        await visitor.get(match)
        await visitor.post(visitor.at("own"), text=MAPPING.decode() + "name: other\n")
        await page.get_by_role("button", name="Approve this plan").click()
        await look.looks("stale", "Another tab has changed this import")
        await visitor.planned()
        await visitor.post(visitor.at("approve"))
        await look.goes(plan, "plan, approved")
        assert len(look.seen) == 11


async def test_while_it_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow()
    script = {"p3": [Behaviour("close_stored")], "p5": [Behaviour("status", 422)]}
    with background(SandboxSettings(script=script)) as sandbox:
        async with looking(tmp_path, sandbox.url, settle=0.0) as look:
            visitor, desk = look.visitor, look.visitor.desk
            mapping = MAPPING + b"forceSurvey: true\n"
            await approved(visitor, "answers.csv", people(14), mapping)
            at = {name: visitor.at(name) for name in ("run", "results", "forget")}
            with monkeypatch.context() as patch:
                patch.setattr(runs_room, "rehearse", slow)
                await visitor.post(visitor.at("rehearse"))
                await look.goes(at["run"], "run, rehearsing", "14 rows to send")
                slow.go.set()
                await done(visitor, "rehearsal")
                patch.setattr(runs_room, "rehearse", slow.failing)
                await visitor.get(at["run"])
                await visitor.post(visitor.at("rehearse"))
                await done(visitor, "rehearsal")
                await look.goes(at["run"], "run, no key; the rehearsal has failed")
            desk.take_keys(write_key=Secret(WRITE_KEY), api_key=Secret(API_KEY), project=PROJECT)
            await look.goes(at["run"], "run, with keys")
            quick = replace(
                desk.runs.settings(desk.settings, visitor.draft),
                save_plan=None, settle=0.0, rate=Rate(None), api_key=None, limit=10,
            )  # fmt: skip
            await asyncio.to_thread(engine.run, quick)
            await look.goes(at["run"], "run, after the pilot", "more to send")
            await look.goes(at["results"], "results, refused and in doubt")
            job = desk.runs.standing(visitor.draft).job
            assert job
            await moments(look, at, desk.runs, monkeypatch)
            slow.go.clear()
            monkeypatch.setattr(settling, "verify", slow)
            monkeypatch.setattr(settling, "_MOMENT", 0.05)
            await visitor.get(at["results"])
            await visitor.post(f"/jobs/{job.name}/verify")
            await look.goes(at["results"], "results, being compared")
            await look.goes(at["run"], "run, being compared")
            slow.go.set()
            await look.goes(f"/jobs/{job.name}", "job")
            await look.goes("/history", "history", "1 job")
            desk.drafts.drop_upload(visitor.draft)
            await look.goes(at["run"], "run, the file is gone")
            await visitor.get(at["results"])
            await visitor.post(at["forget"])
            await look.goes(f"/jobs/{job.name}", "job, its import forgotten")
            await look.goes(at["run"], "forgotten", "no longer here")
            assert len(look.seen) == 19


async def moments(
    look: Looker, at: dict[str, str], runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run as it stands in the moments that pass too soon to be looked at."""
    real = runs.standing(look.visitor.draft)
    assert real.job
    job = replace(real.job, ended_at=None)
    held = {"error": "The survey is being sent to by another run.", "hint": "Wait for it."}
    under_way = replace(real, running=True, said={}, job=job)
    ended = replace(job, ended_at=1.0, settings={"stopped": "interrupted: by SIGTERM"})
    kinds = {
        "running": ("Sending", under_way),
        "waiting": ("Sending", replace(under_way, waits="The server asked for a pause.")),
        "paused": ("Paused", replace(real, job=ended)),
        "cut off": ("cut off", replace(real, said={}, job=job)),
        "locked": ("being sent to", replace(real, said=held)),
    }
    for name, (heading, standing) in kinds.items():
        with monkeypatch.context() as patch:
            patch.setattr(Runs, "_standing", lambda *_, found=standing: found)
            await look.goes(at["run"], f"run, {name}", heading)
            if name == "running":
                await look.page.route("**/progress", lambda route: route.abort())
                await expect(look.page.locator("[data-text]")).to_contain_text("goes on without it")
                await look.page.unroute("**/progress")
                runs.stopping.add(look.visitor.draft.id)
                await look.goes(at["run"], "run, stopping", "Stopping")
                runs.stopping.clear()
                await look.goes(at["results"], "results, running")


async def done(visitor: Visitor, kind: str) -> None:
    """What is under way has come to its end."""
    found = visitor.desk.runs.task(kind, visitor.draft.id)
    assert found
    assert found.task
    await asyncio.wait([found.task])
