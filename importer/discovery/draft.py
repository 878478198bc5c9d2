"""From an opened file to the text of its mapping, and the section of its answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from importer.discovery import lexicon, score
from importer.discovery.column import Column, columns
from importer.discovery.header import Grid, Layout, check_answers, layout, read_grid
from importer.discovery.questions import Question, ends_of
from importer.discovery.roles import Role, role
from importer.discovery.scales import Best, Scale
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
from importer.discovery.table import (
    NOTHING,
    Claims,
    DraftTable,
    claims,
    labels_of,
    shown_sample,
    table,
    tool_rows,
)
from importer.discovery.tool import Match, recognise
from importer.discovery.understand import Analysis, FoundColumn, analyse
from importer.discovery.waves import Waves, first_wave, waves
from importer.discovery.yaml_text import OPEN, comment, flow_list, noted, scalar, shown, shown_line
from importer.errors import SourceError, UsageError
from importer.mapping import shipped
from importer.mapping.errors import unfilled
from importer.mapping.text import compile_pattern, folded
from importer.mapping.yaml import YamlText, read_yaml
from importer.privacy import masked, plain
from importer.satismeter.read import SurveyQuestion

if TYPE_CHECKING:
    from importer.sources.source import Source
    from importer.sources.table import SourceOptions


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
    if others := score.other_scores(asked, table.meaning.score):
        names = ", ".join(table.meaning.names[each.index] for each in others)
        lines += comment(
            f"More that may be scores, and are left out until they get an ID: {names}", "  "
        )
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
    return question in main or (table.meaning.score is None and not question.ticked)


def answer_lines(table: DraftTable) -> list[str]:
    """Every question with its column, type and how its values are read."""
    if not table.meaning.questions:
        none = f"  - {{id: {OPEN}, column: {OPEN}, type: nps}}"
        return ["answers:", f"{none}   # not known: no column looks like an answer"]
    lines = ["answers:"]
    for each in table.meaning.questions:
        show = plain if each.kind == "choice" else masked if each.scale else shown_sample
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
        yield from (f"    {line}" for line in _turned(table, question, question.scale))


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
    if found.values or found.unplaced:
        yield from _values(found)
    if found.parse and not found.stray:
        yield f"parse: {found.parse}"
    if found.comma:
        yield 'decimal: ","'
    if found.stray:
        most = list(found.stray.items())[:5]
        texts = ", ".join(f"{shown([text], shown_sample)} ({count})" for text, count in most)
        yield from comment(f"These don't fit, and their rows will be invalid: {texts}")


def _values(found: Scale) -> Iterator[str]:
    said = (
        f"labels of {found.words}; the numbers are a guess" if found.words else "the ends are words"
    )
    yield f"values:   # guessed: {said}"
    for text, number in sorted(found.values.items(), key=lambda each: each[1]):
        yield f"  {scalar(text)}: {number}"
    for text in found.unplaced:
        yield f"  # not known: is {scalar(text)} 0, or 1? Until it stands here, its rows are invalid"
    if not found.words:
        yield '  "*": keep'


def _turned(table: DraftTable, question: Question, found: Scale) -> list[str]:
    """Where the lowest number is the best, it is sent as the highest; where nobody can tell, that is asked,
    and of an answer that is left out it is told."""
    name = table.meaning.names[question.index]
    best = Best(table.wishes.best.get(name, found.best))
    ends = ends_of(question.kind, found)
    if best is Best.HIGH:
        return []
    low, high = ends or (found.low, found.high)
    turned = f"{{from: [{low}, {high}], to: [{high}, {low}]}}"
    signs = f" ({shown_line(found.signs)})" if found.signs else ""
    if best is Best.LOW and ends:
        known = "guessed" if name not in table.wishes.best else "as you said"
        return noted(f"rescale: {turned}", f"{known}: {low} is the best{signs}, and sent as {high}")
    asked = f"not known: is {low} the best, or {high}?{signs}"
    if best is Best.LOW:
        asked = (
            f"{low} is the best{signs}, but not known: which number is the worst? {high} was seen"
        )
    asked += f". If {high} is the best, delete `rescale`; if {low} is: {turned}"
    if name not in table.wishes.best and _id_of(table, question, _matched(table)) == "false":
        return comment(asked)
    return noted(f"rescale: {OPEN}", asked)


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


@dataclass(frozen=True, slots=True)
class Draft:
    """A mapping, and how it came about: `text` is the YAML, `open` its lines that hold a `?` (from 1),
    `people` the columns that say who answered, the one that counts most first, `moment`
    the column whose moments tell them apart where nothing else does, `anonymous` that nobody's id is in the
    file, as was said; `maybe` what may
    be several responses of each row, `waves` the same where the mapping takes it for that; `sheet` of the
    workbook's `sheets`."""

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
    sheet: str = ""
    sheets: tuple[str, ...] = ()

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
    if wishes.header not in {None, found.header}:
        found = Layout(wishes.header or (), reason="as you said")
    labels = labels_of(grid, found)
    claimed = claims(match.preset, labels) if match else NOTHING
    seen = _columns(grid, found, labels)
    if wishes.person and wishes.person in labels:
        person = seen[labels.index(wishes.person)]
        said = Role.EMAIL if role(person) is Role.EMAIL else Role.USER
        claimed = replace(claimed, roles={**claimed.roles, person.index: said})
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
        sheet=source.sheet,
        sheets=source.facts.sheets,
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
