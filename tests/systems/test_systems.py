"""The same promises on every system: here, and where this system plays Windows."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from importer import resources
from importer.ledger import reading
from importer.sandbox import SandboxSettings, background
from tests.e2e.commands import Shell, shell
from tests.e2e.processes import started, wait_until
from tests.systems.promises import PROMISES
from tests.web.serving import CAMPAIGN, QUESTIONS
from tests.web.test_killed import Site, created, ended

ROOT = Path(__file__).parents[2]
WINDOWS = {
    "PYTHONPATH": str(Path(__file__).with_name("windows")),
    "PYTHONIOENCODING": "cp1252",  # what a pipe speaks there unless it is told otherwise
}
MAPPING = (
    f"version: 1\ncampaign: {CAMPAIGN}\nuserId: id\nsending: {{rate: 60/s}}\n"
    f"answers: [{{id: {QUESTIONS['score']}, column: score, type: nps}}]\n"
)


@pytest.fixture
def windows(tmp_path: Path) -> Shell:
    """A shell whose commands find Windows around them."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("only Linux plays Windows: it tells which files are open")
    one = shell(tmp_path)
    return replace(one, environment={**one.environment, **WINDOWS})


@pytest.mark.parametrize("promise", PROMISES, ids=lambda each: each.__name__)
def test_here(promise: Callable[[Path], None], tmp_path: Path) -> None:
    promise(tmp_path)


def test_where_windows_is_played(windows: Shell) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.systems.promises", windows.folder],
        cwd=ROOT,
        env={**windows.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr == ""
    assert ended.stdout.split() == [each.__name__ for each in PROMISES]


OWN = (
    r"sys\.platform|os\.name\b|signal\.(SIGHUP|SIGKILL|SIGBREAK|CTRL_\w+|SIGUSR\d|SIGALRM)"
    r"|\bimport (fcntl|grp|msvcrt|pty|pwd|resource|termios|tty|winreg|posix)\b"
    r"|os\.(link|fork\w*|get[eu]?[ug]id|killpg|kill|setsid|chown|fch\w+|pread|pwrite|mkfifo|uname)\b"
    r"|os\.O_(NO|DIR|AS|CLO)\w+|loop\(?\)?\.add_signal_handler|add_reader|preexec_fn|pass_fds|start_new_session|dir_fd"
)


def test_no_other_file_asks_what_it_runs_on() -> None:
    files = sorted((ROOT / "importer").rglob("*.py"))
    found = {
        path.name: match.group()
        for path in files
        if path.name != "system.py" and (match := re.search(OWN, path.read_text("utf-8")))
    }
    assert found == {}


def test_plan_and_run_of_a_workbook_and_of_what_has_no_name(windows: Shell) -> None:
    shutil.copy(resources.SAMPLES / "microsoft_forms.xlsx", windows.folder / "answers.xlsx")
    mapping = resources.SAMPLES / "microsoft_forms.yaml"
    with background() as sandbox:
        where = ("--endpoint", sandbox.url)
        planned = windows("plan", "answers.xlsx", "-m", mapping, *where, "--json")
        assert planned.status == 0, planned.err
        ran = windows(
            "run", "answers.xlsx", "-m", mapping, *where, "--yes", "--rate", "max", "--json"
        )
        assert ran.status == 0, ran.err
        assert len(sandbox.stored()) == planned.document["rows"]["ready"] == 16
    packed = gzip.compress((windows.folder / "answers.xlsx").read_bytes())
    (windows.folder / "answers.xlsx.gz").write_bytes(packed)  # its workbook is spooled
    again = windows("inspect", "answers.xlsx.gz", "--json")
    assert again.status == 0, again.err
    assert again.document["rows"] == 16
    assert not list(Path(windows.environment.get("TMPDIR", "/tmp")).glob("tmp*.xlsx"))


def test_letters_beyond_the_code_page_reach_a_pipe(windows: Shell) -> None:
    windows.write("人.csv", "id,score,kommentář\n1,9,Příliš žluťoučký\n")
    assert "kommentář" in windows("inspect", "人.csv").out


@pytest.mark.trial
def test_watch_moves_files_and_overwrites_none(windows: Shell) -> None:
    windows.write("mapping.yaml", MAPPING)
    inbox = windows.folder / "inbox"
    (inbox / "done").mkdir(parents=True)
    (inbox / "done" / "a.csv").write_text("an earlier one", "utf-8")
    (inbox / "a.csv").write_text("id,score\n1,9\n2,8\n", "utf-8")
    with background() as sandbox:
        words = ("watch", inbox, "-m", "mapping.yaml", "--once", "--settled", "0s")
        ended = windows(*words, "--endpoint", sandbox.url)
        assert ended.status == 0, ended.err + ended.out
        assert len(sandbox.stored()) == 2
    assert sorted(each.name for each in (inbox / "done").iterdir()) == ["a-2.csv", "a.csv"]
    assert (inbox / "done" / "a.csv").read_text("utf-8") == "an earlier one"


@pytest.mark.trial
def test_the_wizard_starts_a_run_sees_it_and_pauses_it(windows: Shell) -> None:
    state = windows.folder / "state"
    file = windows.write("people.csv", "id,score\n" + "".join(f"p{n},9\n" for n in range(200)))
    with background(SandboxSettings(latency=0.05)) as sandbox:
        words = ("web", file, "--no-open", "--state", state, "--endpoint", sandbox.url)
        with started(windows, *words) as process:
            assert process.stdout
            link = process.stdout.readline().strip()
            site = Site(link.partition("/open")[0])
            path = re.findall(r'url=([^"]+)/read"', site.get(link.removeprefix(site.origin)))[0]
            site.get(f"{path}/match")
            site.get(f"{path}/own", text=MAPPING)
            site.get(f"{path}/match", go="next")
            wait_until(lambda: "can be sent" in site.get(f"{path}/plan"))
            site.get(f"{path}/approve", go="approve")
            site.get(f"{path}/start", rows="rest")
            wait_until(lambda: created(state) >= 5)
            site.get(f"{path}/run")
            site.get(f"{path}/stop", go="stop")
            wait_until(lambda: ended(state))
            os.kill(process.pid, 10)  # Ctrl-Break, as played
            assert process.wait(20) == 0
            assert process.stderr
            assert "Traceback" not in process.stderr.read()
        with reading(state) as ledger:
            assert ledger
            job = ledger.jobs()[0]
            became = Counter(each.status for each in ledger.lines(job))
        assert became["created"] == len(sandbox.stored()) < 200
        assert became.keys() == {"created", "pending"}
