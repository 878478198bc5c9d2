"""After a run the page tells what the server holds."""

import json
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment

from importer import engine
from importer.engine.observer import Event, Sending
from importer.engine.report import slots
from importer.ledger import Post
from importer.results import files
from importer.results.report import page
from importer.sandbox import SATISFACTION, SCORE, WRITE_KEY, background
from importer.settings import Endpoint, Rate, Secret
from tests.results import jobs


def test_the_scores_are_those_that_the_server_holds(tmp_path: Path) -> None:
    with background() as sandbox:
        settings = jobs.settings(
            tmp_path,
            endpoint=Endpoint.parse(sandbox.url),
            rate=Rate(None),
            write_key=Secret(WRITE_KEY),
            durability="process",
            limit=120,
        )
        engine.run(settings)
        _, summary = engine.run(settings)
        stored = [answer for each in sandbox.stored() for answer in each.answers]

    for scores, question in zip(summary.scores, (SCORE, SATISFACTION), strict=True):
        values = [value for id_, value in stored if id_ == question.id]
        assert scores.counts == {each: values.count(each) for each in sorted(set(values))}
    assert summary.rows["created"] > 200


def test_retries_and_refusals_are_told(pages: tuple[Path, Path]) -> None:
    page = pages[1].read_text(encoding="utf-8")
    summary = json.loads((pages[1].parent / "summary.json").read_bytes())

    assert f"{summary['requests']} requests for 448 rows." in page
    assert '<th scope="row">2</th><td class="number">1</td>' in page
    assert f"{summary['rows']['rejected']} refused by SatisMeter" in page
    assert "traits are not valid" in page


def test_the_page_of_a_run_warns_as_its_plan_did(pages: tuple[Path, Path]) -> None:
    """Whoever sees nothing but this page must learn of it."""
    plan, run = (each.read_text(encoding="utf-8") for each in pages)
    warnings = json.loads((pages[1].parent / "summary.json").read_bytes())["warnings"]
    told = [each.split("`")[0].split("'")[0].strip()[:40] for each in warnings]

    assert told
    assert [each for each in told if each not in plan] == []
    assert [each for each in told if each not in run] == []


def test_a_run_is_cut_into_slots() -> None:
    posts = [Post(1000 + n / 10, 20 if n % 2 else 40) for n in range(100)]

    found = list(slots(iter(posts), posts[0].at, posts[-1].at))

    assert [each.start for each in found] == list(range(10))
    assert {round(each.rate) for each in found} == {10}
    assert {each.median for each in found} == {40}
    assert sum(each.rate for each in found[:-1]) == 90


def test_gaps_and_lone_replies_are_slots_too() -> None:
    gap = list(slots([Post(0, 5), Post(0.5, None), Post(7200, None)], 0, 7200))

    assert len(gap) <= 60
    assert gap[0].median == 5
    assert {(each.rate, each.median) for each in gap[1:-1]} == {(0, None)}
    assert [each.rate for each in slots([Post(3, 5)], 3, 3)] == [1]


def test_nothing_is_left_to_compile_once_rows_are_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is told to stop has two seconds to write its results."""
    compiled = noted_compiling(tmp_path / "none", monkeypatch)
    counts: list[int] = []

    class Counting:
        def event(self, event: Event) -> None:
            if isinstance(event, Sending):
                counts.append(len(compiled))

    with background() as sandbox:
        settings = jobs.settings(
            tmp_path,
            endpoint=Endpoint.parse(sandbox.url),
            rate=Rate(None),
            write_key=Secret(WRITE_KEY),
            limit=3,
        )
        engine.run(settings, observer=Counting())

    assert counts == [len(compiled)]
    assert "report.html.jinja" in compiled


def noted_compiling(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the templates that are compiled from now on, at a start whose compiled ones lie in
    that folder."""
    compiled: list[str] = []
    real = Environment.compile

    def noted(*given: Any) -> object:
        compiled.append(given[2])
        return real(*given)

    monkeypatch.setattr(Environment, "compile", noted)
    monkeypatch.setattr(page, "cache_from_source", lambda _: str(folder / "x.pyc"))
    page._environment.cache_clear()
    return compiled


@pytest.mark.parametrize(("written", "again"), [(True, 0), (False, 1)])
def test_the_next_start_compiles_no_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bool, again: int
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", not written)
    compiled = noted_compiling(tmp_path, monkeypatch)
    page.prepare()
    first = list(compiled)
    page._environment.cache_clear()
    page.prepare()
    assert "report.html.jinja" in first
    assert len(compiled) == len(first) * (1 + again)
    assert bool(list(tmp_path.iterdir())) is written


@pytest.mark.parametrize("job", ["../../elsewhere", "..", ".hidden", "/tmp/x", "a\nb", "", 7, None])
def test_a_record_that_somebody_wrote_moves_nothing_elsewhere(tmp_path: Path, job: object) -> None:
    folder = tmp_path / "a" / "out"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("x")
    (folder / ".written.json").write_text(json.dumps({"job": job}))
    files.begin(folder, "20260301-answers")
    assert {path.name for path in tmp_path.rglob("*")} == {
        "a",
        "out",
        "report.html",
        ".written.json",
    }


def test_the_files_of_a_job_of_any_honest_name_are_kept(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("x")
    (tmp_path / ".written.json").write_text(json.dumps({"job": "20260301-Käufe März;"}))
    files.begin(tmp_path, "20260302-answers")
    assert (tmp_path / "20260301-Käufe März;" / "report.html").exists()
