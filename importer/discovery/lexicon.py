"""The words by which a file is understood: `lexicon.toml`, read when first asked for.

The file says what each notion is, and how its words are compared; here they get their types, all
languages together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from importer.mapping.text import folded

# fmt: off
Name = Literal[
    "score", "comment", "user", "bare_id", "email", "response", "answered", "started", "signed_up", "name",
    "private", "machine",
]
Text = Literal[
    "no_answer", "open", "answer_mark", "beside_mark", "asks_why", "says_nothing", "dull", "joining", "hour",
]
Pattern = Literal[
    "recommend", "satisfied", "effort", "why", "overall", "counted", "specify", "or_more", "asking", "other",
    "total", "best", "worst", "not_at_all", "not_so", "extreme", "strong", "weak", "neutral", "good", "bad",
    "yes", "no", "not", "link", "outside", "stars", "out_of", "wave", "month",
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
    """The same of a face."""
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
    bare = "".join(char for char in letters if not unicodedata.combining(char))
    return " ".join("".join(char if char.isalnum() else " " for char in bare).split())


def key(label: str) -> str:
    """A name as words, without the small ones between them: `ID de cliente` as `id cliente`."""
    said, small = plain(label).split(), texts("joining")
    return " ".join(word for word in said if word not in small) or " ".join(said)


@cache
def keyed_names(notion: Name) -> frozenset[str]:
    """What columns of this kind are called, as `key` makes it."""
    return frozenset(map(key, names(notion)))


def is_called(notion: Name, label: str) -> bool:
    """Whether a column of this name is of this kind."""
    return key(label) in keyed_names(notion)


def is_label(text: str) -> bool:
    """Whether the text is a label of some scale, or says that there is no answer: nobody's own words."""
    words = plain(text)
    return words in _labels() or folded(text) in texts("no_answer") or text in faces()


@cache
def _labels() -> frozenset[str]:
    return frozenset(grades()) | {plain(label) for _, labels in scales() for label in labels}


def says(notion: Pattern, text: str) -> bool:
    """Whether the text says this somewhere."""
    return bool(pattern(notion).search(plain(text)))


def asks_rating(text: str) -> bool:
    """Whether the text asks for a recommendation, for satisfaction or for effort."""
    return says("recommend", text) or says("satisfied", text) or says("effort", text)


def is_question(label: str) -> bool:
    """Whether a name is a question rather than the name of a property."""
    words = plain(label)
    invites = " " in words and pattern("asking", "^", r"\b").match(words)
    return "?" in label or len(words.split()) >= 5 or bool(invites)
