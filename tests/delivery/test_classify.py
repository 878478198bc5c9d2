"""The two tables of docs/delivery.md, a line each: by phase, and by reply."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.model import Status
from importer.satismeter.classify import (
    LONGEST_PAUSE,
    UNDATED_PAUSE,
    Action,
    Reply,
    classify,
    pause_of,
)
from importer.satismeter.reply_body import located

C, D, R = Status.CREATED, Status.DUPLICATE, Status.REJECTED
U, P = Status.UNKNOWN, Status.PENDING
GO, AGAIN, STOP = Action.DONE, Action.RETRY, Action.ABORT


def said(status: int, body: object = b"", **more: str) -> Reply:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return Reply(request_sent=True, status=status, body=raw, **more)  # type: ignore[arg-type]  # all are str


@pytest.mark.parametrize(
    ("reply", "status", "code", "then", "trouble"),
    [
        (Reply(request_sent=False, fault="refused"), P, "not_sent", AGAIN, True),
        (
            Reply(request_sent=False, fault="certificate", stop="bad_certificate"),
            P,
            "bad_certificate",
            STOP,
            False,
        ),
        (Reply(request_sent=True, fault="closed"), U, "no_reply", GO, True),
        (Reply(request_sent=True, fault="closed", reused=True), U, "no_reply", GO, True),
    ],
)
def test_without_a_reply_the_phase_decides(
    reply: Reply, status: Status, code: str, then: Action, trouble: bool
) -> None:
    classified = classify(reply)
    assert (classified.status, classified.code, classified.action, classified.trouble) == (
        status, code, then, trouble,
    )  # fmt: skip
    assert reply.fault in classified.message


REPLIES = [
    (said(200, {"id": "5d2"}), C, "", GO),
    (said(200, {}), C, "", GO),
    (said(200, []), C, "", GO),
    (said(201, {"data": {"_id": 7}}), C, "", GO),
    (said(201), C, "", GO),
    (said(204), C, "", GO),
    (said(200), U, "unverified", GO),
    (said(200, b" \r\n"), U, "unverified", GO),
    (said(202, b"<html>Log in</html>"), U, "unverified", GO),
    (said(200, b'{"id": "5d'), U, "unverified", GO),
    (said(200, b"\xff\xfe\x00"), U, "unverified", GO),
    (said(200, b"null"), U, "unverified", GO),
    (said(200, b'"ok"'), U, "unverified", GO),
    (said(200, b"[" * 60_000), U, "unverified", GO),
    (said(200, b"9" * 60_000), U, "unverified", GO),
    (said(200, {"errors": [{"title": "no"}]}), U, "unverified", GO),
    (said(200, {"success": False}), U, "unverified", GO),
    (said(200, {"ok": 0}), U, "unverified", GO),
    (said(200, {"status": "error", "data": None}), U, "unverified", GO),
    (said(201, {"status": "fail", "data": {"userId": "is required"}}), U, "unverified", GO),
    (said(200, {"statusCode": 500, "id": "5d2"}), U, "unverified", GO),
    (said(200, {"status": 403}), U, "unverified", GO),
    (said(200, {"message": "Forbidden"}), U, "unverified", GO),
    (said(200, {"message": "Response could not be created"}), U, "unverified", GO),
    (said(200, {"title": "Duplicate response"}), U, "unverified", GO),
    (said(200, [{"error": "no"}]), U, "unverified", GO),
    (said(200, [{"id": 1}, {"errors": ["no"]}]), U, "unverified", GO),
    (said(200, {"code": "E42", "message": "quota"}), U, "unverified", GO),
    (said(200, {"code": 401, "message": "log in"}), U, "unverified", GO),
    (said(200, {"code": "NOT_CREATED", "message": ""}), U, "unverified", GO),
    (said(200, {"data": {"error": "no"}}), U, "unverified", GO),
    (said(201, {"error": "no"}, located="5d2"), U, "unverified", GO),
    (said(200, {"id": "5d2", "status": "completed"}), C, "", GO),
    (said(200, {"id": "5d2", "status": "ok", "message": "Feedback: error 500 on pay"}), C, "", GO),
    (said(200, {"data": {"id": "5d2", "code": "X1", "message": "invalid"}}), C, "", GO),
    (said(200, {"message": "Response created"}), C, "", GO),
    (said(200, {"message": "Response created without errors"}), C, "", GO),
    (said(200, {"message": "Danke!"}), U, "unverified", GO),
    (said(200, {"message": "Verboten"}), U, "unverified", GO),
    (said(200, {"fehler": "Schl\u00fcssel fehlt"}), U, "unverified", GO),
    (said(200, {"msg": "Forbidden"}), U, "unverified", GO),
    (said(200, {"result": {"text": "acceso denegado"}}), U, "unverified", GO),
    (said(200, [{"message": "\u7981\u6b62"}]), U, "unverified", GO),
    (said(202, {"message": "Not yet received"}), U, "unverified", GO),
    (said(200, {"error_description": "error-500"}), U, "unverified", GO),
    (said(200, {"status": "queued"}), U, "unverified", GO),
    (said(200, ["Verboten"]), U, "unverified", GO),
    (said(201, {"message": "Danke!"}), C, "", GO),
    (said(200, {"message": "Danke!"}, located="5d2"), C, "", GO),
    (said(200, {"message": "Danke!", "id": "5d2"}), C, "", GO),
    (said(200, {"message": "Danke!", "success": True}), C, "", GO),
    (said(200, {"status": "success", "data": {"text": "Danke"}}), C, "", GO),
    (said(200, {"message": "Thank you"}), C, "", GO),
    (
        said(
            200, {"responseId": "5d2f6c1e9b0a4c0017a3e1b2", "created": "2026-01-02T10:00:00.000Z"}
        ),
        C,
        "",
        GO,
    ),
    (
        said(200, {"answers": [{"id": "q", "value": "nicht gut"}], "user": {"name": "Jo"}, "n": 1}),
        C,
        "",
        GO,
    ),
    (said(200, {"code": 0, "message": "OK"}), C, "", GO),
    (said(200, {"code": "201", "message": "created"}), C, "", GO),
    (said(200, {"code": "SUCCESS", "message": ""}), C, "", GO),
    (said(200, {"code": "response_created", "message": ""}), C, "", GO),
    (said(200, {"statusCode": 201, "error": None, "errors": []}), C, "", GO),
    (said(200, {"success": True, "ok": 1, "error": ""}), C, "", GO),
    (said(200, located="5d2"), C, "", GO),
    (said(202, b"<html>ok</html>", located="5d2"), C, "", GO),
    (said(302, located="5d2"), U, "redirected", STOP),
    (said(500, located="5d2"), U, "server_error", GO),
    (said(302), U, "redirected", STOP),
    (said(307), U, "redirected", STOP),
    (said(304), U, "redirected", STOP),
    (said(400, {"errors": [{"title": "Duplicate response"}]}), D, "dup_or_targeting", GO),
    (said(400, {"error": "DUPLICATED"}), D, "dup_or_targeting", GO),
    (said(400, {"error": {"message": "a duplicate"}}), D, "dup_or_targeting", GO),
    (
        said(400, {"message": "Bad request", "code": "duplicate_response"}),
        D,
        "dup_or_targeting",
        GO,
    ),
    (said(400, b"Duplicate response"), D, "dup_or_targeting", GO),
    (said(400, b'"Duplicate response"'), D, "dup_or_targeting", GO),
    (said(400, b"<title>Duplicate</title>"), D, "dup_or_targeting", GO),
    (said(400, {"error": "x" * 900 + " duplicate"}), D, "dup_or_targeting", GO),
    (said(400, {"error": "answers[1]: too long", "value": "I got a duplicate"}), R, "rejected", GO),
    (said(400, {"error": "answers[0].value: expected an integer"}), R, "rejected", GO),
    (said(400), R, "rejected", GO),
    (said(413, b"<h1>Request Entity Too Large</h1>"), R, "rejected", GO),
    (said(415), R, "rejected", GO),
    (said(422, {"message": "userId: not a string"}), R, "rejected", GO),
    (said(400, {"error": "traits.plan: expected a string"}), R, "rejected", GO),
    (said(400, {"error": "traits.subscription is not a date"}), R, "rejected", GO),
    (said(401), P, "key_refused", STOP),
    (said(403, {"error": "Forbidden"}), P, "key_refused", STOP),
    (said(402), P, "plan_limit", STOP),
    (said(400, {"error": "Your plan's limit is reached"}), P, "plan_limit", STOP),
    (said(400, {"error": "Response limit reached"}), P, "plan_limit", STOP),
    (said(422, {"errors": [{"title": "Monthly quota exceeded"}]}), P, "plan_limit", STOP),
    (said(400, b"You have reached the monthly limit of responses"), P, "plan_limit", STOP),
    (said(400, b"Your trial has ended"), P, "plan_limit", STOP),
    (said(400, b"please upgrade your plan"), P, "plan_limit", STOP),
    (said(404), P, "wrong_survey", STOP),
    (said(405), P, "wrong_survey", STOP),
    (said(410), P, "wrong_survey", STOP),
    (said(501), P, "wrong_survey", STOP),
    (said(505), P, "wrong_survey", STOP),
    (said(408), P, "not_applied", AGAIN),
    (said(425), P, "not_applied", AGAIN),
    (said(429), P, "not_applied", AGAIN),
    (said(429, {"error": "rate limit exceeded"}), P, "not_applied", AGAIN),
    (said(503, retry_after="2"), P, "not_applied", AGAIN),
    (said(521), P, "not_applied", AGAIN),
    (said(522), P, "not_applied", AGAIN),
    (said(523), P, "not_applied", AGAIN),
    (said(525), P, "not_applied", AGAIN),
    (said(526), P, "not_applied", AGAIN),
    (said(500), U, "server_error", GO),
    (said(502), U, "server_error", GO),
    (said(503), U, "server_error", GO),
    (said(503, retry_after="soon"), U, "server_error", GO),
    (said(504), U, "server_error", GO),
    (said(520), U, "server_error", GO),
    (said(524), U, "server_error", GO),
    (said(409), U, "server_error", GO),
    (said(418), U, "server_error", GO),
    (said(599), U, "server_error", GO),
]


OF_THE_ACCOUNT = (
    "You have reached the monthly response limit of your plan",
    "You have reached the monthly limit of responses",
    "You have reached the monthly limit of answers.",
    "Your account's quota is used up",
    "Payment required",
    "Monthly survey responses limit exceeded",
    "Upgrade your plan",
    "Please upgrade to a paid plan to collect more responses",
    "Response limit reached",
    "Limit exceeded",
    "Limit has been reached.",
    "Monthly quota exceeded",
    "quota_exceeded",
    "PAYMENT_REQUIRED",
    "You've hit your limit of 1,000 responses",
    "You have exceeded your limit",
    "Account limit exceeded",
    "This account is suspended",
    "Your subscription has expired",
    "Trial ended",
    "Your current plan does not include this survey",
    "Please check your billing",
    "Billing details are required",
    "The limit of 100 responses per month is exceeded",
    "No quota left for this project",
    "Invalid request. Your plan's limit is reached",
)
OF_THE_ROW = (
    "Answer exceeds the limit of 10000 characters",
    "Character limit exceeded",
    "Rating exceeds the upper limit",
    "Response exceeds the limit of 10000 characters",
    "Your comment exceeds the limit of 500 characters",
    "You have exceeded the limit of 500 characters",
    "Request body size limit exceeded",
    "Payload limit exceeded",
    "Number of answers exceeds the limit of 20",
    "Unknown trait: billing",
    "Unknown trait: plan",
    "Unknown trait 'quota'",
    "traits.plan: expected a string",
    "traits.plan exceeds the limit of 100 characters",
    "traits.plan_limit: reached is no number",
    "trait subscription ended is not a date",
    "Value is over the limit",
    "quota: expected an integer",
    "Invalid value for billing",
    "account: not a string",
    "userId is too long",
    "Score out of range: limits are 0 and 10",
    "Survey score is over the upper limit",
)


@pytest.mark.parametrize("shape", [str.encode, lambda text: {"errors": [{"detail": text}]}])
@pytest.mark.parametrize("status", [400, 422])
def test_a_limit_of_the_account_is_told_from_one_of_the_row(status: int, shape: Any) -> None:
    wrong = [
        (text, classified.code)
        for texts, code in ((OF_THE_ACCOUNT, "plan_limit"), (OF_THE_ROW, "rejected"))
        for text in texts
        if (classified := classify(said(status, shape(text)))).code != code
    ]
    assert wrong == []
    assert classify(said(413, b"Character limit exceeded")).code == "rejected"
    assert classify(said(404, b"Your trial has ended")).code == "plan_limit"


@pytest.mark.parametrize(("reply", "status", "code", "then"), REPLIES)
def test_by_reply(reply: Reply, status: Status, code: str, then: Action) -> None:
    classified = classify(reply)
    assert (classified.status, classified.code, classified.action) == (status, code, then)


@pytest.mark.parametrize(("reply", "status", "code", "then"), REPLIES)
def test_in_doubt_only_an_acknowledgement_settles(
    reply: Reply, status: Status, code: str, then: Action
) -> None:
    """An earlier attempt may have been stored: no refusal of a later one proves that it wasn't."""
    classified = classify(reply, doubt=True)
    assert classified.status == (C if status is C else U)
    assert classified.action is then


