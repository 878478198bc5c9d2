"""A source at a glance: how full each column is, how many different values it has, and some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from importer.model import Problem, letter
from importer.sources.source import Source, open_source
from importer.sources.table import Facts, KnownBy, SourceOptions

MOST_DISTINCT = 1_000
_SAMPLES, _PLACES = 3, 3


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column: `filled` cells that are not blank; `distinct` different ones among them, counted up
    to `MOST_DISTINCT`; the first three of those."""

    letter: str
    label: str
    filled: int
    distinct: int
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """All problems of one code: how many, the first of them, and what to do."""

    code: str
    message: str
    fix: str
    count: int
    places: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a whole reading of a source shows."""

    rows: int
    blank_rows: int
    columns: tuple[ColumnView, ...]
    findings: tuple[Finding, ...]


def inspect(source: Source) -> Inspection:
    """Read the source once, from its start."""
    tallies = [_Tally() for _ in source.header]
    found: dict[str, Finding] = {}
    rows = 0
    for chunk in source.chunks():
        rows += len(chunk.rows)
        for tally, column in zip(tallies, chunk.columns, strict=True):
            tally.add(column)
        for problem in [*chunk.problems.values(), *chunk.damage]:
            found[problem.code] = _with(found.get(problem.code), problem)
    columns = [
        ColumnView(letter(at), label, tally.filled, len(tally.seen), tuple(tally.samples))
        for at, (label, tally) in enumerate(zip(source.header, tallies, strict=True))
    ]
    return Inspection(rows, source.blank_rows or 0, tuple(columns), tuple(found.values()))


@dataclass(slots=True)
class _Tally:
    """`seen` are hashes: a thousand texts may be a gigabyte."""

    filled: int = 0
    seen: set[int] = field(default_factory=set)
    samples: list[str] = field(default_factory=list)

    def add(self, cells: Sequence[str]) -> None:
        filled = [cell for cell in cells if cell.strip()]
        self.filled += len(filled)
        for cell in dict.fromkeys(filled) if len(self.seen) < MOST_DISTINCT else ():
            if len(self.seen) < MOST_DISTINCT and hash(cell) not in self.seen:
                self.seen.add(hash(cell))
                if len(self.samples) < _SAMPLES:
                    self.samples.append(cell)


def _with(found: Finding | None, problem: Problem) -> Finding:
    if found is None:
        return Finding(problem.code, problem.message, problem.fix, 1, (problem,))
    places = (*found.places, problem)[:_PLACES]
    return Finding(found.code, found.message, found.fix, found.count + 1, places)


# A text in several encodings, for a person who has to say which one is right.


_CODECS = ("cp1252", "mac_roman", "cp1250", "cp1251", "iso8859_2", "cp852", "cp437", "shift_jis")
_MOST_READINGS = 4


def other_readings(file: str, facts: Facts, asked: str) -> Mapping[str, Sequence[str]]:
    """The lines that show a guessed encoding at work, as others have them, by encoding; that of `facts` comes
    first. None where it is no guess; `asked`: the encoding that somebody has chosen of them before."""
    if asked:
        with open_source(file, SourceOptions(header_rows=())) as source:
            guess = source.facts
    else:
        guess = facts
    if guess.encoding_known_by != KnownBy.GUESSED:
        return {}
    lines = [each.encode(guess.encoding, "replace") for each in guess.encoding_samples]
    found: dict[str, Sequence[str]] = {}
    for codec in dict.fromkeys((facts.encoding, guess.encoding, *_CODECS)):
        shown = [each.decode(codec, "replace") for each in lines]
        if shown not in found.values() and (codec == facts.encoding or _plausible(shown)):
            found[codec] = shown
    return dict(list(found.items())[:_MOST_READINGS])


def _plausible(lines: Sequence[str]) -> bool:
    return all(each.isprintable() and "\N{REPLACEMENT CHARACTER}" not in each for each in lines)
