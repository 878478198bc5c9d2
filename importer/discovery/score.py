"""Of all the questions: which is the score, which its comment, and what each is called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from importer.discovery import lexicon
from importer.discovery.column import Column, Confidence, exclusive
from importer.discovery.lexicon import (
    beyond_score,
    is_called,
    is_comment,
    is_question,
    key,
    plain,
    says,
)
from importer.discovery.questions import Named, Question, is_other, spread_rating
from importer.discovery.roles import ID, TOKEN
from importer.mapping import Document
from importer.model import free_name
from importer.satismeter import SurveyQuestion

_WORD = re.compile(r"[^\W\d_]{3}")
_DIGIT = re.compile(r"\d")
_SENTENCE = 4
"""Words of a sentence, at least."""
_OTHER_FIELD = re.compile(
    r"[\[_](?:other|otr[oa]|outr[oa]|autre|altro|andere)(?:\]|$|\. )|^Q\d+(?:_\d+)?_TEXT$",
    re.IGNORECASE,
)
"""`USE[other]` of LimeSurvey, `use_other` of KoboToolbox, `Q6_TEXT` of Qualtrics, beside Q6's choices."""
_ASKED = 2
"""The rank of a rating in a question that asks for no satisfaction, effort or recommendation."""
_MANY = 3
"""So many ratings of equal weight, and nothing that tells them apart: none is the survey's score."""


def best_score(found: Sequence[Question]) -> Question | None:
    """The question that is the survey's score; None where none is a rating, or many are of equal weight."""
    ratings = [each for each in found if each.scale and _rank(each)[0]]
    best = max(ratings, key=lambda each: (_rank(each), -each.index), default=None)
    if best is None or _rank(best)[:2] > (_ASKED, False):
        return best
    return best if sum(_rank(each) == _rank(best) for each in ratings) < _MANY else None


def _rank(question: Question) -> tuple[int, bool, bool]:
    """How telling it is; and whether it asks about the whole rather than a part."""
    text = plain(question.text)
    if says("previous", text) and not is_question(question.text):
        return 0, False, False  # a `Previous NPS` beside the answer
    first = question.columns[0]
    part = bool(first.group) and plain(first.part) not in lexicon.texts("says_nothing")
    return _telling(question, text), says("overall", text), question.together or not part


def other_scores(found: Sequence[Question], score: Question | None) -> list[Question]:
    """Questions that might be the score as well: recommendations, and columns called a score."""
    rated = [each for each in found if score and each is not score and each.scale]
    return [each for each in rated if _rank(each)[0] >= _AS_TELLING]


_AS_TELLING = 4
Rows = Sequence[Sequence[str]]


def joined(
    found: list[Question], score: Question | None, comment: Question | None, rows: Rows
) -> list[Question]:
    """The questions; what is asked in several columns, of which no row fills two, is one: a recommendation
    in several languages, a comment in words of its own for promoters and for detractors."""
    if score is None or score.together:
        return found
    same, texts = [score], [comment] if comment else []
    for each in (one for one in other_scores(found, score) if one.kind == score.kind):
        spoken = [lexicon.languages("recommend", one.text) for one in (*same, each)]
        if all(spoken) and spoken.pop().isdisjoint(set().union(*spoken)) and apart(*same, each):
            same.append(each)
    whole = _as_one(same)
    for each in filter(_is_asked, found if comment else ()):
        sides = [_sides(text, whole, rows) for text in (*texts, each)]
        if all(sides) and sides.pop().isdisjoint(set().union(*sides)) and apart(*texts, each):
            texts.append(each)
    kept = {each.index: each for each in (whole, *([_as_one(texts)] if texts else []))}
    gone = {column.index for each in kept.values() for column in each.columns[1:]}
    return [kept.get(each.index, each) for each in found if each.index not in gone]


def _is_asked(text: Question) -> bool:
    """Whether it asks, and is answered in sentences: not by a name, a number to call, nor by staff."""
    counts, words = text.columns[0].profile.counts, plain(text.text).split()
    asks = is_question(text.text) or any(is_called("comment", word) for word in words)
    long = sum(map(_is_sentence, counts)) * 4 >= len(counts)
    return asks and long and _is_comment(text) and not says("staff", text.text)


