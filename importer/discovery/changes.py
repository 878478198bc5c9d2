"""Changes of choices that a person makes: each is a draft with other choices than before, and the same text
that `importer init` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from importer.discovery.answers import YOURS, question_of
from importer.discovery.choices import Answer, Cell, Choices
from importer.discovery.column import Column, Confidence
from importer.discovery.draft import Draft
from importer.discovery.proposal import (
    CODED,
    anonymous,
    answer_of,
    apart_rule,
    best_of,
    date_cell,
    each_row,
    matches,
    person_cell,
    private_cells,
    property_cell,
    turned,
)
from importer.discovery.questions import Question, ends_of
from importer.discovery.roles import property_of
from importer.discovery.scales import Best
from importer.discovery.table import DraftTable
from importer.discovery.understand import Apart, Dated
from importer.mapping.blocks import DATED_BY, OF_RESPONSE
from importer.mapping.errors import OPEN
from importer.mapping.yaml import Plain
from importer.model import free_name
from importer.satismeter import SurveyQuestion

RATINGS = ("nps", "csat", "ces", "scale")


def table_of(draft: Draft) -> DraftTable:
    assert draft.table  # noqa: S101  `draft` has given it
    return draft.table


def asking(draft: Draft, asked: Sequence[SurveyQuestion]) -> Draft:
    """The draft beside the live survey's questions: what it says of them, not what was chosen."""
    table = table_of(draft)
    known = replace(table.wishes, asked=tuple(asked))
    return replace(draft, table=replace(table, wishes=known))


def with_survey(draft: Draft, campaign: str, asked: Sequence[SurveyQuestion]) -> Draft:
    """For another survey: its questions are matched with the file's, but for those that were said already."""
    draft = asking(draft, asked)
    table, known = table_of(draft), {each.id for each in asked}
    matched = matches(table)
    said = {each.question for each in draft.choices.answers} & known
    answers = []
    for each in draft.choices.answers:
        found = question_of(table, each.cell)
        own = matched.get(found.index) if found else None
        if each.question not in known and own and own.asked.id not in said:
            each = _asked(table, each, own.asked.id)  # noqa: PLW2901  the answer as it is from here on
        elif asked and each.question not in known:
            each = replace(each, question=None)  # noqa: PLW2901  of another survey
        answers.append(each)
    return draft.changed(replace(draft.choices, campaign=campaign or OPEN, answers=tuple(answers)))


def _asked(table: DraftTable, answer: Answer, id_: str | None) -> Answer:
    """The answer to that question. Where nobody knows the best end of its scale, that is asked now."""
    found = question_of(table, answer.cell)
    was_out = answer.question is None
    answer = replace(answer, question=id_)
    if not (found and was_out and id_) or answer.cell.rescale:
        return answer
    return replace(
        answer, cell=replace(answer.cell, rescale=answer_of(table, found, id_).cell.rescale)
    )


def with_question(draft: Draft, at: int, id_: str | None) -> Draft:
    """An answer goes to that question (`"?"`: not said yet); None leaves it out."""
    answer = _asked(table_of(draft), draft.choices.answers[at], id_)
    return draft.changed(draft.choices.answered(at, answer))


def with_column(draft: Draft, asked: SurveyQuestion, column: Column | None) -> Draft:
    """A question of the survey gets its answers from that column; None: the file has no answer to it. Which
    column another question has is no matter."""
    table, choices = table_of(draft), draft.choices
    kept = [each for each in choices.answers if each.question != asked.id]
    gone = [replace(each, question=None) for each in choices.answers if each.question == asked.id]
    if column is None:
        return draft.changed(replace(choices, answers=(*kept, *gone)))
    found = question_at(table, column)
    spare = [each for each in (*kept, *gone) if question_of(table, each.cell) == found]
    known = [each for each in spare if each.question is None]
    others = [each for each in (*kept, *gone) if each not in known[:1]]
    answer = known[0] if known else _new(table, choices, found)
    return draft.changed(replace(choices, answers=(*others, _asked(table, answer, asked.id))))


def with_other_column(draft: Draft, at: int, column: Column) -> Draft:
    """An answer is made of another column, and read as that one's values are."""
    table, answer = table_of(draft), draft.choices.answers[at]
    new = _new(table, draft.choices, question_at(table, column))
    return draft.changed(draft.choices.answered(at, replace(answer, cell=new.cell)))


