"""Columns that say something about the person: traits, with their types."""

from __future__ import annotations

import re
from dataclasses import dataclass

from importer.inference import lexicon, words
from importer.inference.column import Column, Sure
from importer.inference.dates import Reading, readings
from importer.inference.questions import question

_NUMBER = re.compile(r"[-+]?\d{1,15}(\.\d+)?")
_COMMA = re.compile(r"[-+]?\d{1,15},\d+")
_MARKS = ((",", "."), (".", ","), (",", " "), (".", " "), (".", "'"))
"""Marks for decimals and for thousands that go together."""
_SPACE = re.compile(r"[\u00a0\u202f\u2009]")
_LONE = re.compile(r"[-+]?\d{1,3}[.,]\d{3}")
"""`1,234` alone: a mark for thousands, or three decimals; nobody knows."""
_YES_NO = frozenset(("true", "false", "yes", "no", "y", "n", "t", "f", "on", "off"))


@dataclass(frozen=True, slots=True)
class Property:
    """A trait: its name in the API, its type and how it is written."""

    column: Column
    name: str
    type: str
    sure: Sure
    decimal: str = "."
    thousands: str = ""
    na: tuple[str, ...] = ()
    dates: tuple[Reading, ...] = ()


def is_property(column: Column) -> bool:
    """Whether a column of no known name is a property rather than a question."""
    if words.is_question(column.text) or column.group:
        return False
    asked = question(column)
    rated = asked.scale is not None and asked.kind in {"nps", "scale", "csat", "ces"}
    long = asked.kind == "text" and not asked.separator and column.profile.mean_length > 30
    return not rated and not long


def property_of(column: Column) -> Property:
    """The trait that a column makes."""
    counts, na = column.profile.without(lexicon.texts("no_answer"))
    name = _camel(column.label) or f"column{column.index + 1}"
    if found := readings(column.profile):
        return Property(column, name, "date", Sure.GUESSED, dates=found)
    texts = [_SPACE.sub(" ", text) for text in counts]
    if texts and {text.casefold() for text in texts} <= _YES_NO:
        return Property(column, name, "boolean", Sure.GUESSED, na=na)
    if marks := _marks(texts, column.label):
        return Property(column, name, "number", Sure.GUESSED, *marks, na=na)
    return Property(column, name, "text", Sure.GUESSED)


def _marks(texts: list[str], label: str) -> tuple[str, str] | None:
    """The marks for decimals and thousands of a column of numbers; None where it holds none, or nobody knows
    which mark is which."""
    zeros = any(re.fullmatch(r"0\d+", text) for text in texts)
    if not texts or zeros or words.plain(label).endswith((" id", " code", " number", " no", " nr")):
        return None
    if all(_NUMBER.fullmatch(text) for text in texts):
        return ".", ""
    whole_or_comma = all(_COMMA.fullmatch(text) or text.lstrip("+-").isdigit() for text in texts)
    if whole_or_comma and not all(_LONE.fullmatch(text) for text in texts if "," in text):
        return ",", ""
    return next((marks for marks in _MARKS if _written_with(texts, *marks)), None)


def _written_with(texts: list[str], decimal: str, thousands: str) -> bool:
    """Whether all are numbers with these marks, and one of them can be read in no other way."""
    group, point = re.escape(thousands), re.escape(decimal)
    whole = rf"[-+]?(?:\d{{1,3}}(?:{group}\d{{3}})+|\d+)(?:{point}\d+)?"
    if not all(re.fullmatch(whole, text) for text in texts):
        return False
    return any(thousands in text and not _LONE.fullmatch(text) for text in texts)


def _camel(label: str) -> str:
    """`Signed up` as `signedUp`; a name that is one word already stays as it is."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", label):
        return label[0].lower() + label[1:] if not label.isupper() else label.lower()
    first, *rest = words.plain(label).split() or [""]
    return first + "".join(word.capitalize() for word in rest)
