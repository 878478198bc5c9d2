"""What a person names: links, and pipes of a shell, are taken; devices and endless files are not."""

import json
import os
import stat
from pathlib import Path

import pytest

from importer.cli.config import private_text
from importer.engine.approval import ApprovedPlan
from importer.errors import LedgerError, MappingError, UsageError
from importer.ledger import secret
from importer.mapping import load
from importer.resources import MOST_TEXT, opened
from importer.results.files import folder


def key(path: Path, mode: int = 0o600) -> Path:
    path.write_text("KEY\n")
    path.chmod(mode)
    return path


def test_a_secret_mounted_as_a_link_is_read(tmp_path: Path) -> None:
    """As Kubernetes does it; the mode is that of the file, not of the link."""
    (tmp_path / "..2026").mkdir()
    key(tmp_path / "..2026" / "key")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "key").symlink_to("..data/key")
    assert private_text(tmp_path / "key", "key file") == "KEY"
    key(tmp_path / "..2026" / "key", 0o644)
    with pytest.raises(UsageError, match="can be read by others"):
        private_text(tmp_path / "key", "key file")


def test_a_pipe_of_the_shell_is_read(tmp_path: Path) -> None:
    """`--key-file <(vault …)`: its writer may have ended by then."""
    reading, writing = os.pipe()
    os.write(writing, b"KEY\n")
    os.close(writing)
    try:
        assert private_text(Path(f"/dev/fd/{reading}"), "key file") == "KEY"
    finally:
        os.close(reading)


@pytest.mark.parametrize("name", ["/dev/zero", "pipe", "folder", "long"])
def test_what_is_no_small_file_is_refused_at_once(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "long").write_bytes(b" " * (MOST_TEXT + 1))
    (tmp_path / "long").chmod(0o600)
    path = tmp_path / name
    with pytest.raises(UsageError, match="can't be read: it"):
        private_text(path, "key file")
    if name != "long":
        with pytest.raises(MappingError, match="can't be read"):
            load(str(path))
        with pytest.raises(UsageError, match="can't be read"):
            ApprovedPlan.read(path)


@pytest.mark.parametrize(
    "change",
    [
        {"to_post": "9" * 5_000},
        {"made": 7},
        {"rows": []},
        {"inputs": {"endpoint": 1}},
        {"file": None},
    ],
)
def test_a_plan_of_odd_values_is_none(tmp_path: Path, change: dict[str, object]) -> None:
    names = ["file_sha256", "sheet", "mapping_sha256", "meaning_sha256", "endpoint", "campaign"]
    plan: dict[str, object] = {
        **dict.fromkeys(("made", "importer", "file", "mapping", "requests_sha256"), "x"),
        "format": 1,
        "inputs": dict.fromkeys(names, "x"),
        "rows": {"read": 1},
        "to_post": "2-40 42",
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    assert ApprovedPlan.read(tmp_path / "plan.json").to_post == "2-40 42"
    if isinstance(change.get("inputs"), dict):
        change = {"inputs": {**dict.fromkeys(names, "x"), "endpoint": 1}}
    (tmp_path / "plan.json").write_text(json.dumps({**plan, **change}))
    with pytest.raises(UsageError, match="no saved plan"):
        ApprovedPlan.read(tmp_path / "plan.json")


def test_a_state_folder_that_everybody_may_write_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"
    made = secret(state)
    state.chmod(0o2770)  # as Kubernetes' fsGroup leaves it
    (state / "hash.key").chmod(0o660)
    assert secret(state) == made
    (state / "hash.key").chmod(0o666)
    with pytest.raises(LedgerError, match="Everybody may write"):
        secret(state)
    (state / "hash.key").chmod(0o600)
    state.chmod(0o777)
    with pytest.raises(LedgerError, match="Everybody may write"):
        secret(state)


def test_folders_made_on_the_way_are_private_too(tmp_path: Path) -> None:
    folder(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700


def test_a_watched_folders_rule_takes_no_link_and_no_pipe(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(key(tmp_path / "key"))
    os.mkfifo(tmp_path / "pipe")
    os.close(opened(tmp_path / "key", links=False))
    for name in ("link", "pipe"):
        with pytest.raises(OSError, match="it is"):
            opened(tmp_path / name, links=False)
