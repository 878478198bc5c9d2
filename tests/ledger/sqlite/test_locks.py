"""One run per campaign; who comes second is told who is first."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from importer.errors import Busy
from importer.ledger.sqlite.locks import held, holder
from tests.figures import figure

_START = """
import sys
from pathlib import Path
from importer.errors import Busy
from importer.ledger.sqlite.locks import held
try:
    with held(Path(sys.argv[1]), "https://a.example", sys.argv[2].split(","), "survey.csv"):
        print("held", flush=True)
        sys.stdin.read()
except Busy as error:
    print(error.message, flush=True)
    sys.exit(75)
"""


def start(folder: Path, campaigns: str) -> subprocess.Popen[str]:
    """A process that takes the locks, says so, and holds them until its input ends."""
    words = [sys.executable, "-c", _START, str(folder), campaigns]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True)


def test_of_twenty_racing_starts_one_wins(tmp_path: Path) -> None:
    racing = [start(tmp_path, "c") for _ in range(20)]
    until = time.monotonic() + 60
    while sum(each.poll() is None for each in racing) > 1 and time.monotonic() < until:
        time.sleep(0.05)
    losers = [each for each in racing if each.poll() is not None]
    assert [each.returncode for each in losers] == [75] * 19
    outputs = [each.communicate()[0] for each in losers]
    assert all("Another run holds the campaign: process" in text for text in outputs)
    [winner] = [each for each in racing if each not in losers]
    assert winner.communicate(timeout=10)[0] == "held\n"
    assert winner.returncode == 0
    figure("20 racing starts", winners=1, exit_75=19)


def test_the_holder_is_named_and_a_killed_one_holds_nothing(tmp_path: Path) -> None:
    holder = start(tmp_path, "c")
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    named = pytest.raises(Busy, match=f"process {holder.pid} on .*, importing survey.csv since")
    with named, held(tmp_path, "https://a.example", ["c"], "other.csv"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with held(tmp_path, "https://a.example", ["c"], "other.csv"):
        pass


def test_who_looks_for_the_holder_is_told_and_turns_nobody_away(tmp_path: Path) -> None:
    assert holder(tmp_path, "https://a.example", ["c"]) is None
    running = start(tmp_path, "c")
    assert running.stdout is not None
    assert running.stdout.readline() == "held\n"
    found = holder(tmp_path, "https://a.example", ["b", "c"])
    assert found is not None
    assert (found["pid"], found["file"]) == (running.pid, "survey.csv")
    assert holder(tmp_path, "https://a.example", ["*"]) == found
    assert holder(tmp_path, "https://a.example", ["d"]) is None
    assert holder(tmp_path, "https://b.example", ["c"]) is None
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert holder(tmp_path, "https://a.example", ["c"]) is None
    with held(tmp_path, "https://a.example", ["*"], "f"):
        assert holder(tmp_path, "https://a.example", ["any"]) is not None


def test_other_campaigns_and_servers_are_free(tmp_path: Path) -> None:
    with held(tmp_path, "https://a.example", ["c"], "f"):
        with held(tmp_path, "https://a.example", ["d"], "f"):
            pass
        with held(tmp_path, "https://b.example", ["c"], "f"):
            pass
        with pytest.raises(Busy), held(tmp_path, "https://a.example", ["d", "c"], "f"):
            pass
        with held(tmp_path, "https://a.example", ["d"], "f"):
            """The loser has let go of what it had."""


def test_a_job_that_may_post_to_any_campaign_is_alone(tmp_path: Path) -> None:
    with held(tmp_path, "https://a.example", ["*"], "f"):
        for campaigns in (["c"], ["*"], ["c", "d"]):
            with pytest.raises(Busy), held(tmp_path, "https://a.example", campaigns, "f"):
                pass
        with held(tmp_path, "https://b.example", ["c"], "f"):
            pass
    alone = held(tmp_path, "https://a.example", ["*"], "f")
    with held(tmp_path, "https://a.example", ["c"], "f"), pytest.raises(Busy), alone:
        pass
    with held(tmp_path, "https://a.example", ["*"], "f"):
        pass


def test_its_files_are_the_owners_alone(tmp_path: Path) -> None:
    with held(tmp_path, "https://a.example", ["c"], "f"):
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert len(files) >= 3
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        [facts] = [json.loads(path.read_text()) for path in tmp_path.rglob("*.json")]
        assert facts["pid"] == os.getpid()
    assert list(tmp_path.rglob("*.json")) == []
