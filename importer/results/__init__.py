"""What a job writes for people: projections of the ledger, written whole or not at all."""

from __future__ import annotations

from importlib import import_module

_PLACES = {
    **dict.fromkeys(("Causes", "Summary"), "summary"),
    **dict.fromkeys(("RatingQuestion", "Scores", "Tally", "signed"), "scores"),
    **dict.fromkeys(("LOST", "MENDABLE"), "files"),
}
__all__ = (*_PLACES,)  # noqa: PLE0604  type checkers read `__init__.pyi`


def __getattr__(name: str) -> object:
    """What the room offers (PEP 562): each name brings its module when it is first used."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = found  # the next time nobody asks here
    return found
