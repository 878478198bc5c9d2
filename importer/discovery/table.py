"""Everything that the sections of a draft are written from, and what a preset says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from importer.discovery import lexicon
from importer.discovery.choices import Ref
from importer.discovery.column import Column
from importer.discovery.dates import DateReading, readings
from importer.discovery.header import HEAD, Grid, Layout, ToolRows
from importer.discovery.questions import Named, Question, question
from importer.discovery.roles import Role, named
from importer.discovery.tool import Match
from importer.discovery.understand import Analysis, Apart
from importer.discovery.waves import MARK, Waves
from importer.discovery.yaml_text import inline, shown
from importer.mapping import Document, Shipped, parse, preset
from importer.mapping.blocks import Hash, Id, SkipRule, Trait
from importer.mapping.load import Base
from importer.mapping.lookup import ColumnLookup
from importer.mapping.text import Template
from importer.mapping.types import Selector
from importer.mapping.yaml import YamlText, read_yaml
from importer.model import counted, letter
from importer.privacy import Show, masked, shaped
from importer.sources import Facts, RowBlock, SourceOptions, read_header

if TYPE_CHECKING:
    from importer.discovery.draft import Wishes


# What a preset says of the columns that this file has.

_QUESTION = "00000000-0000-4000-8000-{:012d}"


def shown_sample(text: str) -> str:
    """A value as a sample may show it: labels of scales, scores and dates; of everything else the shape."""
    return text if lexicon.is_label(text) else shaped(text)


@dataclass(frozen=True, slots=True)
class Claims:
    """A preset against a header: `roles` of its own columns by position, the rules that apply, the column
    and prefix of the anonymous id, the columns of the key, the trait that reads the date, and the answers
    that it names, by position."""

    roles: Mapping[int, Role]
    skip_if: tuple[SkipRule, ...] = ()
    anonymous: tuple[int, str] | None = None
    key: tuple[int, ...] = ()
    date: Trait | None = None
    answers: Mapping[int, Named] = field(default_factory=dict)
    people: tuple[int, ...] = ()
    """The columns of `userId`, the one that counts most first."""


NOTHING = Claims({})
"""Where no tool is known."""


def claims(shipped: Shipped, labels: Sequence[str]) -> Claims:
    """What the preset knows of a file with this header; what the file lacks is left out."""
    document = _document(shipped)
    at = _Places(labels)
    roles: dict[int, Role] = {}
    for names in shipped.about.signature:
        roles |= {i: Role.MACHINE for i in at.any(names) if named(labels[i]) is Role.OTHER}
    roles |= dict.fromkeys(at.any(shipped.about.own), Role.MACHINE)
    roles |= dict.fromkeys(
        (i for rule in document.source.skip_if for i in at.all(rule)), Role.MACHINE
    )
    date = document.traits.get("respondedAt")
    dated = [i for each in (date.selectors if date else ()) for i in at.all(each)]
    key = tuple(i for each in document.key for i in at.all(each))
    anonymous = _anonymous(document, at)
    roles |= dict.fromkeys([*key, *([anonymous[0]] if anonymous else [])], Role.RESPONSE)
    roles |= dict.fromkeys(dated[:1], Role.ANSWERED)
    email = document.traits.get("email")
    emails = [i for each in (email.selectors if email else ()) for i in at.all(each)]
    roles |= {i: Role.USER for each in document.userId for i in _ids(each, at)}
    roles |= dict.fromkeys(emails, Role.EMAIL)
    answers: dict[int, Named] = {}
    for each in document.answers if _written(shipped, "answers") else ():
        found = [i for selector in each.selectors for i in at.all(selector)]
        answers |= {i: Named(each.id, each.type) for i in found[:1]}
    return Claims(
        roles={i: role for i, role in roles.items() if i not in answers},
        skip_if=tuple(rule for rule in document.source.skip_if if at.all(rule)),
        anonymous=anonymous,
        key=key,
        date=date,
        answers=answers,
        people=tuple(i for each in document.userId for i in _ids(each, at)),
    )


def tool_rows(shipped: Shipped, row: int) -> ToolRows:
    """What the preset says of the rows above the answers, where its columns stand in `row`."""
    source = _document(shipped).source
    return ToolRows(row, len(source.header_rows or ()) or 1, len(source.skip_rows))


class _Places:
    """Where columns stand in a header; the quiet side of `mapping.header`."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = labels

    def all(self, selector: Selector) -> list[int]:
        found = ColumnLookup(self._labels, "").find(selector, ())
        return [] if found is None else [found]

    def any(self, names: Sequence[str]) -> list[int]:
        return [i for name in names for i in self.all(Selector(column=name))]


def _ids(block: Id, at: _Places) -> Iterator[int]:
    for selector in block.selectors:
        yield from at.all(selector)


def _anonymous(document: Document, at: _Places) -> tuple[int, str] | None:
    """The column that stands in for a person, and what is put before it."""
    if isinstance(document.anonymousId, Hash):
        parts = [i for each in document.anonymousId.hash for i in at.all(each)]
        return (parts[0], document.anonymousId.prefix) if len(parts) == 1 else None
    for each in document.anonymousId:
        if each.template:
            [name] = Template.parse(each.template).columns
            found, prefix = at.any([name]), each.template.split("{")[0]
        else:
            found, prefix = list(_ids(each, at)), ""
        if found:
            return found[0], prefix
    return None


