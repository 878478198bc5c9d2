"""Which columns are questions, of which kind, and which of them is the score and which the comment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from importer.inference import lexicon, words
from importer.inference.column import Column, Sure, exclusive
from importer.inference.profile import Profile
from importer.inference.scales import Scale, scale
from importer.mapping.blanks import folded

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
    sure: Sure
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
    return replace(question, kind=named.kind, sure=Sure.SURE, why=why, scale=found, separator="")


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
        return [Question(tuple(group), "text", Sure.GUESSED, why, together=True)]
    choices = [each for each in group if not is_other(each.part)]
    if len(choices) < 2 or not all(_holds_its_choice(each) for each in choices):
        return []
    if exclusive(group) and (rated := _spread_rating(group)):
        return [rated]
    if exclusive(group):
        why = f"{len(group)} columns, one per choice; no row fills two of them"
        return [Question(tuple(group), "choice", Sure.SURE, why, together=True)]
    why = f"{len(group)} columns, one per choice; rows fill several of them"
    return [Question(tuple(group), "text", Sure.SURE, why, together=True)]


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
    return [Question((main,), "text", Sure.SURE, why, separator=" ")]


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
        return Question((column,), "text", Sure.SURE, "the tool says that it is open-ended")
    found = scale(column.profile, text, sure=_is_called_score(column, text))
    if found and _is_rating(column, found, text):
        return _rating(column, found, text)
    if separator := _separator(column):
        why = f"several choices in one cell, separated by {separator.strip()!r}"
        return Question((column,), "text", Sure.GUESSED, why, separator=separator)
    return _words(column, text)


def _is_called_score(column: Column, text: str) -> bool:
    return words.is_called("score", column.label) or words.says("recommend", text)


def _is_rating(column: Column, found: Scale, text: str) -> bool:
    plain = words.plain(text)
    if found.high <= 1:
        return False
    if words.asks_rating(plain) or words.is_called("score", column.label):
        return True
    if words.says("counted", plain) or _counts_on(column):
        return False
    if found.ends or found.words or (found.parse and found.high in {5, 7, 10}):
        return True
    numbers = len(column.profile.counts) - len(found.na)
    return found.low <= 3 and found.high in {5, 7, 9, 10} and numbers >= 4


def _counts_on(column: Column) -> bool:
    """Whether a value says that it goes on: `5 or more`."""
    return any(
        lexicon.pattern("or_more").search(words.plain(text) if text[-1:] != "+" else text)
        for text in column.profile.counts
    )


def _rating(column: Column, found: Scale, text: str) -> Question:
    plain = words.plain(text)
    name = words.key(column.label)
    recommends = words.says("recommend", plain) or name.startswith("nps")
    high = found.ends[1] if found.ends else found.high
    low = found.ends[0] if found.ends else found.low
    score = name in words.names("score")
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
        sure = Sure.GUESSED
    if found.words and high not in {5, 7, 10}:
        kind = "scale"
    if found.ends:
        why += f"; its scale is {low} to {high} by its own words"
    return Question((column,), kind, sure, why, found, recommends=recommends)


def _kind(low: int, high: int, *, named: bool) -> tuple[str, Sure]:
    """The type of answer for numbers of `low` to `high`."""
    if high > 7 or (low == 0 and named and high > 5):
        return ("nps", Sure.SURE) if named else ("scale", Sure.GUESSED)
    if low >= 1 and high <= 5:
        return "csat", Sure.GUESSED
    if low >= 1:
        return "ces", Sure.GUESSED
    return ("nps", Sure.GUESSED) if named else ("scale", Sure.GUESSED)


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
    asks_why = folded(column.part) in lexicon.texts("asks_why") or words.says("why", text)
    if words.is_called("comment", column.label):
        return Question((column,), "text", Sure.SURE, "it is called like a comment")
    if profile.filled and all(text.isdigit() for text in profile.counts) and not column.open:
        return Question((column,), "choice", Sure.GUESSED, "numbers: the codes of choices?")
    repeated = profile.distinct <= min(_MOST_CHOICES, 0.5 * profile.filled)
    often = profile.distinct <= 12 and profile.filled >= 5 * profile.distinct
    if (
        repeated
        and profile.longest <= 150
        and (often or not (asks_why and profile.mean_length > 40))
    ):
        return Question((column,), "choice", Sure.GUESSED, f"{profile.distinct} texts that recur")
    if asks_why or profile.mean_length > 25 or profile.filled >= 8:
        sure = Sure.SURE if asks_why and profile.filled else Sure.GUESSED
        return Question((column,), "text", sure, "free text")
    return Question((column,), "choice", Sure.GUESSED, "short texts")
