"""How a document builds on another: maps merge, lists are replaced whole, the later one wins, also where it
says the same thing in another way (`column` for `any`)."""

from __future__ import annotations

from collections.abc import Iterator

from importer.mapping.tree import Data, Path, Tree


def extend(base: Tree, over: Tree) -> Tree:
    """`base` with everything of `over`; each piece keeps the place where it was written."""
    data = _merged(base.data, over.data)
    paths = list(_paths(data, ()))
    places = {**base.places, **over.places}
    keys = {**base.keys, **over.keys}
    return Tree(
        data,
        {path: places[path] for path in paths},
        {path: keys[path] for path in paths if path in keys},
    )


def _merged(base: Data, over: Data, key: str = "") -> Data:
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    kept = base if key == "values" else _without_alternatives(base, over)
    both = {key: _merged(kept[key], over[key], key) for key in kept if key in over}
    return {**kept, **over, **both}


_ALTERNATIVES = (
    frozenset({"column", "nth", "letter", "any", "columns", "value", "template", "hash"}),
    frozenset({"header_row", "header_rows"}),
)
"""Keys of which a map has one: who gives another means it instead."""


def _without_alternatives(base: dict[str, Data], over: dict[str, Data]) -> dict[str, Data]:
    replaced = {key for group in _ALTERNATIVES if group & over.keys() for key in group}
    return {key: each for key, each in base.items() if key not in replaced}


def _paths(data: Data, path: Path) -> Iterator[Path]:
    """All paths of the data, its own first."""
    yield path
    below = data.items() if isinstance(data, dict) else enumerate(data)
    for part, each in () if isinstance(data, str) else below:
        yield from _paths(each, (*path, part))
