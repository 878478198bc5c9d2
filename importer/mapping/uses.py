"""Where a compiled mapping takes each target of the API from: what people check a mapping by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from importer.mapping.compiled import Compiled
from importer.mapping.program import Program
from importer.mapping.readings import Filled, First, Fixed, Hashed, Joined, One, Reading

DATE = "date of the response"
"""Not in the body: what rows of one person are ordered by."""
SKIP = "rule of skip_if"
"""Not in the body: what rows are left out by."""


@dataclass(frozen=True, slots=True)
class Use:
    """A target (`userId`, `traits.email`, `answers: ID`) and the columns that it comes from, by position
    from 0; none where it is the constant `value`. `wave` is "" where that is so in all waves."""

    target: str
    positions: tuple[int, ...]
    value: str = ""
    wave: str = ""


def uses(compiled: Compiled) -> tuple[Use, ...]:
    """Every target, in the order of a body; then what rows are known, ordered and left out by."""
    by_wave = [tuple(_uses(program)) for program in compiled.programs]
    everywhere = set(by_wave[0]).intersection(*by_wave[1:])
    return (
        *(each for each in by_wave[0] if each in everywhere),
        *(
            replace(each, wave=program.wave)
            for program, used in zip(compiled.programs, by_wave, strict=True)
            for each in used
            if each not in everywhere
        ),
    )


def _uses(program: Program) -> Iterator[Use]:
    for target, reading in _targets(program):
        if not isinstance(reading, Fixed) or reading.value is not None:
            yield Use(target, positions(reading), _constant(reading))


def _targets(program: Program) -> Iterator[tuple[str, Reading]]:
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


def positions(reading: Reading) -> tuple[int, ...]:
    """The columns that a value is taken from, by position from 0, each once."""
    return tuple(dict.fromkeys(_positions(reading)))


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
