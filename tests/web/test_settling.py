"""After the run: rows in doubt settled, the survey compared, refused rows once more, what is forgotten."""

from __future__ import annotations

import asyncio
import html
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from importer import engine
from importer.engine.verify import Verification, verify
from importer.ledger import look_into
from importer.sandbox import (
    API_KEY,
    PROJECT,
    WRITE_KEY,
    Behaviour,
    Sandbox,
    SandboxSettings,
    background,
)
from importer.settings import Rate, Secret
from importer.web import settling
from importer.web.guard import FRAMED
from tests.web.serving import Visitor, wizard
from tests.web.test_runs import MAPPING, approved, bodies, people

FORCED = MAPPING + b"forceSurvey: true\n"
READING = {"write_key": WRITE_KEY, "api_key": API_KEY, "project": PROJECT}


@pytest.fixture
def doubtful() -> Iterator[Sandbox]:
    """Stores p3's row and says nothing; takes nothing of p4, and says nothing."""
    script = {"p3": [Behaviour("close_stored")], "p4": [Behaviour("close_read")]}
    with background(SandboxSettings(script=script)) as running:
        yield running


async def ran(visitor: Visitor, mapping: bytes, rows: int = 12) -> str:
    """An import that was run, without the minute after which rows in doubt are asked about; its job."""
    await approved(visitor, "answers.csv", people(rows), mapping)
    runs = visitor.desk.runs
    quick = replace(
        runs.settings(visitor.desk.settings, visitor.draft),
        save_plan=None, settle=0.0, rate=Rate(None), api_key=None,
    )  # fmt: skip
    await asyncio.to_thread(engine.run, quick)
    await visitor.get(visitor.at("results"))
    job = runs.standing(visitor.draft).job
    assert job
    return job.name


def counts(visitor: Visitor) -> dict[str, int]:
    return dict(visitor.desk.runs.standing(visitor.draft).counts)


def said(visitor: Visitor) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", visitor.text))


async def test_rows_in_doubt_are_settled_by_asking(tmp_path: Path, doubtful: Sandbox) -> None:
    async with wizard(tmp_path, doubtful.url, settle=0.0, **READING) as visitor:
        job = await ran(visitor, FORCED)
        assert counts(visitor) == {"created": 10, "unknown": 2}
        assert "2 rows of unknown fate" in visitor.text
        posted = len(doubtful.posts())
        await visitor.post(f"/jobs/{job}/resolve")
        assert visitor.path.endswith("/results")
        assert "1 row found there, 1 surely not stored, 0 still in doubt." in said(visitor)
        assert counts(visitor) == {"created": 11, "failed": 1}
        assert len(doubtful.posts()) == posted
        await visitor.get(visitor.path)
        assert "SatisMeter was asked" not in visitor.text
        assert re.findall(r"importer (resolve|mark|verify|purge)", said(visitor)) == []


async def test_rows_in_doubt_are_settled_by_a_persons_word(
    tmp_path: Path, doubtful: Sandbox
) -> None:
    async with wizard(tmp_path, doubtful.url, write_key=WRITE_KEY) as visitor:
        job = await ran(visitor, FORCED)
        assert "Ask SatisMeter about them" not in visitor.text
        assert "API key and the project’s ID" in said(visitor)
        assert f'action="/jobs/{job}/mark"' in visitor.text
        for wrong in ({"row": "5"}, {"row": "x", "is": "there"}, {"row": "2", "is": "there"}):
            await visitor.post(f"/jobs/{job}/mark", **wrong)
            assert visitor.status == 422
        page = f"/drafts/{visitor.desk.drafts.all()[0].id}/results"
        await visitor.get(page)
        await visitor.post(f"/jobs/{job}/mark", row="5", **{"is": "there"})
        assert "Row 5: by your word it is there." in said(visitor)
        await visitor.post(f"/jobs/{job}/mark", row="6", **{"is": "not there"})
        assert counts(visitor) == {"created": 11, "failed": 1}
        before = len(doubtful.posts())
        await visitor.get(visitor.at("run"))
        await visitor.run("rest")
        assert counts(visitor) == {"created": 12}
        assert len(doubtful.posts()) == before + 1


