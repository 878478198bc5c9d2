"""SIGKILL at random moments, over and over, while the server misbehaves: nothing lost, nothing twice."""

from __future__ import annotations

import html
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from importer.sandbox import (
    API_KEY,
    PROJECT,
    Behaviour,
    FaultShare,
    Sandbox,
    SandboxSettings,
    background,
)
from importer.sandbox.api import Reads
from importer.sandbox.store import Stored
from tests.e2e.commands import Shell, shell
from tests.e2e.conftest import MAPPING
from tests.e2e.processes import Moment, killed, people
from tests.e2e.test_run import results
from tests.figures import figure

FAULTS = (
    FaultShare(Behaviour("close_stored"), 0.03),
    FaultShare(Behaviour("close_read"), 0.03),
    FaultShare(Behaviour("truncated_body"), 0.02),
    FaultShare(Behaviour("status", 500, stores=True), 0.02),
    FaultShare(Behaviour("status", 503, headers={"Retry-After": "0"}), 0.03),
)
"""13 % of all requests, three fifths of them in doubt."""

Change = Callable[[str], str]
READING = {"SATISMETER_API_KEY": API_KEY, "SATISMETER_PROJECT": PROJECT}


def posting(sandbox: Sandbox, *more: str) -> tuple[str, ...]:
    """The command, at a rate that leaves time to be killed."""
    words = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes")
    return (*words, "--rate", "500/s", "--settle", "0.3", *more)


def looked_for(user: Shell, given: Mapping[str, str]) -> None:
    """With forceSurvey, only what `resolve` doesn't find is posted again."""
    if given:
        user("resolve", "--settle", "0.3", **given)


FORMS: dict[str, tuple[str, Change]] = {
    "as they are": ("answer", str),
    "spaces and accents": (
        "  cafe\u0301 \u00a0 two  ",
        lambda text: " ".join(unicodedata.normalize("NFC", text).split()),
    ),
    "escaped": ("a < b & 'c'", html.escape),
    "cut": ("long " * 60, lambda text: text[:255]),
    "without emoji": ("\U0001f44d ok", lambda text: re.sub("[\U00010000-\U0010ffff]", "?", text)),
    "hidden": ("answer", lambda _: "***"),
}
"""What the comments are, and how the survey gives them back; the last can't be known again."""


