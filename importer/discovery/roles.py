"""What a column is by its name, held against its values; and what it says about the person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from importer.discovery import lexicon
from importer.discovery.column import Column, Confidence
from importer.discovery.dates import DateReading, readings
from importer.discovery.lexicon import (
    Name,
    beyond_score,
    is_called,
    is_comment,
    is_question,
    key,
    keyed_names,
    plain,
    says,
)
from importer.discovery.questions import Named, Question, is_other, question
from importer.mapping.ids import is_dummy

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_ADDRESS = re.compile(
    r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}", re.IGNORECASE
)
_TOKEN = re.compile(r"(?=.*\d)(?=.*[a-z])[\w-]{16,64}", re.IGNORECASE)
_WORDS = re.compile(r"[^@]{0,60}?[^\W\d_]{2}[ .,&-]+[^\W\d_]{2}[^@]*")
"""Two words: the name of a company, say, which is no id."""
_SAME = 5
"""So many times the one address of a column, and it is nobody's: a mask, the address of the shop."""
_MOSTLY = 0.8


class Role(StrEnum):
    """What a column holds."""

    USER = "user"
    EMAIL = "email"
    RESPONSE = "response"
    ANSWERED = "answered"
    STARTED = "started"
    SIGNED_UP = "signed up"
    NAME = "name"
    PRIVATE = "private"
    MACHINE = "machine"
    SCORE = "score"
    COMMENT = "comment"
    OTHER = "other"


_BY_NAME: tuple[tuple[Role, Name], ...] = (
    (Role.EMAIL, "email"),
    (Role.USER, "user"),
    (Role.RESPONSE, "response"),
    (Role.SIGNED_UP, "signed_up"),
    (Role.STARTED, "started"),
    (Role.ANSWERED, "answered"),
    (Role.NAME, "name"),
    (Role.PRIVATE, "private"),
    (Role.SCORE, "score"),
    (Role.COMMENT, "comment"),
    (Role.MACHINE, "machine"),
)
"""In the order in which a name of several notions is decided."""


def named(label: str) -> Role:
    """The role that a name alone has."""
    name = key(label)
    other = Role.COMMENT if is_comment(label) else Role.OTHER
    return next((role for role, notion in _BY_NAME if name in keyed_names(notion)), other)


def role(column: Column) -> Role:
    """The role by name and values: what a name promises, its values must keep."""
    by_value = _by_value(column)
    if by_value is not None:
        return by_value
    name, wanted = plain(column.label), named(column.label)
    if is_called("bare_id", column.label):
        return Role.RESPONSE if is_counter(column) else Role.USER
    if wanted is Role.EMAIL and not column.blank:
        return Role.USER if name == "username" else Role.OTHER
    if wanted is Role.USER and not _tells_apart(column):
        return Role.OTHER
    named_so = are_names(column, words=2) or _mostly(column, _WORDS, 0.5)
    return Role.NAME if wanted is Role.USER and named_so else wanted


_NAME = re.compile(r"[^\W\d_]+(?:['’.-]+[^\W\d_]*)*")


def are_names(column: Column, words: int = 1) -> bool:
    """Whether the values may be people's names: letters alone, of so many words at least in most of them."""
    texts = [text.split() for text in column.profile.counts]
    named = [each for each in texts if all(map(_NAME.fullmatch, each))]
    several = sum(len(each) >= words for each in named)
    return len(named) >= _MOSTLY * len(texts) and several * 2 > len(texts)


def _by_value(column: Column) -> Role | None:
    """The role of what nobody could take for anything else."""
    if _is_derived(column):
        return Role.MACHINE
    if _mostly(column, _EMAIL):
        one = column.profile.distinct == 1 and column.profile.filled >= _SAME
        return Role.PRIVATE if one or says("staff", column.label) else Role.EMAIL
    if not plain(column.label) and _is_token(column):
        return Role.RESPONSE
    return Role.PRIVATE if _mostly(column, _ADDRESS) else None


def _is_token(column: Column) -> bool:
    """Whether each row has a long code of its own, as Typeform writes below `#`."""
    counts = column.profile.counts
    return len(counts) == column.profile.rows and all(map(_TOKEN.fullmatch, counts))


