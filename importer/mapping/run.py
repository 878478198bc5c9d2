"""A compiled mapping at work: rows in, the body of each request out, with its idempotency key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import TypeVar

from importer.mapping.extract import CellProblem, Extractor, One, Result, Results, Skip
from importer.mapping.responses import Responder
from importer.mapping.text import Columnwise, Reading
from importer.mapping.transforms.dates import names_zone
from importer.model import NO_ANSWERS, Chunk, Invalid, Mapped, Skipped

T = TypeVar("T")

# What a row goes through: the compiled mapping as plain facts.


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. The values of `reading` are answers as the API takes them: `{"id", "value"}`."""

    id: str
    required: bool
    reading: Extractor


@dataclass(frozen=True, slots=True)
class Program:
    """Where everything in a response comes from. `order` is the row's date: of `repeats: order_by:`, else
    of the trait `respondedAt`, else nothing.

    `wave` is "" where a mapping has no waves; `own` are the places of the answers that tell whether the wave
    took place: those that aren't taken from the very columns that all waves read."""

    skips: Sequence[Skip]
    campaign: Extractor
    method: Extractor
    user: Extractor
    anonymous: Extractor
    answers: Sequence[Asked]
    rating: Extractor
    traits: Sequence[tuple[str, Extractor]]
    order: Extractor
    key: Sequence[One]
    force: bool
    wave: str = ""
    own: Sequence[int] = ()

    @property
    def parts(self) -> Iterator[tuple[str, str, Extractor]]:
        """What its columns are read for: of each part the kind (`trait`, `answer`, `key` …), its own name
        where there are several of the kind, and where it comes from. In the order of a body; then what rows
        are known, ordered and left out by."""
        yield "campaign", "", self.campaign
        yield "method", "", self.method
        yield "userId", "", self.user
        yield "anonymousId", "", self.anonymous
        yield from (("trait", name, reading) for name, reading in self.traits)
        yield from (("answer", each.id, each.reading) for each in self.answers)
        yield "rating", "", self.rating
        yield from (("key", "", each) for each in self.key)
        yield "date", "", self.order
        yield from (("skip_if", "", each.reading) for each in self.skips)


# A mapping, compiled against one header: rows in, what becomes of each out.


@dataclass(slots=True)
class Zoneless:
    """Dates without `timezone:`, of these formats and this column. `met`: one of those read so far names no
    zone, and was taken for UTC."""

    formats: tuple[str, ...]
    column: str = ""
    met: bool = False

    @property
    def note(self) -> str:
        """What people should know of it."""
        return f'times in "{self.column}" that name no zone are taken for UTC (`timezone:`)'

    def watching(self, read: Callable[[str], Result]) -> Callable[[str], Result]:
        """The function that reads a date, which looks at each text until one names no zone."""

        def watched(text: str) -> Result:
            if not self.met and text[-1:] != "Z":
                self.met = not names_zone(self.formats, text)
            return read(text)

        if not isinstance(read, Columnwise):
            return watched

        def column(cells: Sequence[str], one: Reading) -> list[object]:
            apart: list[str] = []

            def by_itself(text: str) -> object:
                apart.append(text)
                return one(text)

            found = read.column(cells, by_itself)
            self.met = self.met or len(apart) < len(cells)  # a zone stands in no half
            return found

        return Columnwise(watched, column)


_AFTER = {"answer": 1, "rating": 2, "trait": 3, "date": 4, "key": 5}
"""The order in which people check a mapping: the answers first."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A mapping that knows its columns.

    `programs` are one per wave, in their order; a mapping without waves is one of one wave, "". `notes` are
    what people should know of how columns were found; `unmapped` are the columns that the mapping doesn't
    use, in any wave; `zoneless` are the dates of which that matters.
    """

    programs: tuple[Program, ...]
    notes: tuple[str, ...]
    unmapped: tuple[str, ...]
    zoneless: tuple[Zoneless, ...] = ()

    @property
    def taken_for_utc(self) -> tuple[str, ...]:
        """Notes on the dates read so far that name no zone, where the mapping names none either."""
        return tuple(dict.fromkeys(each.note for each in self.zoneless if each.met and each.column))

    @property
    def targets(self) -> tuple[tuple[str, str], ...]:
        """Each part of a response with the columns that it is taken from. What isn't the same in all
        waves names its wave."""
        found: dict[tuple[str, str], list[str]] = {}
        for program in self.programs:
            for target in self._targets(program):
                found.setdefault(target, []).append(program.wave)
        return tuple(
            (f"{target} (wave {', '.join(waves)})", column)
            if len(waves) < len(self.programs)
            else (target, column)
            for (target, column), waves in found.items()
        )

    @property
    def answer_columns(self) -> dict[str, list[str]]:
        """By wave: a short hash for each column that answers are taken from."""
        return {
            each.wave: [
                hashlib.sha256(one.reading.column.encode()).hexdigest()[:16]
                for one in each.answers
                if one.reading.column
            ]
            for each in self.programs
        }

    def _targets(self, program: Program) -> Iterator[tuple[str, str]]:
        for kind, name, reading in sorted(program.parts, key=lambda part: _AFTER.get(part[0], 0)):
            if reading.column and kind != "skip_if":
                yield f"{kind} {name}".strip(), reading.column

    def run(self, chunk: Chunk) -> list[Mapped]:
        """What becomes of each row, in order: one thing per row, and nothing is raised for a row. With
        waves, one thing per row and wave: all of a row, then those of the next."""
        runs = [_Run(program, chunk) for program in self.programs]
        if len(runs) == 1:
            return runs[0].mapped()
        _leave_out_blank(runs)
        by_wave = [each.mapped() for each in runs]
        return [each for row in zip(*by_wave, strict=True) for each in row]