def test_the_response_id_is_taken_from_where_it_stands() -> None:
    bodies = ({"id": "a"}, {"_id": "a"}, {"data": {"id": "a"}}, {"response": {"_id": "a"}})
    assert {classify(said(200, body)).response_id for body in bodies} == {"a"}
    assert classify(said(200, {"id": 7})).response_id == "7"
    assert classify(said(200, {"id": True})).response_id == ""
    assert len(classify(said(200, {"id": "x" * 999})).response_id) == 64


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (rb'{"id": "a\ud800b", "n": NaN}', "a?b"),
        ('{"id": "é"}'.encode("utf-16"), "é"),
        (b'{"id": 18446744073709551615}', "18446744073709551615"),
    ],
)
def test_json_of_an_odd_kind_is_json_and_its_id_can_be_written_down(
    body: bytes, found: str
) -> None:
    classified = classify(said(200, body))
    assert (classified.status, classified.response_id) == (C, found)
    classified.response_id.encode()


def test_an_empty_200_acknowledges_where_the_user_says_so() -> None:
    assert classify(said(200), accept_empty=True).status is C
    assert classify(said(200, {"message": "Danke!"}), accept_empty=True).status is C
    assert classify(said(200, {"message": "Forbidden"}), accept_empty=True).status is U


def test_a_200_that_acknowledges_nothing_is_counted() -> None:
    assert classify(said(200)).unverified
    assert not classify(said(200, {"id": "a"})).unverified
    assert not classify(said(500)).unverified


