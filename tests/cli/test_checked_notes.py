"""What `importer check` says of a mapping that fits."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from importer.cli import command

MAPPING = """
version: 1
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: [ID]
answers: [{id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: Score, type: nps}]
traits: {respondedAt: {column: At, type: date, format: %s}}
"""


@pytest.mark.parametrize(
    ("written", "noted"),
    [
        *(("unix", False), ("[unix, unix_ms]", False), ("[unix, iso]", True)),
        *(('"%Y-%m-%d %H:%M %z"', False), ('["%Y-%m-%d %z", "%Y-%m-%d"]', True)),
        *(('"%Y-%m-%d"', True), ('"%Y-%m-%d %%z"', True)),
    ],
)
def test_only_times_that_can_lack_a_zone_are_said_to(
    tmp_path: Path, written: str, noted: bool
) -> None:
    mapping, table = tmp_path / "m.yaml", tmp_path / "a.csv"
    mapping.write_text(MAPPING.replace("%s", written), encoding="utf-8")
    table.write_text("ID,Score,At\nu1,9,1788042655\n", encoding="utf-8")
    told = CliRunner().invoke(command, ["check", str(mapping), str(table)])
    assert told.exit_code == 0, told.output
    assert ("taken for UTC" in told.output) == noted
