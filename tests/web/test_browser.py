"""The wizard in a real browser: from a dropped file to the last row, by day, at night, without script."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from importer.resources import SAMPLES
from importer.sandbox import WRITE_KEY, Sandbox, background
from tests.e2e.commands import IMPORTER, shell
from tests.results.browser import CHROMIUM
from tests.results.test_browser import PALE
from tests.web.serving import CAMPAIGN, QUESTIONS

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium")

AXE = Axe()
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": WCAG, "iframes": False, "resultTypes": ["violations"]}
"""What is right is said in few words: all of it takes longer to write down than to find."""
IN_THE_DOCS = {"match", "pilot", "mend-refused", "doubt"}
"""Pages whose tops are docs/img/web-….png: copy them from the folder that IMPORTER_PICTURES names."""
UGLY = SAMPLES / "ugly.csv"
DROP = """
([form, name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, { type: "text/csv" }));
  form.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}
"""
SMALL = """
() => [...document.querySelectorAll("button, .button, select, input:not([type=hidden]), summary, nav a")]
  .filter(each => each.checkVisibility() && Math.min(each.offsetHeight, each.offsetWidth) < 24)
  .map(each => each.outerHTML)
"""
"""Targets smaller than WCAG 2.2 has it (2.5.8)."""
NAMELESS = """
() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, iframe, progress")]
  .filter(each => !(each.labels?.length || each.ariaLabel || each.title || each.textContent.trim()))
  .map(each => each.outerHTML)
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with background() as running:
        yield running