def question_at(table: DraftTable, column: Column) -> Question:
    """The file's question that begins with a column (of several columns, all of them are its answer); else
    what the column's own values would be the answer to."""
    for each in table.meaning.questions:
        at = [one.index for one in each.columns]
        if column.index == at[0] or (column.index in at and not each.together):
            return each
    return table.question(column)


def _new(table: DraftTable, choices: Choices, found: Question) -> Answer:
    taken = {each.name for each in choices.answers} | choices.names.keys()
    base = table.meaning.names.get(found.index) or f"question{found.index + 1}"
    name = free_name(base, taken)
    names = {**table.meaning.names, found.index: name}
    named = replace(table, meaning=replace(table.meaning, names=names))
    return replace(answer_of(named, found, None), name=name)


def with_type(draft: Draft, at: int, type_: str) -> Draft:
    """An answer of another type; how it was read as a rating goes where it is none any more."""
    answer = draft.choices.answers[at]
    cell = replace(answer.cell, type=type_)
    if type_ not in RATINGS:
        cell = replace(cell, rescale=(), parse=(), decimal="")
    if type_ == "scale" and not (cell.min and cell.max):
        cell = replace(cell, min="1", max="5")
    elif type_ != "scale":
        cell = replace(cell, min="", max="")
    return draft.changed(draft.choices.answered(at, replace(answer, cell=cell)))


def with_best(draft: Draft, at: int, best: str) -> Draft:
    """Which end of an answer's scale is the best (`high`, `low`; "": not said yet)."""
    answer, table = draft.choices.answers[at], table_of(draft)
    found = question_of(table, answer.cell)
    if found is None or found.scale is None:
        return draft
    sure = ends_of(found.kind, found.scale) is not None
    around = turned(found.kind, found.scale) if sure else (OPEN,)
    high = CODED if found.scale.coded else ()
    rescale = {"high": high, "low": around}.get(best, (OPEN,))
    cell = replace(answer.cell, rescale=rescale)
    return draft.changed(draft.choices.answered(at, replace(answer, cell=cell)))


def best_said(draft: Draft, answer: Answer) -> str:
    """Which end is taken for the best: `high`, `low`; "" where that isn't known."""
    found = question_of(table_of(draft), answer.cell)
    if answer.cell.rescale == (OPEN,):
        return ""
    if answer.cell.rescale not in {(), CODED}:
        return "low"
    scale = found.scale if found and answer.question is None else None
    unsure = scale and best_of(table_of(draft), answer.name, scale) not in {Best.HIGH, Best.LOW}
    return "" if unsure else "high"


def with_values(
    draft: Draft, at: int, becomes: Mapping[str, str], no_answer: Sequence[str]
) -> Draft:
    """What texts of an answer become, and which of them are no answer; all others stay as they are. Raises
    nothing: what a text can't become is told by the mapping's check."""
    answer = draft.choices.answers[at]
    cell = answer.cell
    values = {text: each for text, each in cell.values.items() if text not in no_answer}
    for text, to in becomes.items():
        if to:
            values[text] = Plain(to) if cell.type in RATINGS else to
        else:
            values.pop(text, None)
    if "*" not in cell.values and not cell.values and values:
        values["*"] = Plain("keep")
    if values.keys() <= {"*"}:
        values = {}
    known = {*becomes, *no_answer}
    na = [each for each in cell.na if each not in known]
    cell = replace(cell, values=values, na=(*na, *no_answer))
    return draft.changed(draft.choices.answered(at, replace(answer, cell=cell)))


# Which rows, when, who, what is stored, what makes a row itself.


def left_out(draft: Draft, apart: Apart) -> bool:
    """Whether rows that are taken for no answers stay out."""
    return apart_rule(table_of(draft), apart) in draft.choices.reads.skip_if


def with_left_out(draft: Draft, apart: Apart, out: bool) -> Draft:
    """Rows that are taken for no answers stay out, or go along."""
    rule, reads = apart_rule(table_of(draft), apart), draft.choices.reads
    others = tuple(each for each in reads.skip_if if each != rule)
    rules = (*others, rule) if out else others
    return draft.changed(replace(draft.choices, reads=replace(reads, skip_if=rules)))


