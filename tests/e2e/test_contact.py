"""A pilot says what its replies confirm of docs/api.md, and keeps their shapes."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from importer.sandbox import (
    API_KEY,
    PROJECT,
    WRITE_KEY,
    Behaviour,
    FaultShare,
    Sandbox,
    SandboxSettings,
    background,
)
from tests.e2e.commands import Ended, Shell
from tests.e2e.here import Here
from tests.e2e.test_run import run

ROWS = "id,score,comment,email\n" + "\n".join(
    f"person_{n},9,The invoices are late,p{n}@example.com" for n in range(12)
)
READS = {"SATISMETER_API_KEY": API_KEY, "SATISMETER_PROJECT": PROJECT}


@pytest.fixture
def user(user: Shell) -> Here:
    here = Here(user.folder, user.environment)
    here.write("answers.csv", ROWS)
    return here


def found(ended: Ended) -> dict[str, str]:
    return {each["id"]: each["found"] for each in ended.document["contact"]}


def kept(user: Shell) -> Any:
    return json.loads((user.folder / "answers-import" / "contact.json").read_text("utf-8"))


def test_a_pilot_confirms_what_it_sees(user: Here, sandbox: Sandbox) -> None:
    pilot = Here(user.folder, {**user.environment, **READS})

    ended = run(pilot, sandbox, "--limit", 1, "--json")

    assert found(ended) == {
        **dict.fromkeys(("A1", "A2", "A3", "A8", "A9", "A10", "A11"), "confirmed"),
        **dict.fromkeys(("A4", "A5", "A6", "A7", "A12", "A13", "A14"), "not seen"),
    }
    [reply] = kept(user)["replies"]
    assert (reply["status"], reply["body"], reply["json"]) == (200, "json", {"id": "text"})
    assert {"Content-Type", "Date"} <= {*reply["headers"]}
    assert kept(user)["assumptions"] == ended.document["contact"]


def test_it_is_told_and_the_rest_leaves_the_record(user: Here, sandbox: Sandbox) -> None:
    pilot = run(user, sandbox, "--limit", 2)
    before = kept(user)
    rest = run(user, sandbox)

    assert "What the first replies say of the API (docs/api.md)" in pilot.out
    assert "confirmed  A2: a stored response" in " ".join(pilot.out.split("\n"))
    assert "not seen: A4, A5, A6, A7, A9, A10, A11, A12, A13, A14" in pilot.out
    assert "contact.json" in pilot.out
    assert "first replies" not in rest.out
    assert kept(user) == before
    assert len(before["replies"]) == 2


SAYS: Mapping[str, tuple[Behaviour, str]] = {
    "text": (Behaviour("status", 200, body="OK", stores=True), "A2"),
    "a wrong key by 400": (Behaviour("status", 400, body={"error": "Invalid write key"}), "A7"),
}


@pytest.mark.parametrize("name", SAYS)
def test_what_is_contradicted_comes_with_what_to_do(user: Here, name: str) -> None:
    says, contradicted = SAYS[name]
    with background(SandboxSettings(fail=(FaultShare(says),))) as sandbox:
        ended = run(user, sandbox, "--limit", 1)

    summary = json.loads((user.folder / "answers-import" / "summary.json").read_text("utf-8"))
    [wrong] = [each for each in summary["contact"] if each["found"] == "contradicted"]
    assert wrong["id"] == contradicted
    assert f"contradicted  {contradicted}: " in ended.out
    assert "→ " + wrong["do"][:20] in ended.out
    assert any(wrong["do"] in each for each in summary["warnings"])


def test_a_survey_that_shows_nothing_contradicts(user: Here) -> None:
    lost = Behaviour("status", 200, body={"id": "64a1f0c2b3"})
    pilot = Here(user.folder, {**user.environment, **READS})
    with background(SandboxSettings(fail=(FaultShare(lost),))) as sandbox:
        ended = run(pilot, sandbox, "--limit", 1, "--json")

    assert found(ended)["A9"] == "contradicted"


def test_another_id_is_told(user: Here) -> None:
    other = Behaviour("status", 200, body={"id": "64a1f0c2b3"}, stores=True)
    pilot = Here(user.folder, {**user.environment, **READS})
    with background(SandboxSettings(fail=(FaultShare(other),))) as sandbox:
        ended = run(pilot, sandbox, "--limit", 1, "--json")

    said = found(ended)
    assert (said["A9"], said["A10"], said["A11"]) == ("confirmed", "confirmed", "contradicted")


def test_a_survey_that_cannot_be_read_stops_nothing(user: Here, sandbox: Sandbox) -> None:
    wrong = {"SATISMETER_API_KEY": "another-key", "SATISMETER_PROJECT": PROJECT}
    pilot = Here(user.folder, {**user.environment, **wrong})

    ended = run(pilot, sandbox, "--limit", 1, "--json")

    assert (ended.status, found(ended)["A9"]) == (0, "not seen")
    assert "could not be read back" in " ".join(ended.document["warnings"])


def test_the_record_quotes_nobody(user: Here) -> None:
    body = {"id": "x", "person_0": {WRITE_KEY: "The invoices are late"}, "p0@example.com": 1}
    hostile = Behaviour(
        "status", 200, body=body, headers={"auth-token": "t-0-k-e-n", WRITE_KEY: "1"}
    )
    with background(SandboxSettings(fail=(FaultShare(hostile),))) as sandbox:
        ended = run(user, sandbox, "--limit", 1)

    written = (user.folder / "answers-import" / "contact.json").read_text("utf-8")
    assert "auth-token" in written or "***" in written
    for told in (written, ended.out):
        assert not [
            each for each in ("person_0", WRITE_KEY, "invoices", "p0@", "t-0-k") if each in told
        ]


def test_an_unlimited_run_records_nothing(user: Here, sandbox: Sandbox) -> None:
    ended = run(user, sandbox, "--json")

    assert "contact" not in ended.document
    assert not (user.folder / "answers-import" / "contact.json").exists()