def test_only_a_server_that_is_away_counts_for_the_breaker() -> None:
    troubled = {reply.status for reply, *_ in REPLIES if classify(reply).trouble}
    assert troubled >= {500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 409, 418, 599}
    assert troubled & {400, 401, 402, 403, 404, 408, 413, 425, 429, 302} == set()


NOON = "Mon, 23 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        ("0", "", 0.0),
        ("7", "", 7.0),
        (" 120 ", "", 120.0),
        ("301", "", LONGEST_PAUSE),
        ("9" * 40, "", LONGEST_PAUSE),
        ("Mon, 23 Nov 2026 12:00:30 GMT", NOON, 30.0),
        ("Monday, 23-Nov-26 12:00:30 GMT", NOON, 30.0),
        ("Mon Nov 23 12:00:30 2026", NOON, 30.0),
        ("Mon, 23 Nov 2026 11:59:00 GMT", NOON, 0.0),
        ("Tue, 24 Nov 2026 12:00:00 GMT", NOON, LONGEST_PAUSE),
        ("Fri, 23 Nov 2001 12:01:00 GMT", "Fri, 23 Nov 2001 12:00:00 GMT", 60.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", "", UNDATED_PAUSE),
        ("", NOON, None),
        ("soon", NOON, None),
        ("-1", NOON, None),
        ("1.5", NOON, None),
        ("٣", NOON, None),
        ("Mon, 99 Nov 2026 12:00:30 GMT", NOON, None),
    ],
)
def test_retry_after(retry_after: str, date: str, seconds: float | None) -> None:
    assert pause_of(said(429, retry_after=retry_after, date=date)) == seconds


