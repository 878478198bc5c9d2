"""The mapping: a YAML document that says how the rows of an export become responses.

`load` or `parse` reads one, `compile` resolves its columns in the header of a file, once, and
`Compiled.run` maps the rows, chunk by chunk. To add a transform, see `importer.mapping.transforms`."""

from __future__ import annotations

from importer.mapping.compile import compile  # noqa: A004  the word of the design: a mapping is compiled
from importer.mapping.document import Document
from importer.mapping.load import Shipped, load, parse, preset, shipped
from importer.mapping.run import Compiled
from importer.mapping.schema import json_schema

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
