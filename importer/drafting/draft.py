"""From an opened file to the text of its mapping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from importer.drafting.claims import NOTHING, Claims, claims
from importer.drafting.people import person_lines
from importer.drafting.replies import answer_lines, question_lines
from importer.drafting.table import Table, labels_of, table
from importer.drafting.top import left_lines, source_lines, top_lines
from importer.drafting.traits import key_lines, trait_lines
from importer.drafting.yaml import OPEN
from importer.inference import Column, Meaning, columns, understand
from importer.mapping import shipped
from importer.recognition import Grid, Layout, Match, layout, read_grid, recognise

if TYPE_CHECKING:
    from importer.loader import Source


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked for. `preset` chooses the tool; `personal` takes personal columns in; `sheet`,
    `encoding` and `delimiter` were given and go into the mapping; `campaign` and `questions` (name ->
    ID) are known already; `person` and `order` answer what was asked."""

    preset: str = ""
    personal: bool = False
    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A mapping, and how it came about: `text` is the YAML, `open` its lines that hold a `?` (from 1)."""

    text: str
    tool: Match | None
    layout: Layout
    meaning: Meaning
    claims: Claims = field(repr=False, default=NOTHING)

    @property
    def open(self) -> tuple[int, ...]:
        """The lines that a person has to fill in."""
        lines = enumerate(self.text.splitlines(), 1)
        return tuple(number for number, line in lines if OPEN in line.partition("# ")[0])


def draft(source: Source, wishes: Wishes = Wishes()) -> Draft:
    """Write the mapping of a source that was opened with `header_rows=()`.

    Raises UsageError where several tools fit.
    """
    grid = read_grid(source)
    presets = [each for each in shipped() if each.about.signature or each.about.first]
    match = recognise(grid, presets, wishes.preset) if wishes.preset != "generic_nps" else None
    found = layout(grid, match.row if match else 0)
    labels = labels_of(grid, found)
    claimed = claims(match.preset, labels) if match else NOTHING
    meaning = understand(
        _columns(grid, found, labels), claimed.roles, claimed.answers, tool=bool(match)
    )
    facts = table(source, grid, found, labels, match, claimed, meaning, wishes)
    return Draft(_written(facts), match, found, meaning, claimed)


def _columns(grid: Grid, found: Layout, labels: Sequence[str]) -> tuple[Column, ...]:
    rows = grid.below(found.last, found.skipped)
    texts = grid.at(found.texts) if found.texts else ()
    two = len(found.header) == 2
    upper, lower = (grid.at(found.header[0]), grid.at(found.header[1])) if two else ((), ())
    ids = grid.at(found.ids) if found.ids else ()
    return columns(labels, rows, texts, upper, lower, ids)


def _written(facts: Table) -> str:
    blocks = [
        top_lines(facts),
        source_lines(facts),
        question_lines(facts),
        person_lines(facts),
        answer_lines(facts),
        trait_lines(facts),
        key_lines(facts),
        left_lines(facts),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"
