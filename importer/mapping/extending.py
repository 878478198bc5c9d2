"""How a document builds on another: maps merge, lists are replaced whole, the later one wins."""

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


def _merged(base: Data, over: Data) -> Data:
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    both = {key: _merged(base[key], over[key]) for key in base if key in over}
    return {**base, **over, **both}


def _paths(data: Data, path: Path) -> Iterator[Path]:
    """All paths of the data, its own first."""
    yield path
    below = data.items() if isinstance(data, dict) else enumerate(data)
    for part, each in () if isinstance(data, str) else below:
        yield from _paths(each, (*path, part))
