"""How the page words things."""

from __future__ import annotations


def cut_short(number: int, shown: int, what: str) -> str:
    """`and 12 more columns`, where not all are shown; else ""."""
    return f"… and {number - shown:,} more {what}" if number > shown else ""


def per_cent(part: float, whole: float) -> str:
    """`38 %`; a part that is there is never 0 %, and one that lacks something never 100 %."""
    if not whole or not part:
        return "0 %"
    share = 100 * part / whole
    if 0 < share < 1:
        return "< 1 %"
    return "> 99 %" if 99 < share < 100 else f"{share:.0f} %"


def sentence(text: str) -> str:
    """With a capital at its start."""
    return text[:1].upper() + text[1:]


def short(text: str, most: int = 120) -> str:
    """Cut where nobody reads on."""
    return text if len(text) <= most else text[: most - 1] + "…"
