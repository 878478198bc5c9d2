"""Reading back from a server that changes more than texts: IDs, dates, answers that are left out. What the
survey holds then doesn't tell, and no row is posted a second time, called created or called absent for it."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from importer.sandbox import Behaviour, SandboxSettings, SuccessShape, background
from importer.sandbox.api import Reads
from importer.sandbox.store import Stored
from tests.e2e.commands import Shell
from tests.e2e.test_changed_texts import posted
from tests.e2e.test_jobs import READING, force, rows_of
from tests.e2e.test_run import results

Change = Callable[[dict[str, Any]], None]


def lower_case(document: dict[str, Any]) -> None:
    document["user"]["userId"] = document["user"]["userId"].lower()


def numbers(document: dict[str, Any]) -> None:
    user = document["user"]["userId"]
    document["user"]["userId"] = int(user) if user.isdigit() else user


def without_a_name(document: dict[str, Any]) -> None:
    if document["user"]["userId"] == "P7":
        document["user"] = {"id": "x"}


def two_hours_behind(document: dict[str, Any]) -> None:
    moment = datetime.fromisoformat(document["created"]) - timedelta(hours=2)
    document["created"] = moment.isoformat()


def without_texts(document: dict[str, Any]) -> None:
    document["answers"] = [
        each for each in document["answers"] if not isinstance(each["value"], str)
    ]


def small_letters(document: dict[str, Any]) -> None:
    for each in document["answers"]:
        each["value"] = str(each["value"]).lower()


def ids_of_its_own(document: dict[str, Any]) -> None:
    document["user"]["userId"] = "internal-" + document["user"]["userId"]


CHANGES: dict[str, tuple[str, Change]] = {
    "the ID in small letters": ("P7", lower_case),
    "the ID as a number": ("007", numbers),
    "an ID of its own": ("P7", ids_of_its_own),
    "no ID": ("P7", without_a_name),
    "a clock two hours behind": ("P7", two_hours_behind),
    "texts left out": ("P7", without_texts),
    "texts in small letters": ("P7", small_letters),
}


def file(user: Shell, *lines: str) -> None:
    plain = [f"p{number},9,," for number in range(20, 32)]
    user.write("answers.csv", "\n".join(["id,score,comment,email", *plain, *lines, ""]))


def changing(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    shown = Reads._response

    def response(self: Reads, stored: Stored) -> dict[str, object]:
        document = copy.deepcopy(shown(self, stored))
        change(document)
        return document

    monkeypatch.setattr(Reads, "_response", response)


@pytest.mark.parametrize("forced", [True, False], ids=["forced", "checked"])
@pytest.mark.parametrize("change", CHANGES)
def test_no_row_is_stored_twice(
    user: Shell, monkeypatch: pytest.MonkeyPatch, change: str, forced: bool
) -> None:
    """Also where the survey takes repeated responses, for which a read key is what helps."""
    person, changed = CHANGES[change]
    if forced:
        force(user)
    file(user, f"{person},9,Fine,")
    changing(monkeypatch, changed)
    settings = SandboxSettings(script={person: [Behaviour("close_stored")]}, duplicate_window=0)
    with background(settings) as sandbox:
        first = posted(user, sandbox.url)
        asked = user("resolve", "--settle", "0", "--json", **READING)
        again = posted(user, sandbox.url)
        assert set(sandbox.copies().values()) == {1}
    assert (first.status, asked.status, again.status) == (4, 4, 4)
    assert rows_of(again) == {"read": 13, "created": 12, "unknown": 1}
    assert {each["code"] for each in again.document["causes"]} == {"unclear"}


@pytest.mark.parametrize("shape", [SuccessShape.ID, SuccessShape.NO_CONTENT])
@pytest.mark.parametrize("stores", [True, False], ids=["stored", "lost"])
@pytest.mark.parametrize("texts", [("", "second"), ("first", "")], ids=["without", "with"])
def test_two_rows_of_one_person_that_look_alike_once_texts_are_left_out(
    user: Shell,
    monkeypatch: pytest.MonkeyPatch,
    texts: tuple[str, str],
    stores: bool,
    shape: SuccessShape,
) -> None:
    """The first is accepted, the second in doubt: neither is the first one's response taken for the second,
    nor the second one's for another copy of the first."""
    force(user)
    file(user, *(f"p7,9,{text}," for text in texts))
    changing(monkeypatch, without_texts)
    steps = [Behaviour("ok"), Behaviour("close_stored" if stores else "close_read")]
    with background(SandboxSettings(script={"p7": steps}, success=shape)) as sandbox:
        posted(user, sandbox.url)
        user("resolve", "--settle", "0", "--json", **READING)
        posted(user, sandbox.url)
        there = Counter(each.user_id for each in sandbox.stored())["p7"]
    told = [line["status"] for line in results(user) if line["userId"] == "p7"]
    assert there <= 2
    assert sum(each in ("created", "already_sent") for each in told) <= there


def test_the_rows_around_are_known_by_their_ids_where_all_texts_change(
    user: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    force(user)
    lines = "".join(f"q{number},9,Fine,\n" for number in range(8))
    user.write("answers.csv", "id,score,comment,email\nP7,9,Fine,\n" + lines)
    changing(monkeypatch, small_letters)
    with background(SandboxSettings(script={"P7": [Behaviour("close_read")]})) as sandbox:
        posted(user, sandbox.url)
        asked = user("resolve", "--settle", "0", "--json", **READING)
        again = posted(user, sandbox.url)
        assert set(sandbox.copies().values()) == {1}
    assert asked.document["absent"] == 1
    assert (again.status, rows_of(again)) == (0, {"read": 9, "created": 9})


def test_two_persons_whose_ids_differ_in_their_letters_only(user: Shell) -> None:
    """The other one's response is no obstacle: a row explains it."""
    force(user)
    file(user, "P7,9,Fine,", "p7,9,Fine,", "07,3,,", "7,3,,")
    script = {each: [Behaviour("close_read")] for each in ("P7", "07")}
    with background(SandboxSettings(script=script)) as sandbox:
        posted(user, sandbox.url)
        asked = user("resolve", "--settle", "0", "--json", **READING)
        again = posted(user, sandbox.url)
        assert set(sandbox.copies().values()) == {1}
    assert asked.document["absent"] == 2
    assert (again.status, rows_of(again)) == (0, {"read": 16, "created": 16})
