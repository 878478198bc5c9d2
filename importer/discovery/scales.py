"""Columns of ratings: whole numbers, numbers with words, words alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import combinations

from importer.discovery import lexicon
from importer.discovery.column import Profile
from importer.discovery.lexicon import STRENGTH, face, plain, says, stars, step_of
from importer.mapping.text import folded

# Scales of words that no tool has ready-made: labels put in order by what they say and how strongly.
#
# `Sehr unzufrieden, Eher unzufrieden, Zufrieden`: a word that praises or blames, and one that makes
# it stronger or weaker. Stars and faces are labels, too. The words are in `lexicon.toml`; a label
# with a word from nowhere makes no scale.

_MOST_LABELS = 10


@dataclass(frozen=True, slots=True)
class Ordered:
    """Labels and the number of each, on a scale of 1 to `high`; `about` says what they are, `outside` holds
    those that are no answer (`Don't know`), `whole` whether each number of the scale has its label in the
    file."""

    values: Mapping[str, int]
    high: int
    about: str
    outside: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether no step of the scale is missing."""
        return set(self.values.values()) == set(range(1, self.high + 1))


def ordered(texts: Collection[str]) -> Ordered | None:
    """The labels on a scale; None where one of them isn't understood, or their places aren't clear."""
    outside = tuple(text for text in texts if lexicon.pattern("outside").fullmatch(plain(text)))
    labels = [text for text in texts if text not in outside]
    if not 2 <= len(labels) <= _MOST_LABELS:
        found = _parts_of(labels) if len(labels) == _MOST_LABELS + 1 else None
    else:
        found = _stars_of(labels) or _parts_of(labels) or _steps_of(labels)
    return replace(found, outside=outside) if found else None


def _stars_of(texts: Sequence[str]) -> Ordered | None:
    found = {text: stars(text) for text in texts}
    if not all(found.values()) or len(set(found.values())) < 2:
        return None
    return Ordered(found, _high(max(found.values())), "stars")


def _parts_of(texts: Sequence[str]) -> Ordered | None:
    """`4 / 5`, `4 out of 5`; of ten, 0 is a step as well."""
    part = lexicon.pattern("out_of", r"(\d{1,2})\s*", r"\s*(5|7|10)")
    parts = {text: part.fullmatch(" ".join(text.casefold().split())) for text in texts}
    found = {text: (int(each[1]), int(each[2])) for text, each in parts.items() if each}
    tops = {top for _, top in found.values()}
    if (
        len(found) < len(texts)
        or len(tops) != 1
        or any(not (top < 10) <= n <= top for n, top in found.values())
    ):
        return None
    return Ordered({text: n for text, (n, _) in found.items()}, tops.pop(), "parts")


def _high(most: int) -> int:
    return next(top for top in (5, 7, 10) if most <= top)


def _steps_of(texts: Sequence[str]) -> Ordered | None:
    """Words or faces, by how good and how strong they are."""
    found = {text: step for text in texts if (step := step_of(text)) is not None}
    steps = sorted(set(found.values()))
    if len(found) < len(texts) or len(steps) < len({plain(text) or text for text in texts}):
        return None
    places = _places(steps)
    if not places:
        return None
    place = dict(zip(steps, places, strict=True))
    about = "faces" if all(face(text) is not None for text in texts) else "words"
    high = 4 if places == [1, 2, 3, 4] else max(5, places[-1])
    return Ordered({text: place[step] for text, step in found.items()}, high, about)


def _places(steps: Sequence[float]) -> list[int]:
    """Where each step stands: five, seven, and four without a middle are whole scales; fewer have places on
    one of five where both of its ends are there. Empty where it isn't clear."""
    if len(steps) in {5, 7}:
        return list(range(1, len(steps) + 1))
    below, above = [step for step in steps if step < 0], [step for step in steps if step > 0]
    if len(steps) == 4 and len(below) == len(above) == 2:
        return [1, 2, 3, 4]
    places = [3 if not step else _place(step) for step in steps]
    strong = {1, 5} & set(places)
    clear = len(places) == 4 or (len(places) == 3 and strong == {1, 5})
    return places if clear and below and above and len(set(places)) == len(places) else []


