"""From an opened file to its mapping: what was found, what is chosen of it, and the text of these choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING

from importer.discovery import lexicon
from importer.discovery.answers import answer_lines, question_lines
from importer.discovery.choices import Choices, choices_of
from importer.discovery.column import Column, columns
from importer.discovery.dates import DateReading
from importer.discovery.header import Grid, Layout, layout, read_grid
from importer.discovery.proposal import in_order, moment_of, propose
from importer.discovery.roles import Role, role
from importer.discovery.scales import Scale
from importer.discovery.sections import (
    kept_lines,
    key_lines,
    left_lines,
    person_lines,
    source_lines,
    top_lines,
    trait_lines,
    wave_lines,
)
from importer.discovery.table import NOTHING, Claims, DraftTable, claims, labels_of, tool_rows
from importer.discovery.tool import Match, check_answers, recognise
from importer.discovery.understand import Analysis, FoundColumn, analyse, other_surveys, unfinished
from importer.discovery.waves import Waves, first_wave, waves
from importer.errors import ImporterError, MappingError, SourceError, UsageError
from importer.mapping import Document, shipped
from importer.mapping.errors import OPEN, unfilled
from importer.mapping.load import parse_sheet
from importer.mapping.yaml import Tree, YamlText, comments, read_yaml
from importer.satismeter import SurveyQuestion
from importer.sources import Facts, Inspection, Source, SourceOptions, open_source
from importer.sources.inspect import inspect

if TYPE_CHECKING:
    from importer.sources import Source, SourceOptions


# From an opened file to the text of its mapping.

_LOOPING = frozenset({"qualtrics", "qualtrics_2016", "qualtrics_legacy"})
"""Tools that write a loop's number before the name of its column: `1_Q4`."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked for. `preset` chooses the tool; `personal` takes personal columns in; `encoding`
    and `delimiter` were given and go into the mapping; `campaign` is the survey's ID and `asked` its
    questions, where they are known; `person` names the column of the person, and `order` (`day first`,
    `month first`) how dates are read, where somebody was asked. `waves`: columns that come again are several
    responses of one row. `anonymous`: nobody's id is in the file. `best` (`high`, `low`) are the best ends of
    scales and `ids` those of questions, by the names that the draft gives them. `header`: the rows that name
    the columns, where somebody has said so; () is none. `show_values`: samples as they stand, but for
    addresses and long texts."""

    preset: str = ""
    personal: bool = False
    encoding: str = ""
    delimiter: str = ""
    campaign: str = ""
    asked: tuple[SurveyQuestion, ...] = ()
    person: str = ""
    order: str = ""
    waves: bool = False
    anonymous: bool = False
    header: tuple[int, ...] | None = None
    best: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    show_values: bool = False


@dataclass(frozen=True)
class Draft:
    """A mapping, and how it came about: `text` is the YAML of the `choices`, `open` its lines that hold
    a `?` (from 1), `people` the columns that say who answered, the one that counts most first, `moment`
    the column whose moments tell them apart where nothing else does, `anonymous` that nobody's id is in the
    file, as was said; `maybe` what may be several responses of each row, `waves` the same where the mapping
    takes it for that; `sheet` of the workbook's `sheets`."""

    tool: Match | None
    layout: Layout
    meaning: Analysis
    columns: tuple[Column, ...] = field(repr=False, default=())
    claims: Claims = field(repr=False, default=NOTHING)
    people: Sequence[FoundColumn] = field(repr=False, default=())
    moment: Column | None = field(repr=False, default=None)
    anonymous: bool = False
    maybe: Waves | None = field(repr=False, default=None)
    waves: Waves | None = field(repr=False, default=None)
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    choices: Choices = field(repr=False, default=Choices())
    table: DraftTable | None = field(repr=False, default=None)

    def changed(self, choices: Choices) -> Draft:
        """The draft with other choices."""
        return replace(self, choices=choices)

    @cached_property
    def text(self) -> str:
        """The mapping: YAML with comments."""
        assert self.table  # noqa: S101  `draft` has given it
        return write(self.table, self.choices)

    @property
    def open(self) -> tuple[int, ...]:
        """The lines that a person has to fill in."""
        tree = read_yaml(YamlText("", self.text))
        return tuple(sorted({tree.places[each.path].line for each in unfilled(tree)}))


