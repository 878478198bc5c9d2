"""docs/scheduling.md names what there is."""

from pathlib import Path

import pytest

from importer.automation import KINDS, VARIABLES, Fate, fate, metrics
from importer.automation.inbox import FileEnded
from importer.automation.schedule import RENDERED
from importer.cli import unattended
from importer.cli.automation import KINDS as SCHEDULERS
from importer.errors import ExitStatus
from tests.automation.test_notice import NOTICE, samples

TEXT = (Path(__file__).parents[2] / "docs" / "scheduling.md").read_text(encoding="utf-8")


def test_kinds_of_targets() -> None:
    assert KINDS == unattended.KINDS
    for kind, variable in VARIABLES.items():
        assert f"| `{kind}` | `{variable}` |" in TEXT


def test_schedulers() -> None:
    assert tuple(RENDERED) == SCHEDULERS
    for kind in SCHEDULERS:
        assert f"| `{kind}` |" in TEXT


def test_metrics() -> None:
    for name, _ in samples(metrics(NOTICE)):
        assert f"`{name}" in TEXT


@pytest.mark.parametrize("status", list(ExitStatus))
def test_where_a_file_goes(status: ExitStatus) -> None:
    table = TEXT.split("## Files that lie elsewhere")[0]
    (line,) = [
        line
        for line in table.splitlines()
        if line.startswith("|")
        and str(int(status)) in line.split("|")[1].replace("otherwise", "").replace(",", "").split()
        and "with" not in line.split("|")[1]
    ]
    words = {Fate.DONE: "`DIR/done/`", Fate.FAILED: "`DIR/failed/`", Fate.STAYS: "stays"}
    assert words[fate(FileEnded(status))] in line
