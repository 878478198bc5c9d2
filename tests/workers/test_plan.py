"""A plan by several workers is the plan of one process, to the last byte that people or scripts read."""

from __future__ import annotations

import json
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from importer import ImporterError, Secret, Settings, plan, run
from importer.engine import parts
from importer.engine.parts import Errand, Refused
from importer.errors import LedgerError, SourceError, UsageError
from importer.sandbox import WRITE_KEY, Sandbox, background
from tests.e2e.conftest import MAPPING

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
WAVES = """\
version: 1
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: id
waves: {first: score, second: again}
answers:
  - {id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: "{wave}", type: nps}
"""
RECODED = """\
version: 1
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: [email, id]
key: [id]
repeats: {send: latest, order_by: {column: day, type: date}}
answers:
  - id: 79593580-95a7-11ed-8974-9b5d06700b8d
    column: score
    type: nps
    values: {"9": 10, "3": 4, "2": 1, "7": 8}
  - {id: 8a2f1c40-95a7-11ed-8974-9b5d06700b8d, column: comment, type: text}
"""


def _rows(number: int, seed: int = 3) -> str:
    """A file of such."""
    return "\n".join([*_lines(number, seed), ""])


def _lines(number: int, seed: int) -> list[str]:
    """Answers of which some are bad, blank, doubled, of many lines or badly quoted."""
    draw, lines = random.Random(seed), ["id,score,comment,email,day,again"]
    for n in range(number):
        who = f"u{draw.randrange(number)}" if n % 5 else f"u{n}"
        score = draw.choice(["9", "3", "11", "skip", "", "2", "7", "10"])
        said = draw.choice(
            ["fine", '"two\nlines, ""quoted"""', "", "Ã¼ber", '"a\r\nb"', "1.23E+15"]
        )
        mail = draw.choice([f"{who}@example.com", "nobody", ""])
        lines.append(f"{who},{score},{said},{mail},2026-0{1 + n % 9}-0{1 + n % 7},{n % 12}")
        if n % 1_500 == 700:
            lines.append('u,9,"stray" quote,x@example.com,\nv,8,fine,y@example.com,')
        if n % 900 == 3:
            lines += ["", lines[0], lines[-1]]
    return lines


