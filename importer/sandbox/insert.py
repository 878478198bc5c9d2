"""The checks of the insert call, in the order in which a server makes them. Pure but for the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson

from importer.sandbox.settings import SandboxSettings, Targeting
from importer.sandbox.store import Insert, Store

METHODS = ("In-App", "Mobile", "Email")
DUPLICATE = "Duplicate response"
"""SatisMeter's one text for two causes: the user responded recently, or the targeting leaves him out."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request stores nothing: the status, and one title for each thing that is wrong."""

    status: int
    titles: tuple[str, ...]


def parsed(raw: bytes) -> Mapping[str, object] | Refusal:
    """The body as an object; strict JSON, so neither `NaN` nor a byte that isn't UTF-8 passes."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return Refusal(400, ("Invalid JSON",))
    return body if isinstance(body, dict) else Refusal(400, ("The body is not an object",))


def checked(
    body: Mapping[str, object], settings: SandboxSettings, store: Store, now: int
) -> Insert | Refusal:
    """What is to be stored, or why not. `now` is Unix time in milliseconds."""
    if body.get("writeKey") != settings.write_key:
        return Refusal(401, ("Unknown write key",))
    if body.get("campaign") != settings.campaign:
        return Refusal(404, ("Unknown survey",))
    titles = tuple(_mistakes(body, settings))
    if titles:
        return Refusal(400, titles)
    insert = _insert(body)
    if insert.forced or (
        _targeted(insert, settings.targeting, store)
        and not store.responded_since(
            insert.campaign, insert.person, now - int(settings.duplicate_window * 1000)
        )
    ):
        return insert
    return Refusal(400, (DUPLICATE,))


def person_of(body: Mapping[str, object]) -> str:
    """The userId or anonymousId; "" where there is none."""
    person = body.get("userId") or body.get("anonymousId")
    return person if isinstance(person, str) else ""


def _mistakes(body: Mapping[str, object], settings: SandboxSettings) -> Iterator[str]:
    yield from _mistakes_of_person(body)
    yield from _mistakes_of_answers(body.get("answers"), settings)
    if body.get("method", "In-App") not in METHODS:
        yield f"method: expected one of {', '.join(METHODS)}"
    if not isinstance(body.get("traits", {}), dict):
        yield "traits: expected an object"
    if not isinstance(body.get("forceSurvey", False), bool):
        yield "forceSurvey: expected true or false"
    if "rating" in body and not _whole(body["rating"], 0, 10):
        yield "rating: expected an integer from 0 to 10"


def _mistakes_of_person(body: Mapping[str, object]) -> Iterator[str]:
    given = [name for name in ("userId", "anonymousId") if name in body]
    if len(given) != 1:
        yield "expected one of userId and anonymousId"
    for name in given:
        if not isinstance(body[name], str) or not body[name]:
            yield f"{name}: expected a string that is not empty"


def _mistakes_of_answers(answers: object, settings: SandboxSettings) -> Iterator[str]:
    if not isinstance(answers, list) or not answers:
        yield "answers: expected a list with at least one answer"
        return
    questions = {question.id: question for question in settings.questions}
    answered = set()
    for number, answer in enumerate(answers):
        if not isinstance(answer, dict) or set(answer) != {"id", "value"}:
            yield f"answers[{number}]: expected an object with id and value"
        elif not isinstance(answer["id"], str) or answer["id"] not in questions:
            yield f"answers[{number}].id: unknown question"
        elif answer["id"] in answered:
            yield f"answers[{number}].id: answered twice"
        else:
            answered.add(answer["id"])
            yield from _mistakes_of_value(number, answer["value"], questions[answer["id"]].range)


def _mistakes_of_value(number: int, value: object, limits: tuple[int, int] | None) -> Iterator[str]:
    if limits is None:
        if not isinstance(value, str) or not value:
            yield f"answers[{number}].value: expected a string that is not empty"
    elif not _whole(value, *limits):
        yield f"answers[{number}].value: expected an integer from {limits[0]} to {limits[1]}"


def _whole(value: object, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _insert(body: Mapping[str, object]) -> Insert:
    """The body as a fact; `_mistakes` has proved its types."""
    answers = cast(list[dict[str, Any]], body["answers"])
    return Insert(
        campaign=str(body["campaign"]),
        user_id=str(body.get("userId", "")),
        anonymous_id=str(body.get("anonymousId", "")),
        method=str(body.get("method", "In-App")),
        answers=tuple((answer["id"], answer["value"]) for answer in answers),
        traits=cast(dict[str, object], body.get("traits", {})),
        rating=cast(int | None, body.get("rating")),
        forced=body.get("forceSurvey") is True,
    )


def _targeted(insert: Insert, targeting: Targeting, store: Store) -> bool:
    if insert.anonymous_id and not targeting.anonymous:
        return False
    known = {**store.traits(insert.person), **insert.traits}
    return all(str(known.get(name, "")) in values for name, values in targeting.traits.items())
