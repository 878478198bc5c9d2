"""Answers that are sent as something else than they stand in the file: how often each, and as what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from importer.mapping.answers import Answer
from importer.mapping.blanks import folded, trimmed
from importer.mapping.document import Document
from importer.mapping.header import Header
from importer.mapping.meaning import typed
from importer.mapping.tracing import steps
from importer.model import Chunk, Invalid, Mapped, Response

MOST_TEXTS = 1_000
"""Different texts of one column that are counted; recoded columns hold few."""


@dataclass(frozen=True, slots=True)
class Value:
    """A text of the file: how many of the rows that can be sent hold it, and what it is sent as (None: no
    answer). `named`: it stands in the mapping as well, so it is nobody's secret."""

    text: str
    count: int
    sent: object
    named: bool


@dataclass(frozen=True, slots=True)
class Recoding:
    """One answer of the mapping, recoded: its name, column and type, and its values, the lowest of what is
    sent first. `wave` is "" where there are no waves."""

    answer: str
    column: str
    type: str
    values: tuple[Value, ...]
    wave: str = ""

    @property
    def label(self) -> str:
        """The column, and the wave where there are any."""
        return f"{self.column}, wave {self.wave}" if self.wave else self.column

    @property
    def nps_before(self) -> float | None:
        """The NPS of the file's own numbers; None where they are no numbers of 0 to 10."""
        return _nps({each.text: each.count for each in self.values if each.sent is not None})

    @property
    def nps_after(self) -> float | None:
        """The NPS of what is sent; None unless it goes to an NPS question."""
        after: Counter[str] = Counter()
        for each in self.values:
            if each.sent is not None:
                after[str(each.sent)] += each.count
        return _nps(after) if self.type == "nps" else None


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A text that `values:` doesn't have: in how many rows, and the first of them as Excel numbers it."""

    column: str
    text: str
    count: int
    first: int


def _nps(counts: Mapping[str, int]) -> float | None:
    if not counts or not all(text.isdigit() and int(text) <= 10 for text in counts):
        return None
    total = sum(counts.values())
    promoters = sum(count for text, count in counts.items() if int(text) >= 9)
    detractors = sum(count for text, count in counts.items() if int(text) <= 6)
    return 100 * (promoters - detractors) / total


@dataclass(frozen=True, slots=True)
class _Recoded:
    answer: Answer
    positions: Sequence[int]
    column: str
    wave: str
    place: int
    """The wave's place among the waves of a row."""
    counts: Counter[str] = field(default_factory=Counter)

    def count(self, text: str, rows: int) -> None:
        if text and (text in self.counts or len(self.counts) < MOST_TEXTS):
            self.counts[text] += rows


class Recodings:
    """Counts, chunk by chunk; costs nothing where a mapping recodes nothing."""

    def __init__(self, document: Document, header: Sequence[str]) -> None:
        self._answers = tuple(
            recoded
            for place, wave in enumerate(document.by_wave)
            for recoded in _recoded(wave, place, header)
        )
        self._waves = len(document.by_wave)
        self._unmapped: dict[tuple[str, str], tuple[int, int]] = {}

    def add(self, mapped: Sequence[Mapped], chunk: Chunk) -> None:
        """The next rows, in the order of the chunk."""
        for each in mapped:
            if isinstance(each, Invalid):
                self._note(each)
        if not self._answers:
            return
        ready = [
            [i for i, each in enumerate(mapped[place :: self._waves]) if isinstance(each, Response)]
            for place in range(self._waves)
        ]
        for recoded in self._answers:
            cells = list(zip(*(chunk.columns[at] for at in recoded.positions), strict=True))
            found = Counter(map(cells.__getitem__, ready[recoded.place]))
            for row, count in found.items():
                recoded.count(_first(row), count)

    def listed(self) -> tuple[Recoding, ...]:
        """What was recoded, in the mapping's order."""
        return tuple(_listed(each) for each in self._answers if each.counts)

    def unmapped(self) -> tuple[Unmapped, ...]:
        """Texts that `values:` doesn't have, the most frequent first."""
        found = (
            Unmapped(column, text, count, first)
            for (column, text), (count, first) in self._unmapped.items()
        )
        return tuple(sorted(found, key=lambda each: (-each.count, each.first)))

    def _note(self, row: Invalid) -> None:
        for each in row.problems:
            key = (each.column, trimmed(each.value))
            if each.code == "unmapped_value" and (
                key in self._unmapped or len(self._unmapped) < MOST_TEXTS
            ):
                count, first = self._unmapped.get(key, (0, row.row))
                self._unmapped[key] = (count + 1, first)


def _recoded(document: Document, place: int, header: Sequence[str]) -> Iterator[_Recoded]:
    for answer in document.answers:
        changes = answer.values or answer.rescale or answer.parse
        if not (changes and document.question(answer.id)):
            continue
        quiet = Header(header, "")
        found = [quiet.find(each, (), optional=True) for each in answer.selectors]
        positions = [at for at in found if at is not None]
        if positions:
            column = ", ".join(map(quiet.label, positions))
            yield _Recoded(answer, positions, column, document.wave, place)


def _first(cells: Sequence[str]) -> str:
    return next(filter(None, map(trimmed, cells)), "")


def _listed(recoded: _Recoded) -> Recoding:
    answer = recoded.answer
    known = frozenset(map(folded, (*(answer.values or {}), *answer.na)))
    values = [
        Value(text, count, _sent(answer, text), folded(text) in known)
        for text, count in recoded.counts.items()
    ]
    values.sort(
        key=lambda each: (
            each.sent is None,
            not isinstance(each.sent, int),
            str(each.sent).zfill(8),
        )
    )
    return Recoding(answer.id, recoded.column, answer.type, tuple(values), recoded.wave)


def _sent(answer: Answer, text: str) -> object:
    *_, last = [None, *(step.result for step in steps(answer, typed(answer), text))]
    return last
