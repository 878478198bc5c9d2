"""One row's values -> the body of its request, and what tells it from every other."""

from __future__ import annotations

import orjson

from importer.mapping.memo import Result
from importer.mapping.program import Program
from importer.model import Response

Person = tuple[str, str]
"""userId and anonymousId; one of them is ""."""
_SORTED = orjson.OPT_SORT_KEYS
_KEPT = b"%b"
"""Copies what orjson wrote: it hands out a kilobyte cut to size, and a chunk's worth of those costs ten times
the copies in memory that goes back and forth to the system."""


class Responder:
    """Puts rows together that are known to be fine."""

    __slots__ = ("_by_id", "_force", "_names", "_wave")

    def __init__(self, program: Program) -> None:
        self._names = [name for name, _ in program.traits]
        self._force = program.force
        self._wave = program.wave
        ids = [each.id for each in program.answers]
        self._by_id = sorted(range(len(ids)), key=ids.__getitem__)

    def response(  # noqa: PLR0913, PLR0917  one argument per part of the body, called once a row
        self,
        row: int,
        person: Person,
        campaign: str,
        method: Result,
        answers: tuple[Result, ...],
        rating: Result,
        traits: tuple[Result, ...],
        order: Result,
        key: tuple[Result, ...],
    ) -> Response:
        """The response of one row."""
        user, anonymous = person
        known = dict(zip(self._names, traits, strict=True))
        if None in traits:
            known = {name: value for name, value in known.items() if value is not None}
        body: dict[str, object] = {"campaign": campaign}
        if method is not None:
            body["method"] = method
        body["userId" if user else "anonymousId"] = user or anonymous
        if known:
            body["traits"] = known
        body["answers"] = [each for each in answers if each is not None]
        if rating is not None:
            body["rating"] = rating
        if self._force:
            body["forceSurvey"] = True
        date = "" if order is None else str(order)
        told = [user, anonymous, self._in_order(answers), rating, date]
        kept: dict[str, object] = {"key": key}
        if self._wave:
            told.append(self._wave)
            kept["wave"] = self._wave
        content = _KEPT % orjson.dumps(told)
        return Response(
            row,
            user,
            anonymous,
            campaign,
            _KEPT % orjson.dumps(body),
            _KEPT % orjson.dumps(kept) if key else content,
            content,
            _KEPT % orjson.dumps(known, option=_SORTED),
            " / ".join([str(each) for each in key if each is not None]) if key else "",
            date,
            answers,
            self._wave,
        )

    def _in_order(self, answers: tuple[Result, ...]) -> list[Result]:
        """The given answers by their questions' IDs: mappings may list the questions differently, and
        one that asks for more is no other response where the rest is blank."""
        return [each for i in self._by_id if (each := answers[i]) is not None]
