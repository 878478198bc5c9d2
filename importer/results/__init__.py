"""What a job writes for people: projections of the ledger, written whole or not at all."""

from __future__ import annotations

from importer import lazily

_PLACES = {
    **dict.fromkeys(("AccountEffect", "Causes", "Summary"), "summary"),
    **dict.fromkeys(("RatingQuestion", "Scores", "Tally", "signed"), "scores"),
    **dict.fromkeys(("LOST", "MENDABLE"), "files"),
}
__all__ = (*_PLACES,)  # noqa: PLE0604  type checkers read `__init__.pyi`
__getattr__ = lazily(__name__, {name: f"{__name__}.{at}:{name}" for name, at in _PLACES.items()})