def shown_so(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    """The read API changes texts."""
    shown = Reads._response

    def response(self: Reads, stored: Stored) -> dict[str, object]:
        document = shown(self, stored)
        for answer in document["answers"]:  # type: ignore[attr-defined]
            if isinstance(answer["value"], str):
                answer["value"] = change(answer["value"])
        return document

    monkeypatch.setattr(Reads, "_response", response)


def import_under_fire(
    user: Shell,
    rows: int,
    kills: int,
    seed: int,
    *more: str,
    reading: bool,
    comment: str = "answer",
) -> Counter[str]:
    """Kill the import so often, then let it end; returns its rows by status. Whatever it says of a row
    is held against the server's store."""
    chance = random.Random(seed)
    user.write("answers.csv", people(rows, comment=comment))
    if reading:
        user.write("mapping.yaml", MAPPING + "forceSurvey: true\n")
    with background(SandboxSettings(fail=FAULTS, seed=seed, latency=0.002)) as sandbox:
        words = posting(sandbox, "--concurrency", "16", *more)
        given = READING if reading else {}
        moments = [Moment.drawn(chance, rows // kills) for _ in range(kills)]
        done = sum(killed(user, sandbox, words, each, given) for each in moments)
        last = user(*words, "--json", **given)
        for _ in range(5):
            if last.status == 0:
                break
            looked_for(user, given)
            last = user(*words, "--json", **given)
        figure(
            f"seed {seed}, {rows} rows, 13 % faults",
            kills=done,
            **_held_against(sandbox, results(user), rows),
            requests=len(sandbox.posts()),
        )
        assert done == kills
        assert last.document["rows"]["read"] == rows
        return Counter(line["status"] for line in results(user))


def _held_against(sandbox: Sandbox, lines: list[dict[str, str]], rows: int) -> dict[str, int]:
    stored = {each.user_id for each in sandbox.stored()}
    said: dict[str, set[str]] = {}
    for line in lines:
        said.setdefault(line["status"], set()).add(line["userId"])
    told = said.get("created", set()) | said.get("already_sent", set())
    twice = sum(times > 1 for times in sandbox.copies().values())
    absent = len(told - stored)
    not_told = len(stored - told - said.get("unknown", set()))
    assert [line["row"] for line in lines] == [str(number) for number in range(2, rows + 2)]
    assert (absent, twice, not_told) == (0, 0, 0)
    return {
        "created_and_absent": absent,
        "stored_twice": twice,
        "stored_and_denied": not_told,
        "in_doubt": len(said.get("unknown", ())),
    }


def test_a_few_kills_and_the_survey_settles_the_rest(user: Shell) -> None:
    assert import_under_fire(user, 400, 4, seed=7, reading=True) == {"created": 400}


@pytest.mark.trial
@pytest.mark.parametrize("form", FORMS)
def test_twenty_kills_and_a_survey_that_changes_texts(
    user: Shell, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    comment, change = FORMS[form]
    shown_so(monkeypatch, change)
    statuses = import_under_fire(user, 2_000, 20, seed=11, reading=True, comment=comment)
    assert statuses["created"] + statuses["unknown"] + statuses["pending"] == 2_000
    if form != "hidden":
        assert statuses == {"created": 2_000}


def test_two_kills_and_a_survey_that_hides_texts(
    user: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment, change = FORMS["hidden"]
    shown_so(monkeypatch, change)
    statuses = import_under_fire(user, 150, 2, seed=3, reading=True, comment=comment)
    assert statuses["created"] + statuses["unknown"] == 150


@pytest.mark.trial
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_twenty_kills_over_five_thousand_rows(user: Shell, seed: int) -> None:
    """With the other seeds: 100 kills."""
    reading = seed % 2 == 1
    statuses = import_under_fire(user, 5_000, 20, seed, reading=reading)
    assert statuses["created"] + statuses["unknown"] == 5_000
    if reading:
        assert statuses == {"created": 5_000}


@pytest.mark.parametrize(
    ("persons", "each", "kills"),
    [(40, 5, 2), pytest.param(200, 20, 10, marks=pytest.mark.trial)],
)
def test_nobodys_answers_change_their_order(
    user: Shell, persons: int, each: int, kills: int
) -> None:
    """Many rows of few people, under faults and kills: each person's are stored oldest first."""
    chance = random.Random(persons)
    user.write("answers.csv", people(persons, each))
    user.write("mapping.yaml", MAPPING + "forceSurvey: true\n")
    with background(SandboxSettings(fail=FAULTS, seed=persons)) as sandbox:
        words = posting(sandbox)
        moments = [Moment.drawn(chance, persons * each // kills) for _ in range(kills)]
        done = sum(killed(user, sandbox, words, moment, READING) for moment in moments)
        last = user(*words, **READING)
        for _ in range(30):
            if last.status == 0:
                break
            looked_for(user, READING)
            last = user(*words, **READING)
        order: dict[str, list[int]] = {}
        for one in sandbox.stored():
            comments = [str(value) for _, value in one.answers if str(value).startswith("answer")]
            order.setdefault(one.user_id, []).extend(int(each.split()[1]) for each in comments)
    inversions = sum(numbers != sorted(numbers) for numbers in order.values())
    figure(f"{persons} people x {each} rows", kills=done, order_inversions=inversions)
    assert inversions == 0
    assert last.status == 0, last.out
    assert {tuple(numbers) for numbers in order.values()} == {tuple(range(each))}
    assert len(order) == persons


def test_two_state_folders_know_nothing_of_each_other(tmp_path: Path) -> None:
    """What the promise rests on: the same ledger. Another one is told from it by the API only."""
    one = shell(tmp_path)
    one.write("mapping.yaml", MAPPING)
    one.write("answers.csv", people(20))
    with background() as sandbox:
        words = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes")
        one(*words, "--rate", "max", "--state", "one")
        other = one(*words, "--rate", "max", "--state", "other", "--json")
        assert (other.status, other.document["rows"]["pending"]) == (5, 20)
        assert other.document["stopped"].startswith("all_refused")
        assert set(sandbox.copies().values()) == {1}