_GROUPS = frozenset(
    ("promoter", "promoters", "passive", "passives", "neutral", "detractor", "detractors")
)


def _is_derived(column: Column) -> bool:
    """Promoter, passive or detractor: worked out from the score."""
    seen = {text.casefold() for text in column.profile.counts}
    return bool(seen) and seen <= _GROUPS and seen != {"neutral"}


def is_counter(column: Column) -> bool:
    """Whether it counts the rows: 1, 2, 3 ..."""
    texts = list(column.profile.counts)
    if not texts or any(not text.removesuffix(".0").isdigit() for text in texts):
        return False
    numbers = [int(text.removesuffix(".0")) for text in texts]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] <= 1


def _tells_apart(column: Column) -> bool:
    """Whether the values may be ids: several, and not words of one column like `basic`."""
    real = [text for text in column.profile.counts if not is_dummy(text)]
    if len(real) <= 1:
        return bool(real) and column.profile.rows <= 2
    return column.profile.distinct >= min(0.2 * column.profile.filled, 100)


def _mostly(column: Column, pattern: re.Pattern[str], share: float = _MOSTLY) -> bool:
    counts = column.profile.counts
    found = sum(count for text, count in counts.items() if pattern.fullmatch(text))
    return bool(found) and found >= share * sum(counts.values())


# Columns that say something about the person: traits, with their types.

_NUMBER = re.compile(r"[-+]?\d{1,15}(\.\d+)?")
_COMMA = re.compile(r"[-+]?\d{1,15},\d+")
_MARKS = ((",", "."), (".", ","), (",", " "), (".", " "), (".", "'"))
"""Marks for decimals and for thousands that go together."""
_SPACE = re.compile(r"[\u00a0\u202f\u2009]")
_LONE = re.compile(r"[-+]?\d{1,3}[.,]\d{3}")
"""`1,234` alone: a mark for thousands, or three decimals; nobody knows."""
_YES_NO = frozenset(("true", "false", "yes", "no", "y", "n", "t", "f", "on", "off"))


@dataclass(frozen=True, slots=True)
class Property:
    """A trait: its name in the API, its type and how it is written."""

    column: Column
    name: str
    type: str
    sure: Confidence
    decimal: str = "."
    thousands: str = ""
    na: tuple[str, ...] = ()
    dates: tuple[DateReading, ...] = ()


def is_property(column: Column) -> bool:
    """Whether a column of no known name is a property rather than a question."""
    if is_question(column.text) or column.group:
        return False
    asked = question(column)
    rated = asked.scale is not None and asked.kind in {"nps", "scale", "csat", "ces"}
    long = asked.kind == "text" and not asked.separator and column.profile.mean_length > 30
    return not rated and not long and not (asked.kind == "text" and says("why", column.text))


def property_of(column: Column) -> Property:
    """The trait that a column makes."""
    counts, na = column.profile.without(lexicon.texts("no_answer"))
    name = _camel(column.label) or f"column{column.index + 1}"
    if found := readings(column.profile):
        return Property(column, name, "date", Confidence.GUESSED, dates=found)
    texts = [_SPACE.sub(" ", text) for text in counts]
    if texts and {text.casefold() for text in texts} <= _YES_NO:
        return Property(column, name, "boolean", Confidence.GUESSED, na=na)
    if marks := _marks(texts, column.label):
        return Property(column, name, "number", Confidence.GUESSED, *marks, na=na)
    return Property(column, name, "text", Confidence.GUESSED)


def _marks(texts: list[str], label: str) -> tuple[str, str] | None:
    """The marks for decimals and thousands of a column of numbers; None where it holds none, or nobody knows
    which mark is which."""
    zeros = any(re.fullmatch(r"0\d+", text) for text in texts)
    if not texts or zeros or plain(label).endswith((" id", " code", " number", " no", " nr")):
        return None
    if all(_NUMBER.fullmatch(text) for text in texts):
        return ".", ""
    whole_or_comma = all(_COMMA.fullmatch(text) or text.lstrip("+-").isdigit() for text in texts)
    if whole_or_comma and not all(_LONE.fullmatch(text) for text in texts if "," in text):
        return ",", ""
    return next((marks for marks in _MARKS if _written_with(texts, *marks)), None)


