"""Files -> chunks of text rows: finds the format, the encoding, the delimiter and the header.

`open_source` is the door. A format is a file of this room (`csv`, `workbook`) and a line in
`source.FORMATS`; all it hands over is a `table.Table`. Each name is imported when it is first used: the
child that reads a workbook needs none of them, and starts in half the time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importer.sources.source import Source, open_source
    from importer.sources.table import Facts, KnownBy, SourceOptions


__all__ = ["Facts", "KnownBy", "Source", "SourceOptions", "open_source"]

_PLACES = {
    **dict.fromkeys(("Facts", "KnownBy"), "facts"),
    **dict.fromkeys(("Source", "open_source"), "source"),
    "SourceOptions": "options",
}


def __getattr__(name: str) -> object:
    """What the room offers (PEP 562)."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
