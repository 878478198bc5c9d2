"""Which columns are questions, of which kind, and which of them is the score and which the comment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from importer.discovery import lexicon
from importer.discovery import lexicon as lexicon_room
from importer.discovery.column import Column, Confidence, Profile, exclusive
from importer.discovery.lexicon import asks_rating, is_called, is_question, key, keyed_names, says
from importer.discovery.scales import Best, Scale, scale
from importer.mapping.text import folded

SEPARATORS = ("; ", ";", " | ", "|", ", ")
_MOST_CHOICES = 25


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the file. `kind` is the mapping's type of answer; `columns` one column, or several
    whose filled cells are the answer: joined (`together`), or the first that is filled.

    `recommends`: it asks for a recommendation. `why` says what the kind was told by.
    """

    columns: tuple[Column, ...]
    kind: str
    sure: Confidence
    why: str
    scale: Scale | None = None
    together: bool = False
    separator: str = ""
    recommends: bool = False

    @property
    def text(self) -> str:
        """The question in words."""
        first = self.columns[0]
        return first.group if self.together else first.text

    @property
    def index(self) -> int:
        """Where its first column stands."""
        return self.columns[0].index


@dataclass(frozen=True, slots=True)
class Named:
    """An answer that a tool always has: its name and its type in the mapping."""

    name: str
    kind: str


def renamed(question: Question, answers: Mapping[int, Named]) -> Question:
    """The question as the tool knows it."""
    named = answers.get(question.index)
    if named is None:
        return question
    why = "the tool's own column"
    found = question.scale if named.kind not in {"text", "choice"} else None
    return replace(
        question, kind=named.kind, sure=Confidence.SURE, why=why, scale=found, separator=""
    )


def is_other(part: str) -> bool:
    """Whether a part of a question is for what none of its choices says."""
    return bool(lexicon.pattern("other", flags=re.IGNORECASE).search(part))


def questions(columns: Sequence[Column]) -> list[Question]:
    """The questions in these columns; columns of one group may be one question."""
    found: list[Question] = []
    for group in _groups(columns):
        found += (
            _spread(group)
            or _with_other(group)
            or _with_flags(group)
            or [question(each) for each in group if not each.blank]
        )
    return found


def _groups(columns: Sequence[Column]) -> list[list[Column]]:
    groups: dict[str, list[Column]] = {}
    for each in columns:
        groups.setdefault(each.group or f"\0{each.index}", []).append(each)
    return list(groups.values())


def _spread(group: Sequence[Column]) -> list[Question]:
    """One question over several columns: one per choice, or a list of open answers."""
    if _is_list(group):
        why = f"a list of {len(group)} open answers"
        return [Question(tuple(group), "text", Confidence.GUESSED, why, together=True)]
    choices = [each for each in group if not is_other(each.part)]
    if len(choices) < 2 or not all(_holds_its_choice(each) for each in choices):
        return []
    if exclusive(group) and (rated := _spread_rating(group)):
        return [rated]
    if exclusive(group):
        why = f"{len(group)} columns, one per choice; no row fills two of them"
        return [Question(tuple(group), "choice", Confidence.SURE, why, together=True)]
    why = f"{len(group)} columns, one per choice; rows fill several of them"
    return [Question(tuple(group), "text", Confidence.SURE, why, together=True)]


def _spread_rating(group: Sequence[Column]) -> Question | None:
    """A rating with a column for each of its numbers."""
    counts = {text: n for each in group for text, n in each.profile.counts.items()}
    first = group[0]
    whole = replace(first, profile=Profile(first.profile.rows, sum(counts.values()), counts))
    rated = question(whole)
    if rated.scale is None:
        return None
    why = f"{rated.why}; {len(group)} columns, one per number"
    return replace(rated, columns=tuple(group), why=why, together=True)


def _without_number(part: str) -> str:
    head = part.rstrip("0123456789")
    return part if head == part else head.removesuffix("#").rstrip()


def _is_list(group: Sequence[Column]) -> bool:
    """Whether the parts are numbered (`Tool #1`, `Tool #2`) and hold texts."""
    bare = {_without_number(each.part) for each in group}
    numbered = len(bare) == 1 < len(group) and group[0].part not in bare
    return numbered and bare != {""} and not any(scale(each.profile) for each in group)


def _with_flags(group: Sequence[Column]) -> list[Question]:
    """Several choices in one cell, and beside it a column of yes and no for each: the same again."""
    main, *flags = group
    if main.part or not flags or main.blank or not all(map(_is_flag, flags)):
        return []
    why = f"several choices in one cell; the {len(flags)} columns beside it say the same"
    return [Question((main,), "text", Confidence.SURE, why, separator=" ")]


def _is_flag(column: Column) -> bool:
    return {text.casefold() for text in column.profile.counts} <= {"0", "1", "true", "false"}