def _place(step: float) -> int:
    """Of five: strong words stand at the ends, others beside the middle."""
    far = abs(step) > STRENGTH[""]
    return (1 if far else 2) if step < 0 else (5 if far else 4)


# Which end of a scale of numbers is the best: by the words beside them, in the values and in the question.


class Best(StrEnum):
    """The end of a scale that is the best one."""

    HIGH = "high"
    LOW = "low"
    UNCLEAR = "not known"


_AT = re.compile(r"(?<![\w.,/])(?<!\d[-–—])(\d{1,2})(?!\w|[.,/]\d)")
_TIED = re.compile(r"\s*(?:[=:)(–—-]+\s*)?")
_CUT = re.compile(r"[;,()\[\]\n…/?!]|\.\.|\s[-–—]\s|\.\s")
_TIED_BEFORE = re.compile(r"([^\d;,()\[\]\n.?!:=]+?)\s*(?:(\()|[=:])\s*$")
_GOES_ON = re.compile(r"\s*(?:[-–—]\s*\d|[=:])")
_LONGEST = 2_000
_NEAR = 80
"""Characters of a question that are looked at, and those before a number."""
_PREFIX = 6
"""Words of a label, at most."""


@dataclass(frozen=True, slots=True)
class Direction:
    """Which end is the best, and its words; `ends` are the numbers at both, where words stand there."""

    best: Best = Best.HIGH
    why: str = ""
    ends: tuple[int, int] | None = None


def direction(labels: Mapping[str, int], numbers: Collection[int], question: str) -> Direction:
    """Which end of the scale is the best. `labels` are values that have words beside their number, `numbers`
    all that were seen."""
    said = {number: _LETTERLESS.sub(" ", text).strip() for text, number in labels.items()}
    said = {number: text for number, text in said.items() if _is_label(text)}
    words = {text if " " in text else text[:4] for text in map(_plain_or_drawn, said.values())}
    if len(words) < min(2, len(said)):
        said = {}  # `Level 1`, `5 points`: the word says nothing of either
    asked = dict(_told(question))
    said = {**asked, **said}
    steps = {number: step for number, text in said.items() if (step := _leading(text)) is not None}
    low, high = min(said, default=0), max(said, default=0)
    ends = _worded_ends(steps, low, high)
    known = asked | {n: text for n, text in said.items() if step_of(text) is not None}
    shown = "; ".join(
        f"{n} is {' '.join(known[n].split())[:40].strip(' .:=-–')!r}"
        for n in sorted({low, high} & known.keys())
    )
    best = _best(steps, [*said, *numbers])
    amounts = any(says("amount", text) for text in said.values())
    if best is Best.HIGH and not (amounts and says("worse_upwards", question)):
        return Direction(best, shown, ends)
    if best is Best.LOW:
        return Direction(best, shown, ends)
    if best is not None or (low in {0, 1} and high > low + 1):
        return Direction(Best.UNCLEAR, shown, ends)
    return _by_signs(numbers, question)


def _by_signs(numbers: Collection[int], question: str) -> Direction:
    """Where no words stand beside numbers: whether the question may mean that the lowest is the best."""
    if says("worse_upwards", question):
        return Direction(Best.UNCLEAR, "the question may mean that more is worse")
    if max(numbers) <= _GRADES and min(numbers) and says("school_grade", question):
        grades = (1, _GRADES) if max(numbers) == _GRADES else None
        return Direction(
            Best.UNCLEAR, "of a school's grades, 1 is the best in some countries", grades
        )
    listed = [step for each in _listed(question) if (step := step_of(each)) is not None]
    if len(listed) > 1 and listed[0] > 0 > listed[-1]:
        return Direction(Best.UNCLEAR, "the question names the best first")
    return Direction()


