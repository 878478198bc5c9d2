"""Files -> chunks of text rows: finds the format, the encoding, the delimiter and the header.

`open_source` is the door. A format is a file of this room (`delimited`, `workbook`) and a line in
`formats.FORMATS`; all it hands over is a `table.Table`.
"""

from importer.loader.damage import DAMAGE, Damage
from importer.loader.facts import Facts, KnownBy
from importer.loader.options import SourceOptions
from importer.loader.source import Source, open_source

__all__ = ["DAMAGE", "Damage", "Facts", "KnownBy", "Source", "SourceOptions", "open_source"]