@contextmanager
def served(folder: Path, *words: object) -> Iterator[str]:
    """`importer web` as a user starts it; gives its link."""
    folder.mkdir()
    user = shell(folder)
    known = {name: value for name, value in user.environment.items() if "KEY" not in name}
    with subprocess.Popen(
        [IMPORTER, "web", "--no-open", *map(str, words)],
        cwd=folder,
        env=known,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            yield _link(process.stdout)
        finally:
            process.terminate()
            out, err = process.communicate(timeout=30)
            assert process.returncode == 0
            assert "Traceback" not in out + err


def _link(out: IO[str]) -> str:
    link = out.readline().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/open\?token=[\w-]{43}", link), link
    return link


@contextmanager
def visiting(browser: Browser, link: str, first: str = "**/", **options: object) -> Iterator[Page]:
    """A page that asks for nothing but its own server, and whose console stays silent."""
    context: BrowserContext = browser.new_context(**options)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(20_000)
    asked, said = list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    try:
        page.goto(link)
        page.wait_for_url(first)
        yield page
        origin = link.partition("/open")[0]
        assert {url for url in asked if not url.startswith((f"{origin}/", "data:"))} == set()
        assert [each for each in said if "status of 4" not in each] == []
    finally:
        context.close()


def filled_in(page: Page) -> None:
    """The survey's and the questions' IDs."""
    page.get_by_label("Survey", exact=True).fill(CAMPAIGN)
    page.get_by_label("ID of “NPS”").fill(QUESTIONS["score"])
    page.get_by_label("ID of “Comment”").first.fill(QUESTIONS["comment"])
    page.get_by_role("button", name="Next: the plan").click()


def heading(page: Page, text: str) -> None:
    """The page says so, within a while."""
    expect(page.locator("h1")).to_have_text(text, timeout=20_000)


def looked_at(page: Page, name: str) -> None:
    """Contrast, names, the size of targets, nothing sticks out, axe; a picture where one is asked for."""
    page.wait_for_load_state("load")
    width = page.viewport_size["width"] if page.viewport_size else 0
    if width > 500:  # what axe reads is the same on a phone, but for contrast and sizes: see below
        found = AXE.run(page, options=RULES)
        assert found.violations_count == 0, (name, found.generate_report())
    assert page.evaluate(PALE) == [], name
    assert page.evaluate(NAMELESS) == [], name
    assert page.evaluate(SMALL) == [], name
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    if folder := os.environ.get("IMPORTER_PICTURES"):
        dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        place = Path(folder) / f"{name}-{'dark' if dark else 'light'}-{width}"
        page.screenshot(path=place.with_suffix(".png"), full_page=True)
        if name in IN_THE_DOCS and not dark:
            page.screenshot(path=Path(folder) / f"web-{name}.png")


@pytest.mark.parametrize(
    ("width", "scheme"), [(1200, "light"), (320, "dark")], ids=["desktop", "phone at night"]
)
def test_from_a_dropped_file_to_the_last_row(
    browser: Browser, sandbox: Sandbox, tmp_path: Path, width: int, scheme: str
) -> None:
    with (
        served(tmp_path / "user", "--endpoint", sandbox.url) as link,
        visiting(
            browser, link, viewport={"width": width, "height": 800}, color_scheme=scheme,
            reduced_motion="reduce",
        ) as page,
    ):  # fmt: skip
        looked_at(page, "home")
        form = page.locator("form[data-drop]").element_handle()
        page.evaluate(DROP, [form, "ugly.csv", UGLY.read_text(encoding="utf-8")])
        heading(page, "34 rows, read as utf-8-sig, header in row 1")
        expect(page.locator("h1")).to_be_focused()
        looked_at(page, "read")
        page.get_by_role("button", name="Next: match").click()
        heading(page, "3 things are still to be said")
        looked_at(page, "match")
        page.get_by_label("Survey", exact=True).fill(CAMPAIGN)
        expect(page.locator("#preview")).to_contain_text(
            f"value → {CAMPAIGN}"
        )  # nothing is saved yet
        page.get_by_label("ID of “NPS”").fill("no id")
        page.get_by_role("button", name="Next: the plan").click()
        heading(page, "1 field to look at")
        expect(page.locator(".error-summary")).to_be_focused()
        expect(page.get_by_label("Survey", exact=True)).to_have_value(CAMPAIGN)
        looked_at(page, "match-wrong")
        with page.expect_response("**/frame/plan.html", timeout=30_000) as report:
            filled_in(page)
        expect(page.locator("h1")).to_have_text(re.compile(r"of 34 rows can be sent"))
        ready = int(page.locator("h1").inner_text().split()[0])
        assert report.value.status == 200
        looked_at(page, "plan")
        page.get_by_role("button", name="Approve this plan").click()
        page.get_by_label("The write key").fill(WRITE_KEY)
        page.get_by_role("button", name="Take it").click()
        heading(page, f"{ready} rows to send")
        page.get_by_role("button", name="Send 10 rows").click()
        heading(page, f"10 rows were created; {ready - 10} more to send")
        looked_at(page, "pilot")
        page.get_by_role("button", name=f"Send the other {ready - 10} rows").click()
        heading(page, "Every row has its outcome")
        page.get_by_role("link", name="Results", exact=True).last.click()
        heading(page, f"{len(sandbox.stored())} of 34 rows were created")
        looked_at(page, "results")
        with page.expect_download() as download:
            page.get_by_role("link", name="results.csv").click()
        assert download.value.suggested_filename == "results.csv"
        page.get_by_role("link", name="History").click()
        heading(page, "History: 1 job")
        looked_at(page, "history")


def test_without_script_and_by_the_keyboard_alone(
    browser: Browser, sandbox: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "answers.csv"
    rows = "".join(f"noscript{n},{n % 11},fine {n}\n" for n in range(12))
    file.write_text(f"Customer ID,NPS,Comment\n{rows}")
    words = (file, "--endpoint", sandbox.url)
    with (
        served(tmp_path / "user", *words) as link,
        visiting_read(browser, link) as page,
    ):
        heading(page, "12 rows, read as utf-8, header in row 1")

        def reach(name: str) -> None:
            """By the Tab key, as far as it takes."""
            expect(page.get_by_text(name, exact=True).first).to_be_visible()
            for _ in range(60):
                page.keyboard.press("Tab")
                if page.evaluate(SAYS) == name:
                    return
            raise AssertionError(f"{name} can't be reached")

        reach("Next: match")
        page.keyboard.press("Enter")
        for label, typed in (
            ("Survey", CAMPAIGN),
            (ID.format("NPS"), QUESTIONS["score"]),
            (ID.format("Comment"), QUESTIONS["comment"]),
        ):
            reach(label)
            page.keyboard.type(typed)
        page.keyboard.press("Enter")
        # Enter is the form's first button: look again
        heading(page, "The mapping is whole, and fits the file")
        reach("Next: the plan")
        page.keyboard.press("Enter")
        heading(page, "12 of 12 rows can be sent")
        reach("Approve this plan")
        page.keyboard.press("Enter")
        reach("The write key")
        page.keyboard.type(WRITE_KEY)
        page.keyboard.press("Enter")
        heading(page, "12 rows to send")
        reach("Send 12 rows")
        page.keyboard.press("Space")
        heading(page, "Every row has its outcome")
    assert file.exists()
    assert (tmp_path / "answers-import" / "results.csv").exists()


ID = "The question’s ID of “{}” in SatisMeter"
SAYS = "(each => (each.labels?.[0] ?? each).textContent.trim())(document.activeElement)"


@contextmanager
def visiting_read(browser: Browser, link: str) -> Iterator[Page]:
    """Without script; the link of a wizard that was started with a file leads to how it is read."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(link)
    page.wait_for_url("**/read")
    yield page
    context.close()


def test_hostile_cells_run_nothing(browser: Browser, sandbox: Sandbox, tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>"
    rows = "".join(f'{evil}{n},9,"</script><script>alert({n})</script>"\n' for n in range(12))
    text = f'"{evil}",NPS,"Comment <svg onload=alert(2)> {"x" * 10_000}"\n{rows}'
    with (
        served(tmp_path / "user", "--endpoint", sandbox.url) as link,
        visiting(browser, link, viewport={"width": 320, "height": 700}) as page,
    ):
        form = page.locator("form[data-drop]").element_handle()
        page.evaluate(DROP, [form, f"{evil}.csv", text])
        page.get_by_role("button", name="Next: match").click()
        page.get_by_label("Survey", exact=True).fill(CAMPAIGN)
        page.locator("input[name='question.score']").fill(QUESTIONS["score"])
        page.locator("input[name^='out.comment']").check()  # the draft names it by its header
        page.get_by_label("Which column says who answered?", exact=True).select_option("nobody")
        with page.expect_response("**/frame/plan.html", timeout=30_000) as report:
            page.get_by_role("button", name="Next: the plan").click()
        expect(page.locator("h1")).to_have_text(re.compile("can be sent"))
        page.wait_for_load_state("load")
        assert report.value.status == 200
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        assert page.evaluate("document.querySelectorAll('img, svg').length") == 0


def test_another_site_is_not_let_in(browser: Browser, sandbox: Sandbox, tmp_path: Path) -> None:
    """A form and a frame of another page on this very machine: the cookie goes along, and is not enough."""
    with served(tmp_path / "user") as link, visiting(browser, link) as page:
        origin = link.partition("/open")[0]
        page.goto(f"{origin}/keys")
        other = page.context.new_page()
        statuses = list[tuple[str, int]]()
        other.on("response", lambda reply: statuses.append((reply.request.method, reply.status)))
        foreign = sandbox.url.partition("/api")[0]
        other.route(
            f"{foreign}/evil",
            lambda route: route.fulfill(
                content_type="text/html",
                body=f'<form method=post action="{origin}/quit"><button>x</button></form>',
            ),
        )
        other.goto(f"{foreign}/evil")
        statuses.clear()
        other.click("button")
        other.wait_for_url(f"{origin}/quit")
        assert ("POST", 403) in statuses
        page.reload()
        heading(page, "No write key is known yet")
