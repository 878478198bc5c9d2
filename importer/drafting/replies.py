"""The survey, its questions, and where their answers stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from importer.drafting.matching import Matched, match
from importer.drafting.table import Table
from importer.drafting.yaml import OPEN, comment, flow_list, noted, scalar, shown, shown_line
from importer.inference import Question, lexicon
from importer.inference.scales import Scale
from importer.mapping.blanks import folded
from importer.mapping.patterns import compile_pattern
from importer.masking import masked, plain


def question_lines(table: Table) -> list[str]:
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


def _matched(table: Table) -> Mapping[int, Matched]:
    meaning = table.meaning
    return match(meaning.questions, table.wishes.asked, meaning.score, meaning.comment)


def _id_of(table: Table, question: Question, matched: Mapping[int, Matched]) -> str:
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


def _wanted(table: Table, question: Question) -> bool:
    """The score and its comment; every question where there is no score."""
    main = (table.meaning.score, table.meaning.comment)
    return question in main or table.meaning.score is None


def answer_lines(table: Table) -> list[str]:
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


def _answer(table: Table, question: Question) -> Iterator[str]:
    yield f"  - id: {table.meaning.names[question.index]}"
    yield from (f"    {line}" for line in _columns(table, question))
    yield f"    type: {question.kind}"
    if question.together and question.kind == "text":
        yield '    join: "; "'
    if question.kind in {"text", "choice"} and (na := _no_answers(question)):
        yield f"    na: {flow_list(na)}   # guessed: no answer"
    if question.scale:
        yield from (f"    {line}" for line in _scale(question.kind, question.scale))


def _columns(table: Table, question: Question) -> Iterator[str]:
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


def _pattern(table: Table, question: Question) -> str:
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


def _finds(pattern: str, table: Table, wanted: list[int]) -> bool:
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