def laid_out(source: Source, grid: Grid, preset: str = "") -> tuple[Match | None, Layout]:
    """The tool that wrote a sheet, and its rows above the answers.

    Raises UsageError where several tools fit, and SourceError where the sheet holds no answers of people.
    """
    check_answers(grid, source.place)
    presets = [each for each in shipped() if each.about.signature or each.about.first]
    match = recognise(grid, presets, preset) if preset != "generic_nps" else None
    return match, layout(grid, tool_rows(match.preset, match.row) if match else None)


_MOST_SHEETS = 10


@contextmanager
def sheet_of_answers(
    source: Source, options: SourceOptions, wishes: Wishes = Wishes()
) -> Iterator[Source]:
    """The source, or another sheet of its workbook that looks like answers where this one doesn't, or is
    called a summary. A sheet that was asked for (`options.sheet`) is kept."""
    seen = [note for note in source.facts.notes if note.startswith("Other sheets with data: ")]
    others = [
        each
        for each in source.facts.sheets
        if options.sheet is None
        and any(each in note and f"{each} (hidden)" not in note for note in seen)
    ]
    first = _answers_in(source, wishes) if others else _ENOUGH
    if first >= _ENOUGH and not lexicon.says("summary_sheet", source.sheet):
        yield source
        return
    best, found = None, max(first, 1)
    for name in others[:_MOST_SHEETS]:
        asked = replace(options, sheet=name)
        with suppress(SourceError), source.reopened(asked) as other:
            told = _answers_in(other, wishes)
            if name != source.sheet and told > found:
                best, found = asked, told
    if best is None:
        yield source
        return
    with source.reopened(best) as other:
        yield other


_ENOUGH = 4
"""Person and score count two, comment and date one: a sheet with so many holds answers."""


def _answers_in(source: Source, wishes: Wishes) -> int:
    """How much of a response a sheet holds."""
    try:
        found = draft(source, wishes)
    except (SourceError, UsageError):
        return 0
    meaning = found.meaning
    person = found.people or meaning.response
    most, more = (person, meaning.score), (meaning.comment, meaning.answered)
    return 2 * sum(map(bool, most)) + sum(map(bool, more))


