"""What the read API tells, as plain facts. It documents few fields: what is absent is ""."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey of the project: `type` is nps, csat, ces …; `state` as the API says it."""

    id: str
    name: str
    type: str
    state: str

    @classmethod
    def parse(cls, document: Mapping[str, object]) -> Survey:
        """From one element of `/campaigns`."""
        return cls(*(text(document.get(name)) for name in ("id", "name", "type", "state")))


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a survey, from its statistics: the one place where IDs, labels and types stand.
    `values` are the answers that were given so far."""

    id: str
    label: str
    type: str
    values: tuple[str, ...] = ()

    @classmethod
    def parse(cls, document: Mapping[str, object]) -> Question:
        """From one element of `questions`."""
        statistics = document.get("statistics")
        listed = statistics.get("values") if isinstance(statistics, Mapping) else None
        given = [each.get("value") for each in listed or [] if isinstance(each, Mapping)]
        return cls(
            text(document.get("id")),
            text(document.get("label")),
            text(document.get("type")),
            tuple(text(value) for value in given),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A response as the survey holds it. `created` is the API's text (ISO 8601); `answers` are
    (question ID, value) as they were sent: integers or text."""

    id: str
    created: str
    user_id: str
    anonymous_id: str
    email: str
    answers: tuple[tuple[str, int | str], ...]

    @classmethod
    def parse(cls, document: Mapping[str, object]) -> Found:
        """From one element of `/responses`."""
        user = document.get("user")
        user = user if isinstance(user, Mapping) else {}
        listed = document.get("answers")
        answers = (
            [each for each in listed if isinstance(each, Mapping)]
            if isinstance(listed, list)
            else []
        )
        return cls(
            id=text(document.get("id")),
            created=text(document.get("created")),
            user_id=text(user.get("userId")),
            anonymous_id=text(user.get("anonymousId")),
            email=text(user.get("email")),
            answers=tuple((text(each.get("id")), _value(each.get("value"))) for each in answers),
        )


def text(value: object) -> str:
    """A field as text; "" where it is absent."""
    return "" if value is None else str(value)


def _value(value: object) -> int | str:
    """A whole number stays one: `9.0` of a JSON writer is 9."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else text(value)
