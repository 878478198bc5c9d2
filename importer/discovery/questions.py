"""Which columns are questions, of which kind, and which of them is the score and which the comment."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from importer.discovery import lexicon
from importer.discovery import lexicon as lexicon_room
from importer.discovery.column import Column, Confidence, Profile, exclusive
from importer.discovery.lexicon import asks_rating, is_called, key, keyed_names, says
from importer.discovery.scales import Best, Scale, scale
from importer.mapping.text import folded

SEPARATORS = ("\n", "; ", ";", " | ", "|", "┋", ", ")
_MOST_CHOICES = 25


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the file. `kind` is the mapping's type of answer; `columns` one column, or several
    whose filled cells are the answer: joined (`together`), or the first that is filled.

    `recommends`: it asks for a recommendation. `ticked`: its columns hold ticks, no answers. `why`
    says what the kind was told by.
    """

    columns: tuple[Column, ...]
    kind: str
    sure: Confidence
    why: str
    scale: Scale | None = None
    together: bool = False
    separator: str = ""
    recommends: bool = False
    ticked: bool = False

    @property
    def text(self) -> str:
        first = self.columns[0]
        return first.group if self.together else first.text

    @property
    def index(self) -> int:
        return self.columns[0].index


@dataclass(frozen=True, slots=True)
class Named:
    """An answer that a tool always has: its name and its type in the mapping."""

    name: str
    kind: str


def renamed(question: Question, answers: Mapping[int, Named]) -> Question:
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
        stem = each.group or _stem(each)
        groups.setdefault(stem or f"\0{each.index}", []).append(each)
    return [part for group in groups.values() for part in _as_named(group)]


_LAST_NUMBER = re.compile(r"(?<=[\w?!.:)])[\s:/(\[–-]{1,4}(\d{1,2})[)\]]?\s*")


def _stem(column: Column) -> str:
    """A label without the number at its end, where the column holds one single value."""
    label = column.label.strip()
    found = next(
        (
            each
            for each in _LAST_NUMBER.finditer(label[-_LABEL:])
            if each.end() == len(label[-_LABEL:])
        ),
        None,
    )
    if found is None or column.profile.distinct > 1:
        return ""
    return label[: len(label) - (found.end() - found.start())] + "\0"


_LABEL = 40


def _as_named(group: list[Column]) -> list[list[Column]]:
    """Columns that a number at the end of their names keeps apart are one group where they are the points of
    a scale; else each is by itself."""
    if len(group) < 2 or group[0].group:
        return [group]
    parts = [
        replace(each, group=_stem(each)[:-1], part=each.label[len(_stem(each)) - 1 :])
        for each in group
    ]
    return [parts] if _points(parts) else [[each] for each in group]


def _spread(group: Sequence[Column]) -> list[Question]:
    """One question over several columns: one per choice, or a list of open answers."""
    if points := _points(group):
        return points
    # Whether the parts are numbered (`Tool #1`, `Tool #2`) and hold texts.
    bare = {_without_number(each.part) for each in group}
    numbered = len(bare) == 1 < len(group) and group[0].part not in bare
    if numbered and bare != {""} and not any(scale(each.profile) for each in group):
        why = f"a list of {len(group)} open answers"
        return [Question(tuple(group), "text", Confidence.GUESSED, why, together=True)]
    choices = [each for each in group if not is_other(each.part)]
    # Blank or the text of its own choice.
    if len(choices) < 2 or not all(
        all(folded(text) == folded(each.part) for text in each.profile.counts) for each in choices
    ):
        return []
    if exclusive(group) and (rated := spread_rating(group)):
        return [rated]
    if exclusive(group):
        why = f"{len(group)} columns, one per choice; no row fills two of them"
        return [Question(tuple(group), "choice", Confidence.SURE, why, together=True)]
    why = f"{len(group)} columns, one per choice; rows fill several of them"
    return [Question(tuple(group), "text", Confidence.SURE, why, together=True)]


def _points(group: Sequence[Column]) -> list[Question]:
    """One question with a column for each point of its scale, which holds that point alone, or a tick."""
    numbers = [_point(each.part) for each in group]
    if len(group) < _FEWEST_POINTS or None in numbers or not exclusive(group):
        return []
    points = sorted(each for each in numbers if each is not None)
    if points != list(range(points[0], points[0] + len(points))) or points[0] > 1:
        return []
    if any(each.profile.distinct > 1 for each in group):
        return []
    own = all(
        _point(text) == number
        for each, number in zip(group, numbers, strict=True)
        for text in each.profile.counts
    )
    if own and (rated := spread_rating(group)):
        return [rated]
    why = (
        f"{len(group)} columns, one per point of a scale, ticked: no single column holds the score"
    )
    return [Question(tuple(group), "choice", Confidence.GUESSED, why, together=True, ticked=True)]


_FEWEST_POINTS = 3
_POINT = re.compile(r"[\W_]*(\d{1,2})(?![\d.,]*\d)(?:[^\d]*)", re.DOTALL)


