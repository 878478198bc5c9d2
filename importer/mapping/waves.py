"""Documents that build on others, and documents with several responses a row (`extends:`, `waves:`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from importer.mapping.types import Issue
from importer.mapping.yaml import Data, Path, Place, Plain, Tree, is_nothing, kind

# How a document builds on another: maps merge, lists are replaced whole, the later one wins, also where it
# says the same thing in another way (`column` for `any`).


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


# Several responses of one row: a document with `waves` is read once per wave.
#
# Everything happens on the tree, before it is checked: each wave's own part is merged over the
# document (as `extends` merges), and `{wave}` in its texts becomes the wave's text. Places stay
# those of what was written.

MOST = 120
"""Waves of one document (ten years of months): each is read, checked and mapped like a mapping of its own."""
MOST_ENTRIES = 100_000
"""Entries of the document, times its waves: about a second's work."""
_LONGEST = 60
_TEXT = "text"

OWN = (
    *("questions", "campaign", "method", "userId", "anonymousId"),
    *("answers", "rating", "traits", "key"),
)
"""What a wave may say for itself; the rest of a document is of the file or the job."""
_OF_THE_FILE = frozenset({"version", "name", "extends", "preset", "sending"})
_OF_CELLS = frozenset({"values", "na", "in", "not_in", "matches"})
"""Keys whose texts stand in cells, where braces are just braces."""
_PLACEHOLDER = re.compile(r"\{\{wave\}\}|\{wave\}")


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave's name ("" in a document without waves), and the document as it is for that wave."""

    name: str
    tree: Tree


def oddities(tree: Tree) -> Iterator[Issue]:
    """What is wrong with `waves` itself; what its parts say is checked wave by wave."""
    waves = _map(tree.data)["waves"]
    if not isinstance(waves, dict | list):
        yield Issue(("waves",), f"expected a list or a map, found {kind(waves)}", _HOW)
    elif not waves:
        yield Issue(("waves",), "expected at least one wave", _HOW)
    elif len(waves) > MOST:
        yield Issue(("waves",), f"more than {MOST} waves")
    elif len(waves) * len(tree.places) > MOST_ENTRIES:
        told = f"so many waves of so long a mapping come to more than {MOST_ENTRIES:,} entries"
        yield Issue(("waves",), told)
    elif isinstance(waves, list):
        yield from _listed(waves)
    else:
        for name, each in waves.items():
            yield from _name(name, ("waves", name), key=True)
            yield from _own(each, ("waves", name))
    yield from _unquoted(tree.data, ())


_HOW = 'Name them: `waves: ["2022", "2023"]`, and write {wave} where their columns differ.'


def _listed(waves: list[Data]) -> Iterator[Issue]:
    seen: set[str] = set()
    for number, each in enumerate(waves):
        path = ("waves", number)
        if not isinstance(each, str) or is_nothing(each):
            yield Issue(path, f"expected text, found {kind(each)}", _MAP)
            continue
        yield from _name(each, path)
        yield from _wave_text(each, path)
        if str(each) in seen:
            yield Issue(path, "a second wave of this name")
        seen.add(str(each))


_MAP = "Waves that have more than a name are a map: `waves: {first: ..., second: ...}`."


def _name(name: str, path: Path, *, key: bool = False) -> Iterator[Issue]:
    if not name.strip() or len(name) > _LONGEST or not name.isprintable():
        told = f"a wave's name is one line of 1 to {_LONGEST} characters"
        yield Issue(path, told, key=key)


def _wave_text(text: str, path: Path) -> Iterator[Issue]:
    if "{" in text or "}" in text:
        yield Issue(path, "a wave's text has no braces")


def _own(wave: Data, path: Path) -> Iterator[Issue]:
    """What a map of waves says of one."""
    if isinstance(wave, dict):
        for key, each in wave.items():
            if key == _TEXT:
                yield from _own_text(each, (*path, key))
            elif key not in OWN:
                told = f'a wave has no "{key}" of its own'
                hint = f"Known here: {', '.join((_TEXT, *OWN))}."
                yield Issue((*path, key), told, hint, key=True)
    else:
        yield from _own_text(wave, path)


