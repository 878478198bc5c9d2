"""The blocks of people: their ids and traits."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from importer.mapping.cells import Cell, Numeric, called
from importer.mapping.columns import Columns
from importer.mapping.fields import Block, Flag, Oddity, Text, Texts, mapped_by, one_or_more, refuse
from importer.mapping.guesses import did_you_mean
from importer.mapping.transforms.clocks import FIXED, is_timezone
from importer.mapping.transforms.formats import problem

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
        refuse([Oddity((), f'no time zone is called "{name}"', hint)])
    return name


def _formats(formats: tuple[str, ...]) -> tuple[str, ...]:
    problems = ((number, problem(each)) for number, each in enumerate(formats))
    refuse(Oddity((number,), said) for number, said in problems if said)
    return formats


Timezone = Annotated[Text, AfterValidator(_timezone)]
Formats = Annotated[Texts, AfterValidator(_formats)]


class Trait(Numeric):
    """Something known about the person, stored with the response."""

    type: Annotated[str, *called("trait")] = "text"
    """`text` (the default), `email`, `number`, `boolean` or `date`."""
    lower: Flag = False
    """In small letters."""
    format: Formats = ()
    """How dates are written: strptime's codes (`"%d.%m.%Y"`), `iso` (the default), `excel_serial`,
    `unix`, `unix_ms`; or a list of them, of which exactly one may fit."""
    timezone: Timezone = ""
    """The time zone of times that name none: `Europe/Prague`, or `UTC+02:00` (two hours ahead of UTC, all
    year). The default is UTC."""


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


IdRef = Annotated[Id, BeforeValidator(mapped_by(by_column), json_schema_input_type=Text | Id)]
Ids = Annotated[
    tuple[IdRef, ...],
    BeforeValidator(
        one_or_more,
        json_schema_input_type=Text | Id | Annotated[list[Text | Id], Field(min_length=1)],
    ),
]
"""A column, or several, of which the first that holds an id counts."""
TraitRef = Annotated[
    Trait, BeforeValidator(mapped_by(by_column), json_schema_input_type=Text | Trait)
]
