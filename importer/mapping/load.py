"""From a mapping's file or preset to a `Document`, with all that is wrong told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from os import PathLike, fdopen
from pathlib import Path

from pydantic import ValidationError

from importer import resources
from importer.errors import MappingError, Mistake
from importer.mapping import errors, waves
from importer.mapping.document import Document, Preset, crosscheck
from importer.mapping.errors import Findings
from importer.mapping.schema import findings
from importer.mapping.text import did_you_mean
from importer.mapping.types import Issue
from importer.mapping.waves import Wave, extend
from importer.mapping.yaml import MAX_BYTES, Tree, YamlText, is_nothing, kind, read_yaml
from importer.resources import MAPPINGS
from importer.settings import path_text

# Mappings on disk: the one place of this room that reads files.

ENDINGS = (".yaml", ".yml")


def presets() -> Mapping[str, Path]:
    """The presets that come with the program, by name."""
    return {path.stem: path for path in sorted(MAPPINGS.glob("*.yaml"))}


def is_path(reference: str) -> bool:
    """Whether a reference is meant as a path, not as a preset's name."""
    return reference.endswith(ENDINGS) or "/" in reference or "\\" in reference


def find_mapping(reference: str, beside: Path | None = None) -> Path:
    """The file behind a path (relative to the folder `beside`) or a preset's name.

    Raises:
        MappingError: There is no such preset.
    """
    if is_path(reference):
        return (beside or Path()) / Path(reference).expanduser()
    if beside is None and reference not in presets() and Path(reference).exists():
        return Path(reference)
    return find_preset(reference)


def find_preset(name: str) -> Path:
    """The file of a preset.

    Raises:
        MappingError: There is none of that name.
    """
    known = presets()
    if name not in known:
        hint = did_you_mean(name, known) or f"There are: {', '.join(known) or 'none'}."
        raise _file_refusal(name, "no preset is called that", hint)
    return known[name]


