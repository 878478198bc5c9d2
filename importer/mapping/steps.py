"""What a cell's text means, step by step: as it is run, and as it is traced for people."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from importer.mapping.blocks import DATED_BY, Cell, Hash, Id, Rating, Trait
from importer.mapping.document import Document
from importer.mapping.extract import Result
from importer.mapping.ids import identifier
from importer.mapping.lookup import ColumnLookup
from importer.mapping.text import AsIs, Columnwise, Template, TransformError, folded, trimmed
from importer.mapping.transforms import numbers
from importer.mapping.transforms.dates import counted, timestamps
from importer.mapping.transforms.registry import TRANSFORMS
from importer.mapping.transforms.texts import SMALL_ADDRESSES
from importer.mapping.types import Constant, Selector

# What a cell's text means to a block of the mapping: blank, na, values, parse, type.

Read = Callable[[str], Result]


class Act(NamedTuple):
    """One thing that is done to a cell's text, as people are told of it. `do` gives whether that decides the
    cell, and what comes out; it raises `TransformError`. `quiet`: no news where it decides nothing."""

    what: str
    do: Callable[[str], tuple[bool, Result]]
    quiet: bool = False


def acts(block: Cell, finish: Read) -> tuple[Act, ...]:
    """What a block does to a cell's text, in order: blank or `na`, `values`, each `parse`, and its type. The
    one list, whether it is run or traced."""
    blank = blank_test(block)
    found = [Act(_NA, lambda text: (True, None) if blank(text) else (False, text), quiet=True)]
    if block.values is not None:
        look_up = Targets(block, finish).look_up
        found.append(Act("values", look_up, quiet=True))
    found += [_parse(block, name) for name in block.parse]
    return (*found, Act(_type(block), lambda text: (True, finish(text))))


def _parse(block: Cell, name: str) -> Act:
    parse = TRANSFORMS["parse", name].bound(block)
    return Act(f"parse: {name}", lambda text: (False, parse(text)))


def reader(block: Cell, finish: Read) -> Read:
    """What becomes of a cell of this block's column: None where it is blank or `na`, its target where
    `values` has it, else what `parse` and then `finish` (the type) make of it. Pure; raises
    `TransformError`."""
    if not (block.na or block.values is not None or block.parse):
        filled: Read = lambda text: finish(text) if trimmed(text) else None  # noqa: E731
        if isinstance(finish, AsIs | Columnwise):
            return replace(finish, read=filled)
        return filled
    does = [each.do for each in acts(block, finish)]

    def read(text: str) -> Result:
        result: Result = text
        for do in does:
            ended, result = do(str(result))
            if ended:
                return result
        return result

    return read


def blank_test(block: Cell) -> Callable[[str], bool]:
    """Whether a cell is blank or one of the block's `na`."""
    na = frozenset(map(folded, block.na))
    if not na:
        return lambda text: not trimmed(text)
    return lambda text: not trimmed(text) or folded(text) in na


class Targets:
    """A `values` map: exact, else without regard to case and space."""

    __slots__ = ("_exact", "_folded", "_other")

    def __init__(self, block: Cell, finish: Read) -> None:
        values = dict(block.values or {})
        other = values.pop("*", None)
        self._other = other.text if other else ""
        self._exact = {text: target(block, to, finish) for text, to in values.items()}
        self._folded = _unambiguous(self._exact)

    def look_up(self, text: str) -> tuple[bool, Result]:
        """Whether the map decides on the text, and what becomes of it (None: left out).

        Raises:
            TransformError: The map doesn't have it, and says nothing of others.
        """
        if text in self._exact:
            return True, self._exact[text]
        fold = folded(text)
        if fold in self._folded:
            return True, self._folded[fold]
        if not self._other:
            raise TransformError(
                "unmapped_value", "the mapping's `values:` doesn't have this value"
            )
        return (True, None) if self._other == "skip" else (False, text)


