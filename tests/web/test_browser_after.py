"""After the run, in a real browser: rows in doubt, the comparison; by day and on a phone at night."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from importer import engine
from importer.sandbox import API_KEY, PROJECT, WRITE_KEY, Behaviour, SandboxSettings, background
from importer.settings import Secret, Settings
from tests.results.browser import CHROMIUM
from tests.web.serving import CAMPAIGN, QUESTIONS
from tests.web.test_browser import browser, heading, looked_at, served, visiting  # noqa: F401  the fixture

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium")

MAPPING = (
    f"version: 1\ncampaign: {CAMPAIGN}\nuserId: id\nforceSurvey: true\n"
    f"answers: [{{id: {QUESTIONS['score']}, column: score, type: nps}}]\n"
)
SIZES = pytest.mark.parametrize(
    ("width", "scheme"), [(1200, "light"), (320, "dark")], ids=["desktop", "phone at night"]
)


def keys(page: Page, **given: str) -> None:
    """Type them on the page of keys."""
    page.get_by_role("link", name="Keys").click()
    for name, text in given.items():
        page.locator(f"#{name}").fill(text)
    page.get_by_role("button", name="Take them").click()


@SIZES
def test_rows_in_doubt_and_the_comparison(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
    width: int,
    scheme: str,
) -> None:
    people = "".join(f"jane.{n}@example.com,{n % 11}\n" for n in range(8))
    (tmp_path / "answers.csv").write_text(f"id,score\n{people}")
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    lost, refused = [Behaviour("close_stored")], [Behaviour("status", 422)] * 9
    script = {"jane.3@example.com": lost, "jane.4@example.com": lost, "jane.5@example.com": refused}
    with background(SandboxSettings(script=script)) as sandbox:
        settings = Settings(
            file=str(tmp_path / "answers.csv"), mapping=str(tmp_path / "mapping.yaml"),
            state=tmp_path / "state", endpoint=sandbox.url, write_key=WRITE_KEY, settle=0.0,  # type: ignore[arg-type]  # text is fine
        )  # fmt: skip
        engine.run(settings)
        words = ("--endpoint", sandbox.url, "--state", tmp_path / "state")
        with (
            served(tmp_path / "user", *words) as link,
            visiting(
                browser, link, viewport={"width": width, "height": 800}, color_scheme=scheme
            ) as page,
        ):
            page.get_by_role("link", name="answers").first.click()
            heading(page, "5 of 8 rows created: done, but the fate of some rows is unknown")
            expect(page.get_by_text("jane.3@example.com")).to_have_count(0)
            looked_at(page, "doubt")
            page.get_by_role("button", name="Row 5 is there").click()
            expect(page.get_by_role("status")).to_have_text("Row 5: by your word it is there.")
            looked_at(page, "marked")
            keys(page, api_key=API_KEY, project=PROJECT)
            page.get_by_role("link", name="History").click()
            page.get_by_role("link", name="answers").first.click()
            page.get_by_role("button", name="Ask SatisMeter about them").click()
            expect(page.get_by_role("status")).to_contain_text("SatisMeter was asked: 1 row found")
            page.get_by_role("button", name="Compare").click()
            expect(page.get_by_role("status")).to_have_text(
                "What is in SatisMeter is what was sent."
            )
            looked_at(page, "compared")
    assert Secret(API_KEY).reveal() not in page_text(tmp_path)


def page_text(folder: Path) -> str:
    """All that lies on the disk."""
    return "".join(each.read_text(errors="replace") for each in folder.rglob("*") if each.is_file())
