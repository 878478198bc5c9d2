"""What of a cell may be shown where personal data has no place."""

from __future__ import annotations

import re
from collections.abc import Callable

_EMAIL = re.compile(r"([^\s@])[^\s@]*@([^\s@]+\.[^\s@]+)")
_LONGEST = 24

Show = Callable[[str], str]
"""Text as it may be shown."""


def masked(text: str) -> str:
    """`jane@example.com` as `j***@example.com`; a long or many-worded text as its length.

    Short values (a score, a label, an ID) stay: without them nobody could mend the row.
    """
    if _EMAIL.search(text):
        text = _EMAIL.sub(r"\1***@\2", text)
    elif len(text) > _LONGEST or len(text.split()) > 3:
        return hidden(text)
    return text if len(text) <= 80 else hidden(text)


def hidden(text: str) -> str:
    """Only how long it is."""
    return f"({len(text):,} characters)"


def masked_id(text: str) -> str:
    """An ID with every e-mail address in it masked, otherwise as it is."""
    return _EMAIL.sub(r"\1***@\2", text) if "@" in text else text


def plain(text: str) -> str:
    """The text itself: `--show-values`."""
    return text
