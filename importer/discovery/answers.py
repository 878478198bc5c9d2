"""The lines of a draft for the survey, its questions and answers: what was chosen, and what it is told by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from importer.discovery.choices import Answer, Cell, Choices
from importer.discovery.proposal import CODED, answer_of, best_of, matches, turned
from importer.discovery.questions import Question, ends_of
from importer.discovery.scales import Best, Scale
from importer.discovery.score import Matched, apart, other_scores
from importer.discovery.table import DraftTable, shown_sample
from importer.discovery.yaml_text import OPEN, comment, flow_list, inline, noted, scalar, shown
from importer.mapping.yaml import Data, Plain
from importer.privacy import in_line, masked, plain

YOURS = "as you said"
"""What a line says that a person has chosen otherwise than it was found."""


def question_lines(table: DraftTable, choices: Choices) -> list[str]:
    lines = []
    if "campaign" not in choices.beyond:
        where = "the survey's ID (SatisMeter: Settings > Integrations > API keys)"
        lines.append(f"campaign: {_open(choices.campaign)}   # {where}")
    if choices.method:
        guess = "   # guessed: In-App, Mobile or Email" if choices.method == "Email" else ""
        lines.append(f"method: {scalar(choices.method)}{guess}")
    named = [each for each in choices.answers if each.name]
    if not named and not choices.names:
        return lines
    lines += [
        "",
        *comment(
            "The ID of each question in SatisMeter; `false` leaves it out. The columns stand below, "
            "under `answers`."
        ),
        "questions:",
    ]
    matched = matches(table)
    for each in named:
        id_ = "false" if each.question is None else _open(each.question)
        note = _question_note(question_of(table, each.cell), each, matched)
        lines += noted(f"  {scalar(each.name)}: {id_}", note, "  ")
    lines += [f"  {scalar(name)}: {inline(each)}" for name, each in choices.names.items()]
    asked = table.meaning.questions
    if others := other_scores(asked, table.meaning.score):
        names = ", ".join(table.meaning.names[each.index] for each in others)
        said = f"More that may be scores, and are left out until they get an ID: {names}"
        if table.meaning.score and apart(table.meaning.score, *others):
            said += ". No row has two: if they ask the same, `column: [one, other]` makes them one"
        lines += comment(said, "  ")
    answered = {each.question for each in choices.answers}
    for theirs in table.wishes.asked:
        if theirs.id not in answered:
            said = f"The survey asks as well: {theirs.id}  {theirs.label} ({theirs.type})"
            lines += comment(in_line(said), "  ")
    return lines


def _open(text: str) -> str:
    """A text that a person says, or the mark that nobody has."""
    return OPEN if text == "?" else scalar(text)


def question_of(table: DraftTable, cell: Cell) -> Question | None:
    for each in table.meaning.questions:
        if cell.pattern and cell.pattern == answer_of(table, each, None).cell.pattern:
            return each
    place = table.at(cell.columns[0]) if cell.columns else None
    found = (
        each
        for each in table.meaning.questions
        if place is not None and any(column.index == place for column in each.columns)
    )
    return next(found, None)


def _question_note(
    question: Question | None, answer: Answer, matched: Mapping[int, Matched]
) -> str:
    if question is None:
        return ""
    text = shown([question.text], plain)
    found = matched.get(question.index)
    if found is None or answer.question not in {None, "?", found.asked.id}:
        return text
    label = shown([found.asked.label], plain)
    return f"{text}: {found.sure}, {found.why}: {label} ({found.asked.type})"


def answer_lines(table: DraftTable, choices: Choices) -> list[str]:
    """Every question with its column, type and how its values are read."""
    if not choices.answers:
        if "answers" in choices.beyond:
            return []
        none = f"  - {{id: {OPEN}, column: {OPEN}, type: nps}}"
        return ["answers:", f"{none}   # not known: no column looks like an answer"]
    lines = ["answers:"]
    for each in choices.answers:
        question = question_of(table, each.cell)
        lines += comment(answer_note(table, each, question), "  ")
        lines += [f"  - id: {scalar(each.name or each.question or '')}"]
        lines += [f"    {line}" for line in _answer(table, each, question)]
    return lines


def answer_note(table: DraftTable, answer: Answer, question: Question | None) -> str:
    """How sure an answer's column is, what it is told by, and samples."""
    cell = answer.cell
    if question is None:
        column = table.column(cell.columns[0]) if cell.columns else None
        return f"{YOURS}; {table.samples(column)}" if column else YOURS
    show = plain if question.kind == "choice" else masked if question.scale else shown_sample
    own = answer_of(table, question, answer.question).cell
    same = (cell.columns, cell.pattern, cell.type) == (own.columns, own.pattern, own.type)
    why = f"{question.sure}: {question.why}" if same else YOURS
    return f"{why}; {table.samples(question.columns[-1], show=show)}"


