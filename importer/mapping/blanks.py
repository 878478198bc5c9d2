"""What counts as blank, and when two texts count as the same."""

from __future__ import annotations

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
"""Zero-width characters and the soft hyphen: they come along when text is copied from web pages."""
_AROUND = INVISIBLE + "".join(
    map(chr, [*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680])
)
_AROUND += "".join(map(chr, [*range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]))


def trimmed(text: str) -> str:
    """The text without white space (NBSP too) and invisible characters around it."""
    return text.strip(_AROUND)


def folded(text: str) -> str:
    """What two texts share that differ in case and white space only."""
    return " ".join(trimmed(text).casefold().split())
