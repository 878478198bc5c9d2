"""What of a cell may be shown where personal data has no place."""

from __future__ import annotations

import re
from collections.abc import Callable

LONGEST = 4_096
"""Letters of a text that are looked through for addresses. A longer one is shown as its length only: cut
anywhere, it could end within an address, whose beginning nothing would know for one."""

# A match begins where a word does: from each of its letters on, a long word would take quadratic time.
_EMAIL = re.compile(r"(?<![^\s@])([^\s@])[^\s@]*@([^\s@]+\.[^\s@]+)")
_LONGEST = 24

Show = Callable[[str], str]
"""Text as it may be shown."""


def masked(text: str) -> str:
    """`jane@example.com` as `j***@example.com`; a long or many-worded text as its length.

    Short values (a score, a label, an ID) stay: without them nobody could mend the row.
    """
    if len(text) > LONGEST:
        return hidden(text)
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
    if "@" not in text:
        return text
    return hidden(text) if len(text) > LONGEST else _EMAIL.sub(r"\1***@\2", text)


def plain(text: str) -> str:
    """The text itself: `--show-values`."""
    return text
