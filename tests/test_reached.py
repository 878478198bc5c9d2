"""How many files a run calls functions in: what whoever follows a row must read."""

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType

from importer import Secret, Settings, run
from importer import __file__ as package
from importer.sandbox import WRITE_KEY, background
from tests.e2e.conftest import MAPPING
from tests.e2e.here import Here

ROOM = f"{Path(package).parent}{os.sep}"
_OPTIMIZED = 1
"""`inspect.CO_OPTIMIZED`: a function's code, and no class body or module."""

MOST_OF_A_RUN = 75
MOST_OF_A_COMMAND = 85
"""With the options, the progress, and what is printed. Both may only go down."""
EACH_IN_ITS_OWN = (
    "engine/stage.py",  # everything is read and checked before anything is sent
    "ledger/fingerprint.py",  # what makes a row itself
    "ledger/dedupe.py",  # what was sent before is not sent again
    "ledger/sqlite/journal.py",  # an attempt is durable before its post
    "ledger/sqlite/locks.py",  # one run at a time
    "delivery/worker.py",  # what becomes of a row
    "delivery/rate_limit.py",
    "delivery/circuit_breaker.py",
    "delivery/abort_rules.py",
    "satismeter/insert.py",  # the one exchange with the server
    "satismeter/classify.py",  # what a reply means
    "satismeter/redact.py",  # no key in what is told
    "engine/record.py",  # every row accounted for
)


def reached(work: Callable[[], object]) -> set[str]:
    """Our files, but for the made-up server's, in which functions are called while this is done, in any
    thread. It is done once before: what only an import calls is no part of it."""
    work()
    found: set[str] = set()

    def hook(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_flags & _OPTIMIZED and code.co_filename.startswith(ROOM):
            found.add(code.co_filename.removeprefix(ROOM))

    former = sys.getprofile()
    threading.setprofile(hook)
    sys.setprofile(hook)
    try:
        work()
    finally:
        sys.setprofile(former)
        threading.setprofile(None)
    return {each for each in found if each.endswith(".py") and not each.startswith("sandbox")}


def two_rows(folder: Path) -> None:
    (folder / "m.yaml").write_text(MAPPING)
    (folder / "a.csv").write_text("id,score,comment,email\nu1,9,fine,\nu2,3,bad,\n")


def test_a_run_reaches_few_files_and_each_step_of_the_promise(tmp_path: Path) -> None:
    two_rows(tmp_path)
    with background() as sandbox:
        settings = Settings(
            file=str(tmp_path / "a.csv"),
            mapping=str(tmp_path / "m.yaml"),
            state=tmp_path / "state",
            out=tmp_path / "out",
            endpoint=sandbox.url,  # type: ignore[arg-type]  # text will do
            write_key=Secret(WRITE_KEY),
        )
        states = iter(range(2))
        found = reached(lambda: run(replace(settings, state=tmp_path / f"state-{next(states)}")))
        assert len(sandbox.requests) == 4
    assert set(EACH_IN_ITS_OWN) <= found
    assert len(found) <= MOST_OF_A_RUN, sorted(found)


def test_the_command_adds_few(tmp_path: Path) -> None:
    two_rows(tmp_path)
    key = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SATISMETER_WRITE_KEY": WRITE_KEY}
    user = Here(tmp_path, key)
    with background() as sandbox:
        words = ("run", "a.csv", "-m", "m.yaml", "--yes", "--endpoint", sandbox.url)
        states = iter(range(2))
        found = reached(lambda: user(*words, "--state", f"state-{next(states)}"))
        assert len(sandbox.requests) == 4
    assert len(found) <= MOST_OF_A_COMMAND, sorted(found)
