"""Columns of ratings: whole numbers, numbers with words, words alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from importer.discovery import lexicon
from importer.discovery.column import Profile
from importer.discovery.lexicon import plain
from importer.mapping.text import folded

# Scales of words that no tool has ready-made: labels put in order by what they say and how strongly.
#
# `Sehr unzufrieden, Eher unzufrieden, Zufrieden`: a word that praises or blames, and one that makes
# it stronger or weaker. Stars and faces are labels, too. The words are in `lexicon.toml`; a label
# with a word from nowhere makes no scale.

_STRENGTH = {"": 2.0, "extreme": 4.0, "strong": 3.0, "weak": 1.0}
_STRONGER: tuple[lexicon.Pattern, ...] = ("extreme", "strong", "weak")
_TURNING: tuple[tuple[lexicon.Pattern, float], ...] = (("not_at_all", -4.0), ("not_so", -1.5))
_APART = re.compile(r"(?:ich )?(?:stimme|trifft) (?:(?P<how>.+) )?zu")
"""German puts the strength between the verb and its other half."""
_STARS = re.compile(r"[★⭐✭✮🌟]\ufe0f?")
_EMPTY_STAR = re.compile(r"[☆✩]\ufe0f?")
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
        return None
    found = _stars_of(labels) or _parts_of(labels) or _steps_of(labels)
    return replace(found, outside=outside) if found else None


def _stars_of(texts: Sequence[str]) -> Ordered | None:
    found = {text: _stars(text) for text in texts}
    if not all(found.values()) or len(set(found.values())) < 2:
        return None
    return Ordered(found, _high(max(found.values())), "stars")


def _parts_of(texts: Sequence[str]) -> Ordered | None:
    """`4 / 5`, `4 out of 5`."""
    part = lexicon.pattern("out_of", r"(\d{1,2})\s*", r"\s*(5|7|10)")
    parts = {text: part.fullmatch(" ".join(text.casefold().split())) for text in texts}
    found = {text: (int(each[1]), int(each[2])) for text, each in parts.items() if each}
    tops = {top for _, top in found.values()}
    if (
        len(found) < len(texts)
        or len(tops) != 1
        or any(not 1 <= n <= top for n, top in found.values())
    ):
        return None
    return Ordered({text: n for text, (n, _) in found.items()}, tops.pop(), "parts")


def _high(most: int) -> int:
    return next(top for top in (5, 7, 10) if most <= top)


def _stars(text: str) -> int:
    """How many stars, drawn or counted; 0 where there are none."""
    full, empty = len(_STARS.findall(text)), len(_EMPTY_STAR.findall(text))
    if full and not _STARS.sub("", _EMPTY_STAR.sub("", text)).strip() and full + empty <= 10:
        return full
    counted = lexicon.pattern("stars", r"([1-7])\s*").fullmatch(plain(text))
    return int(counted[1]) if counted else 0


def _steps_of(texts: Sequence[str]) -> Ordered | None:
    """Words or faces, by how good and how strong they are."""
    found = {text: step for text in texts if (step := _step(text)) is not None}
    steps = sorted(set(found.values()))
    if len(found) < len(texts) or len(steps) < len({plain(text) or text for text in texts}):
        return None
    places = _places(steps)
    if not places:
        return None
    place = dict(zip(steps, places, strict=True))
    faces = all(_face(text) is not None for text in texts)
    high = 4 if places == [1, 2, 3, 4] else max(5, places[-1])
    return Ordered(
        {text: place[step] for text, step in found.items()}, high, "faces" if faces else "words"
    )


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
    far = abs(step) > _STRENGTH[""]
    return (1 if far else 2) if step < 0 else (5 if far else 4)


def _step(text: str) -> float | None:
    """How good and how strong: -4 to 4, 0 in the middle; None where a word is from nowhere."""
    face = _face(text)
    if face is not None:
        return face
    label = _bare(" ".join(word for word in plain(text).split() if word != "sie"))
    if apart := _APART.fullmatch(label):
        label = f"{apart['how'] or ''} zutreffend".strip()
    if label in lexicon.grades():
        return lexicon.grades()[label]
    return 0.0 if _is("neutral", label) else _graded(label)


def _face(text: str) -> float | None:
    bare = "".join(
        char for char in text if unicodedata.category(char) not in {"Mn", "Cf", "Sk", "Zs"}
    )
    return lexicon.faces().get(bare)


def _graded(label: str) -> float | None:
    for name, strength in _TURNING:
        rest = _behind(name, label)
        if rest is not None and (not rest or _is("good", rest)):
            return strength
    for name in _STRONGER:
        rest = _behind(name, label)
        if rest is not None:
            return _said(rest, _STRENGTH[name]) or _signed(rest, _STRENGTH[name])
    return _signed(label, _STRENGTH[""])


def _said(rest: str, strength: float) -> float | None:
    """`Rather yes`, `definitely no`; a bare yes is no step of a scale."""
    if _is("yes", rest):
        return strength
    return -strength if _is("no", rest) else None


def _signed(rest: str, strength: float) -> float | None:
    """The word itself; `not` before it turns it round."""
    if _is("bad", rest):
        return -strength
    if _is("good", rest):
        return strength
    turned = lexicon.pattern("not", "", " ").match(rest)
    return -strength if turned and _is("good", _bare(rest[turned.end() :])) else None


def _is(notion: lexicon.Pattern, label: str) -> bool:
    return lexicon.pattern(notion).fullmatch(label) is not None


def _behind(notion: lexicon.Pattern, label: str) -> str | None:
    """What follows the notion's words at the label's start; None where it doesn't begin so."""
    found = lexicon.pattern(notion, "", r"\b").match(label)
    return _bare(label[found.end() :]) if found else None


def _bare(rest: str) -> str:
    """Without the small words at its start."""
    return lexicon.pattern("link", "^(?:", " )+").sub("", rest.strip())


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