def dated(draft: Draft) -> Dated | None:
    """The column of the date of the answer, and the ways to read it."""
    cell, table = draft.choices.traits.get(DATED_BY), table_of(draft)
    column = table.column(cell.columns[0]) if cell and cell.columns else None
    answered = table.meaning.answered
    if column is None or (answered and answered.column.index == column.index):
        return answered if column else None
    found = table.readings(column)
    return Dated(column, found, Confidence.SURE, YOURS) if found else None


def with_date(draft: Draft, column: Column | None) -> Draft:
    """The date of the answer stands in that column; None: in none."""
    table, traits = table_of(draft), dict(draft.choices.traits)
    traits.pop(DATED_BY, None)
    found = table.readings(column) if column else ()
    if column and found:
        cell = date_cell(table, Dated(column, found, Confidence.SURE, YOURS))
        traits = {DATED_BY: cell, **traits}
    return draft.changed(replace(draft.choices, traits=traits))


def with_order(draft: Draft, order: str) -> Draft:
    """Dates are read in that order of day and month (a reading's `order`; "": not said yet)."""
    found = dated(draft)
    cell = draft.choices.traits.get(DATED_BY)
    if found is None or cell is None or len(found.readings) < 2:
        return draft
    formats = next((each.formats for each in found.readings if each.order == order), (OPEN,))
    return _trait(draft, DATED_BY, replace(cell, format=formats))


def order_said(draft: Draft) -> str:
    """The order of day and month that was said; "" where none was."""
    found, cell = dated(draft), draft.choices.traits.get(DATED_BY)
    ways = found.readings if found else ()
    return next((each.order for each in ways if cell and each.formats == cell.format), "")


def with_zone(draft: Draft, zone: str) -> Draft:
    """Times that name no zone are of this one."""
    cell = draft.choices.traits.get(DATED_BY)
    return _trait(draft, DATED_BY, replace(cell, timezone=zone)) if cell else draft


def _trait(draft: Draft, name: str, cell: Cell) -> Draft:
    traits = {**draft.choices.traits, name: cell}
    return draft.changed(replace(draft.choices, traits=traits))


def with_person(draft: Draft, column: Column | None) -> Draft:
    """That column says who answered, before those that said so already; None: nobody's id is in the file,
    and each row is a person of its own."""
    table, choices = table_of(draft), draft.choices
    if column is None:
        return draft.changed(replace(choices, people=(), anonymous=each_row(table)))
    first = person_cell(table, column)
    others = tuple(each for each in choices.people if each.columns != first.columns)
    known = next((each for each in choices.people if each.columns == first.columns), first)
    complete = column.profile.filled == table.rows
    stand_in = choices.anonymous
    if not choices.people:  # a hash of the whole row was for nobody's id
        stand_in = None if complete else anonymous(table)
    return draft.changed(replace(choices, people=(known, *others), anonymous=stand_in))


def possible_traits(table: DraftTable) -> Mapping[str, Cell]:
    """What each column would be as a trait, by its name: properties, personal columns, what is left."""
    found = {each.name: property_cell(table, each) for each in table.meaning.traits}
    found |= dict(private_cells(table))
    for column, _ in table.meaning.left:
        each = property_of(column)
        name = each.name if each.name not in found else f"{each.name}{column.index + 1}"
        if not column.blank:
            found[name] = property_cell(table, each)
    return found


def with_traits(draft: Draft, names: Sequence[str]) -> Draft:
    """These are stored about the person, and no others; the date of the answer has its own place."""
    chosen, possible = draft.choices.traits, possible_traits(table_of(draft))
    kept = {name: each for name, each in chosen.items() if name in names or name == DATED_BY}
    new = {name: each for name, each in possible.items() if name in names and name not in chosen}
    traits = kept | new
    personal = set(traits) - set(OF_RESPONSE)
    first = bool(personal) and set(chosen) <= set(OF_RESPONSE)
    existing = ("keep" if first else draft.choices.existing) if personal else ""
    return draft.changed(replace(draft.choices, traits=traits, existing=existing))


def with_existing(draft: Draft, existing: str) -> Draft:
    """This becomes of traits that a person has already: `keep` or `overwrite`."""
    return draft.changed(replace(draft.choices, existing=existing))


def with_key(draft: Draft, columns: Sequence[Column]) -> Draft:
    """These columns make a row itself; none: the person, the answers and the date do."""
    refs = tuple(map(table_of(draft).selector, columns))
    return draft.changed(replace(draft.choices, key=refs))