async def test_the_survey_is_compared_on_a_page(tmp_path: Path, doubtful: Sandbox) -> None:
    async with wizard(tmp_path, doubtful.url, settle=0.0, **READING) as visitor:
        job = await ran(visitor, FORCED)
        await visitor.get(f"/jobs/{job}/verify.html")
        assert visitor.status == 404
        await visitor.get(f"/drafts/{visitor.desk.drafts.all()[0].id}/results")
        await visitor.post(f"/jobs/{job}/resolve")
        await visitor.post(f"/jobs/{job}/verify")
        assert "What is in SatisMeter is what was sent." in said(visitor)
        assert f'src="/jobs/{job}/verify.html"' in visitor.text
        await visitor.get(f"/jobs/{job}/verify.html")
        assert visitor.headers["Content-Security-Policy"] == FRAMED


async def test_refused_rows_go_once_more_and_no_others(tmp_path: Path) -> None:
    script = {"p2": [Behaviour("status", 422)], "p5": [Behaviour("status", 422)]}
    with background(SandboxSettings(script=script)) as sandbox:
        async with wizard(tmp_path, sandbox.url, write_key=WRITE_KEY) as visitor:
            await ran(visitor, MAPPING)
            assert counts(visitor) == {"created": 10, "rejected": 2}
            assert "Send 2 rejected rows once more" in visitor.text
            first = bodies(sandbox)
            await visitor.post(visitor.at("retry"), status="created")
            assert visitor.status == 422
            await visitor.get(f"/drafts/{visitor.desk.drafts.all()[0].id}/results")
            await visitor.post(visitor.at("retry"), status="rejected")
            child = visitor.desk.runs._children[visitor.draft.id]
            assert await asyncio.to_thread(child.wait, 60) == 0
            await visitor.get(visitor.at("run"))
            assert visitor.h1 == "Every row has its outcome"
            assert counts(visitor) == {"created": 12}
            again = bodies(sandbox)
            assert len(again) == len(first) + 2
            assert len(sandbox.stored()) == 12
            await visitor.get(visitor.at("progress"))
            assert '"done": 2' in visitor.text


async def test_forgetting_takes_the_file_the_keys_and_what_people_can_read(tmp_path: Path) -> None:
    with background() as sandbox:
        async with wizard(tmp_path, sandbox.url, write_key=WRITE_KEY) as visitor:
            job = await ran(visitor, MAPPING, 3)
            visitor.desk.take_keys(api_key=Secret("typed-key"))
            draft = visitor.draft
            await visitor.post(visitor.at("forget"), ledger="yes")
            assert not visitor.desk.drafts.folder(draft.id).exists()
            assert visitor.desk.settings.api_key is None
            assert visitor.desk.settings.write_key == Secret(WRITE_KEY)
            with look_into(tmp_path) as ledger:
                found = ledger.job(job)
                assert "mapping" not in found.settings
                assert {(each.status, each.user_id) for each in ledger.lines(found)} == {
                    ("created", "-")
                }
            await visitor.get(f"/jobs/{job}")
            assert visitor.h1.startswith("3 of 3 rows created")
            await approved(visitor, "answers.csv", people(3))
            await visitor.get(visitor.at("plan"))
            assert visitor.h1 == "0 of 3 rows can be sent"


async def test_what_is_still_needed_is_not_taken_from_the_ledger(
    tmp_path: Path, doubtful: Sandbox
) -> None:
    async with wizard(tmp_path, doubtful.url, write_key=WRITE_KEY) as visitor:
        job = await ran(visitor, FORCED)
        draft = visitor.draft
        for path in (f"/jobs/{job}/purge", f"/drafts/{draft.id}/forget"):
            await visitor.post(path, ledger="yes", revision=str(draft.revision))
            assert visitor.status == 422
            assert "can still be sent or settled" in visitor.text
        assert visitor.desk.drafts.load(draft.id) == draft


async def test_a_rehearsal_is_the_run_and_leaves_nothing(tmp_path: Path) -> None:
    with background() as real:
        async with wizard(tmp_path / "state", real.url) as visitor:
            await approved(visitor, "answers.csv", people(12))
            assert "Rehearse" in visitor.text
            await visitor.post(visitor.at("rehearse"))
            rehearsal = visitor.desk.runs.task("rehearsal", visitor.draft.id)
            assert rehearsal
            assert rehearsal.task
            await rehearsal.task
            await visitor.get(visitor.at("run"))
            assert "took 12 of 12 rows" in said(visitor)
            assert visitor.h1 == "12 rows to send"
            assert not real.requests
            assert visitor.desk.runs.standing(visitor.draft).job is None
            visitor.desk.take_keys(write_key=Secret(WRITE_KEY))
            await visitor.run("rest")
            assert len(real.stored()) == 12


