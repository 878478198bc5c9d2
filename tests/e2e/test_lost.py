"""Rows that the API calls duplicates, of what nobody knows: they may be lost answers."""

from __future__ import annotations

import csv

import pytest

from importer.sandbox import Sandbox, SandboxSettings, Targeting, background
from tests.automation.servers import web
from tests.e2e.commands import Ended, Shell

HEADER = "id,score,comment,email\n"


def run(user: Shell, sandbox: Sandbox, name: str, *more: object, **environment: str) -> Ended:
    words = ("run", name, "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes")
    return user(*words, "--rate", "max", "--concurrency", 1, *more, **environment)


def answers(user: Shell, name: str, first: int, last: int) -> str:
    rows = "".join(f"p{n},{n % 11},,p{n}@example.com\n" for n in range(first, last))
    user.write(name, HEADER + rows)
    return name


@pytest.fixture
def taken(user: Shell, sandbox: Sandbox) -> Sandbox:
    """Ten people have answered already, as another ledger knows."""
    assert run(user, sandbox, answers(user, "first.csv", 0, 10), "--state", "other").status == 0
    return sandbox


def problems(user: Shell, name: str) -> list[dict[str, str]]:
    path = user.folder / f"{name}-import" / "problems.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_that_stored_nothing_is_no_success(user: Shell, taken: Sandbox) -> None:
    name = answers(user, "nightly.csv", 0, 10)
    with web() as server:
        ended = run(user, taken, name, "--notify", "webhook", IMPORTER_NOTIFY_WEBHOOK=server.url)

    assert ended.status == 3
    assert server.got[0]["causes"] == {"dup_or_targeting": 10}
    assert [each["id"] for each in problems(user, "nightly")] == [f"p{n}" for n in range(10)]
    assert "verify" not in ended.out
    assert "importer explain dup_or_targeting" in ended.out
    page = (user.folder / "nightly-import" / "report.html").read_text(encoding="utf-8")
    assert "refused as duplicate or by targeting" in page
    assert "there already" not in page + ended.out

    assert run(user, taken, name).status == 3  # nothing is posted, nothing is stored
    assert run(user, taken, name, "--fail-on", "none").status == 0
    status = ("--status", "duplicate", "--yes", "--rate", "max")
    assert user("retry", "1", *status).status == 3


def test_the_first_twenty_all_refused_as_duplicates_stop_the_run(
    user: Shell, sandbox: Sandbox
) -> None:
    run(user, sandbox, answers(user, "first.csv", 0, 30), "--state", "other")
    before = len(sandbox.posts())

    ended = run(user, sandbox, answers(user, "nightly.csv", 0, 30), "--json")

    assert (ended.status, len(sandbox.posts()) - before) == (5, 20)
    assert ended.document["stopped"].startswith("all_refused")
    assert ended.document["rows"]["pending"] == 30


def test_a_few_duplicates_are_no_trouble_unless_asked(user: Shell, taken: Sandbox) -> None:
    name = answers(user, "nightly.csv", 8, 40)
    ended = run(user, taken, name, "--json")

    assert (ended.status, ended.document["rows"]["duplicate"]) == (0, 2)
    assert [each["id"] for each in problems(user, "nightly")] == ["p8", "p9"]

    more = answers(user, "more.csv", 6, 44)
    assert run(user, taken, more, "--fail-on", "5.2%,duplicate").status == 3
    assert run(user, taken, "nightly.csv").status == 0


@pytest.mark.parametrize(("most", "status"), [(1, 5), (2, 0)])
def test_max_failures_counts_them(user: Shell, taken: Sandbox, most: int, status: int) -> None:
    name = answers(user, "nightly.csv", 8, 20)

    assert run(user, taken, name, "--max-failures", most).status == status


def test_what_was_sent_before_is_a_success_with_every_switch(user: Shell, sandbox: Sandbox) -> None:
    name = answers(user, "nightly.csv", 0, 10)
    run(user, sandbox, name)

    ended = run(user, sandbox, name, "--fail-on", "duplicate", "--max-failures", 0, "--json")

    assert (ended.status, ended.document["rows"]["already_sent"]) == (0, 10)


def test_a_person_who_answered_twice_is_not_lost(user: Shell, sandbox: Sandbox) -> None:
    """The API takes one of each; that the others were refused is known by what was accepted."""
    rows = "".join(f"p{n},{score},,\n" for score in (1, 2, 3) for n in range(10))
    user.write("nightly.csv", HEADER + rows)

    ended = run(user, sandbox, "nightly.csv", "--fail-on", "duplicate", "--max-failures", 0)

    assert (ended.status, len(sandbox.stored())) == (0, 10)
    assert not (user.folder / "nightly-import" / "problems.csv").exists()


def test_those_whom_the_survey_does_not_target_are_told(user: Shell) -> None:
    targeted = SandboxSettings(targeting=Targeting(traits={"email": ["p3@example.com"]}))
    with background(targeted) as sandbox:
        ended = run(user, sandbox, answers(user, "nightly.csv", 0, 5), "--json")

    assert (ended.status, ended.document["rows"]["created"]) == (0, 1)
    assert len(problems(user, "nightly")) == 4
