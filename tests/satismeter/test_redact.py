"""A server that quotes a key or a person, in whatever form, is not told on; honest words stay."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable, Mapping
from urllib.parse import quote

import pytest

from importer.model import Status
from importer.satismeter.classify import Reply, classify
from importer.satismeter.redact import Redactor
from importer.settings import Secret

KEY = "k7Fq2ZpX9vTn4LwR"
COMMENT = "My boss Mr O'Brien is <awful> & he/she from R/D knows"
SENT = json.dumps(
    {
        "userId": "Jörg.Müller-77",
        "campaign": "5f1e2d3c4b5a",
        "method": "Import",
        "createdAt": "2026-03-01T00:00:00.000Z",
        "answers": [
            {"id": "q-comment", "value": COMMENT},
            {"id": "q-name", "value": "山田太郎です"},
        ],
        "traits": {"email": "Jane.Roe3@Example.com", "team": "ACME", "phone": 491701234567},
    }
).encode()
REDACTOR = Redactor(Secret(KEY), None, Secret("read-Q8sT5mVb2Xc"))

Form = Callable[[str], str]
FORMS: Mapping[str, Form] = {
    "as it is": str,
    "lower case": str.lower,
    "upper case": str.upper,
    "HTML": html.escape,
    "HTML by number": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "HTML twice": lambda text: html.escape(html.escape(text)),
    "percent": lambda text: quote(text, safe=""),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "JSON escapes": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "as PHP escapes": lambda text: json.dumps(text).replace("/", "\\/"),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 of more": lambda text: base64.b64encode(b"x: " + text.encode() + b"\n").decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "its beginning": lambda text: text[:14] + "...",
    "its end": lambda text: "…" + text[-14:],
    "spaces": " ".join,
    "wrapped": lambda text: text[:5] + "\n    " + text[5:],
    "tags": lambda text: text[:4] + "<b class='x'>" + text[4:7] + "</b>" + text[7:],
    "full width": lambda text: "".join(
        chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text
    ),
    "no accents": lambda text: text.replace("ö", "o").replace("ü", "u"),
    "soft hyphens": "\u00ad".join,
}  # fmt: skip
CODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-32-be")
TEXTS = (KEY, COMMENT, "Jane.Roe3@Example.com", "Jörg.Müller-77", "491701234567")


def shape(text: str) -> str:
    """Its letters in one form, whatever stands between them."""
    plain = html.unescape(html.unescape(text)).casefold()
    return "".join(filter(str.isalnum, plain))


def told(text: str, coding: str = "utf-8", *, status: int = 422) -> str:
    body = json.dumps({"error": text}).encode(coding)
    classified = classify(Reply(True, status, body))
    return REDACTOR.classification(classified, SENT).message


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", TEXTS)
def test_no_form_of_a_quotation_is_told(text: str, form: str) -> None:
    message = told(f"bad value: {FORMS[form](text)} here")
    assert "***" in message
    assert message.startswith("the server answered 422: bad ")
    letters = shape(text)
    runs = [letters[at : at + 8] for at in range(len(letters) - 7)]
    assert [run for run in runs if run in shape(message)] == []
    assert FORMS[form](text)[:9] not in message


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("text", TEXTS)
def test_no_coding_of_the_reply_hides_it(text: str, coding: str) -> None:
    assert told(f"bad {text} here", coding) == "the server answered 422: bad *** here"
    body = f"bad {text} here".encode(coding)
    message = REDACTOR.classification(classify(Reply(True, 422, body)), SENT).message
    assert shape(text)[:8] not in shape(message)


@pytest.mark.parametrize(
    "part", [KEY[:6], KEY[:12], KEY[4:10], KEY[-6:].lower(), "read-Q8", "Q8sT5m"]
)
def test_no_part_of_a_key_is_told(part: str) -> None:
    assert told(f"unknown key {part}…") == "the server answered 422: unknown key ***…"


@pytest.mark.parametrize(
    ("says", "is_told"),
    [
        ("user SOMEBODY.ELSE@EXAMPLE.ORG unknown", "user S***@EXAMPLE.ORG unknown"),
        ("user somebody%40example.org unknown", "user s***@example.org unknown"),
        ("user other&#64;example.org unknown", "user o***@example.org unknown"),
        ("山田太郎 is unknown", "*** is unknown"),
        ("the team (acme) is unknown", "the team (***) is unknown"),
    ],
)
def test_people_are_masked(says: str, is_told: str) -> None:
    assert told(says) == f"the server answered 422: {is_told}"


def test_an_address_that_is_cut_at_the_end_is_masked() -> None:
    long = "x " * 95 + "somebody@example.org"
    assert "somebody" not in told(long)


@pytest.mark.parametrize(
    "says",
    [
        "answers[0].value should be between 0 and 10",
        "campaign 5f1e2d3c4b5a is unknown; see https://example.org/docs?a=1#b",
        "The write key is missing or invalid",
        "question q-comment doesn't exist",
        "acmes are unknown",  # a word of its own only
        "50% of 100%25 <none> C:\\users\\new",
        "request 9f86d081884c7d659a2feaa0c55ad015 failed",
        "Ungültiger Wert: »traits.email« — bitte prüfen",
        "値が無効です",
    ],
)
def test_what_quotes_nobody_stays_as_it_is(says: str) -> None:
    assert told(says) == f"the server answered 422: {says}"


def test_a_reply_is_classified_as_the_server_said_it() -> None:
    """A trait may be called like the word that decides."""
    sent = b'{"userId":"duplicate response"}'
    classified = classify(Reply(True, 400, b'{"error":"Duplicate response"}'), sent=sent)
    assert classified.status is Status.DUPLICATE
    assert REDACTOR.classification(classified, sent).status is Status.DUPLICATE


def test_an_id_that_quotes_somebody_is_none() -> None:
    def id_of(text: str) -> str:
        classified = classify(Reply(True, 200, json.dumps({"id": text}).encode()))
        assert classified.status is Status.CREATED
        return REDACTOR.classification(classified, SENT).response_id

    assert id_of(KEY) == id_of("jane.roe3@example.com") == ""
    assert id_of("000000000000000000000017") == "000000000000000000000017"
    assert id_of("5f1e2d3c4b5a69788796a5b4") == "5f1e2d3c4b5a69788796a5b4"


def test_no_key_masks_nothing() -> None:
    assert Redactor(None, Secret("")).over("ab cd") == "ab cd"
    assert Redactor(Secret('a"b')).over('a"b, \\"a\\"b\\"') != 'a"b, \\"a\\"b\\"'


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b'{"error":"Duplicate response"}', Status.DUPLICATE),
        (b'{"error":{"message":"duplicate response."}}', Status.DUPLICATE),
        (b"Duplicate response", Status.DUPLICATE),
        (b'{"error":"Invalid value: my answer is a duplicate of the last"}', Status.REJECTED),
        (b'{"error":"\\"a duplicate\\" is no rating"}', Status.REJECTED),
    ],
)
def test_what_a_person_wrote_of_duplicates_makes_no_row_one(said: bytes, status: Status) -> None:
    sent = b'{"answers":[{"value":"my answer is a DUPLICATE of the last"}]}'
    assert classify(Reply(True, 400, said), sent=sent).status is status
    assert (
        classify(Reply(True, 400, b'{"error":"duplicate key u7"}'), sent=b"{}").status
        is Status.DUPLICATE
    )


@pytest.mark.parametrize(
    "text",
    [
        "64a1f0c2d3e4b5a6978812ab",
        "79593580-95a7-11ed-8974-9b5d06700b8d",
        "1234567890",
        "491701234567",
        "49170-123-4567-00000000",
        KEY.encode().hex(),
        COMMENT[:12].encode().hex(),
        "00" * 4 + b"Roe3@example".hex(),
        "山田太郎".encode().hex(),
        "Jörg.Müller-77".encode().hex(),
        "00" * 6 + KEY[:6].encode().hex(),
        "abcdef12",
        "deadbeefdeadbeef",
        "64A1F0C2D3E4B5A6978812AB",
        "64a1f0c2-d3e4b5a6978812a",
    ],
)
def test_the_short_way_for_ids_says_what_the_long_one_says(text: str) -> None:
    key = Secret("deadbe-ef")
    redactor = Redactor(Secret(KEY), key)
    classified = classify(Reply(True, 200, json.dumps({"id": text}).encode()))
    told = redactor.classification(classified, SENT).response_id
    assert told == (text if redactor.over(text, SENT) == text else "")


@pytest.mark.parametrize(
    "on", ["2026-03-05T21:00:00.000Z", "2026-03-05T10:30:00.000Z", "2026-12-31T21:30:00.000Z"]
)
def test_the_time_of_a_date_is_no_quotation_of_an_id(on: str) -> None:
    sent = json.dumps(
        {"userId": "u1", "traits": {"respondedAt": on, "phone": "+49 170 1234567"}}
    ).encode()
    said = (
        b'{"id":"6b0bdd%s0000000000000000"}'
        % "".join(each for each in on[11:16] if each != ":").encode()
    )
    classified = REDACTOR.classification(classify(Reply(True, 200, said)), sent)
    assert classified.response_id
    quoted = classify(Reply(True, 400, b'{"error":"49170 1234567 is no phone number"}'))
    assert "1234567" not in REDACTOR.classification(quoted, sent).message


def test_an_id_that_looks_like_the_surveys_costs_no_long_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """IDs that one database has made share letters; the survey's own is nobody's text."""
    ways: list[str] = []

    def over(_: Redactor, text: str, __: bytes = b"{}") -> str:
        ways.append(text)
        return text

    monkeypatch.setattr(Redactor, "over", over)
    alike = "5f2f6c1e9b0a4c0017a3e1b2"
    for sent, long in (
        (b'{"campaign":"5d2f6c1e9b0a4c0017a3e1b2","userId":"u1","answers":[]}', 0),
        (b'{"campaign":"64a1","userId":"5d2f6c1e9b0a4c0017a3e1b2","answers":[]}', 1),
        (b'{"campaign":"5d2f6c1e9b0a4c0017a3e1b2"}', 0),
    ):
        ways.clear()
        classified = classify(Reply(True, 200, json.dumps({"id": alike}).encode()))
        assert REDACTOR.classification(classified, sent).response_id == alike
        assert len(ways) == long