@pytest.fixture
def told(tmp_path: Path, dask: Any, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What a plan of several parts is told."""
    monkeypatch.setattr(parts, "ROWS", 1_000)
    (tmp_path / "m.yaml").write_text(MAPPING)
    (tmp_path / "a.csv").write_text(_rows(4_800))
    return Settings(
        file=str(tmp_path / "a.csv"),
        mapping=str(tmp_path / "m.yaml"),
        state=tmp_path / "state",
        dask=dask.scheduler_address,
    )


def _planned(settings: Settings, folder: Path) -> Mapping[str, object]:
    """All that a plan leaves, but for times and places."""
    settings = replace(
        settings, out=folder, payloads=folder / "bodies", save_plan=folder / "approved.json"
    )
    planned, summary = plan(settings)
    made = {
        each.name: re.sub(
            rf"{re.escape(str(folder))}|\"?(seconds|made)\"?: [^,\n]*|\d+(\.\d+)? s\b|\d\d:\d\d(:\d\d)?",
            "",
            each.read_text(errors="replace"),
        )
        for each in folder.iterdir()
        # A workbook is a zip, which holds times, and its hash stands in the other; the CSV has the same rows.
        if each.suffix != ".xlsx" and each.name != ".written.json"
    }
    assert {"plan.html", "plan-problems.csv", "plan-summary.json", "approved.json"} <= set(made)
    return {
        **made,
        "sealed": planned.sealed,
        "rows": summary.rows,
        "warnings": planned.warnings,
        "causes": planned.causes,
        "samples": planned.samples,
        "recodings": planned.recodings.listed(),
        "unmapped": planned.recodings.unmapped(),
        "months": planned.tally.months([range(planned.tally.rows)]),
        "filled": planned.tally.filled,
    }


def _same(told: Settings, folder: Path) -> Mapping[str, Any]:
    alone = _planned(replace(told, dask=""), folder / "alone")
    together = _planned(told, folder / "together")
    for name, each in alone.items():
        assert together[name] == each, name
    return alone


def _count(settings: Settings) -> int:
    from importer.engine import opened

    with opened(settings, b"") as (_, source, _compiled):
        return len(list(source.parts(parts.ROWS)))


@pytest.mark.parametrize("mapping", [MAPPING, WAVES, RECODED], ids=["plain", "waves", "recoded"])
def test_the_plan_is_that_of_one_process(told: Settings, tmp_path: Path, mapping: str) -> None:
    Path(told.mapping).write_text(mapping)

    found = _same(told, tmp_path)

    assert _count(told) > 3
    assert found["rows"]["invalid"] > 500


@pytest.fixture
def sandbox() -> Any:
    with background() as running:
        yield running


def test_what_was_sent_before_is_known_to_each_worker(
    told: Settings, tmp_path: Path, sandbox: Sandbox
) -> None:
    told = replace(told, endpoint=sandbox.url)  # type: ignore[arg-type]  # text will do
    one = tmp_path / "b.csv"
    one.write_text("\n".join(_lines(4_800, 3)[:2_000]) + "\n")
    before = replace(told, file=str(one), dask="", write_key=Secret(WRITE_KEY), limit=150)
    run(replace(before, rate="max", concurrency=50))  # type: ignore[arg-type]  # text will do

    found = _same(told, tmp_path)

    assert found["rows"]["already_sent"] > 100

    Path(told.mapping).write_text(MAPPING + "key: [id, day]\n")
    found = _same(told, tmp_path)
    assert any("--again" in each for each in found["warnings"])


def test_the_cluster_of_this_machine_does_the_same(told: Settings, tmp_path: Path) -> None:
    """It has the keys that this process was told, and speaks TLS."""
    told = replace(told, hash_key=Secret("a key of sixteen and more"))
    alone = _planned(replace(told, dask=""), tmp_path / "alone")
    together = _planned(replace(told, dask="", workers=2), tmp_path / "together")
    assert together["sealed"] == alone["sealed"]
    assert together["plan-problems.csv"] == alone["plan-problems.csv"]


def test_a_workbook_and_standard_input_are_no_parts(told: Settings, tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.create_sheet("Responses", 0)
    sheet.append(["id", "score", "comment", "email"])
    for n in range(90):
        sheet.append([f"u{n}", n % 12, "so", ""])
    book.save(tmp_path / "a.xlsx")

    _same(replace(told, file=str(tmp_path / "a.xlsx")), tmp_path)
    assert not replace(told, file="-").several


def test_neither_rows_nor_keys_are_in_what_passes_through_a_scheduler(
    told: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pickle

    from importer.engine import opened, secret_of
    from importer.engine.stage import stage
    from importer.ledger import Spool, plan_ledger

    key = Secret("a key of sixteen and more")
    told = replace(told, hash_key=key, write_key=Secret("wk-secret"), api_key=Secret("ak-secret"))
    monkeypatch.setenv("SATISMETER_HASH_KEY", key.reveal())
    passed: list[bytes] = []

    class Noting:
        def stage(self, settings: Settings, job: Any, source: Any, **how: bool) -> Any:
            secret = secret_of(settings)
            for task in parts.tasks(settings, job, source, **how):
                done = parts.stage_part(task)
                passed.extend((pickle.dumps(task), pickle.dumps(done)))
                yield parts.opened(done, task, secret)

    secret = secret_of(told)
    with opened(told, secret) as (document, source, compiled):
        ledger, spool = plan_ledger(told.ledger, secret), Spool()
        stage(told, document, source, compiled, ledger, spool, lambda_observer(), helpers=Noting())
        ledger.close()
        spool.close()
    assert len(passed) > 8
    for each in passed:
        for word in (b"secret", key.reveal().encode(), b"example.com", b"lines, ", b"u1235"):
            assert word not in each


def lambda_observer() -> Any:
    from importer.engine.observer import NULL_OBSERVER

    return NULL_OBSERVER


def _another_key(told: Settings) -> Settings:
    return replace(told, hash_key=Secret("another key than theirs"))


REFUSED: Mapping[str, tuple[Callable[[Settings], Settings], type[ImporterError], str]] = {
    "another hash key": (_another_key, UsageError, "another hash key"),
    "no scheduler": (
        lambda told: replace(told, dask="tcp://127.0.0.1:9"),
        UsageError,
        "No scheduler",
    ),
    "open to all": (
        lambda told: replace(told, dask="tcp://dask.example.com:8786"),
        UsageError,
        "TLS",
    ),
    "no address": (
        lambda told: replace(told, dask="dask:8786"),
        UsageError,
        "no scheduler's address",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_said(
    told: Settings, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importer.engine import cluster as room

    monkeypatch.setattr(room, "_STARTS", 2.0)
    change, kind, words = REFUSED[case]
    with pytest.raises(kind, match=words) as found:
        plan(change(told))
    assert found.value.hint


def test_a_worker_of_another_version_is_told(
    told: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = Errand.of

    def older(settings: Settings) -> Errand:
        return replace(of(settings), version="9.9")

    monkeypatch.setattr(Errand, "of", older)
    with pytest.raises(UsageError, match=r"asked by 9\.9") as found:
        plan(told)
    assert "same version" in found.value.hint


def test_a_file_that_a_worker_has_in_another_form_is_refused(told: Settings) -> None:
    from importer.engine import opened, secret_of
    from importer.engine.stage import _job
    from importer.ledger import plan_ledger

    secret = secret_of(told)
    with opened(told, secret) as (document, source, compiled):
        ledger = plan_ledger(told.ledger, secret)
        job = _job(told, document, source, compiled, ledger)
        ledger.close()
        task, *_ = parts.tasks(told, job, source, brief=True)
    Path(told.file).write_text(_rows(4_800, seed=4))
    done = parts.stage_part(task)
    assert isinstance(done, Refused)
    with pytest.raises(SourceError, match="another one than where"):
        raise done.error()


def test_a_worker_that_is_killed_is_replaced(told: Settings, tmp_path: Path, dask: Any) -> None:
    import os
    import signal

    from importer.engine import Staged

    killed: list[int] = []

    class Killing:
        def event(self, event: object, /) -> None:
            if isinstance(event, Staged) and len(killed) < 2:
                until, pid = time.monotonic() + 30, None
                while pid is None or pid in killed:  # it may not be back yet from the last time
                    assert time.monotonic() < until
                    time.sleep(0.05)
                    pid = getattr(next(iter(dask.workers.values())).process.process, "pid", None)
                killed.append(pid)
                os.kill(pid, signal.SIGKILL)

    alone, _ = plan(replace(told, dask="", out=tmp_path / "alone"))
    together, _ = plan(replace(told, out=tmp_path / "together"), Killing())
    assert len(killed) == 2
    assert (together.sealed, together.rows) == (alone.sealed, alone.rows)


def test_a_scheduler_that_is_killed_is_told(told: Settings, tmp_path: Path) -> None:
    """And the same command does it all once there is another."""
    from importer.engine import Staged

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    words = ["--host", "127.0.0.1", "--port", address.rpartition(":")[2]]
    scheduler = subprocess.Popen([*command, *words], cwd=tmp_path, **quiet)  # type: ignore[call-overload]
    one = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard"]
    worker = subprocess.Popen(  # type: ignore[call-overload]
        [*one, "--nthreads", "1", "--no-nanny", "--death-timeout", "20"], cwd=tmp_path, **quiet
    )

    class Killing:
        def event(self, event: object, /) -> None:
            if isinstance(event, Staged):
                scheduler.kill()

    try:
        with pytest.raises(LedgerError, match="scheduler is gone") as found:
            plan(replace(told, dask=address, out=tmp_path / "out"), Killing())
        assert "same command" in found.value.hint
    finally:
        for each in (scheduler, worker):
            each.kill()
            each.wait()


def test_without_these_options_dask_is_not_imported(told: Settings, tmp_path: Path) -> None:
    words = ["plan", told.file, "-m", told.mapping, "--state", str(told.state), "--json"]
    code = (
        "import sys, json\n"
        "from importer.cli import main\n"
        f"sys.argv = {['importer', *words, '--out', str(tmp_path / 'out')]!r}\n"
        "try:\n    main()\nexcept SystemExit: pass\n"
        "print(json.dumps([each for each in sys.modules if each.split('.')[0] in "
        "('dask', 'distributed', 'tornado')]), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stderr.splitlines()[-1]) == []
