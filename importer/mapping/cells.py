"""Where a value comes from and how it is read: the blocks that answers, traits and people share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from importer.mapping.columns import Columns, Letter, Names, Nth, PatternText, Selector, one_way
from importer.mapping.fields import (
    Block,
    CellText,
    CellTexts,
    Constant,
    Flag,
    Oddity,
    Text,
    one_or_more,
    refuse,
)
from importer.mapping.guesses import did_you_mean
from importer.mapping.templates import Template
from importer.mapping.transforms import TRANSFORMS, Kind, names


def _template(text: str) -> str:
    try:
        Template.parse(text)
    except ValueError as error:
        refuse([Oddity((), str(error))])
    return text


TemplateText = Annotated[Text, AfterValidator(_template)]


def called(kind: Kind) -> Any:
    """The annotation for the name of a transform."""

    def known(name: str) -> str:
        if name not in names(kind):
            hint = did_you_mean(name, names(kind)) or f"There are: {', '.join(names(kind))}."
            refuse([Oddity((), f'no {_KINDS[kind]} is called "{name}"', hint)])
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
    BeforeValidator(
        one_or_more, json_schema_input_type=_Parse | Annotated[list[_Parse], Field(min_length=1)]
    ),
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

    def _oddities(self) -> Iterator[Oddity]:
        if "join" in self.model_fields_set and not self.columns:
            yield Oddity(("join",), "`join` goes with `columns`", key=True)
        if self.values and "*" in self.values and self.values["*"].text not in {"keep", "skip"}:
            yield Oddity(("values", "*"), '`"*"`, every other value, is `keep` or `skip`')
        for text, to in (self.values or {}).items():
            if text != "*" and to.text in _ELSEWHERE:
                told = f'this would send the text "{to.text}": only `"*"` can be `{to.text}`'
                yield Oddity(("values", text), told, _ELSEWHERE[to.text])
        yield from self._misplaced()

    def _misplaced(self) -> Iterator[Oddity]:
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
                yield Oddity((option,), f"`{option}` goes with {' or '.join(fit)}", key=True)


class Numeric(Cell):
    """A value that may be written as a number."""

    decimal: Literal[".", ","] = "."
    """The decimal mark: `","` in `12,85`."""
    thousands: Literal[",", ".", " ", "'", ""] = ""
    """The mark between groups of three digits; `" "` is any narrow or unbreakable space too."""

    def _oddities(self) -> Iterator[Oddity]:
        yield from super()._oddities()
        if self.thousands == self.decimal:
            yield Oddity(("thousands",), "`thousands` and `decimal` are the same mark")