def apart(*asked: Question) -> bool:
    """Whether no row answers two of them."""
    return exclusive([column for each in asked for column in each.columns])


def _as_one(asked: Sequence[Question]) -> Question:
    """Questions of which a row answers one; the first alone where their values aren't of one kind."""
    first, columns = asked[0], tuple(column for each in asked for column in each.columns)
    rated = spread_rating(columns) if first.scale else first
    if len(asked) == 1 or rated is None or rated.kind != first.kind:
        return first
    why = f"{first.why}; {len(asked)} columns, of which a row has one"
    return replace(rated, columns=columns, sure=Confidence.GUESSED, why=why, together=False)


def _sides(text: Question, score: Question, rows: Rows) -> set[tuple[int, int]]:
    """Beside which scores a text stands: the score's column, and promoter, passive or detractor."""
    return {
        (column.index, (n > 6) + (n > 8) if score.kind == "nps" else n)
        for row in rows
        if text.columns[0].of(row) and text.columns[0].profile.filled > 1
        for column in score.columns
        for n in map(int, _NUMBER.findall(row[column.index])[:1])
    }


_NUMBER = re.compile(r"\d{1,2}")


def _telling(question: Question, text: str) -> int:
    if question.recommends:
        asked = says("recommend", text.replace("nps", ""))  # of several that are called so
        return 6 + asked if question.kind == "nps" else 5
    if is_called("score", question.columns[0].label):
        return 4
    if says("satisfied", text) or says("effort", text):
        return 3
    if says("likely", text) or says("oneself", text):
        return 0  # what somebody intends to do, knows or can is no score
    if is_question(question.text):
        return _ASKED
    return 0 if question.scale and question.scale.words else 1


def best_comment(found: Sequence[Question], score: Question | None) -> Question | None:
    """The free text that goes with the score; None where there is none."""
    before = {each.index: last for last, each in pairwise(found)}
    close = {
        each.index: _closeness(each, score, before.get(each.index))
        for each in found
        if _is_comment(each)
    }
    texts = [each for each in found if each.index in close]
    texts = [each for each in texts if close[each.index] > _BESIDE or _is_prose(each)]
    return max(texts, key=lambda each: (close[each.index], -each.index), default=None)


def _is_prose(text: Question) -> bool:
    """Whether its values are sentences, a quarter where it is asked as a question: names and amounts are no
    comments. Nor is what less than a tenth wrote, where it doesn't ask for remarks: it was asked of few."""
    profile = text.columns[0].profile
    if says("remarks", text.text):
        return True
    often = profile.filled * 10 >= profile.rows
    if text.sure is Confidence.SURE:
        return often
    long = sum(_is_sentence(value) for value in profile.counts)
    asked = (is_question(text.text) or text.columns[0].open) and profile.filled * 4 >= profile.rows
    asked = asked and profile.distinct * 2 >= profile.filled
    return often and long * (4 if asked else 2) >= profile.distinct


def _is_sentence(value: str) -> bool:
    unspaced = len(value) > 12 and not value.isascii() and " " not in value
    return unspaced or len(value.split()) >= _SENTENCE


def _is_comment(question: Question) -> bool:
    """Whether it is free text, and more than what was written beside another answer."""
    column = question.columns[0]
    other, free = lexicon.pattern("other", flags=re.IGNORECASE), says("remarks", column.text)
    beside = is_other(column.part) or bool(_OTHER_FIELD.search(column.label))
    beside = beside or bool(other.fullmatch(column.label.strip()))
    named = says("named_things", column.text) and not says("why", column.text)
    beside = beside or (not free and (named or says("specify", column.label)))
    sure = question.sure is Confidence.SURE
    counts = column.profile.counts
    own, _ = column.profile.without(lexicon.texts("nothing_said") | lexicon.texts("no_answer"))
    recurs = len(own) * 4 < sum(own.values()) and not is_comment(column.label)
    worded = sum(bool(_WORD.search(text)) and not _is_made(text) for text in counts)
    coded = sum(bool(_DIGIT.search(text)) and not _WORD.search(text) for text in counts)
    said = worded * 2 > len(counts) or (
        sure
        and coded * 2 <= len(counts)  # post codes, numbers of orders, with a `don't know` between
        and not all(ID.fullmatch(text) or _MADE.match(text) for text in counts)
    )
    several = question.separator or question.together
    titled = _is_titled(counts) and not is_comment(column.label)
    recurs = recurs or titled or _is_numbered(counts)
    return question.kind == "text" and said and not (several or beside or recurs)


