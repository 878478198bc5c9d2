"""The statements of the shared ledger by their names, as they stand in `statements/*.sql`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def _every() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for file in sorted((files(__package__) / "statements").iterdir(), key=lambda each: each.name):
        _, *parts = _NAME.split(file.read_text("utf-8"))
        found |= dict(zip(parts[::2], map(str.strip, parts[1::2]), strict=True))
    return found


def statement(name: str) -> str:
    """The SQL of this name, with psycopg's `%(name)s` for its values."""
    return _every()[name]


@cache
def migrations() -> tuple[str, ...]:
    """The SQL that leads from each version to the next; their number is the current version."""
    folder = files(__package__) / "migrations"
    return tuple(
        each.read_text("utf-8") for each in sorted(folder.iterdir(), key=lambda each: each.name)
    )
