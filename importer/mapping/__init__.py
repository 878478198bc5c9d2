"""The mapping: a YAML document that says how the rows of an export become responses.

`load` or `parse` reads one, `compile` resolves its columns in the header of a file, once, and
`Compiled.run` maps the rows, chunk by chunk. To add a transform, see `importer.mapping.transforms`."""

from __future__ import annotations

from importer.mapping.checks import check as check
from importer.mapping.compile import compile as compile  # noqa: A004  the word of the design
from importer.mapping.document import Campaign as Campaign
from importer.mapping.document import Document as Document
from importer.mapping.document import shapes as shapes
from importer.mapping.load import Shipped as Shipped
from importer.mapping.load import load as load
from importer.mapping.load import parse as parse
from importer.mapping.load import preset as preset
from importer.mapping.load import shipped as shipped
from importer.mapping.run import Compiled as Compiled
from importer.mapping.run import Program as Program
from importer.mapping.schema import json_schema as json_schema
from importer.mapping.steps import Step as Step
from importer.mapping.steps import Trace as Trace
from importer.mapping.steps import trace as trace
from importer.mapping.steps import typed as typed
from importer.mapping.usage import DATE as DATE
from importer.mapping.usage import SKIP as SKIP
from importer.mapping.usage import Lineage as Lineage
from importer.mapping.usage import People as People
from importer.mapping.usage import Recoding as Recoding
from importer.mapping.usage import RecodingCounts as RecodingCounts
from importer.mapping.usage import Recodings as Recodings
from importer.mapping.usage import Spellings as Spellings
from importer.mapping.usage import Value as Value
from importer.mapping.usage import lineage as lineage
