"""How a mapping names columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from importer.mapping.fields import Block, Count, Oddity, Text, mapped_by, one_or_more, refuse
from importer.mapping.patterns import compile_pattern


def _pattern(text: str) -> str:
    try:
        compile_pattern(text)
    except ValueError as error:
        refuse([Oddity((), str(error))])
    return text


def _letter(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{1,3}", text):
        refuse([Oddity((), "a column's letter is A to XFD")])
    return text.upper()


PatternText = Annotated[Text, AfterValidator(_pattern)]
Letter = Annotated[Text, AfterValidator(_letter)]
Names = Annotated[tuple[Text, ...], Field(min_length=2)]
Nth = Annotated[
    Count,
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "{wave}"}]}),
]
"""`"{wave}"` is a number by the time that it is read (see `waves`)."""


def one_way(block: Block, ways: Sequence[str]) -> Iterator[Oddity]:
    """What is wrong unless exactly one of the keys is given, and `nth` with `column` only."""
    given = [way for way in ways if way in block.model_fields_set]
    if not given:
        shown = ", ".join(f"`{way}`" for way in ways)
        yield Oddity((), "it doesn't say where the value comes from", f"Give one of {shown}.")
    for way in given[1:]:
        yield Oddity(
            (way,), f"`{given[0]}` and `{way}` exclude each other", "Delete one of them.", key=True
        )
    if "nth" in block.model_fields_set and "column" not in given:
        yield Oddity(("nth",), "`nth` goes with `column`", key=True)


class Selector(Block):
    """One column: by its name in the header, its letter, or the first of several names that the file has."""

    column: Text = ""
    """The column's name. Exactly, else without regard to case and surrounding space."""
    nth: Nth = 1
    """Which of the columns that share the name: 1 is the first."""
    letter: Letter = ""
    """The column's letter as Excel shows it: `E`."""
    any: Names = ()
    """Names of one column in different exports: the one that the header has is taken."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        refuse(one_way(self, ("column", "letter", "any")))
        return self

    @property
    def numbered(self) -> bool:
        """Whether the mapping says which of several columns with one name is meant."""
        return "nth" in self.model_fields_set


ColumnRef = Annotated[
    Selector,
    BeforeValidator(
        mapped_by(lambda name: {"column": name}), json_schema_input_type=Text | Selector
    ),
]
"""A column's name, or a map that selects one."""
Columns = Annotated[
    tuple[ColumnRef, ...],
    BeforeValidator(
        one_or_more,
        json_schema_input_type=Text
        | Selector
        | Annotated[list[Text | Selector], Field(min_length=1)],
    ),
]
"""A column, or a list of them."""
