"""Transforms to text: comments, choices, addresses, yes and no."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from importer.mapping.blanks import folded, trimmed
from importer.mapping.problems import Unfit
from importer.mapping.transforms.registry import transform

if TYPE_CHECKING:
    from importer.mapping.traits import Trait

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_YES = frozenset({"true", "yes", "y", "1", "on", "t"})
_NO = frozenset({"false", "no", "n", "0", "off", "f"})


@transform("parse")
def unguard(text: str) -> str:
    """Without the apostrophe that exports put before `=`, `+`, `-` and `@`, so that Excel runs no formula."""
    return text[1:] if re.match(r"'[=+\-@]", text) else text


@transform("parse")
def one_line(text: str) -> str:
    """With each run of white space, line breaks too, as one space."""
    return " ".join(text.split())


@transform("answer", name="text")
def comment(text: str) -> str:
    """Text, exactly as it stands in the cell: line breaks, emoji, spaces and all."""
    return sound(text)


@transform("answer")
def choice(text: str) -> str:
    """The text of a choice, without the space around it."""
    return sound(trimmed(text))


@transform("trait", "lower", name="text")
def label(text: str, how: Trait) -> str:
    """Text, without the space around it."""
    return _cased(sound(trimmed(text)), how)


@transform("trait", "lower")
def email(text: str, how: Trait) -> str:
    """An e-mail address."""
    address = trimmed(text)
    if not _EMAIL.fullmatch(address):
        raise Unfit("bad_email", "this isn't an e-mail address")
    return _cased(sound(address), how)


@transform("trait")
def boolean(text: str) -> bool:
    """True or false: `true yes y 1 on t`, `false no n 0 off f`, in any case."""
    word = folded(text)
    if word not in _YES | _NO:
        raise Unfit("not_boolean", "this is neither yes nor no")
    return word in _YES


def sound(text: str) -> str:
    """The text, if it can be sent.

    Raises:
        Unfit: It holds a NUL, or half a surrogate pair, which has no place in UTF-8.
    """
    if "\0" in text or not (text.isascii() or _is_unicode(text)):
        raise Unfit("broken_text", "the text holds a NUL or half a character")
    return text


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _cased(text: str, how: Trait) -> str:
    return text.lower() if how.lower else text
