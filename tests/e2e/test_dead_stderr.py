"""A run whose standard error is dead, full or closed goes on, and says on standard output what it came to."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from importer.cli.progress import Progress
from importer.engine.observer import Observers, Sending, Staged, Waiting
from importer.model import Why
from importer.sandbox import WRITE_KEY, background
from tests.e2e.conftest import MAPPING

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")


@pytest.mark.parametrize(
    "redirect",
    [
        pytest.param("2>/dev/full", marks=needs_full),
        pytest.param("--log json 2>/dev/full", marks=needs_full),
        "2>&-",
        "2> >(exec true)",
    ],
)
def test_a_run_goes_on(tmp_path: Path, redirect: str) -> None:
    (tmp_path / "m.yaml").write_text(MAPPING)
    rows = "".join(f"u{n},9,f,\n" for n in range(30))
    (tmp_path / "a.csv").write_text(f"id,score,comment,email\n{rows}")
    importer = shlex.quote(str(Path(sys.executable).parent / "importer"))
    with background() as sandbox:
        words = f"run a.csv -m m.yaml --yes --state state --rate max --endpoint {sandbox.url}"
        ended = subprocess.run(
            ["bash", "-c", f"{importer} {words} {redirect}"],
            cwd=tmp_path,
            env={**os.environ, "SATISMETER_WRITE_KEY": WRITE_KEY},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert (ended.returncode, len(sandbox.stored())) == (0, 30)
    assert "accepted by the API" in ended.stdout
    assert (tmp_path / "state" / "ledger.sqlite3").read_bytes().startswith(b"SQLite format 3")


class Gone:
    """A terminal that has been closed."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    def write(self, _: str) -> int:
        raise OSError(5, "Input/output error")

    def flush(self) -> None:
        raise OSError(5, "Input/output error")


def test_a_bar_on_a_terminal_that_goes_away_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Gone())
    progress = Progress()
    observers = Observers((progress,))
    for event in (Staged(7), Sending(7, "job"), Waiting(Why.RETRY_AFTER, 0.0)):
        observers.event(event)
    progress.close()