def _leave_out_blank(waves: Sequence[_Run]) -> None:
    """A wave without an answer of its own is skipped; a row of nothing but such waves is invalid."""
    blank = [each.blank() for each in waves]
    nowhere = set.intersection(*blank)
    for wave, rows in zip(waves, blank, strict=True):
        wave.leave_out(rows - nowhere, nowhere)


class _Run:
    """The results of one chunk by column, and the rows put together from them."""

    def __init__(self, program: Program, chunk: Chunk) -> None:
        self._program = program
        self._chunk = chunk
        self._count = len(chunk.rows)
        self._skips = [each.results(chunk) for each in program.skips]
        self._people = _people(program, chunk)
        self._campaign = program.campaign.results(chunk)
        self._method = program.method.results(chunk)
        self._answers = [each.reading.results(chunk) for each in program.answers]
        self._rating = program.rating.results(chunk)
        self._traits = [reading.results(chunk) for _, reading in program.traits]
        self._order = self._dates(chunk)
        self._key = [each.results(chunk) for each in program.key]

    def _dates(self, chunk: Chunk) -> Results:
        """The rows' dates; most often a trait has them already."""
        order = self._program.order
        named = zip(self._program.traits, self._traits, strict=True)
        known = (results for (_, reading), results in named if reading is order)
        return next(known, None) or order.results(chunk)

    def blank(self) -> set[int]:
        """The rows in which the wave has no answer of its own."""
        own = [self._answers[place] for place in self._program.own]
        return _blank_in_all(own) if own else set()

    def leave_out(self, skipped: set[int], invalid: set[int]) -> None:
        """Leave these rows of the wave out, and find those wrong in which no wave has an answer, unless
        something is said of its answers already."""
        told = _blank_in_all(self._answers).union(*map(_blanks, self._needed()))
        columns = ", ".join(self._program.answers[i].reading.column for i in self._program.own)
        words: list[Result] = [None] * self._count
        for i in skipped:
            words[i] = f"wave {self._program.wave} is blank"
        for i in invalid - told:
            words[i] = CellProblem("no_answers", "none of the waves has an answer", columns)
        self._skips.append(words)

    def mapped(self) -> list[Mapped]:
        """One of the kinds of `Mapped` for each row of the chunk, in its order."""
        program, odd = self._program, self._odd()
        fine = [i not in odd for i in range(self._count)] if odd else None

        def of(results: Sequence[T]) -> Sequence[T]:
            """Those of the rows that can be sent."""
            return results if fine is None else [*compress(results, fine)]

        ids = [each.id for each in program.answers]
        names = [name for name, _ in program.traits]
        responses: Sequence[Mapped] = Responder(
            names, ids, program.wave, force=program.force
        ).responses(
            of(self._chunk.rows),
            of(self._people.users),
            of(self._people.nameless),
            of(self._campaign),
            of(self._method),
            [*map(of, self._answers)],
            of(self._rating),
            [*map(of, self._traits)],
            of(self._order),
            [*map(of, self._key)],
        )
        if fine is None:
            return [*responses]
        sent = iter(responses)
        return [next(sent) if good else self._left(i) for i, good in enumerate(fine)]

    def _odd(self) -> set[int]:
        """The rows that are not to be sent."""
        rows = self._chunk.rows
        problems = self._chunk.problems
        odd = {i for i, row in enumerate(rows) if row in problems} if problems else set[int]()
        odd.update(i for words in self._skips for i, word in enumerate(words) if word is not None)
        odd.update(self._people.faults)
        for reading, results in self._read():
            if reading.faulty:
                odd.update(i for i, result in enumerate(results) if result.__class__ is CellProblem)
        for results in self._needed():
            odd.update(_blanks(results))
        odd.update(_blank_in_all(self._answers))
        odd.update(_blank_in_all(self._key) if self._key else ())
        return odd

    def _read(self) -> Iterator[tuple[Extractor, Results]]:
        """What may hold faults, but for the person, with its results."""
        program = self._program
        yield from zip((each.reading for each in program.answers), self._answers, strict=True)
        yield from zip((reading for _, reading in program.traits), self._traits, strict=True)
        yield from zip(program.key, self._key, strict=True)
        yield program.campaign, self._campaign
        yield program.method, self._method
        yield program.rating, self._rating
        yield program.order, self._order

    def _needed(self) -> Iterator[Results]:
        yield self._campaign
        for asked, results in zip(self._program.answers, self._answers, strict=True):
            if asked.required:
                yield results

    def _left(self, i: int) -> Skipped | Invalid:
        """A row that is not to be sent: by a rule, or for all that is wrong with it."""
        row, wave = self._chunk.rows[i], self._program.wave
        key = " / ".join(str(each[i]) for each in self._key if isinstance(each[i], str))
        problem = self._chunk.problems.get(row)
        rule = next((words[i] for words in self._skips if isinstance(words[i], str)), None)
        if problem and (rule is None or problem.code not in NO_ANSWERS):
            return Invalid(row, (problem,), key=key, wave=wave)
        if rule is not None:
            return Skipped(row, str(rule), key, wave)
        problems = tuple(dict.fromkeys(fault.at(row) for fault in self._faults(i)))
        people = self._people
        return Invalid(row, problems, people.users[i], people.nameless[i], key, wave)

    def _faults(self, i: int) -> Iterator[CellProblem]:
        """Everything that is wrong with one row."""
        results = [*(words[i] for words in self._skips), self._people.faults.get(i)]
        results += [read[i] for _, read in self._read()]
        yield from (each for each in results if isinstance(each, CellProblem))
        if self._campaign[i] is None:
            yield CellProblem(
                "bad_campaign", "the row names no survey", self._program.campaign.column
            )
        if self._key and all(each[i] is None for each in self._key):
            columns = ", ".join(each.column for each in self._program.key)
            yield CellProblem("blank_key", "the key is blank", columns)
        yield from self._missing_answers(i)

    def _missing_answers(self, i: int) -> Iterator[CellProblem]:
        asked = list(zip(self._program.answers, self._answers, strict=True))
        blank = [each for each, results in asked if results[i] is None]
        for each in blank:
            if each.required:
                yield CellProblem(
                    "missing_answer", "a required answer is blank", each.reading.column
                )
        if len(blank) == len(asked) and not any(each.required for each in blank):
            columns = ", ".join(each.reading.column for each in blank)
            yield CellProblem("no_answers", "none of the answers is filled", columns)


