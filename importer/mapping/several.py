"""The waves of one mapping beside one another, compiled: what they share, and whether they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from importer.mapping.fields import Oddity
from importer.mapping.program import Program
from importer.mapping.readings import Fixed, Reading
from importer.mapping.uses import positions


def alike(programs: Sequence[Program]) -> Iterator[Oddity]:
    """Waves that would send each row's answers once more for the same person to the same survey."""
    seen: dict[object, str] = {}
    for program in programs:
        sends = _sends(program)
        if sends in seen:
            yield Oddity(
                ("waves",),
                f"the waves {seen[sends]} and {program.wave} take the same answers from the same columns",
                "Write {wave} where their columns differ, or say under each wave what is its own.",
                key=True,
            )
        seen.setdefault(sends, program.wave)


def _sends(program: Program) -> object:
    asked = [(each.id, *_from(each.reading)) for each in program.answers]
    to = (program.campaign, program.user, program.anonymous)
    return (*map(_from, to), *sorted(asked))


def _from(reading: Reading) -> tuple[tuple[int, ...], str]:
    return positions(reading), repr(reading.value) if isinstance(reading, Fixed) else ""


def marked(programs: Sequence[Program]) -> tuple[Program, ...]:
    """The programs, each with the places of its wave's own answers; all of them where none is its own."""
    columns = [
        {at for each in program.answers for at in positions(each.reading)} for program in programs
    ]
    shared = set.intersection(*columns) if len(programs) > 1 else set()
    return tuple(replace(program, own=_own(program, shared)) for program in programs)


def _own(program: Program, shared: set[int]) -> tuple[int, ...]:
    taken = [set(positions(each.reading)) for each in program.answers]
    own = tuple(place for place, columns in enumerate(taken) if columns - shared)
    return own or tuple(place for place, columns in enumerate(taken) if columns)
