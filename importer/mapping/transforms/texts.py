"""Transforms to text: comments, choices, addresses, yes and no."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from importer.mapping.text import TransformError, column_of, folded, trimmed
from importer.mapping.transforms.registry import transform

if TYPE_CHECKING:
    from importer.mapping.blocks import Trait


_ODD = r"\s@<>()\[\]\\,;:\""
_EMAIL = re.compile(rf"""(?:"[^"@\s]+"|[^{_ODD}]+)@[^{_ODD}'.]+(?:\.[^{_ODD}'.]+)+""")
SMALL_ADDRESSES = column_of(r"[a-z0-9_.+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
"""Addresses that stay as they are, in small letters or not."""
_AROUND = re.compile(
    r"""(?:"[^"]*"\s*|[^<>@"]*)<(?P<angles>[^<>\s]+)>|"(?P<double>[^"]+)"|'(?P<single>[^']+)'|\((?P<round>.+)\)"""
    r"|\[(?P<square>.+)\]"
)
_MAILTO = re.compile(r"mailto:\s*([^?]*).*", re.IGNORECASE | re.DOTALL)
_MARKS = dict.fromkeys(
    [0xAD, 0x61C, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
)
_JOINERS = dict.fromkeys([0x200C, 0x200D])
"""Zero-width joiners: among letters of ASCII they are marks as well; Persian words and emoji need them."""
_YES = frozenset({"true", "yes", "y", "1", "on", "t"})
_NO = frozenset({"false", "no", "n", "0", "off", "f"})


@transform("parse")
def unguard(text: str) -> str:
    """Without the apostrophe that exports put before `=`, `+`, `-` and `@`, so that Excel runs no formula;
    and before a number (`'00120`), so that it keeps its zeros."""
    return text[1:] if re.match(r"'[=+\-@]|['’‘`´][0-9]+\s*$", text) else text


@transform("parse")
def visible(text: str) -> str:
    """Without zero-width and direction marks, as text that is copied from mails has them."""
    bare = text.translate(_MARKS)
    alone = bare.translate(_JOINERS)
    return alone if alone.isascii() else bare


@transform("parse")
def address(text: str) -> str:
    """The one e-mail address of `mailto:ann@x.org`, `Ann <ann@x.org>`, `ann@x.org;` or `'ann@x.org'`, without
    invisible marks; other text as it is."""
    found = trimmed(visible(text)).rstrip(",;. ")
    if around := _AROUND.fullmatch(found):
        found = trimmed(around[around.lastgroup or 0])
    found = _MAILTO.sub(r"\1", found).rstrip(",;. ")
    return found if is_address(found) else text


def is_address(text: str) -> bool:
    """Whether the text is an e-mail address and nothing more."""
    return _EMAIL.fullmatch(text) is not None


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
    """An e-mail address: the one of `mailto:ann@x.org`, `Ann <ann@x.org>` or `ann@x.org;`."""
    found = trimmed(text)
    if not (found.isascii() and is_address(found)):
        found = address(found)
        if not is_address(found):
            raise TransformError("bad_email", "this isn't an e-mail address")
    return _cased(sound(found), how)


@transform("trait")
def boolean(text: str) -> bool:
    """True or false: `true yes y 1 on t`, `false no n 0 off f`, in any case."""
    word = folded(text)
    if word not in _YES | _NO:
        raise TransformError("not_boolean", "this is neither yes nor no")
    return word in _YES


def sound(text: str) -> str:
    """The text, if it can be sent.

    Raises:
        TransformError: It holds a NUL, or half a surrogate pair, which has no place in UTF-8.
    """
    if "\0" in text or not (text.isascii() or _is_unicode(text)):
        raise TransformError("broken_text", "the text holds a NUL or half a character")
    return text


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _cased(text: str, how: Trait) -> str:
    return text.lower() if how.lower else text
