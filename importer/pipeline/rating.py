"""The rating questions of a mapping, as they are counted."""

from __future__ import annotations

from collections.abc import Iterator

from importer.mapping import Compiled, Document
from importer.mapping.program import Program
from importer.results.scores import Question

_SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}


def questions(document: Document, compiled: Compiled) -> Iterator[Question]:
    """Those that rows can answer, each with its place in `Response.answers`; wave by wave."""
    for wave, program in zip(document.by_wave, compiled.programs, strict=True):
        yield from _of_wave(wave, program)


def _of_wave(document: Document, program: Program) -> Iterator[Question]:
    asked = [answer for answer in document.answers if document.question(answer.id)]
    for place, (answer, found) in enumerate(zip(asked, program.answers, strict=True)):
        if answer.type == "scale" or answer.type in _SCALES:
            low, high = _SCALES.get(answer.type, (answer.min or 0, answer.max or 0))
            label = found.reading.column or answer.id
            yield Question(found.id, label, answer.type, low, high, place, program.wave)