_LETTERLESS = re.compile(r"[\d=()\[\]:]+|(?<!\w)[-–—.]|[-–—.](?!\w)")
_GRADES = 6
"""The worst grade of a school, in countries where 1 is the best."""


def _is_label(text: str) -> bool:
    """Whether it is more than the name of a unit: `stars`, `of 5`."""
    words = plain(text)
    unit = lexicon.pattern("stars").fullmatch(words) or lexicon.pattern("out_of").fullmatch(words)
    return bool(words or face(text) is not None) and not unit


def _plain_or_drawn(text: str) -> str:
    return plain(text) or text


def _best(steps: Mapping[int, float], numbers: Collection[int]) -> Best | None:
    """By what the words say of their numbers: UNCLEAR where they disagree, None where they say nothing."""
    pairs = combinations(sorted(steps), 2)
    ways = [steps[b] > steps[a] for a, b in pairs if steps[a] != steps[b]]
    if not ways:
        middle = (min(numbers) + max(numbers)) / 2
        ways = [
            step * (number - middle) > 0
            for number, step in steps.items()
            if step and number != middle
        ]
    up = sum(ways)
    if not ways:
        return None
    most = 0.8 * len(ways)
    return Best.HIGH if up >= most else Best.LOW if len(ways) - up >= most else Best.UNCLEAR


def _worded_ends(steps: Mapping[int, float], low: int, high: int) -> tuple[int, int] | None:
    """The ends of the scale, where the words at both are as strong, or strong ones; else by the middle that
    opposite words have in common."""
    a, b = steps.get(low, 0.0), steps.get(high, 0.0)
    if low not in {0, 1} or high < low + 2 or not steps:
        return None
    if a * b < 0 and (abs(a) == abs(b) or min(abs(a), abs(b)) >= STRENGTH["strong"]):
        return low, high
    middles = {m + n for m, n in combinations(steps, 2) if steps[m] == -steps[n]}
    middles |= {2 * n for n, step in steps.items() if not step}
    top = middles.pop() - low if len(middles) == 1 else 0
    return (low, top) if high <= top <= _MOST_LABELS else None


def _told(question: str) -> Iterator[tuple[int, str]]:
    """Numbers in a question with the words beside them: `1 = very satisfied`, `sehr gut (1)`."""
    question = question[:_LONGEST]
    found = list(_AT.finditer(question))
    loose = []
    for at, each in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(question)
        number, rest = int(each[1]), question[each.end() : end]
        before = _TIED_BEFORE.search(question[max(each.start() - _NEAR, 0) : each.start()])
        closed = before and (not before[2] or rest.lstrip().startswith(")"))
        if number > _MOST_LABELS:
            continue
        if before and closed and not _GOES_ON.match(question, each.end()):
            yield number, _last_words(before[1])
            continue
        tied = _TIED.match(rest)
        text = _CUT.split(rest[tied.end() if tied else 0 :], maxsplit=1)[0]
        meant = lexicon.pattern("means", r"\s*", r"\b", re.IGNORECASE).match(text)
        text = text[meant.end() :] if meant else text
        if not text.strip():
            continue
        if meant or (tied and tied[0].strip(" )")) or (tied and ")" in tied[0] and _leading(text)):
            yield number, text
        elif _leading(text) is not None:
            loose.append((number, text))
    if len(loose) > 1:
        yield from loose


def _last_words(text: str) -> str:
    """The longest label at the end of a text; all of it where there is none."""
    words = text.split()
    ends = (" ".join(words[-n:]) for n in range(min(_PREFIX, len(words)), 0, -1))
    return next((each for each in ends if step_of(each) is not None), text)


def _leading(text: str) -> float | None:
    """How good the label is that the text begins with."""
    if (whole := step_of(text)) is not None:
        return whole
    words = text.split()
    starts = (" ".join(words[:n]) for n in range(min(_PREFIX, len(words)), 0, -1))
    return next((step for each in starts if (step := step_of(each)) is not None), None)


