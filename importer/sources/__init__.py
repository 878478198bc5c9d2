"""Files -> chunks of text rows: finds the format, the encoding, the delimiter and the header.

`open_source` is the door. A format is a file of this room (`csv`, `workbook`) and a line in
`formats.FORMATS`; all it hands over is a `table.Table`. Each name is imported when it is first used: the
child that reads a workbook needs none of them, and starts in half the time.
"""

from __future__ import annotations

from importer import lazily

_PLACES = {
    **dict.fromkeys(("Source", "open_source"), "source"),
    **dict.fromkeys(("WHOLE", "Facts", "KnownBy", "Part"), "table"),
    **dict.fromkeys(("RowBlock", "SourceOptions", "read_header"), "table"),
    **dict.fromkeys(("Finding", "Inspection"), "inspect"),
    **dict.fromkeys(("Address", "fetched"), "remote"),
}
__all__ = (*_PLACES,)  # noqa: PLE0604  type checkers read `__init__.pyi`
__getattr__ = lazily(__name__, {name: f"{__name__}.{at}:{name}" for name, at in _PLACES.items()})
