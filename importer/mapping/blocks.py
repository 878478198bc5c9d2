"""The blocks of a mapping: `source:`, answers, ids and traits, and where their values come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from importer.mapping.text import Template, did_you_mean
from importer.mapping.transforms.date_formats import FIXED, is_timezone, problem
from importer.mapping.transforms.registry import TRANSFORMS, Kind, names
from importer.mapping.types import (
    Block,
    CellText,
    CellTexts,
    Columns,
    Constant,
    Count,
    Flag,
    Issue,
    Letter,
    Names,
    Nth,
    Number,
    PatternText,
    Selector,
    Takes,
    Text,
    Texts,
    Whole,
    mapped_by,
    one_or_more,
    one_way,
    refuse,
    unexpected,
)
from importer.mapping.yaml import is_nothing, resolve

# Where a value comes from and how it is read: the blocks that answers, traits and people share.


def _template(text: str) -> str:
    try:
        Template.parse(text)
    except ValueError as error:
        refuse([Issue((), str(error))])
    return text


TemplateText = Annotated[Text, AfterValidator(_template)]


def called(kind: Kind) -> Any:
    """The annotation for the name of a transform."""

    def known(name: str) -> str:
        if name not in names(kind):
            hint = did_you_mean(name, names(kind)) or f"There are: {', '.join(names(kind))}."
            refuse([Issue((), f'no {_KINDS[kind]} is called "{name}"', hint)])
        return name

    return AfterValidator(known), WithJsonSchema({"enum": list(names(kind))})


_KINDS = {"parse": "transform", "answer": "type of answer", "trait": "type of trait"}
_ELSEWHERE = {
    "skip": "List the text in `na:` to leave it out.",
    "keep": "Write the text itself to pass it on.",
}
_SOURCES = ("column", "letter", "any", "columns", "value", "template")
_OPTIONS = {option for each in TRANSFORMS.values() for option in each.options}


_Parse = Annotated[Text, *called("parse")]
Parses = Annotated[
    tuple[_Parse, ...],
    BeforeValidator(one_or_more),
    Takes(lambda: _Parse | Annotated[list[_Parse], Field(min_length=1)]),
]


class Cell(Block):
    """A value: from a column, a constant or a template, and how to read it."""

    kind: ClassVar[Kind] = "trait"

    column: Columns = ()
    """The column; or several, of which the first that isn't blank counts."""
    nth: Nth = 1
    """Which of the columns that share the name: 1 is the first."""
    letter: Letter = ""
    """The column's letter as Excel shows it: `E`."""
    any: Names = ()
    """Names of one column in different exports: the one that the header has is taken."""
    columns: PatternText = ""
    """A regular expression: all columns whose name it finds, as one value."""
    join: CellText = "; "
    """What stands between the values that `columns` finds."""
    value: Constant | None = None
    """A constant, the same for every row."""
    template: TemplateText = ""
    """Text with column names in braces: `{First name} {Last name}`. `{{` is a brace."""
    optional: Flag = False
    """A column that the file lacks is a note, not a mistake."""
    na: CellTexts = ()
    """Texts that count as blank: `[N/A, "-"]`."""
    values: Annotated[dict[CellText, Constant], Field(min_length=1)] | None = None
    """What each text of the file becomes. Others are a problem, unless `"*"` says `keep` or `skip`."""
    parse: Parses = ()
    """Transforms of the text by name, in order, before the type: `leading_int`."""

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """The columns that are named one by one; none where the value comes from elsewhere."""
        if self.letter:
            return (Selector(letter=self.letter),)
        if self.any:
            return (Selector(any=self.any),)
        if "nth" in self.model_fields_set:
            return tuple(Selector(column=each.column, nth=self.nth) for each in self.column)
        return self.column

    @model_validator(mode="after")
    def _sound(self) -> Self:
        refuse([*one_way(self, _SOURCES), *self._oddities()])
        return self

    def _oddities(self) -> Iterator[Issue]:
        if "join" in self.model_fields_set and not self.columns:
            yield Issue(("join",), "`join` goes with `columns`", key=True)
        if self.values and "*" in self.values and self.values["*"].text not in {"keep", "skip"}:
            yield Issue(("values", "*"), '`"*"`, every other value, is `keep` or `skip`')
        for text, to in (self.values or {}).items():
            if text != "*" and to.text in _ELSEWHERE:
                told = f'this would send the text "{to.text}": only `"*"` can be `{to.text}`'
                yield Issue(("values", text), told, _ELSEWHERE[to.text])
        yield from self._misplaced()

    def _misplaced(self) -> Iterator[Issue]:
        """Options that the type doesn't read."""
        type_ = getattr(self, "type", "")
        if not type_:
            return
        for option in sorted(
            _OPTIONS & self.model_fields_set - TRANSFORMS[self.kind, type_].options
        ):
            fit = [
                f"`type: {name}`"
                for (kind, name), each in TRANSFORMS.items()
                if kind == self.kind and option in each.options
            ]
            if fit:
                yield Issue((option,), f"`{option}` goes with {' or '.join(fit)}", key=True)


