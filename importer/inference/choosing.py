"""Of all the questions: which is the score, which its comment, and what each is called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from importer.inference import lexicon, words
from importer.inference.column import Sure
from importer.inference.questions import Named, Question, is_other

_WORD = re.compile(r"[^\W\d_]{3}")
_SENTENCE = 4
"""Words of a sentence, at least."""


def best_score(found: Sequence[Question]) -> Question | None:
    """The question that is the survey's score; None where none is a rating."""
    ratings = [each for each in found if each.scale and _rank(each)[0]]
    return max(ratings, key=lambda each: (_rank(each), -each.index), default=None)


def _rank(question: Question) -> tuple[int, bool]:
    """How telling it is; and whether it asks about the whole rather than a part."""
    text = words.plain(question.text)
    return _telling(question, text), words.says("overall", text)


def _telling(question: Question, text: str) -> int:
    if question.recommends:
        return 6 if question.kind == "nps" else 5
    if words.is_called("score", question.columns[0].label):
        return 4
    if words.says("satisfied", text) or words.says("effort", text):
        return 3
    if words.is_question(question.text):
        return 2
    return 0 if question.scale and question.scale.words else 1


def best_comment(found: Sequence[Question], score: Question | None) -> Question | None:
    """The free text that goes with the score; None where there is none."""
    texts = [each for each in found if _is_comment(each)]
    best = max(texts, key=lambda each: (_closeness(each, score), -each.index), default=None)
    return best if best and (_closeness(best, score) or _is_prose(best)) else None


def _is_prose(text: Question) -> bool:
    """Whether it is asked as a question, or its values are sentences: names under a bare name are none."""
    if text.sure is Sure.SURE or words.is_question(text.text):
        return True
    counts = text.columns[0].profile.counts
    long = sum(len(value.split()) >= _SENTENCE for value in counts)
    return long * 2 >= len(counts)


def _is_comment(question: Question) -> bool:
    """Whether it is free text, and more than what was written beside another answer."""
    column = question.columns[0]
    beside = is_other(column.part) or words.says("specify", column.label)
    worded = sum(bool(_WORD.search(text)) for text in column.profile.counts)
    said = worded * 2 > column.profile.distinct or question.sure is Sure.SURE
    return (
        question.kind == "text" and said and not (question.separator or question.together or beside)
    )


def _closeness(text: Question, score: Question | None) -> int:
    column = text.columns[0]
    beside = score is not None and 0 < column.index - score.columns[-1].index <= 2
    if score and column.group and column.group == score.columns[0].group:
        return 6
    if words.is_called("comment", column.label):
        return 5
    if beside and not column.label.strip():
        return 4
    asks_why = words.says("why", column.text) and not column.group
    return (3 if beside else 2) if asks_why else 1 if beside or column.open else 0


def names(
    found: Sequence[Question],
    score: Question | None,
    comment: Question | None,
    answers: Mapping[int, Named],
) -> Mapping[int, str]:
    """A short name for each question, by the position of its first column; no two alike."""
    taken: dict[str, int] = {}
    for each in found:
        if each is score or each is comment:
            taken["score" if each is score else "comment"] = each.index
        elif each.index in answers:
            taken[answers[each.index].name] = each.index
    for each in found:
        if each.index in taken.values():
            continue
        base = _name(each) or f"question{each.index + 1}"
        name = next(
            n for i in range(1, 9_999) if (n := base if i == 1 else f"{base}_{i}") not in taken
        )
        taken[name] = each.index
    return {index: name for name, index in taken.items()}


def _name(question: Question) -> str:
    """Of the question's words; of its part too, where others share the words."""
    first = question.columns[0]
    if (
        question.together
        or not first.group
        or words.plain(first.part) in lexicon.texts("says_nothing")
    ):
        return _slug(first.group or question.text)
    if words.plain(first.text) != words.plain(first.label):
        return _slug(first.text)
    return f"{_slug(first.group, 2)}_{_slug(first.part, 3)}".strip("_")


def _slug(text: str, most: int = 4) -> str:
    found = re.findall(r"[a-z0-9]+", words.plain(text))
    telling = [word for word in found if word not in lexicon.texts("dull")] or found
    if telling and telling[0].isdigit() and len(telling) > 1:
        telling = telling[1:]
    return "_".join(telling[:most])[:32].strip("_")
