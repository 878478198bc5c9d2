"""One row's values -> the body of its request, and what tells it from every other."""

from __future__ import annotations

import orjson

from importer.mapping.memo import Result
from importer.mapping.program import Program
from importer.model import Response

Person = tuple[str, str]
"""userId and anonymousId; one of them is ""."""
_NONE = b"{}"
_KEPT = b"%b"
"""Copies what orjson wrote: it hands out a kilobyte cut to size, and a chunk's worth of those costs ten times
the copies in memory that goes back and forth to the system."""


class Responder:
    """Puts rows together that are known to be fine."""

    __slots__ = ("_force", "_in_order", "_mark", "_names", "_order", "_wave", "_waves")

    def __init__(self, program: Program) -> None:
        self._names = [name for name, _ in program.traits]
        self._force = program.force
        self._wave = program.wave
        self._waves = (program.wave,) if program.wave else ()
        self._mark = {"wave": program.wave} if program.wave else {}
        ids = [each.id for each in program.answers]
        self._order = sorted(range(len(ids)), key=ids.__getitem__)
        self._in_order = self._order == list(range(len(ids)))

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
        given = [each for each in answers if each is not None]
        known = _KEPT % orjson.dumps(self._known(traits))
        body: dict[str, object] = {"campaign": campaign}
        if method is not None:
            body["method"] = method
        body["userId" if user else "anonymousId"] = user or anonymous
        if known != _NONE:
            body["traits"] = orjson.Fragment(known)
        body["answers"] = given
        if rating is not None:
            body["rating"] = rating
        if self._force:
            body["forceSurvey"] = True
        date = "" if order is None else str(order)
        sorted_ = given if self._in_order else self._by_id(answers)
        content = _KEPT % orjson.dumps([user, anonymous, sorted_, rating, date, *self._waves])
        return Response(
            row,
            user,
            anonymous,
            campaign,
            _KEPT % orjson.dumps(body),
            _KEPT % orjson.dumps({"key": key, **self._mark}) if key else content,
            content,
            known,
            " / ".join([str(each) for each in key if each is not None]) if key else "",
            date,
            answers,
            self._wave,
        )

    def _known(self, traits: tuple[Result, ...]) -> dict[str, Result]:
        """The traits that aren't blank, in the mapping's order."""
        if None not in traits:
            return dict(zip(self._names, traits))  # noqa: B905  as many as there are names
        named = zip(self._names, traits, strict=True)
        return {name: value for name, value in named if value is not None}

    def _by_id(self, answers: tuple[Result, ...]) -> list[Result]:
        """The given answers by their questions' IDs: mappings may list the questions differently, and
        one that asks for more is no other response where the rest is blank."""
        return [each for i in self._order if (each := answers[i]) is not None]
