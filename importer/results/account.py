"""What an import does to the account: the persons it meets, and what becomes of their traits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from importer import codes
from importer.model import counted


@dataclass(frozen=True, slots=True)
class Overwritten:
    """One example: the row of the file that is sent last, what the person has, and what he gets; both as they
    may be shown."""

    row: int
    before: str
    after: str

    def document(self) -> dict[str, object]:
        return {"row": self.row, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class TraitEffect:
    """What becomes of one trait, in persons that the account knows. `equal`: they have this very value;
    `fills`: they have none; `overwrites`: they have another, and get the file's; `kept`: they have another,
    and keep it. `retypes`: of those overwritten, whose value is of another kind (`"3"` over `3`)."""

    name: str
    keeps: bool
    equal: int = 0
    fills: int = 0
    overwrites: int = 0
    kept: int = 0
    retypes: int = 0
    examples: tuple[Overwritten, ...] = ()

    def document(self, *, examples: bool) -> dict[str, object]:
        return {
            "trait": self.name,
            "existing": "keep" if self.keeps else "overwrite",
            "equal": self.equal,
            "fills": self.fills,
            "overwrites": self.overwrites,
            "kept": self.kept,
            "type_changes": self.retypes,
            "examples": [each.document() for each in self.examples if examples],
        }


@dataclass(frozen=True, slots=True)
class AccountEffect:
    """What a look at the account has found.

    `looked`: whether there was one; else `why` not. `persons` of the rows to send have a userId: `known` to
    the account, or new; `anonymous` are rows of people who have none and can't be looked up. `unsubscribed`
    are of those known. `requests` were made to find out, `users` were listed (0 where each was asked for).
    `left_out`: traits that aren't sent at all, since nobody could look. `held`: rows that aren't sent, since
    the account has changed since their plan was approved. `undecided`: the mapping doesn't say what becomes
    of traits that are there."""

    looked: bool
    why: str = ""
    persons: int = 0
    known: int = 0
    anonymous: int = 0
    unsubscribed: int = 0
    requests: int = 0
    users: int = 0
    traits: tuple[TraitEffect, ...] = ()
    left_out: tuple[str, ...] = ()
    held: int = 0
    undecided: bool = False
    totals: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        kinds = ("equal", "fills", "overwrites", "kept")
        sums = {kind: sum(getattr(each, kind) for each in self.traits) for kind in kinds}
        object.__setattr__(self, "totals", sums)

    @property
    def new(self) -> int:
        """Persons whom the account doesn't know yet."""
        return self.persons - self.known

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> AccountEffect:
        """What a `document` says of persons and their traits."""
        if not document["looked"]:
            return cls(looked=False, why=document["why"], left_out=tuple(document["left_out"]))
        kinds = ("equal", "fills", "overwrites", "kept", "type_changes")
        traits = (
            TraitEffect(each["trait"], each["existing"] == "keep", *(each[kind] for kind in kinds))
            for each in document["traits"]
        )
        return cls(
            looked=True,
            persons=document["persons"],
            known=document["known"],
            anonymous=document["anonymous_rows"],
            unsubscribed=document["unsubscribed"],
            traits=tuple(traits),
            held=document["held"],
            requests=document["requests"],
            users=document["users_listed"],
        )

    def document(self, *, examples: bool = True) -> dict[str, object]:
        """`examples`: with some persons' values, as they may be shown."""
        if not self.looked:
            return {"looked": False, "why": self.why, "left_out": list(self.left_out)}
        return {
            "looked": True,
            "persons": self.persons,
            "known": self.known,
            "new": self.new,
            "anonymous_rows": self.anonymous,
            "unsubscribed": self.unsubscribed,
            "traits": [each.document(examples=examples) for each in self.traits],
            "held": self.held,
            "requests": self.requests,
            "users_listed": self.users,
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a careful person should know, each in a sentence or two."""
        return tuple(filter(None, (self._unseen(), self._nameless(), self._silent(), self._held())))

    def _unseen(self) -> str:
        if self.looked:
            return ""
        told = f"Nothing was looked at in the account: {self.why}."
        if self.left_out:
            names = ", ".join(self.left_out)
            return (
                f"{told} Whether persons have these traits already isn't known, so they aren't sent at all, "
                f"as the mapping keeps what is there: {names}."
            )
        return f"{told} Traits that persons have already may be overwritten, and can't be put back."

    def _nameless(self) -> str:
        if not (self.looked and self.anonymous and self.left_out):
            return ""
        rows = counted(self.anonymous, "row is", "rows are")
        return (
            f"{rows} of people without a userId, who can't be looked up: their traits "
            f"{', '.join(self.left_out)} aren't sent, as the mapping keeps what is there."
        )

    def _silent(self) -> str:
        if not self.undecided:
            return ""
        return (
            "The mapping doesn't say what becomes of traits that persons have already: they are overwritten. "
            f"{codes.advice('existing_traits')}"
        )

    def _held(self) -> str:
        if not self.held:
            return ""
        return (
            f"{counted(self.held, 'row')} would now overwrite what the mapping keeps: the account has "
            "changed since they were approved. They are held, and not sent."
        )