class Numeric(Cell):
    """A value that may be written as a number."""

    decimal: Literal[".", ","] = "."
    """The decimal mark: `","` in `12,85`."""
    thousands: Literal[",", ".", " ", "'", ""] = ""
    """The mark between groups of three digits; `" "` is any narrow or unbreakable space too."""

    def _oddities(self) -> Iterator[Issue]:
        yield from super()._oddities()
        if self.thousands == self.decimal:
            yield Issue(("thousands",), "`thousands` and `decimal` are the same mark")


# The blocks of answers: ratings, choices and texts.


class Rescale(Block):
    """A linear change of scale: `{from: [1, 5], to: [0, 10]}` makes 1 0, 3 5 and 5 10."""

    source: Annotated[tuple[Number, Number], Field(alias="from")]
    """The ends of the file's scale."""
    to: tuple[Number, Number]
    """The ends of the question's scale."""

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.source[0] == self.source[1]:
            refuse([Issue(("from",), "the two ends are the same")])
        return self


class Rating(Numeric):
    """A number on a scale."""

    kind: ClassVar[Kind] = "answer"

    type: Annotated[str, *called("answer")] = "nps"
    """`nps` 0-10, `csat` 1-5, `ces` 1-7, `scale` with `min` and `max`, `choice` or `text`."""
    min: Whole | None = None
    """The lower end of a `scale`."""
    max: Whole | None = None
    """The upper end of a `scale`."""
    rescale: Rescale | None = None
    """From the file's scale to the question's. Results that aren't whole need `round`."""
    round: Literal["half_up", "half_even", "floor", "ceil"] | None = None
    """How to round a number that isn't whole. Not said: such an answer is a problem."""

    def _oddities(self) -> Iterator[Issue]:
        yield from super()._oddities()
        if self.type == "scale" and (self.min is None or self.max is None):
            yield Issue(("type",), "`type: scale` needs `min` and `max`")
        elif self.type == "scale" and self.min >= self.max:  # type: ignore[operator]  # not None: see above
            yield Issue(("max",), "`max` isn't above `min`")


class Answer(Rating):
    """One answer of a response."""

    id: Text
    """The question's ID in SatisMeter, or its name under `questions`."""
    type: Annotated[str, *called("answer")]
    """`nps` 0-10, `csat` 1-5, `ces` 1-7, `scale` with `min` and `max`, `choice` or `text`."""
    required: Flag = False
    """A row in which it is blank is invalid; otherwise the answer is left out."""

    def _oddities(self) -> Iterator[Issue]:
        yield from super()._oddities()
        if self.required and self.optional:
            yield Issue(("optional",), "a required answer can't be optional", key=True)


# The blocks of people: their ids and traits.

DATED_BY = "respondedAt"
"""The trait that is taken for a response's date."""


def _near(name: str) -> str:
    """What to write instead of a zone that there is not. Abbreviations aren't compared: the nearest of PST is
    MST, an hour off."""
    if "/" in name:
        from zoneinfo import available_timezones

        return did_you_mean(name, available_timezones()) or _ZONE_HINT
    offset = FIXED.get(name.upper(), "")
    return (
        f"{name} all year is UTC{offset[:3]}:{offset[3:]}. {_ZONE_HINT}" if offset else _ZONE_HINT
    )


_ZONE_HINT = (
    "Where clocks change, a place: Europe/Prague, America/New_York; else UTC, or UTC+02:00."
)


def _timezone(name: str) -> str:
    if not is_timezone(name):
        hint = _near(name)
        refuse([Issue((), f'no time zone is called "{name}"', hint)])
    return name


def _formats(formats: tuple[str, ...]) -> tuple[str, ...]:
    problems = ((number, problem(each)) for number, each in enumerate(formats))
    refuse(Issue((number,), said) for number, said in problems if said)
    return formats


Timezone = Annotated[Text, AfterValidator(_timezone)]
Formats = Annotated[Texts, AfterValidator(_formats)]


OF_RESPONSE = (DATED_BY, "importedFrom", "importedAt")
"""Traits of the response, and not of the person: they are always sent, but for a word of theirs."""

Existing = Literal["keep", "overwrite"]
"""What becomes of a trait that the person has in the account already."""


