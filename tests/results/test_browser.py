"""The page in a real browser, where there is one: as a file, on a phone, by day and by night."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.results import browser

pytestmark = pytest.mark.skipif(not browser.CHROMIUM, reason="there is no Chromium")

LIGHTEST = 4.5
"""The least contrast of text (WCAG 2.2, 1.4.3)."""

PALE = """
(() => {
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(
    v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4
  ).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = node => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (colour.startsWith('rgb(')) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const pale = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || node.tagName === 'title') continue;
    const style = getComputedStyle(node);
    const ink = light(parts(node instanceof SVGElement ? style.fill : style.color));
    const page = light(parts(behind(node)));
    const ratio = (Math.max(ink, page) + 0.05) / (Math.min(ink, page) + 0.05);
    if (ratio < LIGHTEST) pale.push([node.tagName, node.textContent.slice(0, 40), ratio]);
  }
  return pale;
})()
""".replace("LIGHTEST", str(LIGHTEST))


async def _seen(address: str) -> dict[str, Any]:
    """What is to be known of a page, from one start of the browser."""
    async with browser.page() as page:
        await page.open(address, 1200)
        seen: dict[str, Any] = {"by day": await page.evaluate(PALE)}
        seen["texts"] = await page.evaluate("document.querySelectorAll('text').length")
        await page.open(address, 360, dark=True)
        seen["by night"] = await page.evaluate(PALE)
        seen["background"] = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        seen["phone"] = await page.evaluate("document.documentElement.scrollWidth")
        await page.evaluate(
            "document.querySelectorAll('details').forEach(each => each.open = true)"
        )
        seen["unfolded"] = await page.evaluate("document.documentElement.scrollWidth")
        seen["printed"] = await page.printed()
        return {**seen, "requests": page.requests, "complaints": page.complaints}


@pytest.fixture(scope="module", params=[0, 1], ids=["plan", "run"])
def seen(request: pytest.FixtureRequest, pages: tuple[Path, Path]) -> dict[str, Any]:
    address = pages[request.param].as_uri()
    return {"address": address, **asyncio.run(_seen(address))}


def test_it_asks_for_nothing_but_itself(seen: dict[str, Any]) -> None:
    assert set(seen["requests"]) == {seen["address"]}
    assert seen["complaints"] == []


def test_nothing_sticks_out_on_a_phone(seen: dict[str, Any]) -> None:
    assert seen["phone"] == 360
    assert seen["unfolded"] == 360


def test_every_text_can_be_read_by_day_and_by_night(seen: dict[str, Any]) -> None:
    assert seen["texts"] > 30
    assert seen["by day"] == []
    assert seen["by night"] == []
    assert seen["background"] == "rgb(18, 22, 28)"


def test_it_can_be_printed(seen: dict[str, Any]) -> None:
    pages = seen["printed"].count(b"/Type /Page\n")
    assert seen["printed"].startswith(b"%PDF")
    assert 2 <= pages <= 8
