"""From an opened file to the text of its mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from importer.drafting.claims import NOTHING, Claims, claims
from importer.drafting.people import in_order, moment_of, person_lines
from importer.drafting.replies import answer_lines, question_lines
from importer.drafting.table import Table, labels_of, table
from importer.drafting.top import left_lines, source_lines, top_lines, wave_lines
from importer.drafting.traits import key_lines, trait_lines
from importer.inference import (
    Column,
    Found,
    Meaning,
    Role,
    Waves,
    columns,
    first_wave,
    understand,
    waves,
)
from importer.mapping import shipped
from importer.mapping.mistakes import unfilled
from importer.mapping.tree import Sheet, read
from importer.readback import Question as Asked
from importer.recognition import Grid, Layout, Match, check_answers, layout, read_grid, recognise

if TYPE_CHECKING:
    from importer.loader import Source


_LOOPING = frozenset({"qualtrics", "qualtrics_2016", "qualtrics_legacy"})
"""Tools that write a loop's number before the name of its column: `1_Q4`."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked for. `preset` chooses the tool; `personal` takes personal columns in; `encoding`
    and `delimiter` were given and go into the mapping; `campaign` is the survey's ID and `asked` its
    questions, where they are known; `person` names the column of the person, and `order` (`day first`,
    `month first`) how dates are read, where somebody was asked. `waves`: columns that come again are several
    responses of one row. `anonymous`: nobody's id is in the file. `ids` of questions, by the names that the
    draft gives them."""

    preset: str = ""
    personal: bool = False
    encoding: str = ""
    delimiter: str = ""
    campaign: str = ""
    asked: tuple[Asked, ...] = ()
    person: str = ""
    order: str = ""
    waves: bool = False
    anonymous: bool = False
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A mapping, and how it came about: `text` is the YAML, `open` its lines that hold a `?` (from 1),
    `people` the columns that say who answered, the one that counts most first, `moment`
    the column whose moments tell them apart where nothing else does, `anonymous` that nobody's id is in the
    file, as was said; `maybe` what may
    be several responses of each row, `waves` the same where the mapping takes it for that."""

    text: str
    tool: Match | None
    layout: Layout
    meaning: Meaning
    columns: tuple[Column, ...] = field(repr=False, default=())
    claims: Claims = field(repr=False, default=NOTHING)
    people: Sequence[Found] = field(repr=False, default=())
    moment: Column | None = field(repr=False, default=None)
    anonymous: bool = False
    maybe: Waves | None = field(repr=False, default=None)
    waves: Waves | None = field(repr=False, default=None)

    @property
    def open(self) -> tuple[int, ...]:
        """The lines that a person has to fill in."""
        tree = read(Sheet("", self.text))
        return tuple(sorted({tree.places[each.path].line for each in unfilled(tree)}))


def draft(source: Source, wishes: Wishes = Wishes()) -> Draft:
    """Write the mapping of a source that was opened with `header_rows=()`.

    Raises UsageError where several tools fit, and SourceError where the sheet holds no answers of people.
    """
    grid = read_grid(source)
    check_answers(grid, f"{source.name}, sheet {source.sheet}" if source.sheet else source.name)
    presets = [each for each in shipped() if each.about.signature or each.about.first]
    match = recognise(grid, presets, wishes.preset) if wishes.preset != "generic_nps" else None
    found = layout(grid, match.row if match else 0)
    labels = labels_of(grid, found)
    claimed = claims(match.preset, labels) if match else NOTHING
    if wishes.person and wishes.person in labels:
        person = {labels.index(wishes.person): Role.USER}
        claimed = replace(claimed, roles={**claimed.roles, **person})
    seen = _columns(grid, found, labels)
    maybe = waves(seen, loops=match is not None and match.name in _LOOPING)
    found_waves = maybe if maybe and (maybe.sure or wishes.waves) else None
    single = first_wave(seen, found_waves) if found_waves else seen
    meaning = understand(single, claimed.roles, claimed.answers, tool=bool(match))
    meaning = _ordered(meaning, wishes.order)
    facts = table(source, grid, found, labels, match, claimed, meaning, wishes)
    facts = replace(facts, maybe=maybe, waves=found_waves)
    people = in_order(facts)
    return Draft(
        text=_written(facts),
        tool=match,
        layout=found,
        meaning=meaning,
        columns=seen,
        claims=claimed,
        people=people,
        moment=moment_of(facts),
        anonymous=wishes.anonymous,
        maybe=maybe,
        waves=found_waves,
    )


def _ordered(meaning: Meaning, order: str) -> Meaning:
    """With the reading of the date that was chosen."""
    answered = meaning.answered
    if not order or answered is None:
        return meaning
    chosen = [each for each in answered.readings if each.order == order]
    if not chosen:
        return meaning
    return replace(meaning, answered=replace(answered, readings=tuple(chosen), why="as you said"))


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
        wave_lines(facts),
        question_lines(facts),
        person_lines(facts),
        answer_lines(facts),
        trait_lines(facts),
        key_lines(facts),
        left_lines(facts),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"
