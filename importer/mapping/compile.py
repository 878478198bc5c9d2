"""A document and a header -> what is done with each row, with every mistake told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from importer.mapping import errors
from importer.mapping.blocks import DATED_BY, Answer, Cell, Hash, Id
from importer.mapping.document import METHODS, Document, OrderBy, shapes
from importer.mapping.errors import Findings
from importer.mapping.extract import (
    CellProblem,
    Extractor,
    Filled,
    First,
    Fixed,
    Hashed,
    Joined,
    Memo,
    One,
    Result,
    Skip,
    compile_rule,
)
from importer.mapping.ids import NUMBERED, hash_part, identifier, key_part, lone_key
from importer.mapping.lookup import ColumnLookup
from importer.mapping.run import Asked, Compiled, Program, Zoneless
from importer.mapping.steps import Read, blank_test, reader, target, typed
from importer.mapping.text import AsIs, Template, TransformError, trimmed
from importer.mapping.transforms.date_formats import read_as
from importer.mapping.transforms.dates import counted, may_lack_zone, timestamps
from importer.mapping.transforms.texts import sound
from importer.mapping.types import Constant, Issue, Selector
from importer.mapping.usage import positions
from importer.mapping.yaml import Path

# The waves of one mapping beside one another, compiled: what they share, and whether they differ.


def same_waves(programs: Sequence[Program]) -> Iterator[Issue]:
    """Waves that would send each row's answers once more for the same person to the same survey."""
    seen: dict[object, str] = {}
    for program in programs:
        asked = [(each.id, *_from(each.reading)) for each in program.answers]
        to = (program.campaign, program.user, program.anonymous)
        sends = (*map(_from, to), *sorted(asked))
        if sends in seen:
            yield Issue(
                ("waves",),
                f"the waves {seen[sends]} and {program.wave} take the same answers from the same columns",
                "Write {wave} where their columns differ, or say under each wave what is its own.",
                key=True,
            )
        seen.setdefault(sends, program.wave)


def _from(reading: Extractor) -> tuple[tuple[int, ...], str]:
    return positions(reading), repr(reading.value) if isinstance(reading, Fixed) else ""


def marked(programs: Sequence[Program]) -> tuple[Program, ...]:
    """The programs, each with the places of its wave's own answers; all of them where none is its own."""
    columns = [
        {at for each in program.answers for at in positions(each.reading)} for program in programs
    ]
    shared = set.intersection(*columns) if len(programs) > 1 else set()
    return tuple(replace(program, own=_own(program, shared)) for program in programs)


def _own(program: Program, shared: set[int]) -> tuple[int, ...]:
    taken = [set(positions(each.reading)) for each in program.answers]
    own = tuple(place for place, columns in enumerate(taken) if columns - shared)
    return own or tuple(place for place, columns in enumerate(taken) if columns)


# A document and a header -> what is done with each row, with every mistake told at once.

_COUNT = re.compile(r"[0-9]{1,20}(\.[0-9]+)?")


def compile(  # noqa: A001  the word of the design: a mapping is compiled
    document: Document,
    header: Sequence[str],
    *,
    secret: bytes,
    file: str = "",
    since_1904: bool = False,
) -> Compiled:
    """Resolve the columns of a mapping in the header of one file.

    `secret` keys the hash of `anonymousId: {hash: ...}`: with the same secret, a person gets the same id
    in every run. `file` is named in the messages. `since_1904`: its bare dates
    (`excel_serial`) count from then.

    Raises:
        MappingError: With everything that doesn't fit.
    """
    used: set[int] = set()
    waves = [
        _Compiler(each, ColumnLookup(header, file or "the file", used=used), secret, since_1904)
        for each in document.by_wave
    ]
    programs = [each.program() for each in waves]
    found = [each.found(program) for each, program in zip(waves, programs, strict=True)]
    if any(each.oddities for each in found):
        raise errors.error_of_waves(document.written, found)
    alike = list(same_waves(programs))
    if alike:
        raise errors.mapping_error(document.whole, document.written, alike)
    notes = dict.fromkeys(
        note for each in waves for note in (*each.header.notes, *shapes(each.document))
    )
    zoneless = tuple(note for each in waves for note in each.zoneless)
    return Compiled(marked(programs), tuple(notes), waves[0].header.unmapped, zoneless)


