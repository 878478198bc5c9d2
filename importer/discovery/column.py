"""A column and its values, counted; and columns that belong to one question."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from importer.mapping.text import folded, trimmed
from importer.mapping.transforms.date_formats import is_timezone

# The values of a column, counted.

MOST_DISTINCT = 5_000


@dataclass(frozen=True, slots=True)
class Profile:
    """`counts` holds the distinct texts that aren't blank (trimmed), by their first appearance, with how
    often each stands there; at most `MOST_DISTINCT` of them, of `different` in all (0: as many)."""

    rows: int
    filled: int
    counts: Mapping[str, int]
    different: int = 0

    @classmethod
    def of(cls, cells: Sequence[str]) -> Profile:
        """Counts what stands in all cells of a column; blank ones aren't filled."""
        texts = [text for cell in cells if (text := trimmed(cell))]
        counts = Counter(texts)
        kept = dict(list(counts.items())[:MOST_DISTINCT])
        return cls(len(cells), len(texts), kept, len(counts))

    @property
    def distinct(self) -> int:
        return self.different or len(self.counts)

    @property
    def repeats(self) -> bool:
        return self.distinct < self.filled

    @property
    def longest(self) -> int:
        return max(map(len, self.counts), default=0)

    @property
    def mean_length(self) -> float:
        """Characters of a value, on average over the distinct ones."""
        return sum(map(len, self.counts)) / max(len(self.counts), 1)

    @property
    def is_counter(self) -> bool:
        """Whether they count the rows: 1, 2, 3 ..."""
        texts = [text.removesuffix(".0") for text in self.counts]
        if not texts or not all(map(str.isdecimal, texts)):
            return False
        first, *_ = numbers = [int(text) for text in texts]
        return numbers == list(range(first, first + len(numbers))) and first <= 1

    def samples(self, most: int = 3) -> list[str]:
        return list(self.counts)[:most]

    def without(self, words: frozenset[str]) -> tuple[dict[str, int], tuple[str, ...]]:
        """The counts without the values that are such words, and those values."""
        out = tuple(text for text in self.counts if folded(text) in words)
        return {text: count for text, count in self.counts.items() if text not in out}, out


# A column, as discovery sees it; and columns that belong to one question.


class Confidence(StrEnum):
    """How sure a finding is; the word stands in the mapping's comments."""

    SURE = "sure"
    GUESSED = "guessed"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Column:
    """`label` is its name in the joined header, `text` the question in words (the label where there is
    nothing better). Columns of one `group` belong to one question; `part` is this one's share of the
    name: a choice, a row of a grid, `Response`, `Why?`. `where` has a bit for each row that fills it;
    `open` says that the tool calls it a free text, and `zone` ("": not) which time zone its dates are in."""

    index: int
    label: str
    text: str
    group: str
    part: str
    profile: Profile
    where: int = 0
    open: bool = False
    zone: str = ""

    @property
    def blank(self) -> bool:
        return not self.profile.filled

    def of(self, row: Sequence[str]) -> str:
        """What a row says in it, as its profile counts it; "" where nothing."""
        return trimmed(row[self.index])


# The spaces before the bracket are looked at once, from their first on: a label may be one long cell.
_GRID = re.compile(
    r"(?P<group>.+?)(?<!\s)\s*+\[(?P<part>[^\[\]]+)\]\s*(?:\[[^\[\]]*\])?", re.DOTALL
)
_BEFORE = re.compile(r"(?P<part>[^:]{1,80}):+\s*(?P<group>.{8,})", re.DOTALL)
_SLASH = re.compile(r"(?P<group>.+)/(?P<part>[^/]+)", re.DOTALL)
_NUMBERED = re.compile(r"(?P<group>[A-Za-z]\w*?)_(?P<part>(?:\d+|x\d+)(?:_TEXT)?)")
_OPEN = re.compile(r"QID\d+[-_]TEXT\b")
"""Qualtrics' import id of a text entry question."""
_TIMEZONE = re.compile(r"[\"']timeZone[\"']\s*:\s*[\"']([^\"']+)[\"']")


def columns(
    labels: Sequence[str],
    rows: Sequence[Sequence[str]],
    texts: Sequence[str] = (),
    upper: Sequence[str] = (),
    lower: Sequence[str] = (),
    ids: Sequence[str] = (),
) -> tuple[Column, ...]:
    """The columns of a table. `texts` are questions in words; `upper` and `lower` the two header rows, where
    there are two; `ids` the import ids, where there are some."""
    paired = _from_two_rows(upper, lower) if upper else _from_names(labels)
    cells = [[row[i] for row in rows] for i in range(len(labels))]
    return tuple(
        Column(
            index=i,
            label=label,
            text=(texts[i].strip() if i < len(texts) else "") or label,
            group=paired[i][0],
            part=paired[i][1],
            profile=Profile.of(cells[i]),
            where=int("".join("1" if cell.strip() else "0" for cell in cells[i]) or "0", 2),
            open=i < len(ids) and bool(_OPEN.search(ids[i])),
            zone=_zone(ids[i]) if i < len(ids) else "",
        )
        for i, label in enumerate(labels)
    )


def _zone(import_id: str) -> str:
    """The time zone of a column of dates, which Qualtrics names beside the import id."""
    found = _TIMEZONE.search(import_id)
    name = found[1].replace("\\/", "/") if found else ""
    return "UTC" if name == "Z" else name if name and is_timezone(name) else ""


def exclusive(group: Sequence[Column]) -> bool:
    """Whether no row fills two of the columns."""
    seen = 0
    for each in group:
        if seen & each.where:
            return False
        seen |= each.where
    return True


def _from_two_rows(upper: Sequence[str], lower: Sequence[str]) -> list[tuple[str, str]]:
    """Row 1 filled from the left, and row 2."""
    pairs: list[tuple[str, str]] = []
    group = ""
    for up, low in zip(upper, lower, strict=True):
        group = up.strip() or group
        pairs.append((group, low.strip()) if low.strip() else ("", ""))
    return pairs


def _from_names(labels: Sequence[str]) -> list[tuple[str, str]]:
    """Names that share a part: `Question [row]`, `Sub:Question`, `question/choice`, `Q3_1`, `Q3_2`."""
    for pattern in (_GRID, _BEFORE, _SLASH, _NUMBERED):
        found = [pattern.fullmatch(label.strip()) for label in labels]
        sizes = Counter(match["group"].strip() for match in found if match)
        sizes.update(label.strip() for label in labels if label.strip() in sizes)
        if any(size > 1 for size in sizes.values()):
            return [
                (label.strip(), "") if label.strip() in sizes else _pair(match, sizes)
                for label, match in zip(labels, found, strict=True)
            ]
    return [("", "")] * len(labels)


def _pair(match: re.Match[str] | None, sizes: Mapping[str, int]) -> tuple[str, str]:
    if match is None or sizes[match["group"].strip()] < 2:
        return "", ""
    return match["group"].strip(), match["part"].strip()
