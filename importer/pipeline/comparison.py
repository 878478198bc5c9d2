"""What a survey holds beside what was sent: which responses are the same, and which are not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from importer.ledger.expected import Expected

_K = TypeVar("_K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Seen:
    """A response as the survey holds it: its ID, when it was made (the API's text), its `person` and
    `shown` hashes as the ledger makes them, its answers. `nameless`: the API told no user; `user` is
    the one it told, masked."""

    id: str
    created: str
    person: bytes
    shown: bytes
    answers: tuple[tuple[str, int | str], ...]
    nameless: bool = False
    user: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two sides differ.

    `missing` were accepted and are not there; `altered` are there with other answers (or another
    person); `doubled` are there once more than they were sent; `extra` are no row's. No differences:
    `unsettled` rows were of unknown fate, and are not there; `uncompared` have neither a user in the
    survey nor an ID to go by; `others` were sent by other jobs.
    """

    same: tuple[tuple[Expected, Seen], ...] = ()
    missing: tuple[Expected, ...] = ()
    altered: tuple[tuple[Expected, Seen], ...] = ()
    doubled: tuple[tuple[Expected, Seen], ...] = ()
    extra: tuple[Seen, ...] = ()
    unsettled: tuple[Expected, ...] = ()
    uncompared: int = 0
    others: int = 0

    @property
    def differs(self) -> bool:
        """Whether what was sent is not what is there; extra responses aside."""
        return bool(self.missing or self.altered or self.doubled)


Others = Callable[[Collection[bytes]], Mapping[bytes, int]]
"""How often each of these `shown` hashes was sent by other jobs."""


Pairs = list[tuple[Expected, Seen]]


@dataclass(slots=True)
class _Sides:
    """What is not matched yet."""

    sent: list[Expected]
    there: list[Seen]

    def match(
        self, sent: Callable[[Expected], _K | None], there: Callable[[Seen], _K | None]
    ) -> Pairs:
        """Pair off those of one key, each once, in order; None is no key."""
        waiting: dict[_K, list[Seen]] = defaultdict(list)
        for seen in reversed(self.there):
            if (key := there(seen)) is not None:
                waiting[key].append(seen)
        pairs: Pairs = []
        left = []
        for row in self.sent:
            key = sent(row)
            if key is not None and waiting.get(key):
                pairs.append((row, waiting[key].pop()))
            else:
                left.append(row)
        self.sent = left
        self._take(seen for _, seen in pairs)
        return pairs

    def leave_out(self, counts: Mapping[bytes, int]) -> int:
        """Take away so many of each `shown`; returns how many there were."""
        left = Counter(counts)
        known = []
        for seen in self.there:
            if left[seen.shown] > 0:
                left[seen.shown] -= 1
                known.append(seen)
        self._take(known)
        return len(known)

    def again(self, rows: Mapping[bytes, Expected]) -> Pairs:
        """Take away what is equal to one of these rows."""
        pairs = [(rows[seen.shown], seen) for seen in self.there if seen.shown in rows]
        self._take(seen for _, seen in pairs)
        return pairs

    def _take(self, seen: Iterable[Seen]) -> None:
        taken = {id(each) for each in seen}
        self.there = [each for each in self.there if id(each) not in taken]


def compare(sent: Sequence[Expected], there: Sequence[Seen], others: Others) -> Comparison:
    """Match what was sent with what is there: first what is equal, then by the API's ID, last by
    person; rows that are certain before those of unknown fate."""
    sides = _Sides(sorted(sent, key=lambda each: (not each.certain, each.seq)), list(there))
    same = sides.match(lambda row: row.shown, lambda seen: seen.shown)
    altered = sides.match(lambda row: row.response_id or None, lambda seen: seen.id or None)
    known = sides.leave_out(others({each.shown for each in sides.there}))
    doubled = sides.again({row.shown: row for row, _ in same})
    altered += sides.match(lambda row: row.person if row.certain else None, _person)
    unnamed = sides.match(lambda row: row.anonymous or None, lambda seen: seen.nameless or None)
    return Comparison(
        same=tuple(same),
        missing=tuple(each for each in sides.sent if each.certain),
        altered=tuple(altered),
        doubled=tuple(doubled),
        extra=tuple(sides.there),
        unsettled=tuple(each for each in sides.sent if not each.certain),
        uncompared=len(unnamed),
        others=known,
    )


def _person(each: Seen) -> bytes | None:
    return None if each.nameless else each.person
