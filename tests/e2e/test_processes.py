"""Several sender processes: the same outcomes as one, whoever dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from importer import pipeline
from importer.model import Outcome
from importer.pipeline.watch import Unwatched
from importer.sandbox import WRITE_KEY, Behaviour, Sandbox, SandboxSettings, Share, background
from importer.settings import Endpoint, Rate, Secret, Settings
from tests.e2e.commands import Shell
from tests.e2e.conftest import MAPPING
from tests.e2e.processes import people, started, wait_until
from tests.e2e.test_crashes import READING, import_under_fire
from tests.e2e.test_run import results

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="looks for processes in /proc"
)

TOLD = ("row", "userId", "status", "code", "message", "attempts")


def words(sandbox: Sandbox, *more: object) -> tuple[object, ...]:
    run = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes", "--json")
    return (*run, "--settle", "0.2", "--rate", "max", "--processes", 2, *more)


def children(process: subprocess.Popen[str]) -> list[int]:
    """The processes that this one has started and that live."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [pid for pid in map(int, listed.split()) if lives(pid)]


def lives(pid: int) -> bool:
    """Whether there is such a process, and it is more than an entry in its parent's books."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def faulty(person: int) -> list[Behaviour]:
    """What the first inserts of a person meet: always the same, whoever posts them."""
    kinds = (
        [Behaviour("status", 422)],
        [Behaviour("status", 503, headers={"Retry-After": "0"})],
        [Behaviour("ok"), Behaviour("close_read")],
        [Behaviour("status", 500)],
        [Behaviour("status", 400, body="Duplicate response")],
    )
    return kinds[person % 10] if person % 10 < len(kinds) else []


def test_two_processes_come_to_what_one_comes_to(user: Shell) -> None:
    user.write("answers.csv", people(30, 3))
    script = {f"p{person}": faulty(person) for person in range(3, 30)}
    told = {}
    for processes, rate in ((1, "max"), (2, "60/s")):
        folder = f"by-{processes}"
        with background(SandboxSettings(duplicate_window=0, script=script)) as sandbox:
            more = ("--processes", processes, "--out", folder, "--state", f"state-{processes}")
            ended = user(*words(sandbox, *more, "--rate", rate))
            order: dict[str, list[str]] = {}
            for one in sandbox.stored():
                comment = next(str(v) for _, v in one.answers if str(v).startswith("answer"))
                order.setdefault(one.user_id, []).append(comment)
            arrived = [post.arrived for post in sandbox.posts()]
        lines = [[line[name] for name in TOLD] for line in results(user, folder)]
        told[processes] = lines, order, ended.document["rows"], ended.document["requests"]
        assert len(arrived) == ended.document["requests"] >= 90
        assert "Sending 90 rows" in ended.err
    most = max(sum(at <= other < at + 1 for other in arrived) for at in arrived)
    assert most <= 63
    assert told[2] == told[1]
    assert all(comments == sorted(comments) for comments in told[2][1].values())
    assert {line[2] for line in told[2][0]} == {"created", "rejected", "duplicate"}


def test_when_a_sender_is_killed_the_run_stops_and_can_go_on(user: Shell) -> None:
    user.write("answers.csv", people(120))
    user.write("mapping.yaml", MAPPING + "forceSurvey: true\n")
    with background(SandboxSettings(latency=0.05)) as sandbox:
        with started(user, *words(sandbox), given=READING) as process:
            wait_until(lambda: len(sandbox.posts()) >= 30)
            one, other = children(process)
            os.kill(one, signal.SIGKILL)
            out, err = process.communicate(timeout=20)
        ended = json.loads(out)
        rows = ended["rows"]
        assert (process.returncode, "Traceback" in err) == (5, False)
        assert ended["stopped"].startswith("sender_died: a sender process died (SIGKILL)")
        assert 1 <= rows["unknown"] <= 4
        assert rows["created"] + rows["unknown"] + rows["pending"] == 120
        assert rows["created"] <= len(sandbox.stored()) <= rows["created"] + rows["unknown"]
        assert {line["code"] for line in results(user) if line["status"] == "unknown"} == {
            "cut_off"
        }
        assert not lives(other)
        again = user(*words(sandbox), **READING)
        assert (again.status, again.document["rows"]["created"]) == (0, 120)
        assert set(sandbox.copies().values()) == {1}


def test_when_the_parent_is_killed_nobody_posts_and_nobody_else_begins_meanwhile(
    user: Shell,
) -> None:
    user.write("answers.csv", people(120))
    user.write("mapping.yaml", MAPPING + "forceSurvey: true\n")
    with background(SandboxSettings(latency=0.05)) as sandbox:
        with started(user, *words(sandbox), given=READING) as process:
            wait_until(lambda: len(sandbox.posts()) >= 30)
            one, other = children(process)
            for pid in (one, other):
                for place in ("cmdline", "environ"):
                    assert WRITE_KEY.encode() not in Path(f"/proc/{pid}/{place}").read_bytes()
            os.kill(one, signal.SIGSTOP)
            process.kill()
            process.wait()
            posts = len(sandbox.posts())
            busy = user(*words(sandbox), **READING)
            os.kill(one, signal.SIGCONT)
            wait_until(lambda: not lives(one) and not lives(other))
        assert (busy.status, "Another run holds the campaign" in busy.err) == (75, True)
        assert len(sandbox.posts()) <= posts + 8
        again = user(*words(sandbox), **READING)
        assert (again.status, again.document["rows"]["created"]) == (0, 120)
        assert set(sandbox.copies().values()) == {1}


def test_what_stops_one_stops_all_and_refused_rows_count_together(user: Shell) -> None:
    """Neither process has twenty refusals by itself when the run stops; all of them are taken back."""
    user.write("answers.csv", people(200))
    refused = Share(Behaviour("status", 422))
    with background(SandboxSettings(fail=(refused,), latency=0.02)) as sandbox:
        ended = user(*words(sandbox)).document
    assert ended["stopped"].startswith("all_refused: none was accepted, 20 were refused")
    assert (ended["rows"]["pending"], ended["rows"]["rejected"]) == (200, 0)
    assert ended["requests"] <= 20 + 8


def test_refused_rows_of_all_processes_count_as_failures(user: Shell) -> None:
    user.write("answers.csv", people(200))
    script = {f"p{person}": [Behaviour("status", 422)] for person in range(20, 200)}
    with background(SandboxSettings(script=script, latency=0.02)) as sandbox:
        ended = user(*words(sandbox, "--max-failures", 12)).document
    assert ended["stopped"].startswith("max_failures")
    assert 13 <= ended["rows"]["rejected"] <= 13 + 8
    assert ended["rows"]["pending"] == 200 - ended["requests"]


def test_a_signal_ends_all_of_them(user: Shell) -> None:
    user.write("answers.csv", people(2_000))
    with background(SandboxSettings(latency=0.1)) as sandbox:
        with started(user, *words(sandbox)) as process:
            wait_until(lambda: len(sandbox.posts()) >= 30)
            senders = children(process)
            for pid in (*senders, process.pid):
                os.kill(pid, signal.SIGINT)
            start = time.monotonic()
            out, err = process.communicate(timeout=20)
        rows = json.loads(out)["rows"]
        assert (process.returncode, "Traceback" in err) == (130, False)
        assert time.monotonic() - start < 3
        assert rows["unknown"] == 0
        assert rows["created"] == len(sandbox.stored())
        assert rows["created"] + rows["pending"] == 2_000
        assert not any(map(lives, senders))


def test_a_pause_that_one_meets_is_a_pause_for_all(user: Shell) -> None:
    """By itself the other would post for half a second more."""
    user.write("answers.csv", people(60))
    pause = Behaviour("status", 503, headers={"Retry-After": "1"})
    with background(SandboxSettings(script={"p4": [pause]}, latency=0.1)) as sandbox:
        ended = user(*words(sandbox)).document
        arrived = [post.arrived for post in sandbox.posts()]
    gaps = [later - before for before, later in pairwise(arrived)]
    assert (ended["rows"]["created"], ended["requests"]) == (60, 61)
    assert max(gaps) > 0.8


class Counting(Unwatched):
    """Counts what it is told; breaks where it has been told enough."""

    def __init__(self, most: int) -> None:
        self.statuses: Counter[str] = Counter()
        self._most = most

    def ended(self, outcome: Outcome) -> None:
        self.statuses[outcome.status] += 1
        if self.statuses.total() > self._most:
            raise ValueError("a watch that breaks")


def test_who_watches_hears_of_every_row_and_may_break(user: Shell, sandbox: Sandbox) -> None:
    settings = Settings(
        file=str(user.write("answers.csv", people(60))),
        mapping=str(user.folder / "mapping.yaml"),
        state=user.folder / "state",
        endpoint=Endpoint.parse(sandbox.url),
        write_key=Secret(WRITE_KEY),
        rate=Rate(None),
        limit=50,
        processes=2,
    )
    watch = Counting(50)
    _, summary = pipeline.run(settings, watch=watch)
    assert watch.statuses == {"created": 50}
    assert (summary.requests, summary.rows["pending"]) == (50, 10)
    with pytest.raises(ValueError, match="a watch that breaks"):
        pipeline.run(replace(settings, limit=None), watch=Counting(5))


@pytest.mark.trial
@pytest.mark.parametrize("seed", [11, 12])
def test_twenty_kills_of_three_processes(user: Shell, seed: int) -> None:
    reading = seed % 2 == 1
    statuses = import_under_fire(user, 5_000, 20, seed, "--processes", "3", reading=reading)
    assert statuses["created"] + statuses["unknown"] == 5_000
    if reading:
        assert statuses == {"created": 5_000}
