"""Where a compiled mapping takes each target of the API from: what people check a mapping by."""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from importer.mapping.blocks import Answer
from importer.mapping.document import Document
from importer.mapping.extract import Extractor, Filled, First, Fixed, Hashed, Joined, One
from importer.mapping.lookup import ColumnLookup
from importer.mapping.run import Compiled, Program
from importer.mapping.steps import steps, typed
from importer.mapping.text import folded, trimmed
from importer.model import Chunk, Invalid, Mapped, Response, counted, nps

DATE = "date of the response"
"""Not in the body: what rows of one person are ordered by."""
SKIP = "rule of skip_if"
"""Not in the body: what rows are left out by."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """A target (`userId`, `traits.email`, `answers: ID`) and the columns that it comes from, by position
    from 0; none where it is the constant `value`. `wave` is "" where that is so in all waves."""

    target: str
    positions: tuple[int, ...]
    value: str = ""
    wave: str = ""


def lineage(compiled: Compiled) -> tuple[Lineage, ...]:
    """Every target, in the order of a body; then what rows are known, ordered and left out by."""
    by_wave = [tuple(_uses(program)) for program in compiled.programs]
    everywhere = set(by_wave[0]).intersection(*by_wave[1:])
    return (
        *(each for each in by_wave[0] if each in everywhere),
        *(
            replace(each, wave=program.wave)
            for program, used in zip(compiled.programs, by_wave, strict=True)
            for each in used
            if each not in everywhere
        ),
    )


def _uses(program: Program) -> Iterator[Lineage]:
    for kind, name, reading in program.parts:
        if not isinstance(reading, Fixed) or reading.value is not None:
            target = _NAMES.get(kind, kind).format(name)
            yield Lineage(target, positions(reading), _constant(reading))


_NAMES = {"trait": "traits.{}", "answer": "answers: {}", "date": DATE, "skip_if": SKIP}


def positions(reading: Extractor) -> tuple[int, ...]:
    """The columns that a value is taken from, by position from 0, each once."""
    return tuple(dict.fromkeys(_positions(reading)))


def _positions(reading: Extractor) -> Iterator[int]:
    match reading:
        case One():
            yield reading.position
        case First():
            for each in reading.readings:
                yield from _positions(each)
        case Joined() | Hashed():
            for part in reading.parts:
                yield part.position
        case Filled():
            yield from reading.positions


def _constant(reading: Extractor) -> str:
    if not isinstance(reading, Fixed):
        return ""
    value = reading.value
    return str(value["value"] if isinstance(value, dict) else value)


# Answers that are sent as something else than they stand in the file: how often each, and as what.

MOST_TEXTS = 1_000
"""Different texts of one column that are counted; recoded columns hold few."""


@dataclass(frozen=True, slots=True)
class Value:
    """A text of the file: how many of the rows that can be sent hold it, and what it is sent as (None: no
    answer). `named`: it stands in the mapping as well, or several rows have it word for word, as labels are:
    nobody's secret."""

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
    scores: Counter[int] = Counter()
    for text, count in counts.items():
        scores[int(text)] += count
    return nps(scores)


@dataclass(frozen=True, slots=True)
class _Recoded:
    answer: Answer
    positions: Sequence[int]
    column: str
    wave: str
    place: int
    """The wave's place among the waves of a row."""
    most: float
    """Different texts that are counted."""
    counts: Counter[str] = field(default_factory=Counter)

    def count(self, text: str, rows: int) -> None:
        if text and (text in self.counts or len(self.counts) < self.most):
            self.counts[text] += rows


