"""From a mapping's text to a `Document`, with all that is wrong told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import ValidationError

from importer.errors import MappingError
from importer.mapping import files, mistakes, waves
from importer.mapping.crosschecks import crosscheck
from importer.mapping.document import Document
from importer.mapping.extending import extend
from importer.mapping.fields import Oddity
from importer.mapping.findings import findings
from importer.mapping.mistakes import Found
from importer.mapping.scalars import is_nothing, kind
from importer.mapping.tree import Sheet, Tree, read
from importer.mapping.waves import Wave

Base = Callable[[str], tuple[Sheet, "Base"]]
"""Finds what `extends` names, and what finds what that one extends."""
MAX_CHAIN = 10


def load(path_or_preset: str, *, unfilled: bool = False) -> Document:
    """Read a mapping from a file, or a preset by its name, with what it extends. `unfilled`: a `?` in it
    is no mistake, so that the rest can be looked at.

    Raises:
        MappingError: With all mistakes, each with its line, column and what to write instead.
    """
    path = files.find(path_or_preset)
    return parse_sheet(files.read_sheet(path), _beside(path), unfilled=unfilled)


def parse(text: str, name: str = "mapping.yaml", *, base: Base | None = None) -> Document:
    """Read a mapping from its text. `name` is how people know it; `base` finds what it extends
    (default: nothing can be extended).

    Raises:
        MappingError: With all mistakes.
    """
    return parse_sheet(Sheet(name, text), base)


def parse_sheet(sheet: Sheet, base: Base | None, *, unfilled: bool = False) -> Document:
    """As `parse`, for a sheet; `unfilled` as in `load`."""
    whole = _with_bases(sheet, base)
    wrong = list(waves.oddities(whole))
    if wrong:
        raise mistakes.error(whole, sheet, [*wrong, *mistakes.secrets(whole)])
    read_ = [_checked(each, sheet, unfilled) for each in waves.apart(whole)]
    if any(found.oddities for _, found in read_):
        raise mistakes.error_of_waves(sheet, [found for _, found in read_])
    return Document.together([document for document, _ in read_ if document], whole)


def _checked(wave: Wave, sheet: Sheet, unfilled: bool) -> tuple[Document | None, Found]:
    """The document as a wave has it, or everything that is wrong with it."""
    tree = wave.tree
    told = [*mistakes.secrets(tree), *(() if unfilled else mistakes.unfilled(tree))]
    oddities = [*told, *crosscheck(tree, sheet)]
    document = None
    try:
        document = Document.of(tree, sheet, wave.name)
    except ValidationError as error:
        paths = {each.path for each in told}
        found = findings(error, tree)
        oddities += [each for each in found if mistakes.written(tree, each.path) not in paths]
    if oddities:
        oddities += _preset(tree, sheet)
    return document, Found(wave.name, tree, oddities)


def _preset(tree: Tree, sheet: Sheet) -> Iterator[Oddity]:
    """Said of a preset that was taken for a mapping."""
    if ("preset",) in tree.places and tree.places["preset",].sheet is sheet:
        name = Path(sheet.name).stem
        yield Oddity(
            ("preset",),
            "this is a preset: mappings build on it",
            f"Write a mapping of your own that begins with `extends: {name}`.",
            key=True,
        )


def _with_bases(sheet: Sheet, base: Base | None) -> Tree:
    tree = _map(sheet)
    chain = [(sheet, tree)]
    while (reference := _extends(chain[-1][1])) is not None:
        last, written = chain[-1]
        found, base = _found(reference, base, last, written)
        if any(found == each for each, _ in chain):
            said = " -> ".join([*(each.name for each, _ in chain), found.name])
            raise _refusal(last, written, f"`extends` goes round in a circle: {said}")
        if len(chain) >= MAX_CHAIN:
            raise _refusal(last, written, f"a chain of `extends` longer than {MAX_CHAIN} mappings")
        chain.append((found, _map(found)))
    merged = chain[-1][1]
    for _, each in reversed(chain[:-1]):
        merged = extend(merged, each)
    return merged


def _map(sheet: Sheet) -> Tree:
    tree = read(sheet)
    if not isinstance(tree.data, dict):
        found = kind(tree.data)
        oddity = Oddity((), f"expected keys and values, found {found}", "Begin with `version: 1`.")
        raise mistakes.error(tree, sheet, [oddity])
    return tree


def _extends(tree: Tree) -> str | None:
    assert isinstance(tree.data, dict)  # noqa: S101  `_map` has seen to it
    reference = tree.data.get("extends")
    return str(reference) if isinstance(reference, str) and not is_nothing(reference) else None


def _found(reference: str, base: Base | None, sheet: Sheet, tree: Tree) -> tuple[Sheet, Base]:
    if base is None:
        raise _refusal(sheet, tree, "a mapping without a file of its own can't extend another")
    try:
        return base(reference)
    except MappingError as error:
        first = error.mistakes[0]
        said = f'"{reference}": {first.message}'
        raise _refusal(sheet, tree, said, first.hint) from None


def _refusal(sheet: Sheet, tree: Tree, message: str, hint: str = "") -> MappingError:
    return mistakes.error(tree, sheet, [Oddity(("extends",), message, hint)])


def _beside(path: Path) -> Base:
    def base(reference: str) -> tuple[Sheet, Base]:
        found = files.find(reference, path.parent)
        return files.read_sheet(found), _beside(found)

    return base
