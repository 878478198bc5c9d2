"""What a plan leaves out of its rows, in few words: sets of traits, each with the rows that lack them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

_NOTHING = frozenset[str]()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """`looked`: whether somebody had looked at the account. `sets`: traits that aren't sent, and the rows (by
    their place in the job, from 0) of which they aren't, as ranges: `0-38 40`."""

    looked: bool
    sets: tuple[tuple[tuple[str, ...], str], ...] = ()

    @classmethod
    def read(cls, text: str) -> LeftOut:
        """From what `written` has made."""
        return cls.parse(orjson.loads(text))

    @classmethod
    def parse(cls, document: Mapping[str, object]) -> LeftOut:
        """From JSON. Raises ValueError where it isn't of the shape of `document`."""
        looked, listed = document.get("looked"), document.get("left_out")
        if not isinstance(looked, bool) or not isinstance(listed, list):
            raise ValueError("no LeftOut")  # noqa: TRY004  one error for whatever is wrong in a file
        return cls(looked, tuple(map(_set, listed)))

    def document(self) -> dict[str, object]:
        listed = [{"traits": list(names), "rows": rows} for names, rows in self.sets]
        return {"looked": self.looked, "left_out": listed}

    def written(self) -> str:
        """The JSON text of `document`, as the ledger keeps it."""
        return orjson.dumps(self.document()).decode()

    def lookup(self) -> Lookup:
        """Something that says quickly which traits a row lacks."""
        return Lookup(self.sets)


def _set(document: object) -> tuple[tuple[str, ...], str]:
    names = document.get("traits") if isinstance(document, dict) else None
    rows = document.get("rows") if isinstance(document, dict) else None
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise ValueError("no traits")
    if not are_ranges(rows):
        raise ValueError("no rows")
    return tuple(names), str(rows)


class Lookup:
    """Finds the traits that a row lacks."""

    def __init__(self, sets: Iterable[tuple[tuple[str, ...], str]]) -> None:
        self._sets = [(frozenset(names), *_ends(rows)) for names, rows in sets]

    def of(self, place: int) -> frozenset[str]:
        """The traits that the row at this place lacks."""
        found = (names for names, firsts, lasts in self._sets if _within(place, firsts, lasts))
        return next(found, _NOTHING)


# Ascending numbers, as ranges.

_LONGEST = 40
"""Letters of a range."""


def ranges(rows: Iterable[int]) -> Iterator[str]:
    """Ascending numbers as `2-40`, `42`."""
    first = last = None
    for row in rows:
        if last is None or row != last + 1:
            if first is not None:
                yield _range(first, last)
            first = row
        last = row
    if first is not None:
        yield _range(first, last)


def _range(first: int, last: int | None) -> str:
    return str(first) if first == last else f"{first}-{last}"


def outside(text: str, rows: Iterable[int]) -> Iterator[int]:
    """Those of the rows that are in none of the ranges."""
    firsts, lasts = _ends(text)
    yield from (row for row in rows if not _within(row, firsts, lasts))


def are_ranges(text: object) -> bool:
    """Whether it is what `ranges` makes, joined by blanks."""
    return isinstance(text, str) and all(map(_is_range, text.split()))


def _is_range(text: str) -> bool:
    first, _, last = text.partition("-")
    return len(text) <= _LONGEST and first.isdecimal() and (last.isdecimal() or text == first)


def _ends(text: str) -> tuple[list[int], list[int]]:
    pairs = [each.partition("-")[::2] for each in text.split()]
    return [int(first) for first, _ in pairs], [int(last or first) for first, last in pairs]


def _within(row: int, firsts: Sequence[int], lasts: Sequence[int]) -> bool:
    place = bisect_right(firsts, row) - 1
    return place >= 0 and row <= lasts[place]