@dataclass(frozen=True, slots=True)
class _People:
    """Who answered, row by row: one of both ids is ""; both where nobody is named, or by a fault."""

    users: Sequence[str]
    nameless: Sequence[str]
    faults: Mapping[int, CellProblem]


def _people(program: Program, chunk: Chunk) -> _People:
    users = program.user.results(chunk)
    if set(map(type, users)) == {str}:
        return _People(users, [""] * len(users), {})  # type: ignore[arg-type]  # all are text
    columns = ", ".join(filter(None, (program.user.column, program.anonymous.column)))
    nobody = CellProblem("no_person", "the row doesn't say who answered", columns)
    pairs = zip(users, program.anonymous.results(chunk), strict=True)
    people = [_person(user, anonymous, nobody) for user, anonymous in pairs]
    faults = {i: who for i, who in enumerate(people) if isinstance(who, CellProblem)}
    ids = [("", "") if isinstance(who, CellProblem) else who for who in people]
    return _People([user for user, _ in ids], [anonymous for _, anonymous in ids], faults)


def _person(user: Result, anonymous: Result, nobody: CellProblem) -> tuple[str, str] | CellProblem:
    """userId wins; a stand-in for an id (`dummy_id`) counts as blank while there is something else."""
    if isinstance(user, str):
        return user, ""
    if isinstance(user, CellProblem) and user.code != "dummy_id":
        return user
    if isinstance(anonymous, str):
        return "", anonymous
    faults = (each for each in (user, anonymous) if isinstance(each, CellProblem))
    return next(faults, nobody)


def _blanks(results: Results) -> list[int]:
    return [i for i, result in enumerate(results) if result is None] if None in results else []


def _blank_in_all(columns: Sequence[Results]) -> set[int]:
    first, *others = columns
    blank = set(_blanks(first))
    for results in others if blank else ():
        blank = {i for i in blank if results[i] is None}
    return blank