_MADE = re.compile(rf"(?:{TOKEN.pattern})$|[{{\[]\s*[\"{{\[]|https?://\S+$", re.IGNORECASE)
"""What programs write: codes, JSON, addresses of pages and pictures."""
_PAIR = re.compile(r"\w ?[:=] ?[^\s\w]?\d")


def _is_made(text: str) -> bool:
    """Whether a program wrote it: one of these, or names with their numbers (`Time: 20 min, Cost: 40`)."""
    return bool(_MADE.match(text)) or len(_PAIR.findall(text)) > 1


def _is_titled(counts: Mapping[str, int]) -> bool:
    """Whether whole sentences come again and again: titles or long choices, no one's own words."""
    sentences = [count for text, count in counts.items() if _is_sentence(text)]
    return len(sentences) >= _FEWEST_TITLES and sum(sentences) >= 2 * len(sentences)


_FEWEST_TITLES = 5
_MOSTLY = 0.8
_STEP = re.compile(r"\d{1,2}[ .):–-]+[^\W\d].*", re.DOTALL)


def _is_numbered(counts: Mapping[str, int]) -> bool:
    """Whether the texts are the steps of a scale, each with its number before its words."""
    numbered = [text for text in counts if _STEP.fullmatch(text)]
    steps = {text.split()[0] for text in numbered}
    return len(numbered) >= _MOSTLY * len(counts) and 1 < len(steps) == len(numbered) <= 11


_BESIDE = 1
"""The closeness of a text that only stands beside the score."""


def _closeness(text: Question, score: Question | None, before: Question | None) -> int:
    """How near a text is to the score, 0 to 6; `before` is the question right before it."""
    column = text.columns[0]
    beside = score is not None and 0 < column.index - score.columns[-1].index <= 2
    if score and column.group and column.group == score.columns[0].group:
        return 6
    if is_comment(column.label):
        about = set(key(column.label).split()) - set(beyond_score(column.label))
        return 6 if score and about & set(key(score.columns[0].label).split()) else 5
    if beside and not column.label.strip():
        return 4
    if says("remarks", column.text):
        return 3
    asks_why = says("why", column.text) and not column.group
    return _reasoned(column, score, before, beside=beside) if asks_why else int(beside)


def _reasoned(
    column: Column, score: Question | None, before: Question | None, *, beside: bool
) -> int:
    """The closeness of a text that asks why: of the score's own reason, or of that of a recommendation in
    words (`before`) where another rating is the score."""
    if before and before is not score and says("recommend", before.text):
        return 4
    few = 2 if column.profile.filled * 10 >= column.profile.rows else 0
    if score is None:
        return few
    of_the_score = any(is_called("score", word) for word in plain(column.text).split())
    return 4 if of_the_score else 3 if beside else few


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
        taken[free_name(_name(each) or f"question{each.index + 1}", taken)] = each.index
    return {index: name for name, index in taken.items()}


def _name(question: Question) -> str:
    """Of the question's words; of its part too, where others share the words."""
    first = question.columns[0]
    if question.together or not first.group or plain(first.part) in lexicon.texts("says_nothing"):
        return _slug(first.group or question.text)
    if plain(first.text) != plain(first.label):
        return _slug(first.text)
    return f"{_slug(first.group, 2)}_{_slug(first.part, 3)}".strip("_")


def _slug(text: str, most: int = 4) -> str:
    found = re.findall(r"[a-z0-9]+", plain(text))
    telling = [word for word in found if word not in lexicon.texts("dull")] or found
    if telling and telling[0].isdigit() and len(telling) > 1:
        telling = telling[1:]
    return "_".join(telling[:most])[:32].strip("_")


# The survey's questions and the file's: which is which.


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
