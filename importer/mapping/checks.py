"""Checks of one response, whatever mapping made it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from importer import codes
from importer.model import Invalid, Mapped, Problem, Response

# The rules, one class each.


class Check(Protocol):
    """A rule over one response."""

    @property
    def code(self) -> str:
        """The code of its problems, which `codes.toml` explains under `checks`."""

    def objection(self, response: Response) -> str:
        """What is wrong, without any text of the row's; "" where nothing is."""


@dataclass(frozen=True, slots=True)
class OnePerson:
    """A response names one person: by `userId`, or else by `anonymousId`."""

    code: str = "one_person"

    def objection(self, response: Response) -> str:
        """Neither id, or both."""
        given = bool(response.user_id.strip()) + bool(response.anonymous_id.strip())
        return "" if given == 1 else f"the response names {given} ids, not one"


@dataclass(frozen=True, slots=True)
class SeveralAddresses:
    """One id holds several e-mail addresses, which would make a new person of them."""

    code: str = "several_addresses"

    def objection(self, response: Response) -> str:
        """More than one `@`."""
        count = response.user_id.count("@")
        return f"the id holds {count} addresses" if count > 1 else ""


@dataclass(frozen=True, slots=True)
class BodySize:
    """The body is bigger than any survey response: a cell holds something else than an answer."""

    limit: int = 1_000_000
    """Bytes."""
    code: str = "too_big"

    def objection(self, response: Response) -> str:
        """Over the limit."""
        size = len(response.body)
        return (
            f"the body has {size:,} bytes; {self.limit:,} are allowed" if size > self.limit else ""
        )


CHECKS: tuple[Check, ...] = (OnePerson(), SeveralAddresses(), BodySize())
"""What every response goes through."""


# Rules over one response, whatever mapping made it.
#
# To add one, write a class in `rules`, put an instance into `CHECKS`, and its code into `codes.toml`.


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
