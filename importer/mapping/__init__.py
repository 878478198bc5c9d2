"""The mapping: a YAML document that says how the rows of an export become responses.

`load` or `parse` reads one, `compile` resolves its columns in the header of a file, once, and
`Compiled.run` maps the rows, chunk by chunk. To add a transform, see `importer.mapping.transforms`.
"""

from __future__ import annotations

from importer.mapping.compiled import Compiled
from importer.mapping.compiling import compile  # noqa: A004  the word of the design
from importer.mapping.document import Document
from importer.mapping.jsonschema import json_schema
from importer.mapping.loading import load, parse
from importer.mapping.presets import Shipped, preset, shipped

__all__ = [
    "Compiled",
    "Document",
    "Shipped",
    "compile",
    "json_schema",
    "load",
    "parse",
    "preset",
    "shipped",
]
