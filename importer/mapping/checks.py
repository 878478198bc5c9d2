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

    def none(self, responses: Sequence[Response]) -> bool:
        """Whether one look at many responses shows that there is no objection to any; False says nothing.
        (Each by itself took 2.5 % of a plan.)"""


@dataclass(frozen=True, slots=True)
class OnePerson:
    """A response names one person: by `userId`, or else by `anonymousId`."""

    code: str = "one_person"

    def objection(self, response: Response) -> str:
        """Neither id, or both."""
        given = bool(response.user_id.strip()) + bool(response.anonymous_id.strip())
        return "" if given == 1 else f"the response names {given} ids, not one"

    def none(self, responses: Sequence[Response]) -> bool:
        """All have a userId, and nothing else."""
        users, others = (each.user_id for each in responses), (e.anonymous_id for e in responses)
        return all(map(str.strip, users)) and not any(others)


@dataclass(frozen=True, slots=True)
class SeveralAddresses:
    """One id holds several e-mail addresses, which would make a new person of them."""

    code: str = "several_addresses"

    def objection(self, response: Response) -> str:
        """More than one `@`."""
        count = response.user_id.count("@")
        return f"the id holds {count} addresses" if count > 1 else ""

    def none(self, responses: Sequence[Response]) -> bool:
        """No more than one `@` in each."""
        return max([each.user_id.count("@") for each in responses], default=0) <= 1


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

    def none(self, responses: Sequence[Response]) -> bool:
        """The longest is within the limit."""
        return max([len(each.body) for each in responses], default=0) <= self.limit


CHECKS: tuple[Check, ...] = (OnePerson(), SeveralAddresses(), BodySize())
"""What every response goes through."""


# Rules over one response, whatever mapping made it.
#
# To add one, write a class in `rules`, put an instance into `CHECKS`, and its code into `codes.toml`.


def check(mapped: Iterable[Mapped], checks: Sequence[Check] = CHECKS) -> list[Mapped]:
    """The same rows, in order; a response that breaks a rule is invalid, with all the rules it breaks."""
    rows = list(mapped)
    responses = [each for each in rows if isinstance(each, Response)]
    odd = [each for each in checks if not each.none(responses)]
    if not odd:
        return rows
    return [
        _refused(each, checks)
        if isinstance(each, Response) and any(check.objection(each) for check in odd)
        else each
        for each in rows
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
