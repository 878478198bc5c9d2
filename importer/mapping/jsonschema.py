"""The JSON schema of a mapping, for editors and for finding which keys are known where."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from importer.mapping.document import Document
from importer.mapping.tree import Path
from importer.mapping.waves import OWN

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