def _unambiguous(exact: Mapping[str, Result]) -> dict[str, Result]:
    """By folded text, without those that two entries share but differ in."""
    found: dict[str, list[Result]] = {}
    for text, to in exact.items():
        found.setdefault(folded(text), []).append(to)
    return {fold: to[0] for fold, to in found.items() if all(each == to[0] for each in to)}


def target(block: Cell, constant: Constant, finish: Read) -> Result:
    """What a constant is sent as: as its YAML type where the block names none, else by the type.

    Raises:
        TransformError: The type can't take it.
    """
    if isinstance(block, Trait) and "type" not in block.model_fields_set:
        value = constant.value
        if isinstance(value, float) and not math.isfinite(value):
            raise TransformError("bad_number", "this isn't a number that JSON has")
        if isinstance(value, int) and abs(value) > numbers.EXACT:
            raise TransformError(
                "number_too_big", "the number has more than 15 digits", "Put it in quotes."
            )
        if not isinstance(value, str):
            return value
    return finish(constant.text)


def typed(block: Rating | Trait, *, answered: bool = False, since_1904: bool = False) -> Read:
    """The block's type as a function of the text alone. `answered`: the trait is the date of the answer.
    `since_1904`: the file counts days from then."""
    if isinstance(block, Trait) and block.type == "date":
        return timestamps(
            counted(block.format, since_1904=since_1904), block.timezone, answered=answered
        )
    run = TRANSFORMS[block.kind, block.type].bound(block)
    if isinstance(block, Trait) and block.type == "email":
        return AsIs(run, SMALL_ADDRESSES)
    return run


# How one row becomes a response, step by step: for people who wonder why.


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done to a text: what (`parse: leading_int`), and what comes out of it. `problem` is
    the code where it can't be done."""

    what: str
    result: object
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """A part of the response (`answer score`, `trait plan`): the column and the cell that it is made
    from, and the steps; no steps where the cell is blank."""

    target: str
    column: str
    cell: str
    steps: tuple[Step, ...]


def trace(
    document: Document, names: Sequence[str], cells: Sequence[str], *, since_1904: bool = False
) -> Iterator[Trace]:
    """Every part of the response that a mapping makes of one row; `names` is the file's header. Columns
    that the file lacks are left out: `compile` tells of those."""
    row = _Row(ColumnLookup(names, ""), cells)
    yield from row.of("campaign", document.campaign, trimmed)
    if document.method:
        yield from row.of("method", document.method, trimmed)
    for each in document.userId:
        yield from row.of("userId", each, _id(each))
    yield from _anonymous(document, row)
    for answer in document.answers:
        if document.question(answer.id):
            yield from row.of(f"answer {answer.id}", answer, typed(answer))
    if document.rating:
        yield from row.of("rating", document.rating, typed(document.rating))
    for name, trait in document.traits.items():
        yield from row.of(
            f"trait {name}", trait, typed(trait, answered=name == DATED_BY, since_1904=since_1904)
        )


def _anonymous(document: Document, row: _Row) -> Iterator[Trace]:
    if not isinstance(document.anonymousId, Hash):
        for each in document.anonymousId:
            yield from row.of("anonymousId", each, _id(each))
        return
    for selector in document.anonymousId.hash:
        for column, cell in row.cells_of((selector,)):
            yield Trace("anonymousId", column, cell, (Step("part of the hash", trimmed(cell)),))


def _id(block: Id) -> Read:
    return lambda text: identifier(text).lower() if block.lower else identifier(text)