def _document(shipped: Shipped) -> Document:
    """The preset as a whole mapping: with a survey and questions that stand for any."""
    # The questions that the preset names.
    answers = _written(shipped, "answers")
    names = [str(each["id"]) for each in answers] if answers else []
    lines = [f"extends: {shipped.name}", f"campaign: {'0' * 24}"]
    if names:
        lines += ["questions:"]
        lines += [f"  {name}: {_QUESTION.format(n)}" for n, name in enumerate(names, 1)]
    else:
        lines += [f"answers: [{{id: {_QUESTION.format(1)}, letter: A, type: text}}]"]
    return parse("\n".join(lines), shipped.name, base=_base)


def _base(name: str) -> tuple[YamlText, Base]:
    return YamlText(name, preset(name).text), _base


def _written(shipped: Shipped, key: str) -> list[dict[str, str]]:
    data = read_yaml(YamlText(shipped.name, shipped.text)).data
    top = data if isinstance(data, dict) else {}
    if key in top or "extends" not in top:
        return top.get(key, [])  # type: ignore[return-value]  # a preset is checked by its tests
    return _written(preset(str(top["extends"])), key)


# Everything that the sections of a draft are written from.


@dataclass(frozen=True, slots=True, eq=False)
class DraftTable:
    """A file, and what was found of it. `columns`: of waves, those of the first; `apart`: rows left out."""

    name: str
    sheet: str
    facts: Facts
    labels: Sequence[str]
    rows: int
    whole: bool
    tool: Match | None
    layout: Layout
    claims: Claims
    meaning: Analysis
    wishes: Wishes
    columns: Sequence[Column] = ()
    maybe: Waves | None = None
    waves: Waves | None = None
    apart: tuple[Apart, ...] = ()
    asked: dict[int, Question] = field(default_factory=dict, repr=False)
    dated: dict[int, tuple[DateReading, ...]] = field(default_factory=dict, repr=False)

    def question(self, column: Column) -> Question:
        """What a column by itself would be the answer to; found out once."""
        if column.index not in self.asked:
            self.asked[column.index] = question(column)
        return self.asked[column.index]

    def readings(self, column: Column) -> tuple[DateReading, ...]:
        """The ways to read a column as dates; found out once."""
        if column.index not in self.dated:
            self.dated[column.index] = readings(column.profile, numbers=True)
        return self.dated[column.index]

    def selector(self, column: Column) -> Ref:
        """How a mapping names the column: by its name, by which of equal names, or by its letter."""
        if self.waves and self.is_waved(column):
            # the column of whichever wave: its mark in the name, or which of the equal names it is
            return Ref(self.waves.labels[column.index], MARK if self.waves.equal else "")
        label = self.labels[column.index]
        if not label.strip() or len(label) > 450 or "\0" in label or not _encodes(label):
            return Ref(letter=letter(column.index))
        exact = [i for i, each in enumerate(self.labels) if each == label]
        return Ref(label, str(exact.index(column.index) + 1) if len(exact) > 1 else "")

    def at(self, ref: Ref) -> int | None:
        """Where a column stands, from 0; None where the file has none so called."""
        if (waved := self._waved(ref)) is not None:
            return waved
        data = ref.data if isinstance(ref.data, dict) else {"column": ref.data}
        try:
            return ColumnLookup(self.labels, "").find(Selector.model_validate(data), ())
        except ValidationError:  # a mapping of a person's own
            return None

    def column(self, ref: Ref) -> Column | None:
        """The column that a mapping names so."""
        place = self.at(ref)
        return next((each for each in self.columns if each.index == place), None)

    def _waved(self, ref: Ref) -> int | None:
        if self.waves is None:
            return None
        nth = MARK if self.waves.equal else ""
        return next((i for i, each in self.waves.labels.items() if ref == Ref(each, nth)), None)

    def is_waved(self, column: Column) -> bool:
        """Whether each wave has its own such column."""
        return self.waves is not None and column.index in self.waves.labels

    def ref(self, column: Column) -> str:
        """The column where a name or a map may stand."""
        return inline(self.selector(column).data)

    def plain_name(self, column: Column) -> bool:
        """Whether its name alone selects it."""
        return isinstance(self.selector(column).data, str)

    def samples(self, column: Column, most: int = 3, show: Show = shown_sample) -> str:
        """How full the column is, and some values: their shapes, unless they are asked for, or nobody's."""
        if self.wishes.show_values and show is shown_sample:
            show = masked
        profile = column.profile
        of = counted(self.rows, "row")
        full = "all rows" if profile.filled == self.rows else f"{profile.filled:,} of {of}"
        return f"{full}: {shown(profile.samples(most), show)}"


def labels_of(grid: Grid, found: Layout) -> list[str]:
    """The labels just as the loader makes them of these header rows."""
    block = RowBlock(grid.rows[:HEAD], [list(cells) for cells in grid.cells[:HEAD]])
    labels = read_header(block, SourceOptions(header_rows=found.header), "").labels
    return [*labels, *[""] * (grid.width - len(labels))]


def _encodes(label: str) -> bool:
    return all(not 0xD800 <= ord(char) <= 0xDFFF for char in label)