def _holds_its_choice(column: Column) -> bool:
    """Blank or the text of its own choice."""
    return all(folded(text) == folded(column.part) for text in column.profile.counts)


def _with_other(group: Sequence[Column]) -> list[Question]:
    """A choice, and beside it what was written where none of the choices fitted."""
    if len(group) != 2 or not is_other(group[1].part) or group[1].blank:
        return []
    main = question(group[0])
    if main.kind != "choice":
        return []
    why = f"{main.why}; where something was written beside it, that is the answer"
    return [replace(main, columns=(group[1], group[0]), why=why)]


def question(column: Column) -> Question:
    """What one column asks, by its name and its values."""
    text = column.text if column.text != column.label else f"{column.group} {column.label}"
    if folded(column.part) in lexicon.texts("open") or column.open:
        return Question((column,), "text", Confidence.SURE, "the tool says that it is open-ended")
    found = scale(column.profile, text, sure=_is_called_score(column, text))
    if found and _is_rating(column, found, text):
        return _rating(column, found, text)
    if separator := _separator(column):
        why = f"several choices in one cell, separated by {separator.strip()!r}"
        return Question((column,), "text", Confidence.GUESSED, why, separator=separator)
    return _words(column, text)


def _is_called_score(column: Column, text: str) -> bool:
    return is_called("score", column.label) or says("recommend", text)


def _is_rating(column: Column, found: Scale, text: str) -> bool:
    plain = lexicon_room.plain(text)
    if found.high <= 1 or (found.words and is_called("comment", column.label)):
        return False
    if asks_rating(plain) or is_called("score", column.label):
        return True
    if says("counted", plain) or _counts_on(column):
        return False
    if found.ends or found.words or (found.parse and found.high in {5, 7, 10}):
        return True
    numbers = len(column.profile.counts) - len(found.na)
    return found.low <= 3 and found.high in {5, 7, 9, 10} and numbers >= 4


def _counts_on(column: Column) -> bool:
    """Whether a value says that it goes on: `5 or more`."""
    return any(
        lexicon.pattern("or_more").search(lexicon_room.plain(text) if text[-1:] != "+" else text)
        for text in column.profile.counts
    )


def _rating(column: Column, found: Scale, text: str) -> Question:
    plain = lexicon_room.plain(text)
    name = key(column.label)
    recommends = says("recommend", plain) or name.startswith("nps")
    high = found.ends[1] if found.ends else found.high
    low = found.ends[0] if found.ends else found.low
    score = name in keyed_names("score")
    kind, sure = _kind(low, high, named=recommends or score)
    if name.startswith("nps"):
        why = "it is called NPS"
    elif recommends:
        why = "the question asks for a recommendation"
    elif score:
        why = "it is called like a score"
    else:
        why = "whole numbers of a scale" if not found.words else f"labels of {found.words}"
    if kind == "nps" and not recommends:
        sure = Confidence.GUESSED
    if (found.words or found.ends) and high not in {5, 7, 10}:
        kind = "scale"
    if found.ends:
        why += f"; its scale is {low} to {high} by its own words"
    if found.best is Best.LOW:
        why += f"; {low} is the best"
    elif found.best is Best.UNCLEAR:
        why += "; not known which end is the best"
    if found.best is not Best.HIGH:
        sure = Confidence.GUESSED
    return Question((column,), kind, sure, why, found, recommends=recommends)


def _kind(low: int, high: int, *, named: bool) -> tuple[str, Confidence]:
    """The type of answer for numbers of `low` to `high`."""
    if high > 7 or (low == 0 and named and high > 5):
        return ("nps", Confidence.SURE) if named else ("scale", Confidence.GUESSED)
    if low >= 1 and high <= 5:
        return "csat", Confidence.GUESSED
    if low >= 1:
        return "ces", Confidence.GUESSED
    return ("nps", Confidence.GUESSED) if named else ("scale", Confidence.GUESSED)


_RANGES: Mapping[str, tuple[int, int]] = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}


def ends_of(kind: str, found: Scale) -> tuple[int, int] | None:
    """The ends of a scale of this type of answer; None where neither the question nor the values tell."""
    if found.ends:
        return found.ends
    low, high = _RANGES.get(kind, (min(found.low, 1), found.high))
    return (low, high) if found.high in {5, 7, 10, high} and found.low >= low else None


def _separator(column: Column) -> str:
    """What stands between the choices of one cell: their parts recur, the cells hardly do."""
    counts = column.profile.counts
    for separator in SEPARATORS:
        joined = {text: count for text, count in counts.items() if separator.strip() in text}
        if sum(joined.values()) < max(2, 0.1 * column.profile.filled):
            continue
        parts = [
            part.strip()
            for text in counts
            for part in text.split(separator.strip())
            if part.strip()
        ]
        distinct = set(parts)
        if (
            len(distinct) * 3 <= len(parts)
            and len(distinct) < len(counts) * 1.5
            and _short(distinct)
        ):
            return separator
    return ""


