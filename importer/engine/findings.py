"""What is found out about a file's rows while they are staged (at once, or part by part and joined), and what
is left out of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from importer.ledger import PartLines, RequestsDigest, Rows
from importer.mapping import Compiled, Document, People, RecodingCounts, Recodings, Spellings
from importer.model import Chunk, Invalid, Mapped, Response
from importer.results import Causes, RatingQuestion, Tally
from importer.satismeter import with_key

MASKED_KEY = "***"
_SAMPLES = 3
_SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}


def questions(document: Document, compiled: Compiled) -> Iterator[RatingQuestion]:
    """The rating questions that rows can answer, by wave, each with its place in `Response.answers`."""
    for wave, program in zip(document.by_wave, compiled.programs, strict=True):
        asked = [answer for answer in wave.answers if wave.question(answer.id)]
        for place, (answer, found) in enumerate(zip(asked, program.answers, strict=True)):
            if answer.type == "scale" or answer.type in _SCALES:
                low, high = _SCALES.get(answer.type, (answer.min or 0, answer.max or 0))
                label = found.reading.column or answer.id
                yield RatingQuestion(found.id, label, answer.type, low, high, place, program.wave)


@dataclass(frozen=True, slots=True)
class PartFindings:
    """What was found out about a part of a file, as it goes from one process to another. `requests` are the
    lines of the digest, `zoneless` says which dates were met without a zone."""

    causes: Causes
    damage: Causes
    tally: Tally
    recodings: RecodingCounts
    persons: dict[str, int]
    spellings: Spellings
    samples: dict[bytes, tuple[int, bytes]]
    requests: bytes
    zoneless: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class PartResult:
    """What a part came to. `seqs` are the places in the part of the rows that `findings.requests` has, `held`
    those of them that are not to be sent."""

    lines: PartLines
    findings: PartFindings
    seqs: Sequence[int]
    held: Collection[int]

    def bodies(self, first: int) -> Iterator[tuple[int, bytes]]:
        """Those of the rows to send, the part's first row being `first` in the job. (They travel once.)"""
        for seq, line in zip(self.seqs, self.findings.requests.split(b"\n"), strict=False):
            if seq not in self.held:
                yield first + seq, line.partition(b" ")[2]


class Findings:
    """`part`: of a part of the file, which is to be joined with the others."""

    def __init__(
        self, document: Document, compiled: Compiled, header: Sequence[str], *, part: bool = False
    ) -> None:
        self.causes, self.damage = Causes(), Causes()
        self.tally = Tally(tuple(questions(document, compiled)), len(header))
        self.recodings = Recodings(document, header, part=part)
        self.persons = People(compiled)
        self.spellings = Spellings()
        self.samples: dict[bytes, tuple[int, bytes]] = {}
        self.seal = RequestsDigest()
        self._compiled = compiled
        self._requests: list[bytes] | None = [] if part else None

    def add(self, mapped: Sequence[Mapped], chunk: Chunk) -> None:
        ready = [each for each in mapped if each.__class__ is Response]
        for each in mapped if len(ready) < len(mapped) else ():
            if isinstance(each, Invalid):
                self.causes.add(each.problems)
        self.damage.add(chunk.damage)
        self.tally.add(mapped, chunk)
        self.recodings.add(mapped, chunk)
        self.persons.add(mapped, chunk)
        self.spellings.add(ready)
        lines = self.seal.lines(ready)
        if self._requests is None:
            self.seal.update(lines)
        else:
            self._requests.append(lines)

    def sample(self, rows: Rows) -> None:
        """Keep the first bodies, none of them twice, by what makes their rows themselves."""
        for seq, response in rows if len(self.samples) < _SAMPLES else ():
            if len(self.samples) < _SAMPLES:
                body = with_key(response.body, MASKED_KEY)
                self.samples.setdefault(response.idempotency_key, (seq, body))

    @property
    def part(self) -> PartFindings:
        return PartFindings(
            *(self.causes, self.damage, self.tally, self.recodings.counts, dict(self.persons.rows)),
            spellings=self.spellings,
            samples=self.samples,
            requests=b"".join(self._requests or ()),
            zoneless=tuple(each.met for each in self._compiled.zoneless),
        )

    def join(self, part: PartFindings, first: int) -> None:
        """What was found out about the part that comes next, whose first row is `first` in the job."""
        self.causes.join(part.causes)
        self.damage.join(part.damage)
        self.tally.join(part.tally)
        self.recodings.join(part.recodings)
        self.persons.join(part.persons)
        self.spellings.join(part.spellings)
        for key, (seq, body) in part.samples.items():
            if len(self.samples) < _SAMPLES:
                self.samples.setdefault(key, (first + seq, body))
        self.seal.update(part.requests)
        for date, met in zip(self._compiled.zoneless, part.zoneless, strict=True):
            date.met = date.met or met


# What a plan leaves out of its rows, in few words: sets of traits, each with the rows that lack them.


_NOTHING = frozenset[str]()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """`looked`: whether somebody had looked at the account. `sets`: traits that aren't sent, and the rows (by
    their place in the job, from 0) of which they aren't, as ranges: `0-38 40`."""

    looked: bool
    sets: tuple[tuple[tuple[str, ...], str], ...] = ()

    @classmethod
    def read(cls, text: str) -> LeftOut:
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
