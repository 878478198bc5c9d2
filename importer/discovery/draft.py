"""From an opened file to the text of its mapping, and the section of its answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from importer.discovery import lexicon
from importer.discovery.column import Column, columns
from importer.discovery.dates import DateReading
from importer.discovery.header import Grid, Layout, check_answers, layout, read_grid
from importer.discovery.questions import Question
from importer.discovery.roles import Role
from importer.discovery.scales import Scale
from importer.discovery.sections import (
    in_order,
    key_lines,
    left_lines,
    moment_of,
    person_lines,
    source_lines,
    top_lines,
    trait_lines,
    wave_lines,
)
from importer.discovery.survey_match import Matched, match_questions
from importer.discovery.table import NOTHING, Claims, DraftTable, claims, labels_of, table
from importer.discovery.tool import Match, recognise
from importer.discovery.understand import Analysis, FoundColumn, analyse
from importer.discovery.waves import Waves, first_wave, waves
from importer.discovery.yaml_text import OPEN, comment, flow_list, noted, scalar, shown, shown_line
from importer.mapping import shipped
from importer.mapping.errors import unfilled
from importer.mapping.text import compile_pattern, folded
from importer.mapping.yaml import YamlText, read_yaml
from importer.privacy import masked, plain
from importer.satismeter.read import SurveyQuestion

if TYPE_CHECKING:
    from importer.sources.source import Source


# The survey, its questions, and where their answers stand.


def question_lines(table: DraftTable) -> list[str]:
    """The survey's ID, and one line per question."""
    matched = _matched(table)
    campaign = scalar(table.wishes.campaign) if table.wishes.campaign else OPEN
    lines = [
        f"campaign: {campaign}   # the survey's ID (SatisMeter: Settings > Integrations > API keys)",
        "method: Email   # guessed: In-App, Mobile or Email",
        "",
        *comment(
            "The ID of each question in SatisMeter; `false` leaves it out. The columns stand below, "
            "under `answers`."
        ),
        "questions:",
    ]
    asked = table.meaning.questions
    for each in asked:
        name = table.meaning.names[each.index]
        lines += noted(f"  {name}: {_id_of(table, each, matched)}", _note(each, matched), "  ")
    answered = {each.asked.id for each in matched.values()}
    for theirs in table.wishes.asked:
        if theirs.id not in answered:
            said = f"The survey asks as well: {theirs.id}  {theirs.label} ({theirs.type})"
            lines += comment(shown_line(said), "  ")
    return lines if asked else lines[:2]


def _matched(table: DraftTable) -> Mapping[int, Matched]:
    meaning = table.meaning
    return match_questions(meaning.questions, table.wishes.asked, meaning.score, meaning.comment)


def _id_of(table: DraftTable, question: Question, matched: Mapping[int, Matched]) -> str:
    told = table.wishes.ids.get(table.meaning.names[question.index])
    if told:
        return "false" if told.lower() == "false" else scalar(told)
    if question.index in matched:
        return scalar(matched[question.index].asked.id)
    return OPEN if _wanted(table, question) else "false"


def _note(question: Question, matched: Mapping[int, Matched]) -> str:
    text = shown([question.text], plain)
    if question.index not in matched:
        return text
    found = matched[question.index]
    label = shown([found.asked.label], plain)
    return f"{text}: {found.sure}, {found.why}: {label} ({found.asked.type})"


def _wanted(table: DraftTable, question: Question) -> bool:
    """The score and its comment; every question where there is no score."""
    main = (table.meaning.score, table.meaning.comment)
    return question in main or table.meaning.score is None


def answer_lines(table: DraftTable) -> list[str]:
    """Every question with its column, type and how its values are read."""
    if not table.meaning.questions:
        none = f"  - {{id: {OPEN}, column: {OPEN}, type: nps}}"
        return ["answers:", f"{none}   # not known: no column looks like an answer"]
    lines = ["answers:"]
    for each in table.meaning.questions:
        show = plain if each.kind == "choice" else masked
        note = f"{each.sure}: {each.why}; {table.samples(each.columns[-1], show=show)}"
        lines += [*comment(note, "  "), *_answer(table, each)]
    return lines


def _answer(table: DraftTable, question: Question) -> Iterator[str]:
    yield f"  - id: {table.meaning.names[question.index]}"
    yield from (f"    {line}" for line in _answer_columns(table, question))
    yield f"    type: {question.kind}"
    if question.together and question.kind == "text":
        yield '    join: "; "'
    if question.kind in {"text", "choice"} and (na := _no_answers(question)):
        yield f"    na: {flow_list(na)}   # guessed: no answer"
    if question.scale:
        yield from (f"    {line}" for line in _scale(question.kind, question.scale))


def _answer_columns(table: DraftTable, question: Question) -> Iterator[str]:
    if question.together and (pattern := _pattern(table, question)):
        yield f"columns: {scalar(pattern)}"
    elif len(question.columns) > 1:
        yield f"column: [{', '.join(table.ref(each) for each in question.columns)}]"
    else:
        yield from (f"{key}: {value}" for key, value in table.selector(question.columns[0]).items())


