"""What a column is by its name, held against its values; and what it says about the person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from importer.discovery import lexicon
from importer.discovery.column import Column, Confidence
from importer.discovery.dates import DateReading, readings
from importer.discovery.lexicon import (
    Name,
    is_called,
    is_comment,
    is_question,
    key,
    keyed_names,
    plain,
    says,
)
from importer.discovery.questions import question
from importer.mapping.ids import is_dummy

_EMAIL = re.compile(r"(?:[^@<>]{0,80}<)?[^@\s<>]+@[^@\s]+\.[^@\s.>]+>?")
_ADDRESS = re.compile(
    r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}", re.IGNORECASE
)
TOKEN = re.compile(r"(?=.*\d)(?=.*[a-z])[\w-]{16,64}", re.IGNORECASE)
_WORDS = re.compile(r"[^@]{0,60}?[^\W\d_]{2}[ .,&-]+[^\W\d_]{2}[^@]*")
"""Two words: the name of a company, say, which is no id."""
_SAME = 5
"""So many times the one address of a column, and it is nobody's: a mask, the address of the shop."""
_MOSTLY = 0.8


class Role(StrEnum):
    USER = "user"
    EMAIL = "email"
    RESPONSE = "response"
    ANSWERED = "answered"
    STARTED = "started"
    SIGNED_UP = "signed up"
    NAME = "name"
    PRIVATE = "private"
    MACHINE = "machine"
    SCORE = "score"
    COMMENT = "comment"
    OTHER = "other"


_BY_NAME: tuple[Name, ...] = (
    *("email", "user", "response", "signed_up", "started", "answered", "name", "private", "score"),
    *("comment", "machine"),
)
"""In the order in which a name of several notions is decided."""


def named(label: str) -> Role:
    name = key(label)
    other = Role.COMMENT if is_comment(label) else Role.OTHER
    known = (each for each in _BY_NAME if name in keyed_names(each))
    return next((Role(each.replace("_", " ")) for each in known), other)


def role(column: Column) -> Role:
    """The role by name and values: what a name promises, its values must keep."""
    by_value = _by_value(column)
    if by_value is not None:
        return by_value
    name, wanted = plain(column.label), named(column.label)
    if is_called("bare_id", column.label):
        return Role.RESPONSE if column.profile.is_counter else Role.USER
    if wanted is Role.EMAIL and not column.blank:
        return Role.USER if name == "username" and _tells_apart(column) else Role.OTHER
    if wanted is Role.OTHER and _asks_id(column):
        return Role.USER
    if wanted is Role.USER and not _tells_apart(column):
        return Role.OTHER
    named_so = are_names(column, words=2) or _mostly(column, _WORDS, 0.5)
    return Role.NAME if wanted is Role.USER and named_so else wanted


_NAME = re.compile(r"[^\W\d_]+(?:['’.-]+[^\W\d_]*)*")


def are_names(column: Column, words: int = 1) -> bool:
    """Whether the values may be people's names: letters alone, of so many words at least in most of them."""
    texts = [text.split() for text in column.profile.counts]
    named = [each for each in texts if all(map(_NAME.fullmatch, each))]
    several = sum(len(each) >= words for each in named)
    return len(named) >= _MOSTLY * len(texts) and several * 2 > len(texts)


def _by_value(column: Column) -> Role | None:
    """The role of what nobody could take for anything else."""
    # Promoter, passive or detractor: worked out from the score.
    seen = {text.casefold() for text in column.profile.counts}
    if bool(seen) and seen <= _GROUPS and seen != {"neutral"}:
        return Role.MACHINE
    if _mostly(column, _EMAIL):
        one = column.profile.distinct == 1 and column.profile.filled >= _SAME
        return Role.PRIVATE if one or says("staff", column.label) else Role.EMAIL
    if not plain(column.label) and _is_token(column):
        return Role.RESPONSE
    return Role.PRIVATE if _mostly(column, _ADDRESS) else None


def _is_token(column: Column) -> bool:
    """Whether each row has a long code of its own, as Typeform writes below `#`."""
    counts = column.profile.counts
    return len(counts) == column.profile.rows and all(map(TOKEN.fullmatch, counts))


_GROUPS = frozenset(
    ("promoter", "promoters", "passive", "passives", "neutral", "detractor", "detractors")
)


ID = re.compile(r"(?=.*\d)[\w.-]{2,40}")


_LONG = 160
"""Characters: a longer question is about something else as well."""


def _asks_id(column: Column) -> bool:
    """Whether it asks for the person's id (`Your student number?`), and nearly each row has its own."""
    asked = len(column.text) <= _LONG and says("asked_id", column.text)
    own = column.profile.distinct >= 0.9 * column.profile.filled
    return asked and own and _mostly(column, ID)


def is_company(column: Column) -> bool:
    """Whether it holds ids of companies, of which each may have answered several times."""
    return is_called("company", column.label) and _tells_apart(column)


def _tells_apart(column: Column) -> bool:
    """Whether the values may be ids: several, and not words of one column like `basic`."""
    real = [text for text in column.profile.counts if not is_dummy(text)]
    if len(real) <= 1:
        return bool(real) and column.profile.rows <= 2
    return column.profile.distinct >= min(0.2 * column.profile.filled, 100)


def _mostly(column: Column, pattern: re.Pattern[str], share: float = _MOSTLY) -> bool:
    counts = column.profile.counts
    found = sum(count for text, count in counts.items() if pattern.fullmatch(text))
    return bool(found) and found >= share * sum(counts.values())


# Columns that say something about the person: traits, with their types.

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
    sure: Confidence
    decimal: str = "."
    thousands: str = ""
    na: tuple[str, ...] = ()
    dates: tuple[DateReading, ...] = ()


def is_property(column: Column) -> bool:
    """Whether a column of no known name is a property rather than a question."""
    if is_question(column.text) or column.group:
        return False
    asked = question(column)
    rated = asked.scale is not None and asked.kind in {"nps", "scale", "csat", "ces"}
    long = asked.kind == "text" and not asked.separator and column.profile.mean_length > 30
    return not rated and not long and not (asked.kind == "text" and says("why", column.text))


def property_of(column: Column) -> Property:
    counts, na = column.profile.without(lexicon.texts("no_answer"))
    name = _camel(column.label) or f"column{column.index + 1}"
    if found := readings(column.profile):
        return Property(column, name, "date", Confidence.GUESSED, dates=found)
    texts = [_SPACE.sub(" ", text) for text in counts]
    if texts and {text.casefold() for text in texts} <= _YES_NO:
        return Property(column, name, "boolean", Confidence.GUESSED, na=na)
    if marks := _marks(texts, column.label):
        return Property(column, name, "number", Confidence.GUESSED, *marks, na=na)
    return Property(column, name, "text", Confidence.GUESSED)


def _marks(texts: list[str], label: str) -> tuple[str, str] | None:
    """The marks for decimals and thousands of a column of numbers; None where it holds none, or nobody knows
    which mark is which."""
    zeros = any(re.fullmatch(r"0\d+", text) for text in texts)
    if not texts or zeros or plain(label).endswith((" id", " code", " number", " no", " nr")):
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
    first, *rest = plain(label).split() or [""]
    return first + "".join(word.capitalize() for word in rest)
