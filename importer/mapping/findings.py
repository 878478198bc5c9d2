"""What pydantic finds, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from importer.mapping.fields import Oddity
from importer.mapping.guesses import did_you_mean
from importer.mapping.jsonschema import json_schema, keys_at
from importer.mapping.mistakes import written
from importer.mapping.scalars import kind
from importer.mapping.tree import Path, Tree


def findings(error: ValidationError, tree: Tree) -> Iterator[Oddity]:
    """Each of pydantic's errors as one oddity (or those that a validator of ours has collected)."""
    for each in error.errors(include_url=False):
        context = each.get("ctx", {})
        if each["type"] == "oddities":
            for found in context["found"]:
                yield Oddity((*each["loc"], *found.path), found.message, found.hint, found.key)
        else:
            yield _oddity(each["type"], tuple(each["loc"]), context, each, tree)


def _oddity(type_: str, path: Path, context: dict[str, Any], error: Any, tree: Tree) -> Oddity:
    if type_ == "extra_forbidden":
        return _unknown(path, tree)
    if type_ == "missing":
        return Oddity(
            path[:-1], f"`{path[-1]}` is missing{_under(path[:-1], tree)}", _WHERE.get(path, "")
        )
    if type_ == "unexpected":
        said = f"expected {context['wanted']}, found {context['found']}"
        return Oddity(path, said, context["hint"])
    if type_ in _WANTED:
        return Oddity(path, f"expected {_WANTED[type_]}, found {kind(error['input'])}")
    if type_ == "literal_error":
        return _not_one_of(path, context["expected"].replace("'", ""), error["input"])
    said = _BOUNDS[type_].format(**context) if type_ in _BOUNDS else error["msg"]
    return Oddity(path, _PATTERNS.get(path, said))


_WANTED = {
    "model_type": "a map",
    "model_attributes_type": "a map",
    "dict_type": "a map",
    "tuple_type": "a list",
    "string_type": "text",
}
_BOUNDS = {
    "too_short": "expected at least {min_length}, found {actual_length}",
    "too_long": "expected at most {max_length}, found {actual_length}",
    "greater_than_equal": "expected {ge} or more",
    "less_than_equal": "expected {le} or less",
}
_PATTERNS: dict[Path, str] = {
    ("sending", "rate"): "expected a rate like 10/s, 600/min, or max",
}
_WHERE: dict[Path, str] = {
    (
        "campaign",
    ): "Write `campaign: ID`, the survey's ID (SatisMeter: Settings > Integrations > API keys).",
    ("answers",): "Write `answers:` and a list of `{id: ..., column: ..., type: ...}`.",
}


def _under(path: Path, tree: Tree) -> str:
    named = [part for part in written(tree, path) if isinstance(part, str)]
    return f" under `{named[-1]}`" if named else ""


def _unknown(path: Path, tree: Tree) -> Oddity:
    known = keys_at(json_schema(), written(tree, path[:-1]))
    hint = did_you_mean(str(path[-1]), known) or f"Known here: {', '.join(known)}."
    return Oddity(path, f'unknown key "{path[-1]}"', hint, key=True)


def _not_one_of(path: Path, expected: str, found: object) -> Oddity:
    if not isinstance(found, str):
        return Oddity(path, f"expected {expected}, found {kind(found)}")
    options = expected.replace(" or ", ", ").split(", ")
    return Oddity(path, f"expected {expected}", did_you_mean(found, options))
