"""Reading back from a server that doesn't give texts back as they came: it proves nothing absent."""

from __future__ import annotations

import csv
import html
import io
import re
import unicodedata
from collections.abc import Callable

import pytest

from importer.sandbox import Behaviour, SandboxSettings, background
from importer.sandbox.api import Reads
from importer.sandbox.store import Stored
from tests.e2e.commands import Ended, Shell
from tests.e2e.test_jobs import NO_DRAIN, READING, force, rows_of

Change = Callable[[str], str]
CHANGES: dict[str, tuple[str, Change]] = {
    "crlf": ("line one\r\nline two", lambda text: text.replace("\r\n", "\n")),
    "nfc": ("cafe\u0301 is fine", lambda text: unicodedata.normalize("NFC", text)),
    "escaped": ("a < b & c", html.escape),
    "collapsed": ("two  spaces", lambda text: re.sub(" +", " ", text)),
    "cut": ("long " * 300, lambda text: text[:1_000]),
    "plane": ("fine \U0001f44d", lambda text: re.sub("[\U00010000-\U0010ffff]", "", text)),
}
UNCHANGED: dict[str, tuple[str, Change]] = {
    "plain": ("fine", lambda text: text),
    "trimmed": ("  fine ", str.strip),
}


def file(user: Shell, *comments: str, others: str = "fine") -> None:
    """Twelve people with plain answers; p7 with these, one after the other."""
    rows: list[list[object]] = [["id", "score", "comment", "email"]]
    for person in range(12):
        said = comments if person == 7 else (others,)
        rows += [[f"p{person}", person % 11, comment, ""] for comment in said]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    (user.folder / "answers.csv").write_bytes(out.getvalue().encode())


def changing(monkeypatch: pytest.MonkeyPatch, change: Change, hidden: str = "") -> None:
    """The read API gives texts back so, and doesn't show responses of one person yet."""
    shown = Reads._response

    def response(self: Reads, stored: Stored) -> dict[str, object]:
        document = shown(self, stored)
        for answer in document["answers"]:  # type: ignore[attr-defined]
            if isinstance(answer["value"], str):
                answer["value"] = change(answer["value"])
        if stored.user_id == hidden:
            document["user"] = {"id": "x", "userId": "somebody"}
        return document

    monkeypatch.setattr(Reads, "_response", response)


def posted(user: Shell, url: str) -> Ended:
    words = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", url, *NO_DRAIN)
    return user(*words, "--json", **READING)


def stored_unanswered() -> SandboxSettings:
    return SandboxSettings(script={"p7": [Behaviour("close_stored")]})


@pytest.mark.parametrize("form", CHANGES)
def test_a_text_that_comes_back_changed_is_not_called_absent(
    user: Shell, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    comment, change = CHANGES[form]
    force(user)
    file(user, comment)
    changing(monkeypatch, change)
    with background(stored_unanswered()) as sandbox:
        first, again = posted(user, sandbox.url), posted(user, sandbox.url)
        asked = user("resolve", "--settle", "0", "--json", **READING)
        assert set(sandbox.copies().values()) == {1}
    assert (first.status, again.status, asked.status) == (4, 4, 4)
    assert rows_of(again) == {"read": 12, "created": 11, "unknown": 1}
    assert (first.document["requests"], again.document["requests"]) == (12, 0)


@pytest.mark.parametrize("form", UNCHANGED)
def test_a_text_that_comes_back_as_it_was_is_found(
    user: Shell, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    comment, change = UNCHANGED[form]
    force(user)
    file(user, comment)
    changing(monkeypatch, change)
    with background(stored_unanswered()) as sandbox:
        ended = posted(user, sandbox.url)
        assert set(sandbox.copies().values()) == {1}
    assert (ended.status, rows_of(ended)) == (0, {"read": 12, "created": 12})


def test_a_response_that_is_shown_late_is_posted_again_by_no_run(
    user: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but this row can be read. What waits behind it goes on waiting, until the row is shown."""
    force(user)
    file(user, "first", "second")
    changing(monkeypatch, str, hidden="p7")
    with background(stored_unanswered()) as sandbox:
        first, again = posted(user, sandbox.url), posted(user, sandbox.url)
        monkeypatch.undo()
        shown = posted(user, sandbox.url)
        assert set(sandbox.copies().values()) == {1}
        assert len(sandbox.stored()) == 13
    for ended in (first, again):
        assert rows_of(ended) == {"read": 13, "created": 11, "unknown": 1, "pending": 1}
        assert ended.status == 4
    assert [each.document["requests"] for each in (first, again, shown)] == [12, 0, 1]
    assert (shown.status, rows_of(shown)) == (0, {"read": 13, "created": 13})


def test_other_responses_of_the_person_that_rows_explain_are_no_obstacle(
    user: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of an earlier file, its text changed, and one of this file; the third is truly absent."""
    comment, change = CHANGES["crlf"]
    force(user)
    changing(monkeypatch, change)
    steps = [Behaviour("ok"), Behaviour("ok"), Behaviour("close_read")]
    with background(SandboxSettings(script={"p7": steps})) as sandbox:
        file(user, comment)
        earlier = posted(user, sandbox.url)
        file(user, "first", "second", others="good")
        first = posted(user, sandbox.url)
        asked = user("resolve", "--settle", "0", "--json", **READING)
        again = posted(user, sandbox.url)
        assert set(sandbox.copies().values()) == {1}
        assert len(sandbox.stored()) == 12 + 13
    assert (earlier.status, asked.document["absent"]) == (0, 1)
    assert rows_of(first) == {"read": 13, "created": 12, "unknown": 1}
    assert (again.status, rows_of(again)) == (0, {"read": 13, "created": 13})