def test_everyone_waits_where_the_server_names_a_time() -> None:
    assert classify(said(429, retry_after="3")).pause == 3.0
    assert classify(said(503, retry_after="3")).pause == 3.0
    assert classify(said(429)).pause is None


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"errors": [{"title": "one"}, {"title": "two"}]}, "one / two"),
        ({"error": "one"}, "one"),
        ({"message": "one", "reason": "two"}, "one / two"),
        (b"plain\r\n\x1b[31mtext\x00", "plain [31mtext"),
        (b"<html><TITLE>\n Bad\nGateway </TITLE><p>secret", "Bad Gateway"),
        (b"<h1>Oops</h1>", "Oops"),
        (b"<img>", "an HTML page"),
        ({"other": 1}, '{"other":1}'),
        (b"\xff" * 9, "\ufffd" * 9),
        (b"x" * 999, "x" * 199 + "…"),
    ],
)
def test_what_the_server_says_is_told_in_one_short_line(body: object, says: str) -> None:
    assert classify(said(422, body)).message == f"the server answered 422: {says}"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["error", "errors", "title", "id", "data", "success", "x"]), inner
        )
    ),
    max_leaves=12,
)
headers = st.one_of(
    st.text(max_size=40), st.just(NOON), st.integers(-5, 10**12).map(str), st.just("")
)
replies = st.builds(
    Reply,
    request_sent=st.booleans(),
    status=st.none() | st.integers(100, 999),
    body=st.binary(max_size=200) | json_values.map(orjson.dumps),
    retry_after=headers,
    date=headers,
    fault=st.text(max_size=10),
    stop=st.sampled_from(["", "no_tls"]),
)


