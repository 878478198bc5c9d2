"""Where a key is, no memory reaches the disk, and no copy of the settings shows it."""

from __future__ import annotations

import dataclasses
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from importer.errors import MappingError, Mistake
from importer.mapping import load
from importer.settings import Secret, Settings


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_command_with_a_key_dumps_no_core() -> None:
    code = (
        "import ctypes, resource; from importer.cli import config as keys;"
        "before = ctypes.CDLL(None).prctl(3); keys.write_key(None);"
        "print(before, ctypes.CDLL(None).prctl(3), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    environment = {"SATISMETER_WRITE_KEY": "k", "PATH": ""}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert ended.stdout == "1 0 (0, 0)\n"
    assert resource.getrlimit(resource.RLIMIT_CORE)[1] is not None


def test_no_copy_of_the_settings_shows_a_key() -> None:
    settings = Settings(file="a", mapping="m", state=Path(), write_key=Secret("canary"))
    shown = repr(settings) + str(dataclasses.asdict(settings)) + str(vars)
    assert "canary" not in shown
    assert settings.write_key == Secret("canary")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


@pytest.mark.parametrize(
    "line", ["aws_secret_access_key = SECRETVALUE", "password: SECRETVALUE", "  token: SECRETVALUE"]
)
def test_a_line_that_holds_a_secret_is_not_quoted(line: str) -> None:
    assert "SECRETVALUE" not in str(MappingError("m.yaml", line, [Mistake(1, 1, "no")]))
    honest = MappingError("m.yaml", "key: [id, date]", [Mistake(1, 1, "no")])
    assert "key: [id, date]" in str(honest)


def test_extends_reads_mappings_only(tmp_path: Path) -> None:
    (tmp_path / "creds").write_text("aws_secret_access_key = SECRETVALUE\n")
    (tmp_path / "m.yaml").write_text("version: 1\nextends: ./creds\n")
    with pytest.raises(MappingError, match="yaml") as told:
        load(str(tmp_path / "m.yaml"))
    assert "SECRETVALUE" not in str(told.value)
