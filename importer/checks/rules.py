"""The rules, one class each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from importer.model import Response


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
