"""Reading back from a server that doesn't give texts back as they came: what can be known again is found, and
what can't be is not called absent. No row is stored twice."""

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
FORMS: dict[str, tuple[str, Change]] = {
    "crlf": ("line one\r\nline two", lambda text: text.replace("\r\n", "\n")),
    "nfc": ("cafe\u0301 is fine", lambda text: unicodedata.normalize("NFC", text)),
    "escape": ('a < b & "c"', html.escape),
    "escape twice": ("it's > 5", lambda text: html.escape(html.escape(text))),
    "collapse": ("two  spaces\u00a0\tand  more", lambda text: re.sub(r"\s+", " ", text)),
    "cut1000": ("long " * 300, lambda text: text[:1_000]),
    "cut255": ("a < b & " * 100, lambda text: text[:255]),
    "bmp": ("fine \U0001f44d ok", lambda text: re.sub("[\U00010000-\U0010ffff]", "", text)),
    "marks": (
        "fine \U0001f44d\U0001f3fb ok",
        lambda text: re.sub("[\U00010000-\U0010ffff]", "?", text),
    ),
    "trim": ("  fine ", str.strip),
    "plain": ("fine", lambda text: text),
}
"""What a comment is, and how the server gives it back."""
CHANGES: dict[str, tuple[str, Change]] = {
    "hidden": ("fine by me", lambda _: "***"),
    "cut at once": ("good " * 60, lambda text: text[:80]),
    "another alphabet": (
        "caf\u00e9 au lait",
        lambda text: text.encode("ascii", "replace").decode(),
    ),
}
"""Those that can't be known again."""


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
def test_a_text_that_comes_back_as_another_is_not_called_absent(
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


@pytest.mark.parametrize("forced", [True, False], ids=["forced", "checked"])
@pytest.mark.parametrize("form", FORMS)
def test_a_text_is_known_again_in_the_form_that_the_server_gives_it(
    user: Shell, monkeypatch: pytest.MonkeyPatch, form: str, forced: bool
) -> None:
    comment, change = FORMS[form]
    if forced:
        force(user)
    file(user, comment)
    changing(monkeypatch, change)
    with background(stored_unanswered()) as sandbox:
        ended = posted(user, sandbox.url)
        assert set(sandbox.copies().values()) == {1}
        verified = user("verify", "--json", **READING)
    assert (ended.status, rows_of(ended)) == (0, {"read": 12, "created": 12})
    assert ended.document["requests"] == 12
    cut = [9] if form in ("cut1000", "cut255") else []
    assert [each["row"] for each in verified.document["altered"]] == cut
    assert verified.status == (3 if cut else 0), verified.out


@pytest.mark.parametrize("forced", [True, False], ids=["forced", "checked"])
def test_a_row_that_is_shown_later_than_its_neighbours_is_stored_once(
    user: Shell, monkeypatch: pytest.MonkeyPatch, forced: bool
) -> None:
    if forced:
        force(user)
    file(user, "fine")
    changing(monkeypatch, str, hidden="p7")
    with background(stored_unanswered()) as sandbox:
        posted(user, sandbox.url)
        posted(user, sandbox.url)
        monkeypatch.undo()
        posted(user, sandbox.url)
        assert set(sandbox.copies().values()) == {1}
        assert len(sandbox.stored()) == 12


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
    comment, change = FORMS["crlf"]
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