def _written_with(texts: list[str], decimal: str, thousands: str) -> bool:
    """Whether all are numbers with these marks, and one of them can be read in no other way."""
    group, point = re.escape(thousands), re.escape(decimal)
    whole = rf"[-+]?(?:\d{{1,3}}(?:{group}\d{{3}})+|\d+)(?:{point}\d+)?"
    if not all(re.fullmatch(whole, text) for text in texts):
        return False
    return any(thousands in text and not _LONE.fullmatch(text) for text in texts)


def _camel(label: str) -> str:
    """`Signed up` as `signedUp`; a name that is one word already stays as it is."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", label):
        return label[0].lower() + label[1:] if not label.isupper() else label.lower()
    first, *rest = plain(label).split() or [""]
    return first + "".join(word.capitalize() for word in rest)


# Of all the questions: which is the score, which its comment, and what each is called.

_WORD = re.compile(r"[^\W\d_]{3}")
_SENTENCE = 4
"""Words of a sentence, at least."""
_OTHER_FIELD = re.compile(
    r"[\[_](?:other|otr[oa]|outr[oa]|autre|altro|andere)(?:\]|$|\. )", re.IGNORECASE
)
"""`USE[other]` of LimeSurvey, `use_other` of KoboToolbox."""
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
    return [
        each
        for each in found
        if score is not None and each is not score and each.scale and _rank(each)[0] >= _AS_TELLING
    ]


_AS_TELLING = 4


def _telling(question: Question, text: str) -> int:
    if question.recommends:
        return 6 if question.kind == "nps" else 5
    if is_called("score", question.columns[0].label):
        return 4
    if says("satisfied", text) or says("effort", text):
        return 3
    if says("likely", text):
        return 0  # what somebody intends to do is no score
    if is_question(question.text):
        return _ASKED
    return 0 if question.scale and question.scale.words else 1


def best_comment(found: Sequence[Question], score: Question | None) -> Question | None:
    """The free text that goes with the score; None where there is none."""
    texts = [
        each for each in found if _is_comment(each) and (_closeness(each, score) or _is_prose(each))
    ]
    return max(texts, key=lambda each: (_closeness(each, score), -each.index), default=None)


def _is_prose(text: Question) -> bool:
    """Whether its values are sentences, a quarter where it is asked as a question: names and amounts are no
    comments. Nor is what one of fifty wrote: it was asked of few."""
    if text.sure is Confidence.SURE or says("remarks", text.text):
        return True
    profile = text.columns[0].profile
    long = sum(_is_sentence(value) for value in profile.counts)
    often = profile.filled * 50 >= profile.rows
    asked = (is_question(text.text) or text.columns[0].open) and profile.filled * 4 >= profile.rows
    return often and long * (4 if asked else 2) >= profile.distinct


def _is_sentence(value: str) -> bool:
    unspaced = len(value) > 12 and not value.isascii() and " " not in value
    return unspaced or len(value.split()) >= _SENTENCE


def _is_comment(question: Question) -> bool:
    """Whether it is free text, and more than what was written beside another answer."""
    column = question.columns[0]
    beside = is_other(column.part) or bool(_OTHER_FIELD.search(column.label))
    beside = beside or (says("specify", column.label) and not says("remarks", column.text))
    sure = question.sure is Confidence.SURE
    recurs = column.profile.distinct * 4 < column.profile.filled and not is_called(
        "comment", column.label
    )
    counts = column.profile.counts
    worded = sum(bool(_WORD.search(text)) and not _TOKEN.fullmatch(text) for text in counts)
    said = worded * 2 > len(counts) or sure
    several = question.separator or question.together
    return question.kind == "text" and said and not (several or beside or recurs)


def _closeness(text: Question, score: Question | None) -> int:
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
    if asks_why and score:
        of_the_score = any(is_called("score", word) for word in plain(column.text).split())
        return 4 if of_the_score else 3 if beside else 2
    return 2 if asks_why else int(beside)


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