@dataclass(frozen=True, slots=True)
class _Row:
    """One row's cells, by the columns' names."""

    header: ColumnLookup
    cells: Sequence[str]

    def of(self, target: str, block: Cell, finish: Read) -> Iterator[Trace]:
        """What becomes of each cell that the block reads."""
        if block.value is not None:
            yield Trace(target, "", "", (Step("value", block.value.text),))
        elif block.template:
            yield self._template(target, block, finish)
        elif block.columns:
            yield self._joined(target, block, finish)
        else:
            for column, cell in self.cells_of(block.selectors):
                yield Trace(target, column, cell, tuple(steps(block, finish, cell)))

    def cells_of(self, selectors: Sequence[Selector]) -> Iterator[tuple[str, str]]:
        """The column and the cell of each selector that the file has."""
        for selector in selectors:
            position = self.header.find(selector, ())
            if position is not None:
                yield self.header.label(position), self.cells[position]

    def _template(self, target: str, block: Cell, finish: Read) -> Trace:
        template = Template.parse(block.template)
        parts = list(self.cells_of([Selector(column=name) for name in template.columns]))
        columns, cells = ", ".join(name for name, _ in parts), [cell for _, cell in parts]
        if len(cells) < len(template.columns) or not any(map(trimmed, cells)):
            return Trace(target, columns, " | ".join(cells), ())
        if isinstance(block, Id) and (wrong := _wrong_part(cells)):
            return Trace(target, columns, " | ".join(cells), (wrong,))
        text = template.fill(cells)
        filled = Step(f"template: {block.template}", text)
        return Trace(target, columns, " | ".join(cells), (filled, *steps(block, finish, text)))

    def _joined(self, target: str, block: Cell, finish: Read) -> Trace:
        found = self.header.matching(block.columns, (), optional=True)
        part = block.model_copy(update={"parse": ()})
        filled = [
            (self.header.label(at), str(last.result))
            for at in found
            if (last := _last(steps(part, trimmed, self.cells[at]))) and last.result is not None
        ]
        columns = ", ".join(name for name, _ in filled)
        if not filled:
            return Trace(target, f"columns: {block.columns}", "", ())
        text = block.join.join(value for _, value in filled)
        whole = block.model_copy(update={"values": None, "na": ()})
        joined = Step(f'join: "{block.join}"', text)
        return Trace(target, columns, text, (joined, *steps(whole, finish, text)))


def _wrong_part(cells: Sequence[str]) -> Step | None:
    """What is wrong with the first part of an id that can't be one."""
    for cell in cells:
        try:
            identifier(cell)
        except TransformError as unfit:
            return Step(unfit.message, None, unfit.code)
    return None


def steps(block: Cell, finish: Read, text: str) -> Iterator[Step]:
    """What a block does to a cell's text, in order; none where it counts as blank."""
    if not trimmed(text):
        return
    for what, do, quiet in acts(block, finish):
        try:
            ended, result = do(text)
        except TransformError as unfit:
            yield Step(unfit.message, None, unfit.code)
            return
        if ended or not quiet:
            yield Step(what, result)
        if ended:
            return
        text = str(result)


_NA = "na: counts as blank"


def _type(block: Cell) -> str:
    """The type, and what it was told of how to read the text."""
    if isinstance(block, Id):
        return "id, in small letters" if block.lower else "id"
    if not isinstance(block, Rating | Trait):
        return "text"
    said: Mapping[str, Callable[[], str]] = {
        "rescale": lambda: f"rescale {_ends(block)}",
        "round": lambda: f"round {getattr(block, 'round', '')}",
        "decimal": lambda: f'decimal "{getattr(block, "decimal", "")}"',
        "thousands": lambda: f'thousands "{getattr(block, "thousands", "")}"',
        "format": lambda: f"format {', '.join(getattr(block, 'format', ()))}",
        "timezone": lambda: f"timezone {getattr(block, 'timezone', '')}",
        "lower": lambda: "in small letters",
    }
    options = [write() for key, write in said.items() if key in block.model_fields_set]
    return ", ".join([f"type: {block.type}", *options])


def _ends(block: Cell) -> str:
    rescale = block.rescale if isinstance(block, Rating) else None
    if rescale is None:
        return ""
    (a, b), (c, d) = rescale.source, rescale.to
    return f"{a}-{b} to {c}-{d}"


def _last(found: Iterator[Step]) -> Step | None:
    every = list(found)
    return every[-1] if every else None