def read_sheet(path: Path) -> YamlText:
    """A file's text, as UTF-8 (a BOM is fine).

    Raises:
        MappingError: It can't be read, isn't UTF-8, or is too big to be a mapping.
    """
    name = path.name
    try:
        with fdopen(resources.opened(path), "rb") as file:
            content = file.read(MAX_BYTES + 1)
        return YamlText(name, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        if len(content) > MAX_BYTES:
            return YamlText(name, content.decode("utf-8", "replace"))
        raise _file_refusal(
            name, f"the file isn't UTF-8 (first in line {line})", "Save it as UTF-8 in your editor."
        ) from None
    except OSError as error:
        what = error.strerror or type(error).__name__
        raise _file_refusal(str(path), f"the mapping can't be read: {what}", _NO_FILE) from None


_NO_FILE = "Check the path; `importer presets` lists the mappings that come along."


def _file_refusal(name: str, message: str, hint: str) -> MappingError:
    return MappingError(name, "", [Mistake(0, 0, message, hint)])


# From a mapping's text to a `Document`, with all that is wrong told at once.

Base = Callable[[str], tuple[YamlText, "Base"]]
"""Finds what `extends` names, and what finds what that one extends."""
MAX_CHAIN = 10


def load(path_or_preset: str | PathLike[str], *, unfilled: bool = False) -> Document:
    """Read a mapping from a file, or a preset by its name, with what it extends. `unfilled`: a `?` in it
    is no mistake, so that the rest can be looked at.

    Raises:
        MappingError: With all mistakes, each with its line, column and what to write instead.
    """
    path = find_mapping(path_text(path_or_preset, "load_mapping()"))
    return parse_sheet(read_sheet(path), _beside(path), unfilled=unfilled)


def parse(text: str, name: str = "mapping.yaml", *, base: Base | None = None) -> Document:
    """Read a mapping from its text. `name` is how people know it; `base` finds what it extends
    (default: nothing can be extended).

    Raises:
        MappingError: With all mistakes.
    """
    return parse_sheet(YamlText(name, text), base)


def parse_sheet(sheet: YamlText, base: Base | None, *, unfilled: bool = False) -> Document:
    """As `parse`, for a sheet; `unfilled` as in `load`."""
    whole = _with_bases(sheet, base)
    several = "waves" in whole.data
    wrong = list(waves.oddities(whole)) if several else []
    if wrong:
        raise errors.mapping_error(whole, sheet, [*wrong, *errors.secrets(whole)])
    parts = waves.apart(whole) if several else (Wave("", whole),)
    read_ = [_checked(each, sheet, unfilled) for each in parts]
    if any(found.oddities for _, found in read_):
        raise errors.error_of_waves(sheet, [found for _, found in read_])
    return Document.together([document for document, _ in read_ if document], whole)


def written_out(path: Path) -> tuple[Tree, str]:
    """A mapping's file with what it extends, unchecked, and its own text. Raises MappingError."""
    sheet = read_sheet(path)
    return _with_bases(sheet, _beside(path)), sheet.text


def _checked(wave: Wave, sheet: YamlText, unfilled: bool) -> tuple[Document | None, Findings]:
    """The document as a wave has it, or everything that is wrong with it."""
    tree = wave.tree
    told = [*errors.secrets(tree), *(() if unfilled else errors.unfilled(tree))]
    oddities = [*told, *crosscheck(tree, sheet)]
    document = None
    try:
        document = Document.of(tree, sheet, wave.name)
    except ValidationError as error:
        paths = {each.path for each in told}
        found = findings(error, tree)
        oddities += [each for each in found if errors.written(tree, each.path) not in paths]
    if oddities:
        oddities += _preset(tree, sheet)
    return document, Findings(wave.name, tree, oddities)


def _preset(tree: Tree, sheet: YamlText) -> Iterator[Issue]:
    """Said of a preset that was taken for a mapping."""
    if ("preset",) in tree.places and tree.places["preset",].sheet is sheet:
        name = Path(sheet.name).stem
        yield Issue(
            ("preset",),
            "this is a preset: mappings build on it",
            f"Write a mapping of your own that begins with `extends: {name}`.",
            key=True,
        )


def _with_bases(sheet: YamlText, base: Base | None) -> Tree:
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


def _map(sheet: YamlText) -> Tree:
    tree = read_yaml(sheet)
    if not isinstance(tree.data, dict):
        found = kind(tree.data)
        oddity = Issue((), f"expected keys and values, found {found}", "Begin with `version: 1`.")
        raise errors.mapping_error(tree, sheet, [oddity])
    return tree


def _extends(tree: Tree) -> str | None:
    assert isinstance(tree.data, dict)  # noqa: S101  `_map` has seen to it
    reference = tree.data.get("extends")
    return str(reference) if isinstance(reference, str) and not is_nothing(reference) else None


def _found(reference: str, base: Base | None, sheet: YamlText, tree: Tree) -> tuple[YamlText, Base]:
    if base is None:
        raise _refusal(sheet, tree, "a mapping without a file of its own can't extend another")
    try:
        return base(reference)
    except MappingError as error:
        first = error.mistakes[0]
        said = f'"{reference}": {first.message}'
        raise _refusal(sheet, tree, said, first.hint) from None


def _refusal(sheet: YamlText, tree: Tree, message: str, hint: str = "") -> MappingError:
    return errors.mapping_error(tree, sheet, [Issue(("extends",), message, hint)])


def _beside(path: Path) -> Base:
    def base(reference: str) -> tuple[YamlText, Base]:
        found = find_mapping(reference, path.parent)
        if (
            found.suffix.lower() not in ENDINGS
        ):  # lines of it would stand in what is said of mistakes
            raise _file_refusal(found.name, "it is no .yaml or .yml file", _NO_FILE)
        return read_sheet(found), _beside(found)

    return base


# The mappings that come along, for others to extend.


@dataclass(frozen=True, slots=True)
class Shipped:
    """A preset: its name in `extends:`, its title, what it says of itself, and its YAML text."""

    name: str
    title: str
    about: Preset
    text: str


def shipped() -> list[Shipped]:
    """All presets, by name."""
    return [preset(name) for name in presets()]


@cache  # a draft looks at all of them, and the wizard drafts with each answer
def preset(name: str) -> Shipped:
    """One preset.

    Raises:
        MappingError: There is none of that name.
    """
    sheet = read_sheet(find_preset(name))
    data = read_yaml(sheet).data
    top = data if isinstance(data, dict) else {}
    about = Preset.model_validate(top.get("preset", {"tool": name}))
    return Shipped(name, str(top.get("name", name)), about, sheet.text)