def _listed(question: str) -> list[str]:
    """The parts of a question that may be the labels of its scale."""
    until = lexicon.pattern("until", r"\s", r"\s", re.IGNORECASE)
    return [part for each in _CUT.split(question[:_LONGEST]) for part in until.split(each)]


# Scales of numbers.

_WHOLE = re.compile(r"[+-]?(\d{1,3})(?:[.,]0+)?")
_COMMA = re.compile(r"[+-]?\d{1,3},\d+")
_LEADING = re.compile(r"(\d{1,2})\s*(?:[-–—:=.)(]|\s)\s*\D.*", re.DOTALL)
_ONLY = re.compile(r"\D*(?<![^\W\d_])(\d{1,2})(?![^\W\d_])\D*", re.DOTALL)
_ENDS = re.compile(r"(?<![\w.,])(\d{1,2})(?![\d.,]*\d)")


@dataclass(frozen=True, slots=True)
class Scale:
    """A column of ratings. `low`..`high` were seen; `ends` are those that the question names, if it does.

    `na`: texts that are no answer. `values`: labels and the number of each. `parse`: the transform that
    finds the number in the text. `stray`: values that fit nothing here, with their counts. `words` says
    that every value is a label: their numbers are ours, not the file's. `best` is its best end, by what
    `signs` says. `unplaced` are words for an end whose number nobody can tell.
    """

    low: int
    high: int
    ends: tuple[int, int] | None = None
    na: tuple[str, ...] = ()
    values: Mapping[str, int] = field(default_factory=dict)
    parse: str = ""
    stray: Mapping[str, int] = field(default_factory=dict)
    words: str = ""
    best: Best = Best.HIGH
    signs: str = ""
    unplaced: tuple[str, ...] = ()
    comma: bool = False
    """Whether numbers are written with a decimal comma: `9,0`."""
    coded: bool = False
    """Whether its points, 0 to 10, are coded 1 to 11."""


def scale(profile: Profile, question: str = "", *, sure: bool = False) -> Scale | None:
    """The scale of a column; None where its values aren't ratings. Numbers above 10 are no rating.
    `sure`: its name says that it is one, so that more of its values may be strays."""
    counts, na = profile.without(lexicon.texts("no_answer"))
    if not counts:
        return None
    return _labelled(counts, na) or _numbered(counts, na, question, 0.5 if sure else 0.05)


def _labelled(counts: Mapping[str, int], na: tuple[str, ...]) -> Scale | None:
    """Words alone: all of one ready-made scale; else put in order by what they say."""
    if ready := lexicon.ready_made({folded(text) for text in counts}):
        about, labels = ready
        values = {_written(counts, label): number for number, label in enumerate(labels, 1)}
        return Scale(1, len(labels), (1, len(labels)), na, values, words=about)
    found = ordered(counts)
    if found is None:
        return None
    about = found.about if found.whole else f"{found.about}, of which not each step was seen"
    low = min(1, *found.values.values())
    return Scale(
        low, found.high, (low, found.high), (*na, *found.outside), found.values, words=about
    )


def _written(counts: Mapping[str, int], label: str) -> str:
    return next((text for text in counts if folded(text) == folded(label)), label.capitalize())


def _numbered(
    counts: Mapping[str, int], na: tuple[str, ...], question: str, strays: float
) -> Scale | None:
    wholes = {text: int(found[1]) for text in counts if (found := _WHOLE.fullmatch(text))}
    coded = _codes_points(counts, question)
    numbers = {text: n - coded for text, n in wholes.items() if n <= 10 + coded and text[0] != "-"}
    parse, read = _parsed({text for text in counts if text not in wholes})
    numbers |= read
    left = {text: count for text, count in counts.items() if text not in numbers}
    if not numbers or max(read.values(), default=0) > 10:
        return None
    told = direction(read, numbers.values(), question)
    ends = _ends(question, numbers.values()) or _within(told.ends, numbers.values())
    worded = _named_ends(left, numbers.values(), ends, question, best=told.best)
    named = {text: number for text, number in worded.items() if number is not None}
    seen = [*numbers.values(), *named.values()]
    stray = {text: count for text, count in left.items() if text not in worded}
    if sum(stray.values()) > strays * sum(counts.values()):
        return None
    return Scale(
        *(min(seen), max(seen), ends, na, named, parse, stray),
        best=told.best,
        signs=told.why,
        unplaced=tuple(worded.keys() - named),
        comma=any(map(_COMMA.fullmatch, counts)),
        coded=coded,
    )


