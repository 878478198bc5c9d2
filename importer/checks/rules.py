"""The rules, one class each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from importer.model import Response


class Check(Protocol):
    """A rule over one response. Its docstring is the meaning of its code."""

    @property
    def code(self) -> str:
        """The code of its problems."""

    @property
    def fix(self) -> str:
        """What to do about them."""

    def objection(self, response: Response) -> str:
        """What is wrong, without any text of the row's; "" where nothing is."""


@dataclass(frozen=True, slots=True)
class OnePerson:
    """A response names one person: by `userId`, or else by `anonymousId`."""

    code: str = "one_person"
    fix: str = "Name a column in `userId`, or give `anonymousId: {hash: [...]}`."

    def objection(self, response: Response) -> str:
        """Neither id, or both."""
        given = bool(response.user_id.strip()) + bool(response.anonymous_id.strip())
        return "" if given == 1 else f"the response names {given} ids, not one"


@dataclass(frozen=True, slots=True)
class SeveralAddresses:
    """One id holds several e-mail addresses, which would make a new person of them."""

    code: str = "several_addresses"
    fix: str = "Leave one address in the cell, or name another column first in `userId`."

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
    fix: str = "Shorten the cell, or leave that answer or trait out."

    def objection(self, response: Response) -> str:
        """Over the limit."""
        size = len(response.body)
        return (
            f"the body has {size:,} bytes; {self.limit:,} are allowed" if size > self.limit else ""
        )


CHECKS: tuple[Check, ...] = (OnePerson(), SeveralAddresses(), BodySize())
"""What every response goes through."""
