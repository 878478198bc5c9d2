"""How behaviours are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.errors import UsageError
from importer.sandbox import FAULTS, Behaviour, FaultShare
from importer.sandbox.faults import behaviour, script, share


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ok", Behaviour()),
        ("late", Behaviour("late")),
        (503, Behaviour("status", 503)),
        ("503", Behaviour("status", 503)),
        ("503+2", Behaviour("status", 503, headers={"Retry-After": "2"})),
        ({"fault": "late", "delay": 1}, Behaviour("late", delay=1.0)),
        (
            {"status": 500, "stores": True, "body": {"a": 1}, "headers": {"X-A": 1}},
            Behaviour("status", 500, {"a": 1}, {"X-A": "1"}, stores=True),
        ),
        ({"status": "429+1"}, Behaviour("status", 429, headers={"Retry-After": "1"})),
    ],
)
def test_a_behaviour(written: object, meant: Behaviour) -> None:
    assert behaviour(written) == meant


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_can_be_named(name: str) -> None:
    assert behaviour(name) == Behaviour(name)


@pytest.mark.parametrize(
    "written",
    [
        "nope", "", "600", "99", "5o3", None, True, 1.5, [], {}, {"status": 503, "fault": "late"},
        {"status": 503, "retry": 1}, {"status": 503, "headers": []}, {"fault": "late", "delay": "1"},
    ],
)  # fmt: skip
def test_what_is_no_behaviour(written: object) -> None:
    with pytest.raises(UsageError):
        behaviour(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("late", FaultShare(Behaviour("late"), 1.0)),
        ("503:0.1", FaultShare(Behaviour("status", 503), 0.1)),
        ("429+3:0", FaultShare(Behaviour("status", 429, headers={"Retry-After": "3"}), 0.0)),
    ],
)
def test_a_share(written: str, meant: FaultShare) -> None:
    assert share(written) == meant


@pytest.mark.parametrize("written", ["late:", "late:2", "late:-1", "late:x", "late:nan", ":0.5"])
def test_what_is_no_share(written: str) -> None:
    with pytest.raises(UsageError):
        share(written)


def test_a_script(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text('{"007": ["503+1", "ok"], "008": []}')
    assert script(path) == {
        "007": (Behaviour("status", 503, headers={"Retry-After": "1"}), Behaviour()),
        "008": (),
    }


@pytest.mark.parametrize("text", ["", "[]", '{"007": "ok"}', '{"007": ["nope"]}', "{"])
def test_what_is_no_script(tmp_path: Path, text: str) -> None:
    path = tmp_path / "script.json"
    path.write_text(text)
    with pytest.raises(UsageError):
        script(path)


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        script(tmp_path / "none.json")
