"""The JSON schema of a mapping, and what pydantic finds in one, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import ValidationError

from importer.mapping.document import Document
from importer.mapping.errors import written
from importer.mapping.text import did_you_mean
from importer.mapping.types import Issue
from importer.mapping.waves import OWN
from importer.mapping.yaml import Path, Tree, kind

# The JSON schema of a mapping, for editors and for finding which keys are known where.

Schema = dict[str, Any]


@cache
def json_schema() -> Schema:
    """JSON Schema 2020-12 of the whole document; descriptions are the docstrings of the keys."""
    schema = _tidied(Document.model_json_schema(by_alias=True))
    schema["properties"]["waves"] |= _waves(schema["properties"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Mapping"}


def _waves(top: Schema) -> Schema:
    """Names; or a map of them to texts, or to what the document (`top`) says otherwise for that wave."""
    name = {"type": ["string", "number", "boolean"], "pattern": r"^[^{}]+$"}
    text = {**name, "pattern": r"^[^{}]*$"}
    own = {
        "text": {**text, "description": "What `{wave}` stands for. Default: the wave's name."},
        **{key: top[key] for key in OWN},
    }
    of_wave = {"type": "object", "properties": own, "additionalProperties": False}
    mapped = {"anyOf": [text, of_wave]}
    return {
        "anyOf": [
            {"type": "array", "minItems": 1, "items": name},
            {"type": "object", "minProperties": 1, "additionalProperties": mapped},
        ]
    }


def _tidied(node: Any) -> Any:
    """Without pydantic's titles, and without the null of keys that may be left out but not empty."""
    if isinstance(node, list):
        return [_tidied(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _tidied(value) for key, value in node.items() if not _is_noise(key, value)}
    options = kept.get("anyOf", ())
    if kept.get("default", 0) is None and {"type": "null"} in options:
        del kept["default"]
        kept["anyOf"] = [each for each in options if each != {"type": "null"}]
    return kept


def _is_noise(key: str, value: object) -> bool:
    if key == "title":
        return isinstance(value, str)
    return key == "default" and value in ("", [], {})


def keys_at(schema: Schema, path: Path) -> list[str]:
    """The keys that a map at this place of a document may have, in the schema's order."""
    here = [schema]
    for part in path:
        here = [below for each in here for below in _below(schema, each, part)]
    return list(
        dict.fromkeys(
            key
            for each in here
            for option in _options(schema, each)
            for key in option.get("properties", ())
        )
    )


def _below(schema: Schema, node: Schema, part: str | int) -> Iterator[Schema]:
    for option in _options(schema, node):
        if isinstance(part, int):
            items = option.get("items")
        else:
            items = option.get("properties", {}).get(part, option.get("additionalProperties"))
        if isinstance(items, dict):
            yield items


def _options(schema: Schema, node: Schema) -> Iterator[Schema]:
    """The node itself, or what it refers to, each of its alternatives."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    yield node
    for option in [*node.get("anyOf", ()), *node.get("oneOf", ())]:
        yield from _options(schema, option)


# What pydantic finds, in plain words.


def findings(error: ValidationError, tree: Tree) -> Iterator[Issue]:
    """Each of pydantic's errors as one oddity (or those that a validator of ours has collected)."""
    for each in error.errors(include_url=False):
        context = each.get("ctx", {})
        if each["type"] == "oddities":
            for found in context["found"]:
                yield Issue((*each["loc"], *found.path), found.message, found.hint, found.key)
        else:
            yield _oddity(each["type"], tuple(each["loc"]), context, each, tree)


def _oddity(type_: str, path: Path, context: dict[str, Any], error: Any, tree: Tree) -> Issue:
    if type_ == "extra_forbidden":
        return _unknown(path, tree)
    if type_ == "missing":
        return Issue(
            path[:-1], f"`{path[-1]}` is missing{_under(path[:-1], tree)}", _WHERE.get(path, "")
        )
    if type_ == "unexpected":
        said = f"expected {context['wanted']}, found {context['found']}"
        return Issue(path, said, context["hint"])
    if type_ in _WANTED:
        return Issue(path, f"expected {_WANTED[type_]}, found {kind(error['input'])}")
    if type_ == "literal_error":
        return _not_one_of(path, context["expected"].replace("'", ""), error["input"])
    said = _BOUNDS[type_].format(**context) if type_ in _BOUNDS else error["msg"]
    return Issue(path, _PATTERNS.get(path, said))


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
_PATTERNS: dict[Path, str] = {("sending", "rate"): "expected a rate like 10/s, 600/min, or max"}
_WHERE: dict[Path, str] = {
    (
        "campaign",
    ): "Write `campaign: ID`, the survey's ID (SatisMeter: Settings > Integrations > API keys).",
    ("answers",): "Write `answers:` and a list of `{id: ..., column: ..., type: ...}`.",
}


def _under(path: Path, tree: Tree) -> str:
    named = [part for part in written(tree, path) if isinstance(part, str)]
    return f" under `{named[-1]}`" if named else ""


def _unknown(path: Path, tree: Tree) -> Issue:
    known = keys_at(json_schema(), written(tree, path[:-1]))
    hint = did_you_mean(str(path[-1]), known) or f"Known here: {', '.join(known)}."
    return Issue(path, f'unknown key "{path[-1]}"', hint, key=True)


def _not_one_of(path: Path, expected: str, found: object) -> Issue:
    if not isinstance(found, str):
        return Issue(path, f"expected {expected}, found {kind(found)}")
    options = expected.replace(" or ", ", ").split(", ")
    return Issue(path, f"expected {expected}", did_you_mean(found, options))
