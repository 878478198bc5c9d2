"""A job in lanes, posted by workers of Dask, is what one process makes of the file."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from importer.sandbox import SandboxSettings, background
from tests.e2e.here import Here
from tests.postgres.test_commands import FAULTS, outcomes
from tests.postgres.test_work import _brief, lay_out

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
PROGRAM = str(Path(sys.executable).with_name("importer"))


def test_two_workers_make_of_a_file_what_one_process_makes(plain: Here, shared: Here) -> None:
    quick = ("--settle", "0.2", "--rate", "max")
    reading = {"SATISMETER_API_KEY": ""}
    with background(SandboxSettings(fail=FAULTS, seed=7, by_row=True)) as sandbox:
        words = lay_out(plain, sandbox, 300, 300)
        alone = plain("run", *words, *quick, "--yes", "--out", "alone", **reading)
    with background(SandboxSettings(fail=FAULTS, seed=7, by_row=True)) as sandbox:
        words = lay_out(shared, sandbox, 300, 300)
        more = (*quick, "--lanes", "6", "--workers", "2", "--out", "together")
        together = shared("work", *words, *more, **reading)
        assert "Traceback" not in together.err
        assert max(sandbox.copies().values()) == 1
        assert together.document["requests"] == len(sandbox.posts())
    assert (together.status, together.document["rows"]) == (alone.status, alone.document["rows"])
    pairs = zip(outcomes(plain.folder / "alone"), outcomes(plain.folder / "together"), strict=True)
    assert [(_brief(one), _brief(other)) for one, other in pairs if one != other] == []


def _children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(each) for thread in threads for each in thread.read_text().split()]
    return found + [below for each in found for below in _children(each)]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")
def test_a_worker_that_is_killed_while_it_posts_costs_nothing_but_doubt(shared: Here) -> None:
    with background(SandboxSettings(latency=0.05)) as sandbox:
        words = lay_out(shared, sandbox, 400, 400)
        more = ("--rate", "40/s", "--lanes", "4", "--settle", "0.2", "--workers", "2")
        one = subprocess.Popen(
            [PROGRAM, "work", *map(str, words), *more],
            cwd=shared.folder,
            env=dict(shared.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            until = time.monotonic() + 90
            while len(sandbox.posts()) < 60:
                assert time.monotonic() < until
                assert one.poll() is None, one.communicate()
                time.sleep(0.05)
            # Its workers have no children, as the process has from which they were forked.
            spawned = [
                each
                for each in _children(one.pid)
                if re.search(rb"spawn_main|forkserver", Path(f"/proc/{each}/cmdline").read_bytes())
                and not _children(each)
            ]
            assert len(spawned) == 2
            told = b"".join(Path(f"/proc/{each}/cmdline").read_bytes() for each in spawned)
            assert shared.environment["SATISMETER_HASH_KEY"].encode() not in told
            os.kill(spawned[0], signal.SIGKILL)
            out, err = one.communicate(timeout=240)
            assert "Traceback" not in err, err
            copies = sandbox.copies()
            assert max(copies.values()) == 1
        finally:
            one.kill()
    done = shared("jobs", "--json").document["jobs"][0]
    rows = Counter(done["rows"])
    assert rows["created"] + rows["unknown"] == 400, (out, err)
    assert rows["created"] <= len(copies) <= rows["created"] + rows["unknown"]


def test_ctrl_c_lets_all_workers_end_and_the_same_command_goes_on(shared: Here) -> None:
    with background(SandboxSettings(latency=0.05)) as sandbox:
        words = lay_out(shared, sandbox, 300, 300)
        more = ("--rate", "20/s", "--lanes", "4", "--settle", "0.2", "--workers", "2")
        one = subprocess.Popen(
            [PROGRAM, "work", *map(str, words), *more],
            cwd=shared.folder,
            env=dict(shared.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            until = time.monotonic() + 90
            while len(sandbox.posts()) < 30:
                assert time.monotonic() < until
                assert one.poll() is None, one.communicate()
                time.sleep(0.05)
            one.send_signal(signal.SIGINT)
            _, err = one.communicate(timeout=120)
        finally:
            one.kill()
        assert (one.returncode, "Traceback" in err) == (130, False), err
        posted = len(sandbox.posts())
        assert posted < 300
        rows = Counter(shared("jobs", "--json").document["jobs"][0]["rows"])
        assert (rows["created"], rows["pending"]) == (posted, 300 - posted), (
            "all came to their ends"
        )
        done = shared("work", *words, "--settle", "0.2", "--rate", "max")
        assert done.status == 0, done.err
        assert len(sandbox.posts()) == 300
        assert max(sandbox.copies().values()) == 1
        # That all is done is told, however often it is asked, and of the ledger that was named.
        two = ("--workers", "2", "--ledger", shared.environment["IMPORTER_LEDGER"])
        for address in ("postgresql://127.0.0.1:9/no", two[-1]):
            again = shared("work", *words, *two, IMPORTER_LEDGER=address)
            assert (again.status, again.document["requests"]) == (0, 0), again.err
            assert again.document["rows"]["created"] == 300
