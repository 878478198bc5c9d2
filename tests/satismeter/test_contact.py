"""What a pilot's first replies say of the API, and what is kept of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import orjson
import pytest

from importer.satismeter.classify import Reply
from importer.satismeter.contact import ASSUMPTIONS, MOST, Contact
from importer.satismeter.read import Reader, StoredResponse
from importer.satismeter.redact import Redactor
from importer.settings import Secret

KEY = "k7Fq2ZpX9vTn4LwR"
BODY = orjson.dumps(
    {
        "userId": "jane_roe",
        "campaign": "5d2f6c1e9b0a4c0017a3e1b2",
        "answers": [{"id": "q-1", "value": "the invoices never arrive in time"}],
        "traits": {"company": "Acme", "email": "jane.roe@example.com"},
    }
)


class Saying:
    """A server that says this, and nothing else."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply

    async def post(self, body: bytes) -> Reply:
        return self.reply


def said(status: int | None, body: object = b"", **more: Any) -> Contact:
    """Met by one row."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    reply = Reply(request_sent=True, status=status, body=raw)._replace(**more)
    contact = Contact(Saying(reply), Redactor(Secret(KEY)))
    asyncio.run(contact.post(BODY))
    return contact


def found(contact: Contact, kind: str) -> str:
    return " ".join(each["id"] for each in contact.findings() if each["found"] == kind)


SAID = {
    "an ID": (said(200, {"id": "64a1"}, kept=True), "A1 A2 A3 A8", ""),
    "201, empty, with a Location": (said(201, located="64a1", kept=True), "A1 A2 A3 A8", ""),
    "a word of success": (said(200, {"message": "Response saved"}, kept=True), "A1 A2 A8", "A3"),
    "another connection each": (said(201, {"id": "64a1"}), "A1 A2 A3", "A8"),
    "OK as text": (said(200, b"OK"), "A1", "A2"),
    "an empty 200": (said(200), "A1", "A2"),
    "a duplicate": (said(400, {"errors": [{"title": "Duplicate response"}]}, kept=True),
                    "A1 A5 A8", ""),
    "a duplicate by 409": (said(409, {"error": "Duplicate response"}), "A1", "A5"),
    "a duplicate in 200": (said(200, {"error": "User already responded"}), "A1", "A2 A5"),
    "a refusal": (said(400, {"message": "value must be an integer"}, kept=True), "A1 A4 A8", ""),
    "a refusal in HTML": (said(400, b"<html><title>Bad Request</title>", kept=True), "A1 A8", "A4"),
    "a refusal without a word": (said(422, kept=True), "A1 A8", "A4"),
    "a rate limit": (said(429, retry_after="3"), "A1 A6", ""),
    "a rate limit without a time": (said(429), "A1", "A6"),
    "a wrong key": (said(401, {"error": "Unauthorized"}), "A1 A7", ""),
    "a wrong key by 400": (said(400, {"error": "Invalid write key"}, kept=True), "A1 A4 A8", "A7"),
    "a wrong key in 200": (said(200, {"error": "Unauthorized"}), "A1", "A2 A7"),
    "a firewall's 403": (said(403, b"<title>Attention</title>"), "A1", ""),
    "a field that is forbidden": (said(400, {"error": '"foo" is forbidden'}, kept=True),
                                  "A1 A4 A8", ""),
    "a redirect": (said(302), "", "A1"),
    "no such place": (said(404, {"error": "Not found"}), "", "A1"),
    "a server in trouble": (said(500, {"error": "E11000 duplicate key"}), "A1", ""),
    "no reply": (said(None, fault="it timed out"), "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_a_reply_confirms_or_contradicts(name: str) -> None:
    contact, confirmed, contradicted = SAID[name]

    assert (found(contact, "confirmed"), found(contact, "contradicted")) == (
        confirmed,
        contradicted,
    )
    assert [each["id"] for each in contact.findings()] == [each.id for each in ASSUMPTIONS]
    assert all(("do" in each) == (each["found"] == "contradicted") for each in contact.findings())


def test_nothing_is_said_where_nothing_was_posted() -> None:
    assert Contact(Saying(Reply(request_sent=True)), Redactor()).findings() == []


def test_a_text_that_speaks_of_duplicates_says_nothing_of_the_api() -> None:
    body = orjson.dumps({"answers": [{"id": "q", "value": "Duplicate invoices, no API key"}]})
    told = orjson.dumps({"error": "text refused: Duplicate invoices, no API key"})
    contact = Contact(Saying(Reply(request_sent=True, status=422, body=told)), Redactor())
    asyncio.run(contact.post(body))

    assert found(contact, "contradicted") == "A8"


def test_the_shape_has_names_and_kinds_alone() -> None:
    reply = {
        "id": "64a1",
        "score": 9,
        "valid": True,
        "none": None,
        "user": {"userId": "jane_roe", "createdAt": "2026-01-01"},
        "answers": [{"id": "q-1", "value": "never"}],
    }
    headers = ("Date", "Content-Type", "auth-token", "Set-Cookie", "Via")

    [shape] = said(201, reply, headers=headers, kept=True, ms=12).shapes()

    assert shape.pop("sent_at")
    assert shape == {
        "ms": 12,
        "status": 201,
        "headers": [*headers],
        "body": "json",
        "json": {
            "id": "text",
            "score": "number",
            "valid": "boolean",
            "none": "null",
            "user": {"userId": "text", "createdAt": "text"},
            "answers": [{"id": "text", "value": "text"}],
        },
        "id": "json",
        "kept": True,
    }


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b" ", "empty"), (b"OK", "text"), (b"<p>", "html"), (b"3", "json"), (b"{", "text")],
)
def test_a_body_without_keys_is_told_by_its_kind(body: bytes, kind: str) -> None:
    [shape] = said(200, body).shapes()

    assert (shape["body"], shape["json"]) == (kind, None)


HOSTILE: Mapping[str, object] = {
    "the key": {KEY: 1},
    "the key's beginning": {f"key_{KEY[:7]}": 1},
    "the key in two pieces": {KEY[:5]: {KEY[5:]: 1}},
    "a person": {"jane_roe": {"id": 1}},
    "a trait": {"Acme": 1},
    "an address": {"jane.roe@example.com": 1, "joe@example.org": 2},
    "another's number": {"user491701234567": 1, "u": 2, "007": 3},
    "what was written": {"invoices": {"never_arrive": [{"in_time": 1}]}},
    "a terminal's controls": {"\x1b[31mred\x07": 1, "a\nb": 2, "\u202egro": 3, "": 4},
    "an endless name": {"a" * 60_000: 1},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_quotes_is_not_told(name: str) -> None:
    hostile = HOSTILE[name]
    headers = tuple(json.loads(orjson.dumps(hostile)))

    [shape] = said(200, hostile, headers=headers).shapes()

    told = {*_names(shape["json"]), *shape["headers"]}  # type: ignore[misc]
    assert told <= {"***", "id"}


def _names(shape: object) -> list[str]:
    if isinstance(shape, list):
        return [name for each in shape for name in _names(each)]
    if not isinstance(shape, dict):
        return []
    return [name for key, inner in shape.items() for name in (key, *_names(inner))]


def test_a_comment_about_errors_hides_no_honest_name() -> None:
    body = orjson.dumps(
        {"answers": [{"id": "q", "value": "I got an error message, status code 500"}]}
    )
    told = orjson.dumps({"error": {"message": "no", "status": 400, "code": "x", "fieldPath": "y"}})
    contact = Contact(Saying(Reply(request_sent=True, status=400, body=told)), Redactor())
    asyncio.run(contact.post(body))

    [shape] = contact.shapes()

    assert [*_names(shape["json"])] == ["error", "message", "status", "code", "fieldPath"]


def test_a_flood_of_names_is_cut() -> None:
    wide = {f"name_{chr(97 + n % 26)}{chr(97 + n // 26)}": 1 for n in range(400)}
    deep: dict[str, object] = {}
    for _ in range(200):
        deep = {"deeper": deep}

    [shape] = said(200, {"wide": wide, "deep": deep}).shapes()

    json_ = shape["json"]
    assert isinstance(json_, dict)
    assert (len(json_["wide"]), json_["wide"]["…"]) == (21, "380 more")
    assert json_["deep"] == {"deeper": {"deeper": {"deeper": "object"}}}


def test_no_more_than_the_first_replies_are_kept() -> None:
    contact = Contact(Saying(Reply(request_sent=True, status=201)), Redactor())

    async def posted() -> None:
        for _ in range(MOST + 5):
            await contact.post(BODY)

    asyncio.run(posted())
    assert len(contact.shapes()) == MOST


class Listing:
    """A survey that lists these from its second reading on."""

    def __init__(self, *listed: StoredResponse) -> None:
        self.listed = listed
        self.readings = 0

    async def responses(self, campaign: str, since: datetime) -> AsyncIterator[StoredResponse]:
        self.readings += 1
        for each in self.listed if self.readings > 1 else ():
            yield each


def listed(minutes: float = 0, **other: Any) -> StoredResponse:
    created = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
    answers = (("q-1", "the invoices never arrive in time"),)
    return replace(StoredResponse("64a1", created, "jane_roe", "", "", answers), **other)


def look(campaign: str, user: str, anonymous: str, answers: Iterable[tuple[str, object]]) -> bytes:
    return repr((user, anonymous, sorted(answers, key=str))).encode()


LISTED: dict[str, tuple[Callable[[], StoredResponse], str, str]] = {
    "as it was sent": (listed, "A9 A10 A11", ""),
    "another ID": (lambda: listed(id="7"), "A9 A10", "A11"),
    "its text cut": (lambda: listed(answers=(("q-1", "the invo"),)), "A9 A11", "A10"),
    "its text cut, and another ID": (
        lambda: listed(id="7", answers=(("q-1", "the"),)),
        "A9",
        "A10 A11",
    ),
    "dated long before": (lambda: listed(-600), "A10 A11", "A9"),
    "somebody else's": (lambda: listed(id="7", user_id="john"), "", "A9"),
    "an earlier one of the person": (
        lambda: listed(-30, id="7", answers=(("q-1", "x"),)),
        "",
        "A9",
    ),
}


@pytest.mark.parametrize("name", LISTED)
def test_what_the_survey_lists_later_confirms_or_contradicts(name: str) -> None:
    listing, confirmed, contradicted = LISTED[name]
    survey = Listing(listing())
    contact = said(200, {"id": "64a1"}, kept=True)

    asyncio.run(contact.read_back(cast("Reader", survey), look, 0.01))

    read = {"A9", "A10", "A11"}
    assert (
        " ".join(each for each in found(contact, "confirmed").split() if each in read) == confirmed
    )
    assert found(contact, "contradicted") == contradicted


def test_nothing_is_read_where_nothing_was_acknowledged() -> None:
    survey = Listing()

    asyncio.run(said(401).read_back(cast("Reader", survey), look, 0.01))

    assert survey.readings == 0


def test_the_page_lists_them_word_for_word() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    listed = [line for line in page.splitlines() if line.startswith("| A")]

    assert listed == [f"| {' | '.join(each)} |" for each in ASSUMPTIONS]
    assert [each.id for each in ASSUMPTIONS] == [f"A{n + 1}" for n in range(len(ASSUMPTIONS))]
