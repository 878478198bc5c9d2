"""`start` and `Run`: begun, stopped and awaited from anywhere, and written down as ended however it ends."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from importer import (
    Declined,
    Done,
    Ended,
    Event,
    ExitStatus,
    ImporterError,
    Run,
    Secret,
    Sending,
    Settings,
    Staged,
    Waiting,
    Why,
    approve,
    jobs,
    plan,
    run,
    start,
)
from importer.errors import ResultsError, UsageError
from importer.sandbox import WRITE_KEY, Sandbox, SandboxSettings, background
from importer.sandbox.settings import Behaviour, FaultShare
from tests.e2e.conftest import MAPPING

ROWS = 40


def settings(folder: Path, sandbox: Sandbox, rows: int = ROWS) -> Settings:
    (folder / "m.yaml").write_text(MAPPING)
    lines = ["id,score,comment,email", *(f"u{n},{n % 11},said {n}," for n in range(rows))]
    (folder / "a.csv").write_text("\n".join([*lines, ""]))
    return Settings(
        file=str(folder / "a.csv"),
        mapping=str(folder / "m.yaml"),
        state=folder / "state",
        out=folder / "out",
        endpoint=sandbox.url,  # type: ignore[arg-type]  # text will do
        write_key=Secret(WRITE_KEY),
        rate="max",  # type: ignore[arg-type]
    )


class Noting:
    """Keeps what it hears; `then` is called with each event."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.first = threading.Event()

    def event(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Ended):
            self.first.set()

    def waits(self) -> set[Why]:
        return {each.why for each in self.events if isinstance(each, Waiting)}


def ended(state: Path) -> tuple[bool, int | None, str]:
    """How the newest job ended, by the ledger."""
    job = jobs(state)[0].job
    return job.ended_at is not None, job.exit_status, job.stopped.partition(":")[0]


def test_a_run_is_begun_and_awaited(tmp_path: Path) -> None:
    noting = Noting()
    with background() as sandbox:
        going = start(settings(tmp_path, sandbox), observer=noting)
        summary = going.wait(60)

    assert going.done
    assert going.plan is not None
    assert going.plan.ready == summary.rows["created"] == ROWS
    kinds = [type(each) for each in noting.events]
    assert kinds == [Staged, Sending, *[Ended] * ROWS, Done]
    rows = {each.row: each for each in noting.events if isinstance(each, Ended)}
    assert sorted(rows) == list(range(2, ROWS + 2))
    assert {(each.status, each.code, each.wave) for each in rows.values()} == {("created", "", "")}
    assert ended(tmp_path / "state") == (True, 0, "")


def test_a_stop_from_another_thread_is_as_a_signal(tmp_path: Path) -> None:
    noting = Noting()
    with background() as sandbox:
        given = settings(tmp_path, sandbox)
        going = start(replace(given, rate="20/s"), observer=noting)  # type: ignore[arg-type]
        assert noting.first.wait(60)
        threading.Thread(target=going.stop, args=("the shift is over",)).start()
        summary = going.wait(60)
        stored = len(sandbox.stored())

        assert summary.stopped == "interrupted: the shift is over"
        assert summary.exit_status == ExitStatus.STOPPED
        assert 0 < summary.rows["created"] == stored < ROWS
        assert summary.rows["pending"] == ROWS - stored
        assert Why.STOPPING in noting.waits()
        assert ended(tmp_path / "state") == (True, 5, "interrupted")
        going.stop("too late")  # nobody hears it, and it harms nothing

        assert run(given)[1].rows["created"] == len(sandbox.stored()) == ROWS


def test_a_stop_before_the_first_post_sends_nothing_and_leaves_no_job(tmp_path: Path) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def confirm(_: object) -> bool:
        asked.set()
        return go_on.wait(60)

    with background() as sandbox:
        going = start(settings(tmp_path, sandbox), confirm=confirm)
        assert asked.wait(60)
        going.stop("changed my mind")
        go_on.set()
        with pytest.raises(Declined, match="Nothing was sent: changed my mind"):
            going.wait(60)
        assert not sandbox.requests
        assert jobs(tmp_path / "state") == []


def test_a_stop_at_once_leaves_what_is_under_way_in_doubt(tmp_path: Path) -> None:
    noting = Noting()
    with background(SandboxSettings(fail=(FaultShare(Behaviour("hang")),), slow=30.0)) as sandbox:
        going = start(
            replace(settings(tmp_path, sandbox), concurrency=2, timeout=60.0), observer=noting
        )
        while not sandbox.requests:
            time.sleep(0.02)
        going.stop("now", now=True)
        summary = going.wait(20)

    assert summary.exit_status == ExitStatus.STOPPED
    assert summary.rows["unknown"] >= 1
    assert summary.rows["unknown"] + summary.rows["pending"] + summary.rows["created"] == ROWS
    assert ended(tmp_path / "state")[0]