@given(replies, st.booleans(), st.booleans())
def test_no_reply_is_ever_taken_for_more_than_it_says(
    reply: Reply, doubt: bool, accept_empty: bool
) -> None:
    classified = classify(reply, doubt=doubt, accept_empty=accept_empty)
    if reply.status is None:
        assert classified.status in (U, P)
    if classified.status is C:
        assert reply.status is not None
        assert 200 <= reply.status < 300
    if classified.status in (D, R, P):
        assert not doubt
    if classified.status is P:
        assert classified.action is not GO
    if reply.request_sent and reply.status is None:
        assert classified.status is U
    assert classified.pause is None or 0 <= classified.pause <= LONGEST_PAUSE
    assert len(classified.message) < 600
    assert "\n" not in classified.message.replace(reply.fault, "")


@given(replies)
def test_without_a_whole_reply_nothing_is_claimed(reply: Reply) -> None:
    assert classify(reply._replace(status=None)).status in (U, P)


URL = "https://app.satismeter.com/api/responses"


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("/api/responses/5d2f", "5d2f"),
        ("https://app.satismeter.com/api/responses/5d2f", "5d2f"),
        ("https://APP.satismeter.com:443/api/responses/5d2f/", "5d2f"),
        ("https://app.satismeter.com/api/responses/5d2f?token=x#y", "5d2f"),
        ("", ""),
        ("/", ""),
        ("/api/responses", ""),
        ("/api/responses/", ""),
        ("/login", ""),
        ("/api/responses/../users/1", ""),
        ("/api/responses/a/b", ""),
        ("https://evil.example/api/responses/5d2f", ""),
        ("//evil.example/api/responses/5d2f", ""),
        ("http://app.satismeter.com/api/responses/5d2f", ""),
        ("https://app.satismeter.com:8443/api/responses/5d2f", ""),
        ("https://app.satismeter.com@evil.example/api/responses/5d2f", ""),
        ("https://[::1/x", ""),
        ("https://app.satismeter.com:99999/api/responses/1", ""),
        ("/api/responses/%3Cb%3E", ""),
        ("/api/responses/" + "9" * 65, ""),
    ],
)
def test_only_a_place_below_the_one_posted_to_names_a_response(location: str, found: str) -> None:
    assert located(location, URL) == found


def test_an_id_comes_from_the_body_else_from_the_location() -> None:
    assert classify(said(201, located="abc")).response_id == "abc"
    assert classify(said(201, {"id": "5d2"}, located="abc")).response_id == "5d2"


def test_below_an_endpoint_of_ones_own() -> None:
    assert located("/x/insert/7", "http://127.0.0.1:8000/x/insert") == "7"
