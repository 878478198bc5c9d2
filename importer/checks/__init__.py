"""Rules over one response, whatever mapping made it.

To add one, write a class in `rules`, put an instance into `CHECKS`, and its code into `codes.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from importer import codes
from importer.checks.rules import CHECKS, Check
from importer.model import Invalid, Mapped, Problem, Response

__all__ = ["CHECKS", "Check", "check"]


def check(mapped: Iterable[Mapped], checks: Sequence[Check] = CHECKS) -> list[Mapped]:
    """The same rows, in order; a response that breaks a rule is invalid, with all the rules it breaks."""
    objections = [each.objection for each in checks]
    return [
        _refused(each, checks)
        if isinstance(each, Response) and any(object_(each) for object_ in objections)
        else each
        for each in mapped
    ]


def _refused(response: Response, checks: Sequence[Check]) -> Invalid:
    problems = tuple(
        Problem(each.code, message, response.row, fix=codes.of("checks")[each.code].remedy)
        for each in checks
        if (message := each.objection(response))
    )
    return Invalid(
        response.row,
        problems,
        response.user_id,
        response.anonymous_id,
        key=response.key,
        wave=response.wave,
    )