def _own_text(text: Data, path: Path) -> Iterator[Issue]:
    if not isinstance(text, str) or is_nothing(text):
        hint = 'Write "" where a column is named without anything for this wave.'
        yield Issue(path, f"expected the wave's text, found {kind(text)}", hint)
    else:
        yield from _wave_text(text, path)


def _unquoted(data: Data, path: Path) -> Iterator[Issue]:
    """`{wave}` without quotes, which is a map in YAML."""
    if isinstance(data, dict) and list(data) == ["wave"] and data["wave"] == "":
        yield Issue(path, "a map, where `{wave}` was meant", 'Put it in quotes: "{wave}".')
        return
    for part, each in _parts(data):
        if (*path, part) != ("waves",):
            yield from _unquoted(each, (*path, part))


def _parts(data: Data) -> Iterable[tuple[str | int, Data]]:
    if isinstance(data, str):
        return ()
    return data.items() if isinstance(data, dict) else enumerate(data)


def apart(tree: Tree) -> tuple[Wave, ...]:
    """The document wave by wave, in the order in which they are listed."""
    waves = _map(tree.data)["waves"]
    assert isinstance(waves, dict | list)  # noqa: S101  `oddities` has found nothing wrong
    named = waves if isinstance(waves, dict) else {str(name): name for name in waves}
    return tuple(Wave(name, _of(tree, name, own)) for name, own in named.items())


def _of(tree: Tree, name: str, own: Data) -> Tree:
    """The document as one wave has it."""
    data = {key: each for key, each in _map(tree.data).items() if key != "waves"}
    says = _map(own)
    text = says.get(_TEXT, name) if isinstance(own, dict) else own
    over = Tree(
        {key: each for key, each in says.items() if key != _TEXT},
        _below(tree.places, ("waves", name)),
        _below(tree.keys, ("waves", name)),
    )
    merged = extend(Tree(data, tree.places, tree.keys), over)
    return Tree(_filled(merged.data, str(text), ()), merged.places, merged.keys)


def _map(data: Data) -> dict[str, Data]:
    return data if isinstance(data, dict) else {}


def _below(places: Mapping[Path, Place], path: Path) -> dict[Path, Place]:
    """What stands under a path, as if that were the top; its own place aside."""
    depth = len(path)
    return {
        each[depth:]: place
        for each, place in places.items()
        if each[:depth] == path and len(each) > depth
    }


def _filled(data: Data, text: str, path: Path) -> Data:
    """The data with `{wave}` replaced, wherever a text is the mapping's own."""
    if _left(path):
        return data
    if isinstance(data, dict):
        return {key: _filled(each, text, (*path, key)) for key, each in data.items()}
    if isinstance(data, list):
        return [_filled(each, text, (*path, number)) for number, each in enumerate(data)]
    return _said(data, text, path) if "{wave}" in data else data


def _left(path: Path) -> bool:
    """Whether braces are just braces there: texts of cells, and what belongs to the file."""
    top, below = path[:1], path[1:]
    if top == ("source",) and below:
        return below[0] != "skip_if" or bool(_OF_CELLS & set(below))
    named = below[1:] if top in (("traits",), ("questions",)) else below
    return bool(_OF_THE_FILE & set(top)) or bool(_OF_CELLS & set(named))


def _said(scalar: str, text: str, path: Path) -> str:
    """The text for one wave: within a regular expression escaped, in `nth` a number."""
    key = "column" if path[0] == "traits" and len(path) == 2 else path[-1]
    literal = "{{wave}}" if key == "template" else "{wave}"
    wave = re.escape(text) if key == "columns" else text
    said = _PLACEHOLDER.sub(lambda found: literal if found[0] == "{{wave}}" else wave, scalar)
    return Plain(said) if key == "nth" else said