def _codes_points(counts: Mapping[str, int], question: str) -> bool:
    """Whether the eleven points of a recommendation are counted from 1, as tools code choices: no 0, nothing
    above 11 (but 98 for no answer), and 11 too often to be a slip."""
    often = counts.get("11", 0) >= max(2, 0.05 * sum(counts.values()))
    asked = says("recommend", question) and not says("counted", question)
    return often and asked and counts.keys().isdisjoint(("0", *map(str, range(12, 90))))


def _within(ends: tuple[int, int] | None, seen: Collection[int]) -> tuple[int, int] | None:
    return ends if ends and ends[0] <= min(seen) and max(seen) <= ends[1] else None


def _parsed(texts: set[str]) -> tuple[str, dict[str, int]]:
    """Numbers with words beside them: `10 - Extremely likely`, `Extremely likely - 10`."""
    best: tuple[str, dict[str, int]] = ("", {})
    for parse, pattern in (("leading_int", _LEADING), ("only_int", _ONLY)):
        read = {text: int(found[1]) for text in texts if (found := pattern.fullmatch(text))}
        if len(read) > len(best[1]) and all(len(text) <= 60 for text in read):
            best = parse, read
    return best


def _named_ends(
    left: Mapping[str, int],
    numbers: Collection[int],
    ends: tuple[int, int] | None,
    question: str,
    *,
    best: Best,
) -> dict[str, int | None]:
    """Scales whose ends are words and whose inside is digits: `Strongly agree`, 9, 8, ... None where nobody
    can tell the number of the end."""
    words: dict[str, bool] = {}
    for text in left if len(left) <= 2 else ():
        said = folded(text)
        worst = lexicon.pattern("worst").search(said)
        if not any(map(str.isdigit, text)) and (worst or lexicon.pattern("best").search(said)):
            words[text] = not worst
    tops = [up == (best is not Best.LOW) for up in words.values()]
    low, high = ends or _guessed_ends(numbers, question, below=not all(tops), above=any(tops))
    named = {text: high if top else low for text, top in zip(words, tops, strict=True)}
    clear = len(set(tops)) == len(tops) and not set(named.values()) & set(numbers)
    return named if clear else {}


def _guessed_ends(
    numbers: Collection[int], question: str, *, below: bool, above: bool
) -> tuple[int | None, int]:
    """The ends of a scale by the digits inside it: the least scale that has room for words `above` and
    `below` them. Recommendations are 0 to 10; elsewhere a scale to 10 begins with 0 or 1."""
    least, most = min(numbers), max(numbers)
    recommends = says("recommend", question)
    tops = (10,) if recommends and most > 5 else (5, 7, 10)
    high = next((top for top in tops if most + above <= top), 10)
    if least <= (1 if below else 0) or (high == 10 and recommends):
        return 0, high
    return (None if high == 10 else 1), high


def _ends(question: str, seen: Collection[int]) -> tuple[int, int] | None:
    """The ends that a question names: `10 - strongly agree, 1 - strongly disagree` is 1 to 10; what was seen
    lies between them."""
    found = sorted({int(each) for each in _ENDS.findall(question)})
    if len(found) < 2 or found[0] not in {0, 1} or found[-1] not in {5, 7, 10}:
        return None
    return (found[0], found[-1]) if found[0] <= min(seen) and max(seen) <= found[-1] else None
