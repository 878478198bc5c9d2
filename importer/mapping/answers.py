"""The blocks of answers: ratings, choices and texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from importer.mapping.cells import Numeric, called
from importer.mapping.fields import Block, Flag, Number, Oddity, Text, Whole, refuse
from importer.mapping.transforms import Kind


class Rescale(Block):
    """A linear change of scale: `{from: [1, 5], to: [0, 10]}` makes 1 0, 3 5 and 5 10."""

    source: Annotated[tuple[Number, Number], Field(alias="from")]
    """The ends of the file's scale."""
    to: tuple[Number, Number]
    """The ends of the question's scale."""

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.source[0] == self.source[1]:
            refuse([Oddity(("from",), "the two ends are the same")])
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

    def _oddities(self) -> Iterator[Oddity]:
        yield from super()._oddities()
        if self.type == "scale" and (self.min is None or self.max is None):
            yield Oddity(("type",), "`type: scale` needs `min` and `max`")
        elif self.type == "scale" and self.min >= self.max:  # type: ignore[operator]  # not None: see above
            yield Oddity(("max",), "`max` isn't above `min`")


class Answer(Rating):
    """One answer of a response."""

    id: Text
    """The question's ID in SatisMeter, or its name under `questions`."""
    type: Annotated[str, *called("answer")]
    """`nps` 0-10, `csat` 1-5, `ces` 1-7, `scale` with `min` and `max`, `choice` or `text`."""
    required: Flag = False
    """A row in which it is blank is invalid; otherwise the answer is left out."""

    def _oddities(self) -> Iterator[Oddity]:
        yield from super()._oddities()
        if self.required and self.optional:
            yield Oddity(("optional",), "a required answer can't be optional", key=True)