def _short(parts: set[str]) -> bool:
    return sum(map(len, parts)) / len(parts) <= 60


def _words(column: Column, text: str) -> Question:
    profile = column.profile
    asks_why = folded(column.part) in lexicon.texts("asks_why") or says("why", text)
    if is_called("comment", column.label):
        return Question((column,), "text", Confidence.SURE, "it is called like a comment")
    if profile.filled and all(text.isdigit() for text in profile.counts) and not column.open:
        return Question((column,), "choice", Confidence.GUESSED, "numbers: the codes of choices?")
    repeated = profile.distinct <= min(_MOST_CHOICES, 0.5 * profile.filled)
    often = profile.distinct <= 12 and profile.filled >= 5 * profile.distinct
    if (
        repeated
        and (often or profile.longest <= 150)
        and (often or not (asks_why and profile.mean_length > 40))
    ):
        return Question(
            (column,), "choice", Confidence.GUESSED, f"{profile.distinct} texts that recur"
        )
    if asks_why or profile.mean_length > 25 or profile.filled >= 8:
        sure = Confidence.SURE if asks_why and profile.filled else Confidence.GUESSED
        return Question((column,), "text", sure, "free text")
    return Question((column,), "choice", Confidence.GUESSED, "short texts")


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
    equal = [each for each in ratings if best and _rank(each) == _rank(best) <= (_ASKED, False)]
    return None if len(equal) >= _MANY else best


def _rank(question: Question) -> tuple[int, bool]:
    """How telling it is; and whether it asks about the whole rather than a part."""
    text = lexicon_room.plain(question.text)
    return _telling(question, text), says("overall", text)


def _telling(question: Question, text: str) -> int:
    if question.recommends:
        return 6 if question.kind == "nps" else 5
    if is_called("score", question.columns[0].label):
        return 4
    if says("satisfied", text) or says("effort", text):
        return 3
    if is_question(question.text):
        return _ASKED
    return 0 if question.scale and question.scale.words else 1


def best_comment(found: Sequence[Question], score: Question | None) -> Question | None:
    """The free text that goes with the score; None where there is none."""
    texts = [each for each in found if _is_comment(each)]
    best = max(texts, key=lambda each: (_closeness(each, score), -each.index), default=None)
    told = best and (_closeness(best, score) or _is_prose(best))
    return best if told else None


def _is_prose(text: Question) -> bool:
    """Whether its values are sentences, a quarter where it is asked as a question: names and amounts are no
    comments. Nor is what one of fifty wrote: it was asked of few."""
    if text.sure is Confidence.SURE or says("remarks", text.text):
        return True
    profile = text.columns[0].profile
    long = sum(_is_sentence(value) for value in profile.counts)
    often = profile.filled * 50 >= profile.rows
    return often and long * (4 if is_question(text.text) else 2) >= profile.distinct


def _is_sentence(value: str) -> bool:
    unspaced = len(value) > 12 and not value.isascii() and " " not in value
    return unspaced or len(value.split()) >= _SENTENCE


def _is_comment(question: Question) -> bool:
    """Whether it is free text, and more than what was written beside another answer."""
    column = question.columns[0]
    beside = is_other(column.part) or bool(_OTHER_FIELD.search(column.label))
    beside = beside or (says("specify", column.label) and not says("remarks", column.text))
    sure = question.sure is Confidence.SURE
    recurs = column.profile.distinct * 4 < column.profile.filled and not sure
    worded = sum(bool(_WORD.search(text)) for text in column.profile.counts)
    said = worded * 2 > column.profile.distinct or sure
    several = question.separator or question.together
    return question.kind == "text" and said and not (several or beside or recurs)


def _closeness(text: Question, score: Question | None) -> int:
    column = text.columns[0]
    beside = score is not None and 0 < column.index - score.columns[-1].index <= 2
    if score and column.group and column.group == score.columns[0].group:
        return 6
    if is_called("comment", column.label):
        return 5
    if beside and not column.label.strip():
        return 4
    if says("remarks", column.text):
        return 3 if beside or not score else 2
    asks_why = says("why", column.text) and not column.group
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
        or lexicon_room.plain(first.part) in lexicon.texts("says_nothing")
    ):
        return _slug(first.group or question.text)
    if lexicon_room.plain(first.text) != lexicon_room.plain(first.label):
        return _slug(first.text)
    return f"{_slug(first.group, 2)}_{_slug(first.part, 3)}".strip("_")


def _slug(text: str, most: int = 4) -> str:
    found = re.findall(r"[a-z0-9]+", lexicon_room.plain(text))
    telling = [word for word in found if word not in lexicon.texts("dull")] or found
    if telling and telling[0].isdigit() and len(telling) > 1:
        telling = telling[1:]
    return "_".join(telling[:most])[:32].strip("_")
