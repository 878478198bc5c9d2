"""The survey's questions and the file's: which is which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from importer.discovery.column import Confidence
from importer.discovery.lexicon import plain
from importer.discovery.questions import Question
from importer.mapping import Document
from importer.satismeter import SurveyQuestion

_RATINGS = frozenset({"nps", "csat", "ces", "scale", "rating", "stars", "smileys", "emoji"})
_TEXTS = frozenset({"text", "open", "comment", "long", "short", "followup", "free", "textarea"})
_ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class Matched:
    """A question of the survey for one of the file, and what it was told by."""

    asked: SurveyQuestion
    sure: Confidence
    why: str


def match_questions(
    found: Sequence[Question],
    asked: Sequence[SurveyQuestion],
    score: Question | None,
    comment: Question | None,
) -> Mapping[int, Matched]:
    """By the position of the file's question. First by equal words, then the only score and the only text of
    the survey for the file's score and comment, then by words that most are shared; no question of the
    survey twice."""
    matched: dict[int, Matched] = {}
    only = partial(_only, {"rating": score, "free text": comment}, tuple(asked))
    for rule in (_equal, only, _alike):
        taken = {each.asked.id for each in matched.values()}
        left = [each for each in asked if each.id not in taken]
        for question in found:
            hit = None if question.index in matched else rule(question, left)
            if hit is not None:
                matched[question.index] = hit
                left.remove(hit.asked)
    return matched


def _equal(question: Question, asked: Sequence[SurveyQuestion]) -> Matched | None:
    texts = {
        plain(question.text),
        plain(question.columns[-1].group),
        plain(question.columns[-1].label),
    }
    for each in asked:
        if plain(each.label) in texts - {""}:
            return Matched(each, Confidence.SURE, "the survey asks the same")
    return None


def _only(
    mains: Mapping[str, Question | None],
    asked: Sequence[SurveyQuestion],
    question: Question,
    left: Sequence[SurveyQuestion],
) -> Matched | None:
    for what, kinds in (("rating", _RATINGS), ("free text", _TEXTS)):
        fitting = [each for each in asked if kind(each) in kinds]
        same = [each for each in fitting if each.type.casefold() == question.kind] or fitting
        if question is mains[what] and len(same) == 1 and same[0] in left:
            return Matched(same[0], Confidence.GUESSED, f"the survey's only {what} of this type")
    return None


def _alike(question: Question, asked: Sequence[SurveyQuestion]) -> Matched | None:
    mine = set(plain(question.text).split())
    shares = [
        (len(mine & theirs) / len(mine | theirs), -at)
        for at, each in enumerate(asked)
        if (theirs := set(plain(each.label).split()))
    ]
    share, at = max(shares, default=(0.0, 0))
    if share < _ALIKE or not fits(question.kind, asked[-at]):
        return None
    return Matched(asked[-at], Confidence.GUESSED, "the survey asks nearly the same")


def kind(asked: SurveyQuestion) -> str:
    return asked.type.casefold().rpartition("_")[2]


def fits(answer: str, asked: SurveyQuestion) -> bool:
    """Whether answers of a mapping's type go to a question of the survey. The API names its types nowhere:
    one that isn't known fits anything."""
    theirs = kind(asked)
    if theirs in _TEXTS:
        return answer in {"text", "choice"}
    if theirs in {"nps", "csat", "ces"}:
        return answer in {theirs, "scale"}
    if theirs in _RATINGS:
        return answer not in {"text", "choice"}
    return theirs != "choice" or answer in {"choice", "text"}


def differences(document: Document, asked: Sequence[SurveyQuestion]) -> Iterator[str]:
    """Where a mapping and the survey disagree: questions that the survey hasn't, and types."""
    known = {each.id: each for each in asked}
    sent = {document.question(each.id): each for each in document.answers}
    for id_, answer in sent.items():
        if id_ and id_ not in known:
            yield f"answer {answer.id}: the survey has no question {id_}"
        elif id_ and not fits(answer.type, known[id_]):
            theirs = known[id_]
            yield f'answer {answer.id} is {answer.type}, the survey\'s "{theirs.label}" is {theirs.type}'
    for each in asked:
        if each.id not in sent:
            yield f'the survey\'s "{each.label}" ({each.type}) gets no answer'
