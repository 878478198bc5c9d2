"""The block `source:`: how to read the file, and which of its rows to leave out."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from importer.mapping.columns import PatternText, Selector
from importer.mapping.fields import (
    Block,
    CellText,
    CellTexts,
    Count,
    Flag,
    Oddity,
    Text,
    refuse,
    unexpected,
)
from importer.mapping.scalars import is_nothing, resolve


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
                [Oddity((), "the rule has no condition", "Give one of in, not_in, blank, matches.")]
            )
        refuse(
            Oddity((key,), "a rule has one condition", "Write a second rule.", key=True)
            for key in given[1:]
        )
        return self


def _sheet(data: object) -> object:
    if not isinstance(data, str) or is_nothing(data):
        raise unexpected("a sheet's name or number", data)
    value = resolve(data)
    if isinstance(value, int) and not isinstance(value, bool):
        refuse([Oddity((), "sheets count from 1")] if value < 1 else [])
        return value
    return str(data)


SheetRef = Annotated[
    str | int,
    BeforeValidator(_sheet),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 1}]}),
]


class Source(Block):
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
                    Oddity(
                        ("header_rows",),
                        "`header_row` and `header_rows` exclude each other",
                        key=True,
                    )
                ]
            )
        return self
