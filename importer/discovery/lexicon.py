"""The words by which a file is understood: `lexicon.toml`, read when first asked for.

The file says what each notion is, and how its words are compared; here they get their types, all
languages together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Set
from functools import cache
from pathlib import Path
from typing import Any, Literal

from importer.mapping.text import folded

# fmt: off
Name = Literal[
    "score", "comment", "user", "bare_id", "email", "response", "answered", "started", "signed_up", "name",
    "private", "machine", "question", "answer", "company",
]
Text = Literal[
    "no_answer", "open", "answer_mark", "beside_mark", "asks_why", "says_nothing", "dull", "joining", "hour",
    "answered_row", "skipped_row", "nothing_said", "finished", "unfinished", "underway", "granted", "refused",
]
Pattern = Literal[
    "recommend", "satisfied", "effort", "why", "remarks", "overall", "counted", "specify", "previous",
    "staff", "or_more", "asking", "other", "total", "best", "worst", "not_at_all", "not_so", "extreme",
    "strong", "weak", "neutral", "good", "bad", "yes", "no", "not", "link", "outside", "stars",
    "out_of", "wave", "month", "means", "until", "worse_upwards", "school_grade", "amount", "likely",
    "summary_sheet", "oneself", "asked_id", "named_things", "ended", "rated_in", "finished",
    "state_of_response", "state", "survey_kind", "kind", "test", "other_date",
]
# fmt: on


def names(notion: Name) -> tuple[str, ...]:
    """What columns of this kind are called, as the file has it; `keyed_names` has them to compare."""
    return tuple(_words("names", notion))


@cache
def texts(notion: Text) -> frozenset[str]:
    """Whole texts, as `blanks.folded` writes them."""
    return frozenset(map(folded, _words("texts", notion)))


@cache
def pattern(notion: Pattern, before: str = "", after: str = "", flags: int = 0) -> re.Pattern[str]:
    """Any of the notion's pieces, between two other patterns."""
    return re.compile(before + one_of(notion) + after, flags)


def one_of(notion: Pattern) -> str:
    """Any of the notion's pieces, as a part of a pattern."""
    return f"(?:{'|'.join(_words('patterns', notion))})"


@cache
def grades() -> Mapping[str, float]:
    """How good something is by a label alone, as `plain` writes it: -4 to 4."""
    return {
        label: step for language in _data()["grades"].values() for label, step in language.items()
    }


@cache
def faces() -> Mapping[str, float]:
    return {face: float(step) for faces, step in _data()["faces"].items() for face in faces}


@cache
def scales() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Scales that tools offer ready-made: what each is about, and its labels, worst first."""
    return tuple(
        (about, tuple(labels))
        for language in _data()["scales"].values()
        for about, scales in language.items()
        for labels in scales
    )


def ready_made(seen: Set[str]) -> tuple[str, tuple[str, ...]] | None:
    """The scale that holds all the labels, two of them at least and one at its end: `Good` and `Bad` may be
    all there is. None, too, where scales of one length number them otherwise (`Poor`: 1, or 2?)."""
    fits: dict[int, dict[tuple[int, ...], tuple[str, tuple[str, ...]]]] = {}
    for about, labels in scales() if len(seen) > 1 else ():
        places = {folded(label): number for number, label in enumerate(labels, 1)}
        if seen <= places.keys():
            numbers = tuple(places[text] for text in sorted(seen))
            fits.setdefault(len(labels), {}).setdefault(numbers, (about, labels))
    clear = {high: next(iter(ways.items())) for high, ways in fits.items() if len(ways) == 1}
    return next((ready for n, (numbers, ready) in clear.items() if {1, n} & {*numbers}), None)


def _words(group: str, notion: str) -> Iterator[str]:
    for words in _data()[group][notion].values():
        yield from words


@cache
def _data() -> Mapping[str, Any]:
    import tomllib

    text = Path(__file__).with_name("lexicon.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


# Names as words, and what those words say; the words themselves are in `lexicon.toml`.

_STROKES = str.maketrans("łøđı", "lodi")
"""Letters whose stroke is no accent."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def plain(label: str) -> str:
    """A name as words: small letters, no accents, `userId` as `user id`, anything else as a space."""
    spaced = _CAMEL.sub(" ", label)
    letters = unicodedata.normalize("NFKD", spaced).casefold().translate(_STROKES)
    bare = "".join(char for char in letters if not _is_accent(char))
    bare = unicodedata.normalize("NFC", bare)
    return " ".join("".join(char if _is_letter(char) else " " for char in bare).split())


def _is_accent(char: str) -> bool:
    """Whether it marks a letter that stays the same without it: not the voicing of kana, and no vowel."""
    place = unicodedata.combining(char)
    return bool(place) and not (7 <= place <= 9 or 84 <= place <= 132)


def _is_letter(char: str) -> bool:
    """Whether it is a part of a word: in India and south-east Asia, vowels are marks."""
    return char.isalnum() or ("\u0900" <= char < "\u1100" and unicodedata.category(char)[0] == "M")


_CODED = re.compile(r"^[a-z]\d{1,3}[a-z]? (?=\w)")
"""A question's code before its name: `Q00PARTICIPANT`, `f3_comments`."""


