"""Files -> chunks of text rows: finds the format, the encoding, the delimiter and the header.

`open_source` is the door. A format is a file of this room (`csv`, `workbook`) and a line in
`source.FORMATS`; all it hands over is a `table.Table`. Each name is imported when it is first used: the
child that reads a workbook needs none of them, and starts in half the time.
"""

from __future__ import annotations

from importlib import import_module

_PLACES = {
    **dict.fromkeys(("Source", "open_source"), "source"),
    **dict.fromkeys(("WHOLE", "Facts", "KnownBy", "Part"), "table"),
    **dict.fromkeys(("RowBlock", "SourceOptions", "read_header"), "table"),
    **dict.fromkeys(("Finding", "Inspection"), "inspect"),
    **dict.fromkeys(("Address", "fetched"), "remote"),
}
__all__ = (*_PLACES,)  # noqa: PLE0604  type checkers read `__init__.pyi`


def __getattr__(name: str) -> object:
    """What the room offers (PEP 562): each name brings its module when it is first used."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = found  # the next time nobody asks here
    return found
