"""Columns of ratings: whole numbers, numbers with words, words alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from importer.inference import lexicon
from importer.inference.labels import ordered
from importer.inference.profile import Profile
from importer.mapping.blanks import folded

_WHOLE = re.compile(r"[+-]?(\d{1,3})(?:[.,]0+)?")
_LEADING = re.compile(r"(\d{1,2})\s*(?:[-–—:=.)(]|\s)\s*\D.*", re.DOTALL)
_ONLY = re.compile(r"\D*(\d{1,2})\D*", re.DOTALL)
_ENDS = re.compile(r"(?<![\w.,])(\d{1,2})(?![\d.,]*\d)")


@dataclass(frozen=True, slots=True)
class Scale:
    """A column of ratings. `low`..`high` were seen; `ends` are those that the question names, if it does.

    `na`: texts that are no answer. `values`: labels and the number of each. `parse`: the transform that
    finds the number in the text. `stray`: values that fit nothing here, with their counts. `words` says
    that every value is a label: their numbers are ours, not the file's.
    """

    low: int
    high: int
    ends: tuple[int, int] | None = None
    na: tuple[str, ...] = ()
    values: Mapping[str, int] = field(default_factory=dict)
    parse: str = ""
    stray: Mapping[str, int] = field(default_factory=dict)
    words: str = ""


def scale(profile: Profile, question: str = "", *, sure: bool = False) -> Scale | None:
    """The scale of a column; None where its values aren't ratings. Numbers above 10 are no rating.
    `sure`: its name says that it is one, so that more of its values may be strays."""
    counts, na = profile.without(lexicon.texts("no_answer"))
    if not counts:
        return None
    return _labelled(counts, na) or _numbered(counts, na, question, 0.5 if sure else 0.05)


def _labelled(counts: Mapping[str, int], na: tuple[str, ...]) -> Scale | None:
    """Words alone: all of one ready-made scale, two of them at least; else put in order by what they say."""
    seen = {folded(text) for text in counts}
    for about, labels in lexicon.scales():
        if len(seen) > 1 and seen <= set(map(folded, labels)):
            values = {_written(counts, label): number for number, label in enumerate(labels, 1)}
            return Scale(1, len(labels), (1, len(labels)), na, values, words=about)
    found = ordered(counts)
    if found is None:
        return None
    about = found.about if found.whole else f"{found.about}, of which not each step was seen"
    return Scale(1, found.high, (1, found.high), (*na, *found.outside), found.values, words=about)


def _written(counts: Mapping[str, int], label: str) -> str:
    return next((text for text in counts if folded(text) == folded(label)), label.capitalize())


def _numbered(
    counts: Mapping[str, int], na: tuple[str, ...], question: str, strays: float
) -> Scale | None:
    wholes = {text: int(found[1]) for text in counts if (found := _WHOLE.fullmatch(text))}
    numbers = {text: number for text, number in wholes.items() if number <= 10 and text[0] != "-"}
    parse, read = _parsed({text for text in counts if text not in wholes})
    numbers |= read
    left = {text: count for text, count in counts.items() if text not in numbers}
    if not numbers or max(read.values(), default=0) > 10:
        return None
    ends = _ends(question, numbers.values())
    named = _named_ends(left, numbers.values(), ends)
    seen = [*numbers.values(), *named.values()]
    stray = {text: count for text, count in left.items() if text not in named}
    if sum(stray.values()) > strays * sum(counts.values()):
        return None
    return Scale(min(seen), max(seen), ends, na, named, parse, stray)


def _parsed(texts: set[str]) -> tuple[str, dict[str, int]]:
    """Numbers with words beside them: `10 - Extremely likely`, `Extremely likely - 10`."""
    best: tuple[str, dict[str, int]] = ("", {})
    for parse, pattern in (("leading_int", _LEADING), ("only_int", _ONLY)):
        read = {text: int(found[1]) for text in texts if (found := pattern.fullmatch(text))}
        if len(read) > len(best[1]) and all(len(text) <= 60 for text in read):
            best = parse, read
    return best


def _named_ends(
    left: Mapping[str, int], numbers: Collection[int], ends: tuple[int, int] | None
) -> dict[str, int]:
    """Scales whose ends are words and whose inside is digits: `Strongly agree`, 9, 8, ..."""
    seen = set(numbers)
    low, high = ends or (min(seen) - 1, max(seen) + 1)
    named: dict[str, int] = {}
    for text in left if len(left) <= 2 else ():
        if any(char.isdigit() for char in text):
            continue
        said = folded(text)
        best = high if lexicon.pattern("best").search(said) else None
        end = low if lexicon.pattern("worst").search(said) else best
        if end is not None and end not in seen and 0 <= end <= 10:
            named[text] = end
    return named


def _ends(question: str, seen: Collection[int]) -> tuple[int, int] | None:
    """The ends that a question names: `10 - strongly agree, 1 - strongly disagree` is 1 to 10; what was seen
    lies between them."""
    found = sorted({int(each) for each in _ENDS.findall(question)})
    if len(found) < 2 or found[0] not in {0, 1} or found[-1] not in {5, 7, 10}:
        return None
    return (found[0], found[-1]) if found[0] <= min(seen) and max(seen) <= found[-1] else None
