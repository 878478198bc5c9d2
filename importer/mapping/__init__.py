"""The mapping: a YAML document that says how the rows of an export become responses.

`load` or `parse` reads one, `compile` resolves its columns in the header of a file, once, and
`Compiled.run` maps the rows, chunk by chunk. To add a transform, see `importer.mapping.transforms`."""

from __future__ import annotations

from importer.mapping.checks import check
from importer.mapping.compile import compile  # noqa: A004  the word of the design: a mapping is compiled
from importer.mapping.document import Campaign, Document, shapes
from importer.mapping.load import Shipped, load, parse, preset, shipped
from importer.mapping.run import Compiled, Program
from importer.mapping.schema import json_schema
from importer.mapping.steps import Step, Trace, trace, typed
from importer.mapping.usage import (
    DATE,
    SKIP,
    Lineage,
    People,
    Recoding,
    RecodingCounts,
    Recodings,
    Value,
    lineage,
)

__all__ = [
    "DATE",
    "SKIP",
    "Campaign",
    "Compiled",
    "Document",
    "Lineage",
    "People",
    "Program",
    "Recoding",
    "RecodingCounts",
    "Recodings",
    "Shipped",
    "Step",
    "Trace",
    "Value",
    "check",
    "compile",
    "json_schema",
    "lineage",
    "load",
    "parse",
    "preset",
    "shapes",
    "shipped",
    "trace",
    "typed",
]