async def test_a_run_within_a_loop_leaves_the_loop_alone(tmp_path: Path) -> None:
    ticks = 0
    with background() as sandbox:
        given = replace(settings(tmp_path, sandbox, rows=10), rate="20/s")  # type: ignore[arg-type]
        going = start(given)
        while not going.done:
            ticks += 1
            await asyncio.sleep(0.01)
        summary = await going
        assert summary.rows["created"] == len(sandbox.stored()) == 10
    assert ticks > 10


def test_a_run_outlives_the_loop_in_which_it_was_begun(tmp_path: Path) -> None:
    going: list[Run] = []
    with background() as sandbox:
        given = replace(settings(tmp_path, sandbox), rate="60/s")  # type: ignore[arg-type]

        async def main() -> None:
            going.append(start(given))
            async with asyncio.timeout(0.3):
                await going[0]

        with pytest.raises(TimeoutError):
            asyncio.run(main())
        assert going[0].wait(60).rows["created"] == len(sandbox.stored()) == ROWS
    assert ended(tmp_path / "state") == (True, 0, "")


def test_a_block_that_breaks_stops_its_run(tmp_path: Path) -> None:
    noting = Noting()
    with background() as sandbox:
        given = replace(settings(tmp_path, sandbox), rate="20/s")  # type: ignore[arg-type]
        going = start(given, observer=noting)

        def block() -> None:
            with going:
                assert noting.first.wait(60)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            block()
        assert going.wait(0).stopped == "interrupted: left by ZeroDivisionError"
    assert ended(tmp_path / "state") == (True, 5, "interrupted")


def test_what_was_approved_is_run_and_nothing_else(tmp_path: Path) -> None:
    with background() as sandbox:
        given = settings(tmp_path, sandbox)
        planned, _ = plan(given)
        approved = approve(given, planned)
        assert approved.to_post == f"2-{ROWS + 1}"
        (tmp_path / "a.csv").write_text("id,score,comment,email\nu1,3,other,\n")
        with pytest.raises(UsageError, match="the file is another, or was changed"):
            start(given, approved).wait(60)
        assert not sandbox.requests
        settings(tmp_path, sandbox)  # the file as it was
        assert start(given, approved).wait(60).rows["created"] == ROWS


class Breaking:
    """A defect of whoever watches."""

    def __init__(self, at: type[Event], error: BaseException) -> None:
        self._at = at
        self._error = error

    def event(self, event: Event) -> None:
        if isinstance(event, self._at):
            raise self._error


@pytest.mark.parametrize("at", [Sending, Ended])
def test_a_defect_while_rows_are_posted_is_written_down(tmp_path: Path, at: type[Event]) -> None:
    with background() as sandbox:
        given = settings(tmp_path, sandbox)
        with pytest.raises(ValueError, match="broken"):
            start(given, observer=Breaking(at, ValueError("broken"))).wait(60)
        assert ended(tmp_path / "state") == (True, 1, "defect")
        assert run(given)[1].rows["created"] == ROWS
        assert set(sandbox.copies().values()) == {1}


@pytest.mark.parametrize("at", [Staged, Sending, Ended])
def test_a_terminal_that_is_gone_ends_nothing(tmp_path: Path, at: type[Event]) -> None:
    for error in (BrokenPipeError("gone"), ResultsError("standard error is full")):
        with background() as sandbox:
            folder = tmp_path / type(error).__name__
            folder.mkdir()
            going = start(settings(folder, sandbox), observer=Breaking(at, error))
            assert going.wait(60).rows["created"] == len(sandbox.stored()) == ROWS


def test_results_that_cannot_be_written_end_the_job_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise ResultsError("The disk is full.")

    with background() as sandbox:
        given = settings(tmp_path, sandbox)
        with monkeypatch.context() as patched:
            patched.setattr(import_module("importer.engine.record"), "write_outcomes", full)
            with pytest.raises(ImporterError, match="disk is full"):
                start(given).wait(60)
        assert ended(tmp_path / "state") == (True, 5, "results")
        assert run(given)[1].rows["already_sent"] == len(sandbox.stored()) == ROWS


def test_an_outage_is_told_with_its_end(tmp_path: Path) -> None:
    noting = Noting()
    with background(SandboxSettings(fail=(FaultShare(Behaviour("status", 503)),))) as sandbox:
        given = replace(settings(tmp_path, sandbox), concurrency=1, outage=600.0)
        before = time.time()
        going = start(given, observer=noting)
        deadline = time.monotonic() + 30
        while Why.CIRCUIT_BREAKER not in noting.waits() and time.monotonic() < deadline:
            time.sleep(0.02)
        going.stop()
        going.wait(60)

    by_why = {each.why: each for each in noting.events if isinstance(each, Waiting)}
    assert before + 500 < by_why[Why.OUTAGE].until <= time.time() + 600
    assert by_why[Why.CIRCUIT_BREAKER].until < by_why[Why.OUTAGE].until
    assert json.dumps(by_why[Why.OUTAGE].text)