@dataclass(slots=True)
class _Compiler:
    """Gathers the mistakes in `header.oddities`, so that all are told at once."""

    document: Document
    header: ColumnLookup
    secret: bytes
    since_1904: bool
    zoneless: list[Zoneless] = field(default_factory=list)

    def found(self, program: Program) -> Findings:
        """What is wrong with the wave."""
        oddities = self.header.oddities or tuple(_empty(program))
        return Findings(self.document.wave, self.document.tree, oddities)

    def program(self) -> Program:
        """Everything that a row goes through."""
        document = self.document
        method = document.method
        traits = dict(self._traits())
        rating = self.document.rating
        read = AsIs(lone_key if len(self.document.key) == 1 else key_part, NUMBERED)
        return Program(
            skips=tuple(self._skips()),
            campaign=self._reading(document.campaign, ("campaign",), _campaign),
            method=self._reading(method, ("method",), _method) if method else Fixed(None),
            user=self._ids(document.userId, ("userId",)),
            anonymous=self._anonymous(),
            answers=tuple(self._answers()),
            rating=self._reading(rating, ("rating",), typed(rating)) if rating else Fixed(None),
            traits=tuple(traits.items()),
            order=self._order(traits),
            key=tuple(self._ones(self.document.key, ("key",), read)),
            force=document.forceSurvey,
            wave=document.wave,
        )

    def _skips(self) -> Iterator[Skip]:
        for number, rule in enumerate(self.document.source.skip_if):
            path = ("source", "skip_if", number, "column")
            position = self.header.find(rule, path, optional=rule.optional)
            if position is not None:
                yield compile_rule(rule, position, self.header.label(position))

    def _answers(self) -> Iterator[Asked]:
        for number, answer in enumerate(self.document.answers):
            id_ = self.document.question(answer.id)
            path = ("answers", number)
            if id_:
                yield Asked(
                    id_, answer.required, self._reading(answer, path, _answered(id_, answer))
                )

    def _traits(self) -> Iterator[tuple[str, Extractor]]:
        for name, trait in self.document.traits.items():
            read = typed(trait, answered=name == DATED_BY, since_1904=self.since_1904)
            if trait.timezone and (note := read_as(trait.timezone)):
                self.header.notes.append(note)
            if trait.type != "date" or trait.timezone or not may_lack_zone(trait.format):
                yield name, self._reading(trait, ("traits", name), read)
                continue
            zoneless = Zoneless(trait.format)
            reading = self._reading(trait, ("traits", name), zoneless.watching(read))
            zoneless.column = reading.column
            self.zoneless.append(zoneless)
            yield name, reading

    def _ids(self, ids: Sequence[Id], path: Path) -> Extractor:
        readings = [
            self._reading(each, (*path, number), _id(each), enough=all)
            for number, each in enumerate(ids)
        ]
        present = [each for each in readings if each != Fixed(None)]
        return First(present, counts=is_id) if present else Fixed(None)

    def _anonymous(self) -> Extractor:
        anonymous, path = self.document.anonymousId, ("anonymousId",)
        if not isinstance(anonymous, Hash):
            return self._ids(anonymous, path)
        parts = self._ones(anonymous.hash, (*path, "hash"), hash_part)
        return Hashed(parts, self.secret, anonymous.prefix)

    def _order(self, traits: Mapping[str, Extractor]) -> Extractor:
        """The row's date, as text that sorts."""
        order = self.document.repeats.order_by
        if order is None:
            return traits.get(DATED_BY, Fixed(None))
        position = self.header.find(order, ("repeats", "order_by"))
        if position is None:
            return Fixed(None)
        return self._dates(order, position, traits)

    def _dates(self, order: OrderBy, position: int, traits: Mapping[str, Extractor]) -> Extractor:
        """Dates as the block says, else as the trait of the same column reads them."""
        said = order.format or order.timezone
        known = None if said else self._date_trait(position, traits)
        formats = counted(order.format, since_1904=self.since_1904)
        read = _blank_or(
            timestamps(formats, order.timezone, answered=True) if said else _iso_or_number
        )
        return known or One(position, Memo(read, self.header.label(position)))

    def _date_trait(self, position: int, traits: Mapping[str, Extractor]) -> Extractor | None:
        """The reading of a date trait from this column."""
        dates = (
            traits[name] for name, trait in self.document.traits.items() if trait.type == "date"
        )
        here = (each for each in dates if isinstance(each, One) and each.position == position)
        return next(here, None)

    def _ones(self, selectors: Sequence[Selector], path: Path, read: Read) -> list[One]:
        found = (self.header.find(each, (*path, number)) for number, each in enumerate(selectors))
        return [
            One(position, Memo(read, self.header.label(position)))
            for position in found
            if position is not None
        ]

    def _reading(self, block: Cell, path: Path, finish: Read, *, enough: Enough = any) -> Extractor:
        """The block's value, from wherever it comes."""
        if not self._targets_fit(block, path, finish):
            return Fixed(None)
        if block.value is not None:
            return Fixed(target(block, block.value, finish))
        if block.columns:
            return self._joined(block, path, finish)
        if block.template:
            return self._template(block, path, finish, enough)
        return self._columns(block, path, finish)

    def _columns(self, block: Cell, path: Path, finish: Read) -> Extractor:
        read = reader(block, finish)
        found = (
            self.header.find(each, (*path, *_key_of(block), number), optional=block.optional)
            for number, each in enumerate(block.selectors)
        )
        ones = [
            One(position, Memo(read, self.header.label(position)))
            for position in found
            if position is not None
        ]
        if not ones:
            return Fixed(None)
        return ones[0] if len(ones) == 1 else First(ones)

    def _joined(self, block: Cell, path: Path, finish: Read) -> Extractor:
        found = self.header.matching(block.columns, (*path, "columns"), optional=block.optional)
        part = reader(block.model_copy(update={"parse": ()}), trimmed)
        whole = reader(block.model_copy(update={"values": None, "na": ()}), finish)
        labels = [self.header.label(position) for position in found]
        parts = [One(at, Memo(part, label)) for at, label in zip(found, labels, strict=True)]
        return Joined(parts, block.join, Memo(whole, ", ".join(labels))) if parts else Fixed(None)

    def _template(self, block: Cell, path: Path, finish: Read, enough: Enough) -> Extractor:
        template = Template.parse(block.template)
        found = [
            self.header.find(Selector(column=name), (*path, "template"), optional=block.optional)
            for name in template.columns
        ]
        positions = [position for position in found if position is not None]
        if len(positions) < len(found):
            return Fixed(None)
        labels = [self.header.label(position) for position in positions]
        memo = Memo(reader(block, finish), ", ".join(labels))
        parts = [Memo(identifier, label) for label in labels] if isinstance(block, Id) else ()
        return Filled(template, positions, memo, blank_test(block), enough, parts)

    def _targets_fit(self, block: Cell, path: Path, finish: Read) -> bool:
        """Whether the constants of the block can be sent; each that can't is a mistake."""
        written: list[tuple[Path, Constant]] = [(("value",), block.value)] if block.value else []
        values = block.values or {}
        written += [(("values", text), to) for text, to in values.items() if text != "*"]
        before = len(self.header.oddities)
        for below, constant in written:
            try:
                target(block, constant, finish)
            except TransformError as unfit:
                oddity = Issue((*path, *below), unfit.message, unfit.fix)
                self.header.oddities.append(oddity)
        return len(self.header.oddities) == before