def _point(text: str) -> int | None:
    """The number that a text begins with: `- 5`, `5 (very likely)`."""
    found = _POINT.fullmatch(text)
    return int(found[1]) if found and int(found[1]) <= 10 else None


def spread_rating(group: Sequence[Column]) -> Question | None:
    """A rating with a column for each of its numbers."""
    counts = sum((Counter(each.profile.counts) for each in group), Counter[str]())
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


def _with_flags(group: Sequence[Column]) -> list[Question]:
    """Several choices in one cell, and beside it a column of yes and no for each: the same again."""
    main, *flags = group
    if main.part or not flags or main.blank or not all(map(_is_flag, flags)):
        return []
    why = f"several choices in one cell; the {len(flags)} columns beside it say the same"
    return [Question((main,), "text", Confidence.SURE, why, separator=" ")]


def _is_flag(column: Column) -> bool:
    return {text.casefold() for text in column.profile.counts} <= {"0", "1", "true", "false"}


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
    text = column.text if column.text != column.label else f"{column.group} {column.label}"
    if folded(column.part) in lexicon.texts("open") or column.open:
        return Question((column,), "text", Confidence.SURE, "the tool says that it is open-ended")
    found = scale(column.profile, text, sure=_is_called_score(column, text))
    if found and _is_rating(column, found, text):
        return _rating(column, found, text)
    if separator := _separator(column):
        shown = "line breaks" if separator == "\n" else repr(separator.strip())
        why = f"several choices in one cell, separated by {shown}"
        return Question((column,), "text", Confidence.GUESSED, why, separator=separator)
    return _words(column, text)


def _is_called_score(column: Column, text: str) -> bool:
    return is_called("score", column.label) or says("recommend", text)


def _is_rating(column: Column, found: Scale, text: str) -> bool:
    plain = lexicon_room.plain(text)
    numbers = len(column.profile.counts) - len(found.na)
    if found.high <= 1 or (found.words and lexicon.is_comment(column.label)):
        return False
    named = asks_rating(plain) or is_called("score", column.label)
    counts_rows = column.profile.is_counter and numbers == column.profile.filled >= _FEWEST_POINTS
    if (numbers == 1 and (found.parse or not named)) or (counts_rows and not named):
        return False  # one value is no scale (a ticked box), nor are 1, 2, 3 of a short table
    if named:
        return True
    if says("counted", plain) or _counts_on(column) or _are_codes(column):
        return False
    if found.ends or found.words or (found.parse and found.high in {5, 7, 10} and numbers > 2):
        return True
    return found.low <= 3 and found.high in {5, 7, 9, 10} and numbers >= 4


def _are_codes(column: Column) -> bool:
    """Whether the values are numbered things (`Answer 4`, `Group 2`), or the digits of a code."""
    counts = column.profile.counts
    words = {lexicon_room.plain(text).strip("0123456789 ") for text in counts}
    numbered = len(words) == 1 and "" not in words and not says("rated_in", words.pop())
    return numbered or (all(f"{n}" in counts for n in range(10)) and "10" not in counts)


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
    likely = score and high > 5 and not (says("stars", plain) or says("satisfied", plain))
    kind, sure = _kind(low, high, named=recommends or likely)
    if name.startswith("nps"):
        why = "it is called NPS"
    elif recommends:
        why = "the question asks for a recommendation"
    elif score:
        why = "it is called like a score"
    else:
        why = "whole numbers of a scale" if not found.words else f"labels of {found.words}"
    if kind == "nps" and (found.coded or not recommends):
        sure = Confidence.GUESSED
    if (found.words or found.ends) and high not in {5, 7, 10}:
        kind = "scale"
    if found.ends:
        why += f"; its scale is {low} to {high} by its own words"
    signs = {Best.LOW: f"; {low} is the best", Best.UNCLEAR: "; not known which end is the best"}
    why += signs.get(found.best, "") + ("; 0 to 10 are coded 1 to 11" if found.coded else "")
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
        mark = separator.strip() or separator
        joined = {text: count for text, count in counts.items() if mark in text}
        if sum(joined.values()) < max(2, 0.1 * column.profile.filled):
            continue
        parts = [part.strip() for text in counts for part in text.split(mark) if part.strip()]
        distinct = set(parts)
        if (
            len(distinct) * 3 <= len(parts)
            and len(distinct) < len(counts) * 1.5
            and sum(map(len, distinct)) / len(distinct) <= 60
        ):
            return separator
    return ""


def _words(column: Column, text: str) -> Question:
    profile = column.profile
    asks_why = folded(column.part) in lexicon.texts("asks_why") or says("why", text)
    if lexicon.is_comment(column.label):
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
        why = f"{profile.distinct} texts that recur"
        return Question((column,), "choice", Confidence.GUESSED, why)
    if asks_why or profile.mean_length > 25 or profile.filled >= 8:
        sure = Confidence.SURE if asks_why and profile.filled else Confidence.GUESSED
        return Question((column,), "text", sure, "free text")
    return Question((column,), "choice", Confidence.GUESSED, "short texts")
