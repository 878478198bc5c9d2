"""Twenty starts at once: one runs, nineteen are told by whom."""

from __future__ import annotations

import re
import time

from importer.sandbox import SandboxSettings, background
from tests.e2e.commands import Shell
from tests.figures import figure
from tests.trials.job import Job, ended, rows


def test_of_twenty_starts_one_runs(user: Shell) -> None:
    with background(SandboxSettings(duplicate_window=0, latency=0.3)) as sandbox:
        job = Job(user, sandbox, ("--concurrency", 1))
        job.write(rows(1_000))
        racing = [job.start() for _ in range(20)]
        until = time.monotonic() + 60
        while sum(each.poll() is None for each in racing) > 1 and time.monotonic() < until:
            time.sleep(0.05)
        [winner] = [each for each in racing if each.poll() is None]
        winner.terminate()
        status, document = ended(winner)
        for each in racing:
            each.communicate()
        assert sorted(each.returncode for each in racing) == [75] * 19 + [143]
        assert document["rows"]["created"] == len(job.stored()) == job.posts()
        assert set(job.stored().values()) <= {1}
    assert status == 143
    errors = (user.folder / "job.err").read_text(encoding="utf-8")
    holders = re.findall(r"Another run holds the campaign: process (\d+) on", errors)
    assert holders == [str(winner.pid)] * 19
    figure("20 starts at once", winners=1, exit_75=19, named_the_holder=len(holders))
