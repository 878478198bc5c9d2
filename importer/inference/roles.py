"""What a column is by its name, held against its values."""

from __future__ import annotations

import re
from enum import StrEnum

from importer.inference import words
from importer.inference.column import Column
from importer.inference.lexicon import Name
from importer.mapping.ids import is_dummy

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_ADDRESS = re.compile(
    r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}", re.IGNORECASE
)
_MOSTLY = 0.8


class Role(StrEnum):
    """What a column holds."""

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


_BY_NAME: tuple[tuple[Role, Name], ...] = (
    (Role.EMAIL, "email"),
    (Role.USER, "user"),
    (Role.RESPONSE, "response"),
    (Role.SIGNED_UP, "signed_up"),
    (Role.STARTED, "started"),
    (Role.ANSWERED, "answered"),
    (Role.NAME, "name"),
    (Role.PRIVATE, "private"),
    (Role.SCORE, "score"),
    (Role.COMMENT, "comment"),
    (Role.MACHINE, "machine"),
)
"""In the order in which a name of several notions is decided."""


def named(label: str) -> Role:
    """The role that a name alone has."""
    name = words.key(label)
    return next((role for role, notion in _BY_NAME if name in words.names(notion)), Role.OTHER)


def role(column: Column) -> Role:
    """The role by name and values: what a name promises, its values must keep."""
    by_value = _by_value(column)
    if by_value is not None:
        return by_value
    name, wanted = words.plain(column.label), named(column.label)
    if words.is_called("bare_id", column.label):
        return Role.RESPONSE if is_counter(column) else Role.USER
    if wanted is Role.EMAIL and not column.blank:
        return Role.USER if name == "username" else Role.OTHER
    if wanted is Role.USER and not _tells_apart(column):
        return Role.OTHER
    return wanted


def _by_value(column: Column) -> Role | None:
    """The role of what nobody could take for anything else."""
    if _is_derived(column):
        return Role.MACHINE
    if _mostly(column, _EMAIL):
        return Role.EMAIL
    return Role.PRIVATE if _mostly(column, _ADDRESS) else None


_GROUPS = frozenset(
    ("promoter", "promoters", "passive", "passives", "neutral", "detractor", "detractors")
)


def _is_derived(column: Column) -> bool:
    """Promoter, passive or detractor: worked out from the score."""
    seen = {text.casefold() for text in column.profile.counts}
    return bool(seen) and seen <= _GROUPS and seen != {"neutral"}


def is_counter(column: Column) -> bool:
    """Whether it counts the rows: 1, 2, 3 ..."""
    texts = list(column.profile.counts)
    if not texts or any(not text.removesuffix(".0").isdigit() for text in texts):
        return False
    numbers = [int(text.removesuffix(".0")) for text in texts]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] <= 1


def _tells_apart(column: Column) -> bool:
    """Whether the values may be ids: several, and not words of one column like `basic`."""
    real = [text for text in column.profile.counts if not is_dummy(text)]
    if len(real) <= 1:
        return bool(real) and column.profile.rows <= 2
    return column.profile.distinct >= min(0.2 * column.profile.filled, 100)


def _mostly(column: Column, pattern: re.Pattern[str]) -> bool:
    counts = column.profile.counts
    found = sum(count for text, count in counts.items() if pattern.fullmatch(text))
    return bool(found) and found >= _MOSTLY * sum(counts.values())