class Trait(Numeric):
    """Something known about the person, stored with the response."""

    type: Annotated[str, *called("trait")] = "text"
    """`text` (the default), `email`, `number`, `boolean` or `date`."""
    lower: Flag = False
    """In small letters."""
    format: Formats = ()
    """How dates are written: strptime's codes (`"%d.%m.%Y"`), `iso` (the default), `excel_serial`,
    `excel_serial_1904`, `unix`, `unix_ms`; or a list of them, of which exactly one may fit."""
    timezone: Timezone = ""
    """The time zone of times that name none: `Europe/Prague`, or `UTC+02:00` (two hours ahead of UTC, all
    year). The default is UTC."""
    existing: Existing | None = None
    """Overrules `existing_traits` for this one: `keep` doesn't send it where the person has it already."""


class Id(Cell):
    """An id of a person."""

    lower: Flag = False
    """In small letters, so that `Ann@x.org` and `ann@x.org` are one person."""


class Hash(Block):
    """A stable stand-in for an id."""

    hash: Columns
    """Columns that tell people apart; the same cells give the same id."""
    prefix: Text = ""
    """What the id begins with: `"delighted:"`."""


def by_column(name: str) -> dict[str, object]:
    """`name: Name` is short for `name: {column: Name}`."""
    return {"column": name}


IdRef = Annotated[Id, BeforeValidator(mapped_by(by_column)), Takes(lambda: Text | Id)]
Ids = Annotated[
    tuple[IdRef, ...],
    BeforeValidator(one_or_more),
    Takes(lambda: Text | Id | Annotated[list[Text | Id], Field(min_length=1)]),
]
"""A column, or several, of which the first that holds an id counts."""
TraitRef = Annotated[Trait, BeforeValidator(mapped_by(by_column)), Takes(lambda: Text | Trait)]


# The block `source:`: how to read the file, and which of its rows to leave out.


class SkipRule(Selector):
    """Rows that are left out on purpose: a column and one condition on its trimmed cell."""

    among: Annotated[CellTexts, Field(alias="in")] = ()
    """The cell is one of these, whatever its case."""
    not_in: CellTexts = ()
    """The cell is none of these, whatever its case."""
    blank: Flag | None = None
    """The cell is blank (`true`), or filled (`false`)."""
    matches: PatternText = ""
    """A regular expression is found in the cell."""
    optional: Flag = False
    """A file that lacks the column has no such rows: a note, not a mistake."""

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        conditions = {"among": "in", "not_in": "not_in", "blank": "blank", "matches": "matches"}
        given = [key for field, key in conditions.items() if field in self.model_fields_set]
        if not given:
            refuse(
                [Issue((), "the rule has no condition", "Give one of in, not_in, blank, matches.")]
            )
        refuse(
            Issue((key,), "a rule has one condition", "Write a second rule.", key=True)
            for key in given[1:]
        )
        return self


def _sheet(data: object) -> object:
    if not isinstance(data, str) or is_nothing(data):
        raise unexpected("a sheet's name or number", data)
    value = resolve(data)
    if isinstance(value, int) and not isinstance(value, bool):
        refuse([Issue((), "sheets count from 1")] if value < 1 else [])
        return value
    return str(data)


SheetRef = Annotated[
    str | int,
    BeforeValidator(_sheet),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 1}]}),
]


class SourceBlock(Block):
    """How to read the file. All of it is found by itself; what stands here overrules that."""

    sheet: SheetRef | None = None
    """The sheet's name, or its number from 1."""
    header_row: Count | None = None
    """The row of the header, as Excel numbers it."""
    header_rows: tuple[Count, ...] | None = None
    """Rows that make the header together (blank cells of the upper are filled from the left); `[]` where the
    file has no header: its columns are then called A, B, ..."""
    header_join: CellText = " / "
    """What stands between the parts of a header that has several rows."""
    skip_rows: tuple[Count, ...] = ()
    """Rows that are no answers, as Excel numbers them."""
    encoding: Text = ""
    """The text encoding: `utf-8`, `cp1252` ..."""
    delimiter: CellText = ""
    """What stands between the cells: `","`, `";"`, `"\\t"` ..."""
    skip_if: tuple[SkipRule, ...] = ()
    """Rows to leave out, each by a rule; they are counted as skipped."""

    @model_validator(mode="after")
    def _one_header(self) -> Self:
        if self.header_row and self.header_rows is not None:
            refuse(
                [
                    Issue(
                        ("header_rows",),
                        "`header_row` and `header_rows` exclude each other",
                        key=True,
                    )
                ]
            )
        return self
