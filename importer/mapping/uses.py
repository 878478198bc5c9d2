"""Where a compiled mapping takes each target of the API from: what people check a mapping by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from importer.mapping.compiled import Compiled
from importer.mapping.readings import Filled, First, Fixed, Hashed, Joined, One, Reading

DATE = "date of the response"
"""Not in the body: what rows of one person are ordered by."""
SKIP = "rule of skip_if"
"""Not in the body: what rows are left out by."""


@dataclass(frozen=True, slots=True)
class Use:
    """A target (`userId`, `traits.email`, `answers: ID`) and the columns that it comes from, by position
    from 0; none where it is the constant `value`."""

    target: str
    positions: tuple[int, ...]
    value: str = ""


def uses(compiled: Compiled) -> tuple[Use, ...]:
    """Every target, in the order of a body; then what rows are known, ordered and left out by."""
    return tuple(
        Use(target, tuple(dict.fromkeys(_positions(reading))), _constant(reading))
        for target, reading in _targets(compiled)
        if not isinstance(reading, Fixed) or reading.value is not None
    )


def _targets(compiled: Compiled) -> Iterator[tuple[str, Reading]]:
    program = compiled.program
    yield "campaign", program.campaign
    yield "method", program.method
    yield "userId", program.user
    yield "anonymousId", program.anonymous
    for name, reading in program.traits:
        yield f"traits.{name}", reading
    for asked in program.answers:
        yield f"answers: {asked.id}", asked.reading
    yield "rating", program.rating
    for one in program.key:
        yield "key", one
    yield DATE, program.order
    for skip in program.skips:
        yield SKIP, skip.reading


def _positions(reading: Reading) -> Iterator[int]:
    match reading:
        case One():
            yield reading.position
        case First():
            for each in reading.readings:
                yield from _positions(each)
        case Joined() | Hashed():
            for part in reading.parts:
                yield part.position
        case Filled():
            yield from reading.positions


def _constant(reading: Reading) -> str:
    if not isinstance(reading, Fixed):
        return ""
    value = reading.value
    return str(value["value"] if isinstance(value, dict) else value)
