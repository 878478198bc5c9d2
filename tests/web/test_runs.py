"""The page's job is the command's job: the same plan, requests and ledger; and it outlives the page."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from importer.automation.monitoring import waiting
from importer.ledger import look_into
from importer.mapping import parse
from importer.resources import SAMPLES
from importer.sandbox import WRITE_KEY, Sandbox, SandboxSettings, background
from tests.e2e.commands import Shell, shell
from tests.e2e.here import Here
from tests.e2e.processes import own_paths, wait_until
from tests.web.serving import CAMPAIGN, QUESTIONS, Visitor, wizard

PEOPLES = Path("as people have it.xlsx")
"""`workbook`, and a mapping of it."""
FILES = [*sorted(path for path in SAMPLES.iterdir() if path.suffix in {".csv", ".xlsx"}), PEOPLES]
SOON = {"generic_nps.csv", "qualtrics.csv", "ugly.csv", "waves.csv", PEOPLES.name}
"""One of each kind: plain, three header rows, damaged, several waves, a workbook. The others are trials."""
ALL = [
    pytest.param(path, id=path.name, marks=() if path.name in SOON else (pytest.mark.trial,))
    for path in FILES
]
MAPPING = (
    f"version: 1\ncampaign: {CAMPAIGN}\nuserId: id\n"
    f"answers: [{{id: {QUESTIONS['score']}, column: score, type: nps}}]\n"
).encode()


def people(count: int, who: bytes = b"p") -> bytes:
    return b"id,score\n" + b"".join(b"%b%d,%d\n" % (who, n, n % 11) for n in range(count))


@pytest.fixture
def here(tmp_path: Path) -> Here:
    (tmp_path / "shell").mkdir()
    user = shell(tmp_path / "shell")
    return Here(user.folder, user.environment)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with background() as running:
        yield running


@pytest.fixture(scope="module")
def slow() -> Iterator[Sandbox]:
    """Answers after a while, so that a run is long enough to be looked at."""
    with background(SandboxSettings(latency=0.05)) as running:
        yield running


async def typed(here: Here, *words: object, **environment: str) -> Any:
    """What a command said, typed beside the wizard."""
    return (await asyncio.to_thread(here, *words, **environment)).document


async def approved(visitor: Visitor, name: str, content: bytes, mapping: bytes = MAPPING) -> None:
    """An import as far as its approved plan."""
    await visitor.upload(name, content)
    await visitor.bring(mapping, f"{name.split('.', maxsplit=1)[0]}.yaml")
    await visitor.planned()
    await visitor.post(visitor.at("approve"))


def content(path: Path) -> bytes:
    return path.read_bytes()


def workbook() -> bytes:
    """Two sheets, a title above the header, totals below."""
    book, written = Workbook(), io.BytesIO()
    book.active.append(["Notes of ours"])  # type: ignore[union-attr]  # a new one has a sheet
    sheet = book.create_sheet("Answers")
    for row in (
        ["Spring"],
        [],
        ["Customer", "NPS", "Why"],
        *([f"c{n}", n, "so"] for n in range(9)),
    ):
        sheet.append(row)
    sheet.append(["Total", 36])
    book.save(written)
    return written.getvalue()


def at_hand(file: Path, folder: Path) -> Path:
    """The file, made in the folder where no sample is called so."""
    if file == PEOPLES:
        file = folder / file
        file.write_bytes(workbook())
        own = MAPPING.replace(
            b"userId: id", b"source: {sheet: Answers, header_row: 3}\nuserId: Customer"
        )
        file.with_suffix(".yaml").write_bytes(own.replace(b"column: score", b"column: NPS"))
    return file


def test_there_are_twenty_files() -> None:
    assert len(FILES) >= 20


def fixed(document: Mapping[str, Any]) -> dict[str, Any]:
    """A summary without times and places."""
    names = {
        "file",
        "mapping",
        "job",
        "seconds",
        "results",
        "problems",
        "problems_xlsx",
        "report",
        "command",
    }
    return {name: value for name, value in document.items() if name not in names}


@pytest.mark.parametrize("file", ALL)
async def test_the_pages_plan_is_the_commands(tmp_path: Path, here: Here, file: Path) -> None:
    file = at_hand(file, tmp_path)
    own = file.with_suffix(".yaml")
    key = "one key for both of them"
    async with wizard(tmp_path / "state", hash_key=key) as visitor:
        await visitor.upload(file.name, content(file))
        await visitor.bring(content(own), own.name)
        await visitor.planned()
        assert " can be sent" in visitor.h1
        ours = json.loads(visitor.desk.drafts.plan(visitor.draft).read_bytes())
        summary = visitor.desk.runs.summary(visitor.desk.settings, visitor.draft)
    command = ("plan", file, "-m", own, "--save", "plan.json", "--out", "out", "--json")
    found = await typed(here, *command, SATISMETER_HASH_KEY=key)
    theirs = json.loads((here.folder / "plan.json").read_bytes())
    for plan in (ours, theirs):
        for name in ("made", "file", "mapping"):
            del plan[name]
    assert ours == theirs
    assert {"meaning_sha256", "file_sha256"} <= ours["inputs"].keys()
    assert ours["requests_sha256"]
    document = {name: value for name, value in found.items() if name in summary}
    assert fixed(summary) == fixed(document)


@pytest.mark.parametrize("file", ALL)
async def test_a_mapping_matched_by_the_page_plans_as_the_command_does(
    tmp_path: Path, here: Here, file: Path
) -> None:
    """What `init` drafts, with the same things said: on a page, and by hand in the text."""
    file = at_hand(file, tmp_path)
    key = "one key for both of them"
    async with wizard(tmp_path / "state", hash_key=key) as visitor:
        await visitor.upload(file.name, content(file))
        await visitor.get(visitor.at("match"))
        said = {"campaign": CAMPAIGN, "person": "nobody"}
        names = re.findall(r'name="question\.(\w+)" value=""', visitor.text)
        out = set(re.findall(r'name="out\.(\w+)" value="yes" checked', visitor.text))
        for number, name in enumerate(name for name in names if name not in out):
            said[f"question.{name}"] = f"00000000-0000-4000-8000-{number:012d}"
        if "Choose…" not in visitor.text.partition('name="person"')[2].partition("</select>")[0]:
            del said["person"]
        before = visitor.desk.drafts.mapping(visitor.draft).read_text()
        if 'userId: "?"' not in before:
            said.pop("person", None)
        await visitor.post(visitor.at("match"), go="save", **said)
        for name in re.findall(
            r'name="(best\.\w+|order)" value="(?:high|day first)"', visitor.text
        ):
            said[name] = "high" if name.startswith("best") else "day first"
        await visitor.post(visitor.at("match"), go="save", **said)
        await visitor.planned()
        assert " can be sent" in visitor.h1, (visitor.h1, before)
        ours = json.loads(visitor.desk.drafts.plan(visitor.draft).read_bytes())
        summary = visitor.desk.runs.summary(visitor.desk.settings, visitor.draft)
        text = visitor.desk.drafts.mapping(visitor.draft).read_text()
    assert len(said) > 1
    (here.folder / "own.yaml").write_text(text)
    command = ("plan", file, "-m", "own.yaml", "--save", "plan.json", "--out", "out", "--json")
    found = await typed(here, *command, SATISMETER_HASH_KEY=key)
    theirs = json.loads((here.folder / "plan.json").read_bytes())
    for plan in (ours, theirs):
        for name in ("made", "file", "mapping"):
            del plan[name]
    assert ours == theirs
    assert {"meaning_sha256", "file_sha256"} <= ours["inputs"].keys()
    assert ours["requests_sha256"]
    document = {name: value for name, value in found.items() if name in summary}
    assert fixed(summary) == fixed(document)
    # and what a person types into the drafted text means the same
    by_hand = before.replace('campaign: "?"', f'campaign: "{CAMPAIGN}"')
    for name, id_ in said.items():
        if name.startswith("question."):
            by_hand = by_hand.replace(f'  {name[9:]}: "?"', f'  {name[9:]}: "{id_}"')
    if '"?"' not in by_hand:
        assert parse(by_hand).digest == parse(text).digest


@pytest.mark.parametrize("name", ["ugly.csv", "waves.csv"])
async def test_the_pages_run_is_the_commands(tmp_path: Path, here: Here, name: str) -> None:
    file = SAMPLES / name
    own = file.with_suffix(".yaml")
    with background() as first, background() as second:
        async with wizard(tmp_path / "state", first.url, write_key=WRITE_KEY) as visitor:
            await approved(visitor, name, content(file), content(own))
            await visitor.run("pilot")
            if "more to send" in visitor.h1:
                await visitor.run("rest")
            assert visitor.h1 == "Every row has its outcome"
            standing = visitor.desk.runs.standing(visitor.draft)
            await visitor.get(visitor.at("results"))
            assert "read = " in visitor.text
            job = await visitor.get(f"/jobs/{standing.job.name if standing.job else ''}")
            assert "Open this import" in job
        words = ("run", file, "-m", own, "--endpoint", second.url, "--out", "out", "--yes")
        ended = await typed(here, *words, "--json")
        assert fixed(standing.said)["rows"] == fixed(ended)["rows"]
        assert bodies(first) == bodies(second)


def bodies(sandbox: Sandbox) -> list[bytes]:
    """What was posted; rows of one person in their order, the others in any."""
    return sorted(each.body for each in sandbox.requests if each.method == "POST")


async def test_a_run_goes_on_without_the_wizard_and_the_command_line_sees_it(
    tmp_path: Path, here: Here, slow: Sandbox
) -> None:
    state = tmp_path / "state"
    async with wizard(state, slow.url, write_key=WRITE_KEY) as visitor:
        await begun(visitor, 100)
        draft = visitor.draft
        await until(lambda: visitor.desk.runs.standing(draft).counts.get("created", 0) >= 5)
        listed = (await typed(here, "jobs", "--state", state, "--json"))["jobs"]
        assert [each["file"] for each in listed] == [draft.file]
    async with wizard(state, slow.url, write_key=WRITE_KEY) as other:
        await other.get(f"/drafts/{draft.id}/run")
        assert other.h1.startswith("Sending: ")
        await other.get("/")
        assert "<h2>Running</h2>" in other.text
        await other.post(other.path.rstrip("/") + f"/drafts/{draft.id}/forget")
        assert other.status == 409
        await other.get(f"/drafts/{draft.id}/progress")
        told = json.loads(other.text)
        assert told["state"] == "running"
        assert 0 < told["done"] <= told["goal"] == 100
        await until(lambda: not other.desk.runs.standing(draft).running)
        await other.get(f"/drafts/{draft.id}/run")
        assert other.h1 == "Every row has its outcome"
        assert other.desk.runs.standing(draft).counts == {"created": 100}


async def begun(visitor: Visitor, rows: int) -> None:
    """A run of all rows, at the rate of the mapping."""
    await approved(visitor, "people.csv", people(rows), MAPPING + b"sending: {rate: 60/s}\n")
    await visitor.post(visitor.at("start"), rows="rest")


async def until(holds: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, holds, 60)


async def test_pause_and_go_on_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    with background(SandboxSettings(latency=0.05)) as slow:
        async with wizard(tmp_path, slow.url, write_key=WRITE_KEY) as visitor:
            await approved(visitor, "people.csv", people(150), MAPPING + b"sending: {rate: 60/s}\n")
            draft, runs = visitor.draft, visitor.desk.runs
            settings = visitor.desk.settings
            twice = (asyncio.to_thread(runs.start, settings, draft, rows) for rows in (None, 10))
            first, second = await asyncio.gather(*twice)
            assert first.pid == second.pid > 0  # the second start sees the first
            await until(lambda: runs.standing(draft).counts.get("created", 0) >= 5)
            await visitor.get(visitor.path.replace("approve", "run"))
            await visitor.post(visitor.at("stop"))
            await until(lambda: not runs.standing(visitor.draft).running)
            await visitor.get(visitor.at("run"))
            assert visitor.h1.startswith("Paused: ")
            paused = runs.standing(visitor.draft)
            assert sum(paused.counts.values()) == 150
            assert 0 < paused.unsent < 150
            assert not paused.counts.get("unknown")
            await visitor.run("rest")
            assert visitor.h1 == "Every row has its outcome"
            assert len(slow.stored()) == 150
            assert len({each.person for each in slow.requests}) == len(slow.requests) == 150


async def test_a_run_that_was_killed_is_cut_off_and_goes_on(tmp_path: Path, slow: Sandbox) -> None:
    async with wizard(tmp_path, slow.url, write_key=WRITE_KEY) as visitor:
        await approved(
            visitor, "killed.csv", people(60, b"k"), MAPPING + b"sending: {rate: 60/s}\n"
        )
        await visitor.post(visitor.at("start"), rows="rest")
        draft, runs = visitor.draft, visitor.desk.runs
        await until(lambda: runs.standing(draft).counts.get("created", 0) >= 5)
        os.kill(draft.pid, signal.SIGKILL)
        await until(lambda: not runs.standing(draft).running)
        await visitor.get(visitor.at("run"))
        assert visitor.h1.startswith("The run was cut off; ")
        await visitor.get(visitor.at("results"))
        assert visitor.status == 200
        with look_into(tmp_path) as ledger:
            [job] = ledger.jobs()
            assert job.ended_at is None
        await visitor.post(visitor.at("start"), rows="pilot")
        assert visitor.draft.goal <= 10
        await until(lambda: bool(slow.requests))
        await visitor.post(visitor.at("stop"))
        await until(lambda: not runs.standing(visitor.draft).running)


@pytest.mark.parametrize("changed", ["file", "mapping", "plan"])
async def test_what_was_not_approved_is_not_sent(
    tmp_path: Path, sandbox: Sandbox, changed: str
) -> None:
    async with wizard(tmp_path, sandbox.url, write_key=WRITE_KEY) as visitor:
        await approved(visitor, "people.csv", people(20))
        draft, drafts = visitor.draft, visitor.desk.drafts
        path = {
            "file": Path(draft.file),
            "mapping": drafts.mapping(draft),
            "plan": drafts.plan(draft),
        }[changed]
        with path.open("a") as file:
            file.write(" ")
        await visitor.post(visitor.at("start"), rows="pilot")
        if changed == "plan":
            assert visitor.h1 == "The plan is not the one that was approved."
        else:
            visitor.desk.runs._children[draft.id].wait(60)
            await visitor.get(f"/drafts/{draft.id}/run")
            assert visitor.h1.startswith("This is not what was planned on")
            assert f"the {changed}" in visitor.text
            await visitor.get(visitor.at("plan"))
            await visitor.post(visitor.at("plan"))
            await visitor.planned()
            await visitor.post(visitor.at("approve"))
            assert visitor.h1 == "20 rows to send"  # of what was refused before, nothing is left
        assert not sandbox.requests


async def test_a_wrong_key_sends_nothing_and_can_be_typed_anew(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    async with wizard(tmp_path, sandbox.url) as visitor:
        await approved(visitor, "people.csv", people(20))
        await visitor.post(visitor.at("start"), rows="pilot")
        assert visitor.h1 == "There is no write key."
        await visitor.get(visitor.path.replace("start", "run"))
        assert '<label for="write_key">' in visitor.text
        await visitor.post("/keys", write_key="canary-wrong-key")
        assert visitor.path.endswith("/run")
        await visitor.run("pilot")
        assert "rite key" in visitor.h1
        assert sandbox.stored() == []
        # nothing was created, so ten rows are still the first step
        assert '<button name="rows" value="pilot">Send 10 rows</button>' in visitor.text
        assert 'value="rest" class="quiet">Send 20 rows</button>' in visitor.text
        await visitor.get(f"/keys?back={visitor.draft.id}/run")
        await visitor.post("/keys", write_key=WRITE_KEY)
        await visitor.run("pilot")
        assert visitor.h1 == "10 rows were created; 10 more to send"
        for path in own_paths(tmp_path):
            content = path.read_bytes()
            assert b"canary-wrong-key" not in content, path
            assert WRITE_KEY.encode() not in content, path


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc")
async def test_the_key_is_in_no_command_line(tmp_path: Path, slow: Sandbox) -> None:
    async with wizard(tmp_path, slow.url, write_key=WRITE_KEY) as visitor:
        await approved(visitor, "key.csv", b"id,score\nkey1,9\nkey2,9\n")
        await visitor.post(visitor.at("start"), rows="rest")
        words = command_line(visitor.draft.pid)
        assert b"--plan" in words
        assert WRITE_KEY.encode() not in words
        visitor.desk.runs._children[visitor.draft.id].wait(60)


def command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


async def test_once_the_results_are_fetched_the_copy_goes(tmp_path: Path, sandbox: Sandbox) -> None:
    async with wizard(tmp_path, sandbox.url, write_key=WRITE_KEY) as visitor:
        await approved(visitor, "people.csv", people(12) + b"p99,11\n")
        await visitor.run("pilot")
        draft, there = visitor.draft, visitor.desk.drafts.there
        await visitor.get(visitor.at("files/results.csv"))
        await visitor.get(f"/drafts/{draft.id}/files/problems.csv")
        assert there(draft)  # two rows are left
        await visitor.get(f"/drafts/{draft.id}/run")
        await visitor.run("rest")
        await visitor.get(f"/drafts/{draft.id}/files/results.csv")
        assert visitor.text.startswith("row,sheet,key")
        assert there(draft)
        await visitor.get(f"/drafts/{draft.id}/files/problems.csv")
        assert not there(draft)
        await visitor.get(f"/drafts/{draft.id}/results")
        assert "The copy of your file is gone" in visitor.text


async def test_jobs_of_the_command_line_are_in_the_history(
    tmp_path: Path, here: Here, sandbox: Sandbox
) -> None:
    state = tmp_path / "state"
    (here.folder / "answers.csv").write_bytes(people(5))
    (here.folder / "mapping.yaml").write_bytes(MAPPING)
    words = ("--state", state, "--endpoint", sandbox.url)
    ended = await typed(here, "run", "answers.csv", "-m", "mapping.yaml", *words, "--yes", "--json")
    job = ended["job"]
    async with wizard(state, sandbox.url) as visitor:
        await visitor.get("/history")
        assert job in visitor.text
        await visitor.get(f"/jobs/{job}")
        assert visitor.h1 == "5 of 5 rows created: done"
        assert "Is it there?" in visitor.text
        # the same file again, by the page: all of it is known
        await visitor.upload("again.csv", people(5))
        await visitor.bring(MAPPING)
        await visitor.planned()
        assert visitor.h1 == "0 of 5 rows can be sent"
        assert "all of them were sent before" in visitor.text


async def test_a_locked_survey_says_who_holds_it(
    tmp_path: Path, here: Shell, slow: Sandbox
) -> None:
    async with wizard(tmp_path / "state", slow.url, write_key=WRITE_KEY) as visitor:
        await approved(visitor, "one.csv", people(60, b"a"), MAPPING + b"sending: {rate: 3/s}\n")
        await visitor.post(visitor.at("start"), rows="rest")
        first, runs = visitor.draft, visitor.desk.runs
        await until(lambda: runs.standing(first).counts.get("created", 0) >= 1)
        await approved(visitor, "two.csv", b"id,score\nb1,9\n")
        await visitor.run("rest")
        assert visitor.h1.startswith("Another run holds the campaign: process ")
        assert not visitor.desk.runs.standing(visitor.draft).running
        runs.stop(first)
        await until(lambda: not runs.standing(first).running)


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([{"event": "starting"}], "The file is being read."),
        ([{"event": "starting"}, {"event": "sending", "rows": 9}], ""),
        ([{"event": "pausing", "wait": 90}], "SatisMeter asked for a pause of 1 min 30 s."),
        ([{"event": "pausing", "wait": 90, "time": "2020-01-01T00:00:00Z"}], ""),
        ([{"event": "away"}, {"event": "said", "text": "…"}], "SatisMeter does not answer"),
        ([{"event": "away"}, {"event": "back", "seconds": 9}], ""),
        (
            [{"event": "away"}, {"event": "waiting", "why": "outage", "wait": 899}],
            "SatisMeter does not answer; it is tried again now and then, for 14 min 59 s at most.",
        ),
        (
            [{"event": "waiting", "why": "rate", "wait": 6}],
            "The rate allows the next request in 6 s",
        ),
        ([{"event": "settling", "rows": 3, "wait": 60}], "3 rows may be stored"),
        ([{"event": "away"}, "Traceback, or half a li"], "SatisMeter does not answer"),
        ([7, "", [], {"event": "pausing", "wait": "x"}], ""),
        ([], ""),
    ],
)
def test_why_it_waits_is_told(tmp_path: Path, events: list[Any], said: str) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    lines = [
        json.dumps({"time": now, **each}) if isinstance(each, dict) else str(each)
        for each in events
    ]
    (tmp_path / "run.log").write_text("\n".join(lines))
    told = waiting(tmp_path / "run.log")
    assert told.startswith(said) if said else told == ""
    assert waiting(tmp_path / "none") == ""


async def test_only_what_the_page_has_shown_is_sent(tmp_path: Path, sandbox: Sandbox) -> None:
    """A tab of before another approval, of before a run, and a form that says not how many."""
    async with wizard(tmp_path / "state", sandbox.url, write_key=WRITE_KEY) as visitor:
        other = MAPPING.replace(CAMPAIGN.encode(), b"5d2f6c1e9b0a4c0017a3e1b3")
        await approved(visitor, "answers.csv", people(30), other)
        shown = str(visitor.draft.revision)
        await visitor.post(visitor.at("start"))
        assert (visitor.status, bodies(sandbox)) == (422, [])
        await visitor.get(f"/drafts/{visitor.desk.drafts.all()[0].id}/run")
        await visitor.bring(MAPPING)
        await visitor.planned()
        await visitor.post(visitor.at("approve"))
        await visitor.post(visitor.at("start"), rows="pilot", revision=shown)
        assert (visitor.status, bodies(sandbox)) == (409, [])
        await visitor.get(f"/drafts/{visitor.desk.drafts.all()[0].id}/run")
        past = str(visitor.draft.revision)
        await visitor.run("pilot")
        assert len(bodies(sandbox)) == 10
        await visitor.post(visitor.at("start"), rows="pilot", revision=past)
        assert visitor.status == 409
        assert len(bodies(sandbox)) == 10


async def test_two_wizards_know_of_each_others_run_from_its_first_moment(
    tmp_path: Path, slow: Sandbox
) -> None:
    state = tmp_path / "state"
    async with wizard(state, slow.url, write_key=WRITE_KEY) as visitor:
        await approved(visitor, "answers.csv", people(60, b"two"))
        async with wizard(state, slow.url, write_key=WRITE_KEY) as other:
            at = f"/drafts/{visitor.draft.id}"
            await other.get(f"{at}/run")
            former = other.hidden
            await visitor.post(visitor.at("start"), rows="pilot")
            pid = visitor.draft.pid
            await other.post(f"{at}/start", rows="rest", **former)
            assert other.h1.startswith("Sending: ")
            assert other.draft.pid == pid
            for step in ("match", "plan", "forget"):
                await other.post(f"{at}/{step}", revision=str(visitor.draft.revision))
                assert (other.status, other.h1) == (409, "The run is under way.")
            assert visitor.desk.runs._children[visitor.draft.id].wait(60) is not None
            await other.get(f"{at}/run")
            assert other.h1 == "10 rows were created; 50 more to send"
            await other.post(f"{at}/forget")
            assert not other.desk.drafts.all()
