"""What a row of a run costs, counted in calls of our own functions: seconds are the machine's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType

import importer
from benchmarks import data
from benchmarks.phases import Phases, posted
from importer.model import Status
from importer.sandbox import SandboxSettings, background
from importer.satismeter import Classification, Redactor
from importer.settings import Secret
from tests.figures import figure

_OURS = str(Path(importer.__file__).parent)
_MASKING = "redact.py"
"""The sandbox's IDs are zeros for the most part, as those of the bench's persons are: each is looked at
closely, which no server's would be. So that is counted by itself."""


def test_a_row_of_a_run_takes_few_calls(tmp_path: Path) -> None:
    few, many = (_of_run(tmp_path / str(rows), rows) for rows in (200, 800))
    each = (many - few) / 600
    figure("calls of our own functions", each_row=round(each))
    assert each < 218


def test_an_id_that_quotes_nothing_is_let_through_at_once() -> None:
    redactor = Redactor(Secret("bench-0123456789abcdef"))
    sent = b'{"campaign":"5d2f6c1e9b0a4c0017a3e1b2","userId":"00000001","answers":[{"id":"a","value":9}]}'
    calls = [_calls(partial(redactor.classification, each, sent)) for each in _created()]
    figure("calls of our own functions", each_id=round(sum(calls) / len(calls)))
    assert sum(calls) < 25 * len(calls)


def _created() -> list[Classification]:
    """IDs as a server makes them."""
    numbers = ((n * 0x9E3779B97F4A7C15F39CC060) % (1 << 96) for n in range(1, 200))
    return [Classification(Status.CREATED, response_id=f"{number:024x}") for number in numbers]


def _of_run(folder: Path, rows: int) -> int:
    folder.mkdir()
    ours = SandboxSettings(write_key=data.WRITE_KEY, campaign=data.CAMPAIGN)
    table = data.write_csv(folder / "answers.csv", rows)
    with background(ours) as sandbox:
        return _calls(lambda: posted(Phases(), table, sandbox.url, folder), but_for=_MASKING)


def _calls(work: Callable[[], object], but_for: str = " ") -> int:
    """Calls, and steps of coroutines and generators, in this thread."""
    count = 0

    def counting(frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        file = frame.f_code.co_filename
        count += event == "call" and file.startswith(_OURS) and not file.endswith(but_for)

    sys.setprofile(counting)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count