class People:
    """Counts from which column the rows took their person, where a mapping names several."""

    def __init__(self, compiled: Compiled) -> None:
        users = [each.user for each in compiled.programs]
        self._readings = [each.readings if isinstance(each, First) else (each,) for each in users]
        stand_in = next((each.anonymous.column for each in compiled.programs), "")
        self._stand_in = f"the anonymousId ({stand_in})" if stand_in else ""
        named = [each.column for readings in self._readings for each in readings if each.column]
        self._rows = dict.fromkeys([*named, *([self._stand_in] if stand_in else [])], 0)

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows took it from each."""
        return self._rows

    def join(self, rows: Mapping[str, int]) -> None:
        """Count those of other rows."""
        for name, number in rows.items():
            self._rows[name] += number

    def add(self, mapped: Sequence[Mapped], chunk: Chunk) -> None:
        """The next rows, in the order of the chunk."""
        if len(self._rows) < 2:
            return
        for place, readings in enumerate(self._readings):
            found = [(each.column, each.results(chunk)) for each in readings]
            for i, each in enumerate(mapped[place :: len(self._readings)]):
                if isinstance(each, Response):
                    user = each.user_id
                    name = next((name for name, ids in found if user and ids[i] == user), "")
                    if name or self._stand_in:  # neither where the person is a constant
                        self._rows[name or self._stand_in] += 1

    @property
    def told(self) -> tuple[str, ...]:
        """One sentence; none where there is but one column, or no row."""
        if len(self._rows) < 2 or not any(self._rows.values()):
            return ()
        parts = (f"{name} in {counted(rows, 'row')}" for name, rows in self._rows.items())
        return (f"The person is taken from {', '.join(parts)}.",)


class Spellings:
    """Counts persons whose address the rows spell with small and with capital letters: each spelling is a
    person of its own to the API. Other ids may differ in case alone."""

    def __init__(self) -> None:
        self._small = array("q")
        self._capital: dict[int, tuple[int, int]] = {}
        self._persons: dict[int, int] = {}

    def add(self, responses: Sequence[Response]) -> None:
        """The next rows. Of an address 8 bytes are kept, of one with capitals a hash and its first row."""
        for each in responses:
            who = each.user_id or each.anonymous_id
            if "@" not in who or not _ADDRESS.fullmatch(who):
                continue
            small = who.lower()
            person = _hash(f"{bool(each.user_id)}{small}")
            if small == who:
                self._small.append(person)
                continue
            spelled, row = self._capital.setdefault(person, (_hash(who), each.row))
            if spelled != _hash(who):
                self._persons.setdefault(person, row)

    def join(self, part: Spellings) -> None:
        """What another process has counted of the rows that follow."""
        self._small.extend(part._small)
        for person, (other, row) in part._capital.items():
            spelled, _ = self._capital.setdefault(person, (other, row))
            if spelled != other:
                self._persons.setdefault(person, row)
        for person, row in part._persons.items():
            self._persons.setdefault(person, row)

    @property
    def told(self) -> tuple[str, ...]:
        """One sentence; none where each has one spelling."""
        capital = self._capital
        both = (
            {each: capital[each][1] for each in self._small if each in capital} if capital else {}
        )
        found = self._persons | both
        if not found:
            return ()
        whose = (
            "1 person's address is" if len(found) == 1 else f"{len(found):,} persons' addresses are"
        )
        told = (
            f"{whose} spelled in two ways or more, with small and with capital letters (first in row "
            f"{min(found.values()):,}): each spelling is sent as a person of its own. If they are one, "
            "write `lower: true` beside the id's column in the mapping."
        )
        return (told,)


def _hash(text: str) -> int:
    """Eight bytes, the same in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), signed=True)


_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


RecodingCounts = tuple[Sequence[Counter[str]], Mapping[tuple[str, str], tuple[int, int]]]
"""Of each recoded answer how often each text stood in the file; of each column and text that `values:` has
not, in how many rows it stood, and in which first."""


class Recodings:
    """Counts, chunk by chunk; costs nothing where a mapping recodes nothing. Of a `part` of a file, which is
    to be joined with others, all texts are told apart."""

    def __init__(self, document: Document, header: Sequence[str], *, part: bool = False) -> None:
        self._most = most = math.inf if part else MOST_TEXTS
        self._answers = tuple(
            recoded
            for place, wave in enumerate(document.by_wave)
            for recoded in _recoded(wave, place, header, most)
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

    @property
    def counts(self) -> RecodingCounts:
        """What was counted, for `join`."""
        return [each.counts for each in self._answers], self._unmapped

    def join(self, counts: RecodingCounts) -> None:
        """Count what was counted of the rows that come next in the file."""
        answers, unmapped = counts
        for recoded, texts in zip(self._answers, answers, strict=True):
            for text, rows in texts.items():
                recoded.count(text, rows)
        for key, (rows, first) in unmapped.items():
            self._count_unmapped(key, rows, first)

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
            if each.code == "unmapped_value":
                self._count_unmapped((each.column, trimmed(each.value)), 1, row.row)

    def _count_unmapped(self, key: tuple[str, str], rows: int, row: int) -> None:
        if key in self._unmapped or len(self._unmapped) < self._most:
            count, first = self._unmapped.get(key, (0, row))
            self._unmapped[key] = (count + rows, first)


def _recoded(
    document: Document, place: int, header: Sequence[str], most: float
) -> Iterator[_Recoded]:
    for answer in document.answers:
        changes = answer.values or answer.rescale or answer.parse
        if not (changes and document.question(answer.id)):
            continue
        quiet = ColumnLookup(header, "")
        found = [quiet.find(each, (), optional=True) for each in answer.selectors]
        positions = [at for at in found if at is not None]
        if positions:
            column = ", ".join(map(quiet.label, positions))
            yield _Recoded(answer, positions, column, document.wave, place, most)


def _first(cells: Sequence[str]) -> str:
    return next(filter(None, map(trimmed, cells)), "")


def _listed(recoded: _Recoded) -> Recoding:
    answer = recoded.answer
    known = frozenset(map(folded, (*(answer.values or {}), *answer.na)))
    values = [
        Value(text, count, _sent(answer, text), folded(text) in known or _is_label(text, count))
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


_LABEL = 60


def _is_label(text: str, count: int) -> bool:
    """Whether it is a label of the scale (`10 - Extremely likely`), and nobody's own words."""
    return count >= 3 and len(text) <= _LABEL and "@" not in text


def _sent(answer: Answer, text: str) -> object:
    *_, last = [None, *(step.result for step in steps(answer, typed(answer), text))]
    return last