def _no_answers(question: Question) -> list[str]:
    """Texts that recur and stand for no answer."""
    counts = question.columns[-1].profile.counts
    known = lexicon.texts("no_answer")
    often = max(2, 0.01 * sum(counts.values()))
    return [text for text, n in counts.items() if folded(text) in known and n >= often]


_SPECIAL = re.compile(r"([.^$*+?{}\[\]\\|()])")


def _pattern(table: DraftTable, question: Question) -> str:
    """A pattern that finds just these columns; "" where there is no simple one."""
    wanted = [each.index for each in question.columns]
    labels = [table.labels[i] for i in wanted]
    for start, end in ((_common(labels), ""), ("", _common([each[::-1] for each in labels])[::-1])):
        if len(start + end) < 3:
            continue
        pattern = f"^{_escaped(start)}" if start else f"{_escaped(end)}$"
        if len(pattern) <= 500 and _finds(pattern, table, wanted):
            return pattern
    return ""


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _finds(pattern: str, table: DraftTable, wanted: list[int]) -> bool:
    compiled = compile_pattern(pattern)
    return [i for i, label in enumerate(table.labels) if compiled.found_in(label)] == wanted


def _common(texts: list[str]) -> str:
    first, last = min(texts), max(texts)
    unlike = (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(unlike, min(len(first), len(last)))]


def _scale(kind: str, found: Scale) -> Iterator[str]:
    if kind == "scale":
        low, high = found.ends or (
            min(found.low, 1),
            next(n for n in (5, 7, 10) if found.high <= n),
        )
        yield f"min: {low}"
        yield f"max: {high}"
    if found.na:
        yield f"na: {flow_list(found.na)}   # no answer"
    if found.values:
        yield from _values(found)
    if found.parse and not found.stray:
        yield f"parse: {found.parse}"
    if found.stray:
        most = list(found.stray.items())[:5]
        texts = ", ".join(f"{shown([text], masked)} ({count})" for text, count in most)
        yield from comment(f"These don't fit, and their rows will be invalid: {texts}")


def _values(found: Scale) -> Iterator[str]:
    said = (
        f"labels of {found.words}; the numbers are a guess" if found.words else "the ends are words"
    )
    yield f"values:   # guessed: {said}"
    for text, number in sorted(found.values.items(), key=lambda each: each[1]):
        yield f"  {scalar(text)}: {number}"
    if not found.words:
        yield '  "*": keep'


# From an opened file to the text of its mapping.

_LOOPING = frozenset({"qualtrics", "qualtrics_2016", "qualtrics_legacy"})
"""Tools that write a loop's number before the name of its column: `1_Q4`."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked for. `preset` chooses the tool; `personal` takes personal columns in; `encoding`
    and `delimiter` were given and go into the mapping; `campaign` is the survey's ID and `asked` its
    questions, where they are known; `person` names the column of the person, and `order` (`day first`,
    `month first`) how dates are read, where somebody was asked. `waves`: columns that come again are several
    responses of one row. `anonymous`: nobody's id is in the file. `ids` of questions, by the names that the
    draft gives them. `header`: the rows that name the columns, where somebody has said so; () is none."""

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
    meaning: Analysis
    columns: tuple[Column, ...] = field(repr=False, default=())
    claims: Claims = field(repr=False, default=NOTHING)
    people: Sequence[FoundColumn] = field(repr=False, default=())
    moment: Column | None = field(repr=False, default=None)
    anonymous: bool = False
    maybe: Waves | None = field(repr=False, default=None)
    waves: Waves | None = field(repr=False, default=None)

    @property
    def open(self) -> tuple[int, ...]:
        """The lines that a person has to fill in."""
        tree = read_yaml(YamlText("", self.text))
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
    if wishes.header not in {None, found.header}:
        found = Layout(wishes.header or (), reason="as you said")
    labels = labels_of(grid, found)
    claimed = claims(match.preset, labels) if match else NOTHING
    if wishes.person and wishes.person in labels:
        person = {labels.index(wishes.person): Role.USER}
        claimed = replace(claimed, roles={**claimed.roles, **person})
    seen = _columns(grid, found, labels)
    maybe = waves(seen, loops=match is not None and match.name in _LOOPING)
    found_waves = maybe if maybe and (maybe.sure or wishes.waves) else None
    single = first_wave(seen, found_waves) if found_waves else seen
    meaning = analyse(single, claimed.roles, claimed.answers, tool=bool(match))
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


def _ordered(meaning: Analysis, order: str) -> Analysis:
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


def _written(facts: DraftTable) -> str:
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


# What only a person can say of the columns: offered by whoever asks.


def candidates(drafted: Draft) -> list[Column]:
    """Columns that may be people's ids, those that differ most first: not ratings, not the date, not what is
    personal for its own sake."""
    meaning = drafted.meaning
    rated = {each.index for asked in meaning.questions if asked.scale for each in asked.columns}
    other = {each.column.index for each in (meaning.answered, meaning.signed_up) if each}
    other |= {each.index for each in meaning.private}
    found = [
        each for each in drafted.columns if each.index not in rated | other and _may_be_id(each)
    ]
    return sorted(found, key=lambda each: (-each.profile.distinct, each.index))


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
