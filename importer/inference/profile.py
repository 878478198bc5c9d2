"""The values of a column, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from importer.mapping.blanks import folded, trimmed

MOST_DISTINCT = 5_000


@dataclass(frozen=True, slots=True)
class Profile:
    """`counts` holds the distinct texts that aren't blank (trimmed), by their first appearance, with how
    often each stands there; at most `MOST_DISTINCT` of them."""

    rows: int
    filled: int
    counts: Mapping[str, int]

    @classmethod
    def of(cls, cells: Sequence[str]) -> Profile:
        """Of all cells of a column."""
        texts = [text for cell in cells if (text := trimmed(cell))]
        counts = Counter(texts)
        kept = dict(list(counts.items())[:MOST_DISTINCT])
        return cls(len(cells), len(texts), kept)

    @property
    def distinct(self) -> int:
        """Different values, up to `MOST_DISTINCT`."""
        return len(self.counts)

    @property
    def longest(self) -> int:
        """Characters of the longest value."""
        return max(map(len, self.counts), default=0)

    @property
    def mean_length(self) -> float:
        """Characters of a value, on average over the distinct ones."""
        return sum(map(len, self.counts)) / max(self.distinct, 1)

    def samples(self, most: int = 3) -> list[str]:
        """The first values."""
        return list(self.counts)[:most]

    def without(self, words: frozenset[str]) -> tuple[dict[str, int], tuple[str, ...]]:
        """The counts without the values that are such words, and those values."""
        out = tuple(text for text in self.counts if folded(text) in words)
        return {text: count for text, count in self.counts.items() if text not in out}, out
