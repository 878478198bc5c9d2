"""Servers that answer with garbage, bombs or nothing: bounded memory and time, and no wrong claim."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from importer.sandbox import FAULTS, SandboxSettings, Stores, background
from importer.sandbox.faults import behaviour
from tests.e2e.commands import Shell
from tests.figures import figure
from tests.trials.job import Job, rows

SAID = {"early_400", "early_413"}
"""A whole reply that refuses: to be believed."""
STOPPING = {"redirect_302", "redirect_307", "login_page"}
GARBAGE = [name for name in FAULTS if name not in SAID | STOPPING | {"close_reused"}]


def peak_memory(process: subprocess.Popen[str]) -> float:
    """MiB at most until it ends: of the program itself, where getrusage counts what it was forked from."""
    peak = 0.0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        peak = max(peak, int(found[1]) / 1024 if found else 0.0)
        time.sleep(0.02)
    return peak


def test_every_fault_between_sound_rows(user: Shell) -> None:
    """Each fault once, four sound rows after each; then everybody in doubt is asked again."""
    script = {f"p{5 * n}": (behaviour(name),) for n, name in enumerate(GARBAGE)}
    with background(SandboxSettings(script=script, slow=1.5)) as sandbox:
        options = ("--rate", "max", "--timeout", 0.5, "--settle", 1.6, "--concurrency", 4)
        job = Job(user, sandbox, options)
        job.write(rows(5 * len(GARBAGE)))
        start = time.monotonic()
        process = job.start()
        memory = peak_memory(process)
        process.communicate()
        took = time.monotonic() - start
        lines, stored = job.results(), job.stored()
    assert process.returncode in (0, 4)
    for number, line in enumerate(lines):
        there = stored[f"comment {number}"]
        fault = GARBAGE[number // 5] if number % 5 == 0 else ""
        assert line["status"] in ("created", "unknown"), (fault, line)
        assert (there == 1) if line["status"] == "created" else (there <= 1 and fault), (
            fault,
            line,
        )
        if fault and FAULTS[fault].stores is Stores.NO:
            assert line["status"] == "created", (fault, line)
    figure(
        f"{len(GARBAGE)} kinds of faults",
        seconds=f"{took:.1f}",
        peak_memory=f"{memory:.0f} MiB",
        rejected=0,
        wrongly_created=0,
        unknown=sum(line["status"] == "unknown" for line in lines),
    )
    assert memory < 300


@pytest.mark.parametrize("fault", sorted(STOPPING))
def test_a_login_page_or_a_redirect_stops_the_run(user: Shell, fault: str) -> None:
    with background(SandboxSettings(script={f"p{n}": (behaviour(fault),) for n in range(50)})) as s:
        job = Job(user, s, ("--rate", "max", "--settle", 0))
        job.write(rows(50))
        stopped = job.run()
        assert stopped.status == 5
        assert stopped.document["rows"]["created"] == 0
        assert stopped.document["rows"]["rejected"] == 0
        assert stopped.document["rows"]["unknown"] == job.posts() <= 3 + 8
        assert {each.path for each in s.requests} == {"/api/responses"}
