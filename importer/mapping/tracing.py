"""How one row becomes a response, step by step: for people who wonder why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from importer.mapping.answers import Rating
from importer.mapping.blanks import trimmed
from importer.mapping.cells import Cell
from importer.mapping.columns import Selector
from importer.mapping.document import Document
from importer.mapping.header import Header
from importer.mapping.ids import identifier
from importer.mapping.meaning import Read, Targets, blank_test, typed
from importer.mapping.problems import Unfit
from importer.mapping.templates import Template
from importer.mapping.traits import DATED_BY, Hash, Id, Trait
from importer.mapping.transforms import TRANSFORMS


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


def trace(document: Document, names: Sequence[str], cells: Sequence[str]) -> Iterator[Trace]:
    """Every part of the response that a mapping makes of one row; `names` is the file's header. Columns
    that the file lacks are left out: `compile` tells of those."""
    row = _Row(Header(names, ""), cells)
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
        yield from row.of(f"trait {name}", trait, typed(trait, answered=name == DATED_BY))


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

    header: Header
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
        except Unfit as unfit:
            return Step(unfit.message, None, unfit.code)
    return None


def steps(block: Cell, finish: Read, text: str) -> Iterator[Step]:
    """What a block does to a cell's text, in order; none where it counts as blank."""
    if blank_test(block)(text):
        if trimmed(text):
            yield Step("na: counts as blank", None)
        return
    try:
        yield from _read(block, finish, text)
    except Unfit as unfit:
        yield Step(unfit.message, None, unfit.code)


def _read(block: Cell, finish: Read, text: str) -> Iterator[Step]:
    if block.values is not None:
        known, target = Targets(block, finish).look_up(text)
        if known:
            yield Step("values", target)
            return
    for name in block.parse:
        text = TRANSFORMS["parse", name].bound(block)(text)
        yield Step(f"parse: {name}", text)
    yield Step(_type(block), finish(text))


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
