"""Names as words, and what those words say; the words themselves are in `lexicon.toml`."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from importer.inference import lexicon

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
    said, small = plain(label).split(), lexicon.texts("joining")
    return " ".join(word for word in said if word not in small) or " ".join(said)


@cache
def names(notion: lexicon.Name) -> frozenset[str]:
    """What columns of this kind are called, as `key` makes it."""
    return frozenset(map(key, lexicon.names(notion)))


def is_called(notion: lexicon.Name, label: str) -> bool:
    """Whether a column of this name is of this kind."""
    return key(label) in names(notion)


def says(notion: lexicon.Pattern, text: str) -> bool:
    """Whether the text says this somewhere."""
    return bool(lexicon.pattern(notion).search(plain(text)))


def asks_rating(text: str) -> bool:
    """Whether the text asks for a recommendation, for satisfaction or for effort."""
    return says("recommend", text) or says("satisfied", text) or says("effort", text)


def is_question(label: str) -> bool:
    """Whether a name is a question rather than the name of a property."""
    words = plain(label)
    invites = " " in words and lexicon.pattern("asking", "^", r"\b").match(words)
    return "?" in label or len(words.split()) >= 5 or bool(invites)
