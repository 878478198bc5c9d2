"""The words of the page: what statuses and kinds mean to somebody who never saw a terminal."""

from __future__ import annotations

STATUSES = {
    "ready": ("Ready to be sent", "good"),
    "created": ("Accepted by SatisMeter", "good"),
    "already_sent": ("Sent by an earlier run", "mute"),
    "skipped": ("Left out by a rule", "mute"),
    "duplicate": ("There already (duplicates)", "mute"),
    "invalid": ("Can't be sent: see the problems", "bad"),
    "rejected": ("Refused by SatisMeter", "bad"),
    "failed": ("Failed, surely not stored", "bad"),
    "unknown": ("Unknown: posted, and may be stored", "fair"),
    "pending": ("Not posted yet", "fair"),
}
"""What each status means, and the class of its colour."""

DUPLICATES = {
    "dup_same_file": "The same response, or the same person, stands in this file before.",
    "dup_earlier_run": "An earlier run sent it.",
    "dup_or_targeting": "SatisMeter refused it: the user answered recently, or the user's traits don't "
    "match the survey's targeting. It doesn't say which.",
    "changed_since_sent": "Sent before with other content; not sent again.",
    "duplicate_earlier": "SatisMeter refused it as a duplicate in an earlier run.",
    "rejected_earlier": "SatisMeter refused it in an earlier run.",
}
"""Why a row counts as a duplicate, by its code."""


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
