"""Pages say what to do in their own words: no command and no YAML where they have a button."""

from __future__ import annotations

import html
import re
from pathlib import Path

from importer.settings import Secret
from tests.web.serving import CAMPAIGN, QUESTIONS, wizard

MAPPING = (
    f"version: 1\ncampaign: {CAMPAIGN}\nuserId: id\n"
    f"answers: [{{id: {QUESTIONS['score']}, column: score, type: nps}}]\n"
).encode()
WRONG = b"id,score\na,9\nb,nine\nc,17\nn/a,3\n"


def said(page: str) -> str:
    """A page's own text, without the report, the mapping and the commands for who wants them."""
    page = re.sub(r'<ol class="(commands|yaml)">.*?</ol>', "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def changed(file: str) -> None:
    Path(file).write_bytes(WRONG + b"d,1\n")


async def test_problems_are_told_without_yaml(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await visitor.upload("answers.csv", WRONG)
        await visitor.bring(MAPPING)
        await visitor.planned()
        assert visitor.h1 == "1 of 4 rows can be sent"
        text = said(visitor.text[: visitor.text.index("<h2>To know</h2>")])
        assert "bad_number" in text
        assert "Match page" in text
        assert re.findall(r"decimal:|values:|rescale:|anonymousId:|importer \w+ |--\w+", text) == []


async def test_an_error_names_the_page_where_it_is_mended(tmp_path: Path) -> None:
    async with wizard(tmp_path, write_key="w" * 10) as visitor:
        await visitor.upload("answers.csv", WRONG)
        await visitor.bring(MAPPING)
        await visitor.planned()
        await visitor.post(visitor.at("approve"))
        visitor.desk.take_keys(api_key=Secret("k"), project="")
        changed(visitor.draft.file)
        await visitor.run("rest")
        text = said(visitor.text)
        assert "This is not what was planned" in text
        assert "Make the plan anew, and approve that." in text
        assert "importer plan" not in text
