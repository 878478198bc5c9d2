"""What is done after a plan or a run comes to the same by the page and by commands."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from importer.sandbox import WRITE_KEY, Behaviour, SandboxSettings, background
from tests.e2e.commands import shell
from tests.e2e.here import Here
from tests.web.serving import CAMPAIGN, QUESTIONS, wizard
from tests.web.test_runs import MAPPING, approved, bodies, people, typed

KEY = "one key for both of them"
TEXTS = (
    f"version: 1\ncampaign: {CAMPAIGN}\nuserId: id\nkey: id\n"
    f"answers: [{{id: {QUESTIONS['score']}, column: score, type: nps}}]\n"
)


def user(tmp_path: Path) -> Here:
    (tmp_path / "shell").mkdir()
    known = shell(tmp_path / "shell")
    return Here(known.folder, known.environment)


def saved(path: Path) -> Any:
    """A saved plan without what names its time and place."""
    found = json.loads(path.read_bytes())
    return {name: found[name] for name in found.keys() - {"made", "file", "mapping"}}


def laid(here: Here, **texts: bytes) -> None:
    for name, text in texts.items():
        (here.folder / name.replace("_", ".")).write_bytes(text)


async def test_mended_in_the_page_is_mended_by_hand(tmp_path: Path) -> None:
    """The same bodies, by the same numbers of rows; the file's own digest is another's."""
    wrong = b"id,score\r\na,9\r\nb,nine\r\n\r\nc,17\r\nd,3\r\n"
    right = wrong.replace(b"nine", b"9").replace(b"17", b"7")
    here = user(tmp_path)
    laid(here, answers_csv=right, mapping_yaml=TEXTS.encode())
    async with wizard(tmp_path / "state", hash_key=KEY) as visitor:
        await visitor.upload("answers.csv", wrong)
        await visitor.bring(TEXTS.encode())
        await visitor.planned()
        await visitor.get(visitor.at("mend"))
        await visitor.post(visitor.at("mend"), **{"cell.3.1": "9", "cell.5.1": "7"})
        planning = visitor.desk.runs.task("plan", visitor.draft.id)
        assert planning
        assert planning.task
        await planning.task
        ours = await asyncio.to_thread(saved, visitor.desk.drafts.plan(visitor.draft))
        copy = visitor.desk.drafts.sent(visitor.draft)
        words = ("--save", "plan.json", "--out", "out", "--json")
        mapping = ("-m", visitor.desk.drafts.mapping(visitor.draft))
        await typed(here, "plan", copy, *mapping, *words, SATISMETER_HASH_KEY=KEY)
        assert await asyncio.to_thread(saved, here.folder / "plan.json") == ours
        await typed(here, "plan", "answers.csv", *mapping, *words, SATISMETER_HASH_KEY=KEY)
        theirs = await asyncio.to_thread(saved, here.folder / "plan.json")
    for name in ("rows", "requests_sha256", "to_post"):
        assert ours[name] == theirs[name], name
    assert ours["to_post"] == "2-3 5-6"


async def test_once_more_by_the_page_is_once_more_by_the_command(tmp_path: Path) -> None:
    here, refused = user(tmp_path), [Behaviour("status", 422)]
    laid(here, answers_csv=people(12), mapping_yaml=MAPPING)
    settings = SandboxSettings(script={"p2": refused, "p5": refused * 2})
    with background(settings) as first, background(settings) as second:
        async with wizard(tmp_path / "state", first.url, write_key=WRITE_KEY) as visitor:
            await approved(visitor, "answers.csv", people(12))
            await visitor.run("rest")
            await visitor.get(visitor.at("results"))
            await visitor.post(visitor.at("retry"), status="rejected")
            child = visitor.desk.runs._children[visitor.draft.id]
            await asyncio.to_thread(child.wait, 60)
            standing = visitor.desk.runs.standing(visitor.draft)
        words = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", second.url, "--yes")
        await typed(here, *words, "--json")
        ended = await typed(here, "retry", "--status", "rejected", "--yes", "--json")
        assert standing.counts == {"created": 11, "rejected": 1}
        assert standing.said["rows"] == ended["rows"]
        assert bodies(first) == bodies(second)
        assert len(bodies(first)) == 14