def draft(source: Source, wishes: Wishes = Wishes()) -> Draft:
    """Write the mapping of a source that was opened with `header_rows=()`.

    Raises UsageError where several tools fit, and SourceError where the sheet holds no answers of people.
    """
    grid = read_grid(source)
    match, found = laid_out(source, grid, wishes.preset)
    if wishes.header not in {None, found.header} and not source.facts.named:
        found = Layout(wishes.header or (), reason="as you said")
    labels = labels_of(grid, found)
    claimed = claims(match.preset, labels) if match else NOTHING
    rows = grid.below(found.last, found.skipped)
    texts = grid.at(found.texts) if found.texts else ()
    two = len(found.header) == 2
    upper, lower = (grid.at(found.header[0]), grid.at(found.header[1])) if two else ((), ())
    ids = grid.at(found.ids) if found.ids else ()
    seen = columns(labels, rows, texts, upper, lower, ids)
    ruled = {label for rule in claimed.skip_if for label in (rule.column, *rule.any)}
    apart = list(unfinished([each for each in seen if each.label not in ruled]))
    if others := other_surveys(seen, rows):
        rows = [row for row in rows if others.column.of(row) in others.texts]
        seen = columns(labels, rows, texts, upper, lower, ids)
        apart.append(others)
    machine = {each.column.index: Role.MACHINE for each in apart}
    claimed = replace(claimed, roles={**claimed.roles, **machine})
    if wishes.person and wishes.person in labels:
        person = seen[labels.index(wishes.person)]
        said = Role.EMAIL if role(person) is Role.EMAIL else Role.USER
        claimed = replace(claimed, roles={**claimed.roles, person.index: said})
    maybe = waves(seen, loops=match is not None and match.name in _LOOPING)
    found_waves = maybe if maybe and (maybe.sure or wishes.waves) else None
    single = first_wave(seen, found_waves) if found_waves else seen
    beside = () if found_waves else rows
    meaning = analyse(single, claimed.roles, claimed.answers, tool=bool(match), rows=beside)
    meaning = _ordered(meaning, wishes.order)
    facts = DraftTable(
        name=source.name,
        sheet=source.sheet,
        facts=source.facts,
        labels=labels,
        rows=len(rows),
        whole=grid.whole,
        tool=match,
        layout=found,
        claims=claimed,
        meaning=meaning,
        wishes=wishes,
        columns=single,
        maybe=maybe,
        waves=found_waves,
        apart=tuple(apart),
    )
    choices = propose(facts)
    return Draft(
        tool=match,
        layout=found,
        meaning=meaning,
        columns=seen,
        claims=claimed,
        people=in_order(facts),
        moment=moment_of(facts),
        anonymous=wishes.anonymous,
        maybe=maybe,
        waves=found_waves,
        sheet=source.sheet,
        sheets=source.facts.sheets,
        choices=choices,
        table=facts,
    )


def _ordered(meaning: Analysis, order: str) -> Analysis:
    answered = meaning.answered
    if not order or answered is None:
        return meaning
    chosen = [each for each in answered.readings if each.order == order]
    if not chosen:
        return meaning
    return replace(meaning, answered=replace(answered, readings=tuple(chosen), why="as you said"))


def write(facts: DraftTable, choices: Choices) -> str:
    """A mapping's text: the choices, each with what it is told by where the file says so."""
    blocks = [
        top_lines(facts, choices),
        source_lines(facts, choices),
        wave_lines(facts, choices),
        question_lines(facts, choices),
        person_lines(facts, choices),
        answer_lines(facts, choices),
        trait_lines(facts, choices),
        key_lines(facts, choices),
        left_lines(facts, choices),
        kept_lines(choices),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def reread(facts: DraftTable, tree: Tree, text: str) -> Choices:
    """The choices of a mapping's text, whoever wrote it, with the comments that drafting wouldn't write."""
    found = choices_of(tree)
    known = set(comments(write(facts, found)))
    own = [each for each in comments(text) if each not in known]
    return replace(found, comments=tuple(dict.fromkeys((*found.comments, *own))))


def readable(drafted: Draft) -> Document | None:
    """The draft's mapping as it would be read, with what nobody has said yet left out; None where something
    else is wrong with it."""
    choices = drafted.choices
    answers = tuple(
        replace(each, cell=replace(each.cell, rescale=())) if each.cell.rescale == (OPEN,) else each
        for each in choices.answers
    )
    traits = {
        name: each
        for name, each in choices.traits.items()
        if OPEN not in {*each.format, each.timezone}
    }
    known = choices.people or choices.anonymous is not None or "userId" in choices.beyond
    closed = replace(
        choices,
        answers=answers,
        traits=traits,
        anonymous=choices.anonymous if known else {"letter": "A"},
    )
    try:
        sheet = YamlText("mapping.yaml", drafted.changed(closed).text)
        return parse_sheet(sheet, None, unfilled=True)
    except MappingError:
        return None


def carried(before: Draft, now: Draft) -> Draft:
    """The draft of a file that is read otherwise now, with what was chosen before; where a column of that is
    gone, only the survey."""
    choices, proposed = before.choices, now.choices
    assert now.table  # noqa: S101  `draft` has given it
    cells = [each.cell for each in choices.answers] + [*choices.traits.values(), *choices.people]
    refs = {ref for each in cells for ref in each.columns} | {*choices.key}
    if any(now.table.at(ref) is None for ref in refs):
        return now.changed(replace(proposed, campaign=choices.campaign))
    return now.changed(replace(choices, reads=proposed.reads))


# A file, opened as `init` reads it: its sheet, its header rows, its tool.

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, slots=True)
class Known:
    """What `init` finds of a sheet as well: its tool, and rows that are neither header nor answers; `refused`
    says why it writes no mapping."""

    tool: str = ""
    skipped: tuple[int, ...] = ()
    refused: str = ""


