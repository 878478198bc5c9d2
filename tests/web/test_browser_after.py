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
                browser, link, viewport={"width": width, "height": 560}, color_scheme=scheme
            ) as page,
        ):
            page.get_by_role("link", name="answers").first.click()
            heading(page, "5 of 8 rows created: done, but the fate of some rows is unknown")
            expect(page.get_by_text("jane.3@example.com")).to_have_count(0)
            page.locator("#doubt").evaluate("each => each.scrollIntoView()")
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
            heading(page, "7 of 8 rows created: done")
            frame = page.frame_locator("iframe")
            expect(frame.locator("h1")).to_be_visible()
            looked_at(page, "compared")
    assert Secret(API_KEY).reveal() not in page_text(tmp_path)


def page_text(folder: Path) -> str:
    """All that lies on the disk."""
    return "".join(each.read_text(errors="replace") for each in folder.rglob("*") if each.is_file())


@SIZES
def test_rows_are_mended_and_the_run_is_rehearsed(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
    width: int,
    scheme: str,
) -> None:
    wrong = {3: "nine", 7: "17", 9: "n. a."}
    people = "".join(f"p{n},{wrong.get(n, n % 11)},why {n}\n" for n in range(14))
    (tmp_path / "answers.csv").write_text(f"id,score,comment\n{people}")
    (tmp_path / "mapping.yaml").write_text(
        f"{MAPPING}  - {{id: {QUESTIONS['comment']}, column: comment, type: text}}\n".replace(
            "answers: [", "answers:\n  - "
        ).replace("}]\n", "}\n")
    )
    with (
        background() as sandbox,
        served(tmp_path / "user", tmp_path / "answers.csv", "--endpoint", sandbox.url) as link,
        visiting(
            browser, link, viewport={"width": width, "height": 800}, color_scheme=scheme, first="**/read"
        ) as page,
    ):  # fmt: skip
        page.get_by_role("button", name="Next: match").click()
        page.get_by_text("Bring a mapping of your own").click()
        page.locator("#own").set_input_files(tmp_path / "mapping.yaml")
        page.get_by_role("button", name="Take it").click()
        page.get_by_role("button", name="Next: the plan").click()
        heading(page, "11 of 14 rows can be sent")
        looked_at(page, "plan-to-mend")
        page.locator("a[href*='code=out_of_range']").click()
        heading(page, "1 row to mend of column “score”")
        page.goto(page.url.partition("?")[0])
        heading(page, "3 rows to mend")
        looked_at(page, "mend")
        page.locator("[id='cell.5.1']").fill("9")
        page.locator("[id='cell.9.1']").fill("18")
        page.get_by_role("button", name="Take the changes, and plan anew").click()
        heading(page, "1 row is still refused: nothing was written yet")
        expect(page.locator("[id='cell.5.1']")).to_have_value("9")
        looked_at(page, "mend-refused")
        page.locator("[id='cell.9.1']").fill("8")
        page.get_by_role("button", name="Take the changes, and plan anew").click()
        heading(page, "13 of 14 rows can be sent")
        page.wait_for_load_state("load")  # the report's frame, and where the focus goes
        page.get_by_role("button", name="Approve this plan").click()
        page.wait_for_load_state("load")
        page.get_by_role("button", name="Rehearse").click()
        expect(page.get_by_text("took 13 of 13 rows")).to_be_visible(timeout=30_000)
        looked_at(page, "rehearsed")
        assert not sandbox.requests
