"""The bench that says where a run's time goes runs, and each of its phases ends. Nothing here is timed."""

from __future__ import annotations

from pathlib import Path

from benchmarks import data
from benchmarks.phases import Phases, posted
from importer.sandbox import SandboxSettings, background


def test_a_run_of_the_bench_is_told_phase_by_phase(tmp_path: Path) -> None:
    phases = Phases()
    ours = SandboxSettings(write_key=data.WRITE_KEY, campaign=data.CAMPAIGN)
    with background(ours) as sandbox:
        posted(phases, data.write_csv(tmp_path / "answers.csv", 50), sandbox.url, tmp_path)
        assert len(sandbox.stored()) == 50
    *each, (last, _) = phases.told(50)
    assert [phase.partition(":")[0].partition(",")[0] for phase, _ in each] == [
        *("open", "read", "send", "results.csv"),
    ]
    assert last == "all"