def as_init_reads(
    file: str | PathLike[str] | DataFrame, options: SourceOptions, stack: ExitStack
) -> tuple[Source, Known]:
    """The sheet and the header that `init` takes."""
    bare = replace(options, header_rows=())
    opened = stack.enter_context(open_source(file, bare))
    source = stack.enter_context(sheet_of_answers(opened, bare))
    grid = read_grid(source)
    tool = refused = ""
    try:
        match, found = laid_out(source, grid)
        tool = match.preset.about.tool if match else ""
    except ImporterError as error:
        refused, found = str(error).splitlines()[0], layout(grid)
    again = replace(
        options, sheet=source.sheet or None, header_rows=found.header, skip_rows=found.skipped
    )
    return stack.enter_context(source.reopened(again)), Known(tool, found.skipped, refused)


def inspect_file(
    file: str | PathLike[str] | DataFrame, options: SourceOptions | None = None
) -> tuple[Facts, Inspection]:
    """How a file was read (its encoding, sheet, header), and what is in it; as `init` reads it, where no
    header rows are given. Raises SourceError."""
    asked = options or SourceOptions()
    with ExitStack() as stack:
        if asked.header_rows is None and not asked.skip_rows:
            source, _ = as_init_reads(file, asked, stack)
        else:
            source = stack.enter_context(open_source(file, asked))
        return source.facts, inspect(source)


# What only a person can say of the columns: offered by whoever asks.


def unsure_of_person(drafted: Draft) -> bool:
    """Whether no column is surely the person's, or an id beside it may be that as well."""
    sure = any(each.sure == "sure" for each in drafted.people)
    response = drafted.meaning.response
    return not sure or (response is not None and response.sure == "not known")


def candidates(drafted: Draft) -> list[Column]:
    """Columns that may be people's ids, those that are taken for that first, then those that differ most:
    not ratings, not the date, not what is personal for its own sake."""
    meaning, known = drafted.meaning, [each.column for each in drafted.people]
    rated = {each.index for asked in meaning.questions if asked.scale for each in asked.columns}
    other = {each.column.index for each in (meaning.answered, meaning.signed_up) if each}
    other |= {each.index for each in (*meaning.private, *known)}
    found = [
        each for each in drafted.columns if each.index not in rated | other and _may_be_id(each)
    ]
    return [*known, *sorted(found, key=lambda each: (-each.profile.distinct, each.index))]


def _may_be_id(column: Column) -> bool:
    """Whether it has a name, is filled in most rows, and hardly a value comes twice."""
    profile = column.profile
    return (
        bool(column.label.strip())
        and profile.filled * 2 > profile.rows
        and profile.distinct > 0.8 * profile.filled
    )


def in_words(reading: DateReading, example: str) -> str:
    """The day that a value is in this reading: `3 April 2025`."""
    when = reading.moment(example)
    return f"{when.day} {when:%B %Y}" if when else ", ".join(reading.formats)


def ends_in_words(scale: Scale) -> tuple[str, str]:
    """What it means that the high end of a scale is the best, and that the low one is."""
    low, high = scale.ends or (scale.low, scale.high)
    return str(high), f"{low}: it is sent as {high}"