def key(label: str) -> str:
    """A name as words, without the small ones between them: `ID de cliente` as `id cliente`; and without the
    ends of a scale: `Score (0-10)`, `Note sur 10`."""
    bare = pattern("out_of", r" (?:[01](?: \w+)? |", r" )(?:5|7|10)$").sub("", plain(label))
    said, small = _CODED.sub("", bare).split(), texts("joining")
    return " ".join(word for word in said if word not in small) or " ".join(said)


@cache
def keyed_names(notion: Name) -> frozenset[str]:
    """What columns of this kind are called, as `key` makes it."""
    return frozenset(map(key, names(notion)))


def is_called(notion: Name, label: str) -> bool:
    return key(label) in keyed_names(notion)


def is_comment(label: str) -> bool:
    """Whether a column of this name holds the comment, or that of one score: `NPS comment`."""
    return is_called("comment", label) or " ".join(beyond_score(label)) in keyed_names("comment")


def beyond_score(label: str) -> list[str]:
    """The words of a name without those that name a score."""
    scores = keyed_names("score") | {"csat", "ces"}
    return [word for word in key(label).split() if word not in scores]


def is_label(text: str) -> bool:
    """Whether the text is a label of some scale, or says that there is no answer: nobody's own words."""
    words = plain(text)
    return words in _labels() or folded(text) in texts("no_answer") or text in faces()


@cache
def _labels() -> frozenset[str]:
    return frozenset(grades()) | {plain(label) for _, labels in scales() for label in labels}


def says(notion: Pattern, text: str) -> bool:
    return bool(pattern(notion).search(plain(text)))


def languages(notion: Pattern, text: str) -> set[str]:
    """The languages in which the text says so."""
    spoken = _data()["patterns"][notion].items()
    return {code for code, said in spoken if re.search("|".join(said), plain(text))} - {"any"}


def asks_rating(text: str) -> bool:
    """Whether the text asks for a recommendation, for satisfaction or for effort."""
    return says("recommend", text) or says("satisfied", text) or says("effort", text)


def is_question(label: str) -> bool:
    """Whether a name is a question rather than the name of a property."""
    words = plain(label)
    invites = " " in words and pattern("asking", "^", r"\b").match(words)
    marked = any(mark in label for mark in "?？؟") or words.endswith(("ですか", "ますか"))
    return marked or len(words.split()) >= 5 or bool(invites)


# Labels: how good something is by what they say, and how strongly. `Sehr unzufrieden`: a word that praises
# or blames, and one that makes it stronger or weaker.

STRENGTH = {"": 2.0, "extreme": 4.0, "strong": 3.0, "weak": 1.0}
_STRONGER: tuple[Pattern, ...] = ("extreme", "strong", "weak")
_TURNING: tuple[tuple[Pattern, float], ...] = (("not_at_all", -4.0), ("not_so", -1.5))
_APART = re.compile(r"(?:ich )?(?:stimme|trifft) (?:(?P<how>.+) )?zu")
"""German puts the strength between the verb and its other half."""


def step_of(text: str) -> float | None:
    """How good and how strong: -4 to 4, 0 in the middle; None where a word is from nowhere."""
    drawn = face(text)
    if drawn is not None:
        return drawn
    label = _bare(" ".join(word for word in plain(text).split() if word != "sie"))
    if apart := _APART.fullmatch(label):
        label = f"{apart['how'] or ''} zutreffend".strip()
    if label in grades():
        return grades()[label]
    return 0.0 if _is("neutral", label) else _graded(label)


def face(text: str) -> float | None:
    """How good a face looks; None where the text is none."""
    bare = "".join(
        char for char in text if unicodedata.category(char) not in {"Mn", "Cf", "Sk", "Zs"}
    )
    return faces().get(bare)


def _graded(label: str) -> float | None:
    for name, strength in _TURNING:
        rest = _behind(name, label)
        if rest is not None and (not rest or _is("good", rest)):
            return strength
    for name in _STRONGER:
        rest = _behind(name, label)
        if rest is not None:
            return _said(rest, STRENGTH[name]) or _signed(rest, STRENGTH[name])
    return _signed(label, STRENGTH[""])


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
    turned = pattern("not", "", " ").match(rest)
    return -strength if turned and _is("good", _bare(rest[turned.end() :])) else None


def _is(notion: Pattern, label: str) -> bool:
    return pattern(notion).fullmatch(label) is not None


def _behind(notion: Pattern, label: str) -> str | None:
    """What follows the notion's words at the label's start; None where it doesn't begin so."""
    found = pattern(notion, "", r"\b").match(label)
    return _bare(label[found.end() :]) if found else None


def _bare(rest: str) -> str:
    """Without the small words at its start."""
    return pattern("link", "^(?:", " )+").sub("", rest.strip())


_STARS = re.compile(r"[★⭐✭✮🌟]\ufe0f?")
_EMPTY_STAR = re.compile(r"[☆✩]\ufe0f?")


def stars(text: str) -> int:
    """How many stars, drawn or counted; 0 where there are none."""
    full, empty = len(_STARS.findall(text)), len(_EMPTY_STAR.findall(text))
    if full and not _STARS.sub("", _EMPTY_STAR.sub("", text)).strip() and full + empty <= 10:
        return full
    counted = pattern("stars", r"([1-7])\s*").fullmatch(plain(text))
    return int(counted[1]) if counted else 0