_LINES = (
    *("type", "join", "min", "max", "na", "values", "parse", "format", "timezone"),
    *("decimal", "thousands"),
)


def _answer(table: DraftTable, answer: Answer, question: Question | None) -> Iterator[str]:
    cell = answer.cell
    proposed = answer_of(table, question, answer.question).cell if question else Cell()
    scale = question.scale if question else None
    yield from (f"{key}: {inline(each)}" for key, each in columns_data(cell).items())
    for key in _LINES:
        if key == "values" and cell.values:
            yield from _values(cell, proposed, scale)
        elif key == "na" and cell.na:
            kind = "no answer" if scale else "guessed: no answer"
            yield f"na: {flow_list(cell.na)}{f'   # {kind}' if cell.na == proposed.na else ''}"
        elif (said := cell_data(cell, key)) is not None:
            yield f"{key}: {inline(said)}"
    if scale and scale.stray and cell.type == (question.kind if question else ""):
        most = list(scale.stray.items())[:5]
        texts = ", ".join(f"{shown([text], shown_sample)} ({count})" for text, count in most)
        yield from comment(f"These don't fit, and their rows will be invalid: {texts}")
    yield from _turned(table, answer, question)
    for key in ("required", "optional", "lower"):
        if getattr(cell, key):
            yield f"{key}: true"
    yield from (f"{scalar(key)}: {inline(each)}" for key, each in cell.beyond.items())


def columns_data(cell: Cell) -> Mapping[str, Data]:
    if cell.pattern:
        return {"columns": cell.pattern}
    if len(cell.columns) > 1:
        return {"column": [each.data for each in cell.columns]}
    data = cell.columns[0].data if cell.columns else {}
    return data if isinstance(data, dict) else {"column": data}


def cell_data(cell: Cell, key: str) -> Data | None:
    """What a cell says under a key; None where it says nothing."""
    said = getattr(cell, key)
    if not said:
        return None
    if key in {"min", "max"}:
        return Plain(said)
    if key in {"parse", "format"} and len(said) == 1:
        return str(said[0])
    return list(said) if isinstance(said, tuple) else str(said)


def _values(cell: Cell, proposed: Cell, found: Scale | None) -> Iterator[str]:
    known = found if found and cell.values == proposed.values else None
    said = YOURS
    if known:
        ready = f"labels of {known.words}; the numbers are a guess"
        said = f"guessed: {ready if known.words else 'the ends are words'}"
    yield f"values:   # {said}"
    texts = [text for text in cell.values if text != "*"]
    yield from (f"  {scalar(text)}: {inline(cell.values[text])}" for text in texts)
    for text in found.unplaced if found else ():
        if text not in cell.values:
            yield f"  # not known: is {scalar(text)} 0, or 1? Until it stands here, its rows are invalid"
    if "*" in cell.values:
        yield f'  "*": {inline(cell.values["*"])}'


def _turned(table: DraftTable, answer: Answer, question: Question | None) -> list[str]:
    """Where the lowest number is the best, it is sent as the highest; where nobody can tell, that is asked,
    and of an answer that is left out it is told."""
    cell, scale = answer.cell, question.scale if question else None
    if question is None or scale is None:
        return [f"rescale: {rescale_text(cell.rescale)}"] if cell.rescale else []
    name = table.meaning.names[question.index]
    best, ends = best_of(table, name, scale), ends_of(question.kind, scale)
    around = turned(question.kind, scale)
    low, high = around[:2]
    signs = f" ({in_line(scale.signs)})" if scale.signs else ""
    if scale.coded and cell.rescale == CODED:
        note = "guessed: 0 to 10 are coded 1 to 11 here; if 11 is a slip, delete this line"
        return noted(f"rescale: {rescale_text(cell.rescale)}", note)
    if cell.rescale and cell.rescale != ("?",):
        guess = best is Best.LOW and ends and cell.rescale == around
        known = "guessed" if guess and name not in table.wishes.best else YOURS
        told = f"{known}: {low} is the best{signs}, and sent as {high}"
        note = told if cell.rescale == around else YOURS
        return noted(f"rescale: {rescale_text(cell.rescale)}", note)
    if not cell.rescale and (best is Best.HIGH or answer.question is not None):
        return []
    asked = f"not known: is {low} the best, or {high}?{signs}"
    if best is Best.LOW:
        asked = (
            f"{low} is the best{signs}, but not known: which number is the worst? {high} was seen"
        )
    asked += f". If {high} is the best, delete `rescale`; if {low} is: {rescale_text(around)}"
    return noted(f"rescale: {OPEN}", asked) if cell.rescale else comment(asked)


def rescale_text(ends: tuple[str, ...]) -> str:
    """A change of scale, as `Cell.rescale` has it, in one line."""
    if ends == ("?",):
        return OPEN
    a, b, c, d = ends
    return f"{{from: [{a}, {b}], to: [{c}, {d}]}}"
