"""Scalars as YAML 1.2's core schema reads them, but for leading zeros: `0123` stays text."""

from __future__ import annotations

import re
from collections.abc import Callable

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_FRACTION = r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], int | float]], ...] = (
    (re.compile(r"[-+]?(0|[1-9][0-9]{0,999})"), int),
    (re.compile(r"0o[0-7]{1,999}|0x[0-9a-fA-F]{1,999}"), lambda text: int(text, 0)),
    (re.compile(_FRACTION), float),
    (
        re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
        lambda text: float(text.replace(".", "")),
    ),
)

Core = None | bool | int | float | str


class Plain(str):
    """A scalar written without quotes. It is its text; `resolve` says what else it may be read as."""

    __slots__ = ()


def resolve(scalar: str) -> Core:
    """What a scalar is: a plain one by its shape, a quoted one always text.

    Source: YAML 1.2.2, section 10.3.2 (core schema). `Yes`, `no`, `on`, `12:30`, `2024-01-01` and
    `1_000` are text there; `0123` is text here too, since it is an id far more often than a number.
    """
    if not isinstance(scalar, Plain):
        return scalar
    text = str(scalar)
    if text in _WORDS:
        return _WORDS[text]
    return next((read(text) for shape, read in _NUMBERS if shape.fullmatch(text)), text)


def is_nothing(scalar: str) -> bool:
    """Whether nothing was written, or `null`."""
    return isinstance(scalar, Plain) and resolve(scalar) is None


def kind(data: object) -> str:
    """What a piece of a document is, in words: "text", "a whole number", "a list" ..."""
    if isinstance(data, dict):
        return "a map"
    if isinstance(data, list):
        return "a list"
    value = resolve(data) if isinstance(data, str) else data
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return "a whole number"
    if isinstance(value, float):
        return "a number"
    return "nothing" if value is None else "text"
