"""A compiled mapping at work: rows in, the body of each request out, with its idempotency key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

import orjson

from importer.mapping.extract import CellProblem, Extractor, One, Result, Results, Skip
from importer.mapping.transforms.dates import names_zone
from importer.model import NO_ANSWERS, Chunk, Invalid, Mapped, Response, Skipped

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


# One row's values -> the body of its request, and what tells it from every other.

Person = tuple[str, str]
"""userId and anonymousId; one of them is ""."""
_NONE = b"{}"
_KEPT = b"%b"
"""Copies what orjson wrote: it hands out a kilobyte cut to size, and a chunk's worth of those costs ten times
the copies in memory that goes back and forth to the system."""


class Responder:
    """Puts rows together that are known to be fine."""

    __slots__ = ("_force", "_in_order", "_mark", "_names", "_order", "_wave", "_waves")

    def __init__(self, program: Program) -> None:
        self._names = [name for name, _ in program.traits]
        self._force = program.force
        self._wave = program.wave
        self._waves = (program.wave,) if program.wave else ()
        self._mark = {"wave": program.wave} if program.wave else {}
        ids = [each.id for each in program.answers]
        self._order = sorted(range(len(ids)), key=ids.__getitem__)
        self._in_order = self._order == list(range(len(ids)))

    def response(  # noqa: PLR0913, PLR0917  one argument per part of the body, called once a row
        self,
        row: int,
        person: Person,
        campaign: str,
        method: Result,
        answers: tuple[Result, ...],
        rating: Result,
        traits: tuple[Result, ...],
        order: Result,
        key: tuple[Result, ...],
    ) -> Response:
        """The response of one row."""
        user, anonymous = person
        given = list(filter(None, answers))
        known = _KEPT % orjson.dumps(self._known(traits))
        body: dict[str, object] = {"campaign": campaign}
        if method is not None:
            body["method"] = method
        body["userId" if user else "anonymousId"] = user or anonymous
        if known != _NONE:
            body["traits"] = orjson.Fragment(known)
        body["answers"] = given
        if rating is not None:
            body["rating"] = rating
        if self._force:
            body["forceSurvey"] = True
        date = "" if order is None else str(order)
        sorted_ = given if self._in_order else self._by_id(answers)
        content = _KEPT % orjson.dumps([user, anonymous, sorted_, rating, date, *self._waves])
        return Response(
            row,
            user,
            anonymous,
            campaign,
            _KEPT % orjson.dumps(body),
            _KEPT % orjson.dumps({"key": key, **self._mark}) if key else content,
            content,
            known,
            " / ".join([str(each) for each in key if each is not None]) if key else "",
            date,
            answers,
            self._wave,
        )

    def _known(self, traits: tuple[Result, ...]) -> dict[str, Result]:
        """The traits that aren't blank, in the mapping's order."""
        if None not in traits:
            return dict(zip(self._names, traits))  # noqa: B905  as many as there are names
        named = zip(self._names, traits, strict=True)
        return {name: value for name, value in named if value is not None}

    def _by_id(self, answers: tuple[Result, ...]) -> list[Result]:
        """The given answers by their questions' IDs: mappings may list the questions differently, and
        one that asks for more is no other response where the rest is blank."""
        return [each for i in self._order if (each := answers[i]) is not None]


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

        return watched


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
        odd = self._odd()
        respond = Responder(self._program).response
        rows = zip(
            self._chunk.rows,
            self._people,
            self._campaign,
            self._method,
            _across(self._answers, self._count),
            self._rating,
            _across(self._traits, self._count),
            self._order,
            _across(self._key, self._count),
            strict=True,
        )
        return [self._left(i) if i in odd else respond(*row) for i, row in enumerate(rows)]

    def _odd(self) -> set[int]:
        """The rows that are not to be sent."""
        rows = self._chunk.rows
        odd = {i for i, row in enumerate(rows) if row in self._chunk.problems}
        odd.update(i for words in self._skips for i, word in enumerate(words) if word is not None)
        odd.update(i for i, who in enumerate(self._people) if who.__class__ is CellProblem)
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
        person = self._people[i]
        user, anonymous = ("", "") if isinstance(person, CellProblem) else person
        problems = tuple(dict.fromkeys(fault.at(row) for fault in self._faults(i)))
        return Invalid(row, problems, user, anonymous, key, wave)

    def _faults(self, i: int) -> Iterator[CellProblem]:
        """Everything that is wrong with one row."""
        person = self._people[i]
        results = [*(words[i] for words in self._skips), person]
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


def _people(program: Program, chunk: Chunk) -> list[Person | CellProblem]:
    users = program.user.results(chunk)
    if all(user.__class__ is str for user in users):
        return [(user, "") for user in users]  # type: ignore[misc]  # all are text, as was just seen
    columns = ", ".join(filter(None, (program.user.column, program.anonymous.column)))
    nobody = CellProblem("no_person", "the row doesn't say who answered", columns)
    pairs = zip(users, program.anonymous.results(chunk), strict=True)
    return [_person(user, anonymous, nobody) for user, anonymous in pairs]


def _person(user: Result, anonymous: Result, nobody: CellProblem) -> Person | CellProblem:
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


def _across(columns: Sequence[Results], count: int) -> Iterable[tuple[Result, ...]]:
    """The columns' results row by row, also where there are no columns."""
    return zip(*columns, strict=True) if columns else repeat((), count)