async def test_a_long_comparison_is_waited_for_by_its_page_alone(
    tmp_path: Path, doubtful: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, began = threading.Event(), list[int]()

    def slow(*given: Any, **more: Any) -> Verification:
        began.append(1)
        assert go.wait(30)
        return verify(*given, **more)

    monkeypatch.setattr(settling, "verify", slow)
    monkeypatch.setattr(settling, "_MOMENT", 0.05)
    async with wizard(tmp_path, doubtful.url, settle=0.0, **READING) as visitor:
        job = await ran(visitor, FORCED)
        await visitor.post(f"/jobs/{job}/resolve")
        results = visitor.path
        asking = visitor.desk.runs.task("ask", job)
        assert asking
        assert asking.task
        await asking.task
        for _ in range(2):  # twice clicked is asked once
            await visitor.post(f"/jobs/{job}/verify")
            assert visitor.path.endswith("/results")
            assert f'data-progress="/jobs/{job}/progress" data-state="asking"' in visitor.text
            assert '/verify"' not in visitor.text
        await visitor.get("/history")
        assert visitor.status == 200
        await visitor.get(f"/jobs/{job}/progress")
        assert '"state": "asking"' in visitor.text
        go.set()
        asking = visitor.desk.runs.task("ask", job)
        assert asking
        assert asking.task
        await asking.task
        assert began == [1]
        await visitor.get(f"/jobs/{job}/progress")
        assert '"state": "still"' in visitor.text
        await visitor.get(results)
        assert "What is in SatisMeter is what was sent." in said(visitor)


async def test_what_could_not_be_asked_is_told_and_can_be_asked_again(tmp_path: Path) -> None:
    with background() as sandbox:
        async with wizard(tmp_path, sandbox.url, **READING) as visitor:
            job = await ran(visitor, MAPPING)
            visitor.desk.take_keys(api_key=Secret("wrong"))
            await visitor.post(f"/jobs/{job}/verify")
            assert visitor.status == 422
            why = visitor.h1
            await visitor.get(f"/drafts/{visitor.desk.drafts.all()[0].id}/results")
            assert why in html.unescape(visitor.text)
            visitor.desk.take_keys(api_key=Secret(API_KEY))
            await visitor.post(f"/jobs/{job}/verify")
            assert "What is in SatisMeter is what was sent." in said(visitor)


async def test_the_first_ten_are_compared_where_they_are_shown(tmp_path: Path) -> None:
    with background() as sandbox:
        async with wizard(tmp_path, sandbox.url, **READING) as visitor:
            await approved(visitor, "answers.csv", people(14))
            await visitor.run("pilot")
            assert visitor.h1 == "10 rows were created; 4 more to send"
            job = visitor.desk.runs.standing(visitor.draft).job
            assert job
            posted = len(sandbox.posts())
            await visitor.post(f"/jobs/{job.name}/verify", to="run", extra="yes")
            assert visitor.path == visitor.at("run")
            assert "What is in SatisMeter is what was sent." in said(visitor)
            assert "Send the other 4 rows" in visitor.text
            assert len(sandbox.posts()) == posted
            await visitor.get(visitor.at("results"))
            assert "4 rows are still to be sent." in said(visitor)


async def test_what_the_survey_has_already_is_not_sent_where_it_is_looked_at_first(
    tmp_path: Path,
) -> None:
    with background() as sandbox:
        async with wizard(tmp_path / "first", sandbox.url, **READING) as visitor:
            await approved(visitor, "answers.csv", people(8))
            await visitor.run("rest")
        before = len(sandbox.posts())
        async with wizard(tmp_path / "second", sandbox.url, **READING) as visitor:
            await approved(visitor, "answers.csv", people(12))
            assert "have the survey looked at first" in await visitor.get(visitor.at("plan"))
            await visitor.get(visitor.at("run"))
            assert 'name="look"' in visitor.text
            await visitor.run("rest", look="yes")
            assert visitor.h1 == "Every row has its outcome"
            assert len(sandbox.posts()) == before + 4
            assert len(sandbox.stored()) == 12


async def test_keys_that_another_import_may_want_stay(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await visitor.upload("first.csv", people(3))
        first = visitor.path
        await visitor.upload("second.csv", people(4))
        visitor.desk.take_keys(write_key=Secret("typed-key"))
        await visitor.post(visitor.at("forget"))
        assert visitor.desk.settings.write_key == Secret("typed-key")
        await visitor.get(first)
        await visitor.post(visitor.at("forget"))
        assert visitor.desk.settings.write_key is None