def _empty(program: Program) -> Iterator[Issue]:
    """Parts of a response that no row could have: their optional columns are all missing."""
    nothing = Fixed(None)
    if all(each.reading == nothing for each in program.answers):
        yield Issue(("answers",), "the file has none of the answers' columns", key=True)
    if program.user == nothing and program.anonymous == nothing:
        yield Issue(("userId",), "the file has none of the columns that say who answered", key=True)


Enough = Callable[[Iterable[bool]], bool]


def _key_of(block: Cell) -> tuple[str, ...]:
    return ("letter",) if block.letter else ("any",) if block.any else ("column",)


def _answered(id_: str, answer: Answer) -> Read:
    """The answer as the API takes it."""
    run = typed(answer)
    return lambda text: {"id": id_, "value": run(text)}


def _campaign(text: str) -> str:
    return sound(trimmed(text))


def _method(text: str) -> str:
    method = trimmed(text)
    if method not in METHODS:
        raise TransformError("bad_method", "the method is In-App, Mobile or Email")
    return method


def _id(block: Id) -> Read:
    if block.lower:
        return lambda text: identifier(text).lower()
    return AsIs(identifier, NUMBERED)


def is_id(result: Result) -> bool:
    """Whether the search for an id ends here: not at a blank, nor at a stand-in for one."""
    return result is not None and not (
        isinstance(result, CellProblem) and result.code == "dummy_id"
    )


def _blank_or(read: Read) -> Read:
    return lambda text: read(text) if trimmed(text) else None


def _iso_or_number(text: str) -> Result:
    """A date in ISO form, or a number, as text that sorts."""
    if _COUNT.fullmatch(trimmed(text)):
        whole, _, rest = trimmed(text).partition(".")
        return f"{whole:0>20}.{rest}"
    try:
        return timestamps((), "")(text)
    except TransformError:
        raise TransformError("bad_order", "this is neither an ISO date nor a number") from None
