"""What is wrong with a document -> one error that shows each mistake at its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from importer.errors import MappingError, Mistake
from importer.mapping.types import Issue
from importer.mapping.yaml import Path, Place, Tree, YamlText

_SECRET = re.compile(r"write[ _-]?key", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong with a document as one wave has it; `wave` is "" where there are no waves."""

    wave: str
    tree: Tree
    oddities: Sequence[Issue]


def mapping_error(tree: Tree, sheet: YamlText, oddities: Iterable[Issue]) -> MappingError:
    """All that was found, in the order in which it stands.

    `sheet` is the document that was asked for. What stands in another, which it extends, is shown
    with that one's name and line.
    """
    return error_of_waves(sheet, [Findings("", tree, tuple(oddities))])


def error_of_waves(sheet: YamlText, found: Sequence[Findings]) -> MappingError:
    """As `mapping_error`, of all waves together: what isn't wrong with each of them names those it is wrong
    with."""
    placed = _told_once(sheet, found)
    ordered = sorted(placed, key=lambda each: each.order(sheet))
    sheets = {each.place.sheet for each in ordered}
    if len(sheets) == 1:
        only = sheets.pop()
        return MappingError(only.name, only.text, [each.mistake for each in ordered])
    return MappingError(sheet.name, sheet.text, [each.seen_from(sheet) for each in ordered])


def _told_once(sheet: YamlText, found: Sequence[Findings]) -> list[_Placed]:
    waves: dict[_Placed, dict[str, None]] = {}
    for each in found:
        for oddity in each.oddities:
            placed = _Placed(_place(each.tree, sheet, oddity), oddity.message, oddity.hint)
            waves.setdefault(placed, {})[each.wave] = None
    every = {each.wave for each in found}
    return [
        placed
        if names.keys() == every
        else replace(placed, message=f"{placed.message} (wave {', '.join(names)})")
        for placed, names in waves.items()
    ]


@dataclass(frozen=True)
class _Placed:
    place: Place
    message: str
    hint: str

    @property
    def mistake(self) -> Mistake:
        return Mistake(self.place.line, self.place.column, self.message, self.hint)

    def seen_from(self, sheet: YamlText) -> Mistake:
        """The mistake; in words where it stands in another document."""
        there = self.place.sheet
        if there is sheet:
            return self.mistake
        shown = MappingError(there.name, there.text, [self.mistake]).message
        return Mistake(0, 0, f"in what it extends: {shown}")

    def order(self, sheet: YamlText) -> tuple[bool, str, int, int]:
        there = self.place.sheet
        return there is not sheet, there.name, self.place.line, self.place.column


def _place(tree: Tree, sheet: YamlText, oddity: Issue) -> Place:
    """Where the written part of the path stands: of its key, if that is what is wrong. What the whole
    document lacks has no place."""
    known = written(tree, oddity.path)
    if not known:
        return Place(sheet, 0, 0)
    return tree.keys[known] if oddity.key and known in tree.keys else tree.places[known]


def written(tree: Tree, path: Path) -> Path:
    """The path without the parts that stand in no document, such as shorthands written out."""
    known: Path = ()
    for part in path:
        if (*known, part) in tree.places:
            known = (*known, part)
    return known


def secrets(tree: Tree) -> Iterator[Issue]:
    """Write keys that somebody put into the mapping."""
    for path in tree.keys:
        if isinstance(path[-1], str) and _SECRET.fullmatch(path[-1]):
            yield Issue(
                path,
                "the write key has no place in a mapping: mappings are shared",
                "Delete the line, and put the key into the environment as SATISMETER_WRITE_KEY.",
                key=True,
            )


OPEN = "?"
"""Stands in a mapping that `importer init` wrote, where only a person can know what belongs there."""
_TEXTS = frozenset(
    {"na", "in", "not_in", "values", "join", "name", "tool", "description", "evidence"}
)
_TO_FILL_IN = {
    "campaign": "The survey's ID: SatisMeter > Settings > Integrations > API keys, or `importer surveys`.",
    "questions": "The question's ID (`importer surveys --questions` lists them), or `false` to leave "
    "the answer out.",
    "format": 'How the file writes dates, for example "%d/%m/%Y" (day first) or "%m/%d/%Y" (month first).',
    "rescale": "Which end of the scale is the best? Delete the line if the highest number is; if the "
    "lowest is, turn the scale round: `{from: [1, 5], to: [5, 1]}`.",
    "userId": "The column that says who answered, by its name in the header.",
    "answers": "Questions go by their IDs, columns by their names in the header.",
}


def unfilled(tree: Tree) -> Iterator[Issue]:
    """Every `?` that nobody has filled in yet; where cells' texts stand, it is a text like any other."""
    for path in tree.places:
        if _at(tree, path) == OPEN and not _TEXTS & set(path):
            keys = [key for key in reversed(path) if key in _TO_FILL_IN]
            hint = (
                _TO_FILL_IN[str(keys[0])] if keys else "Put what belongs here in place of the `?`."
            )
            ends = _ends(tree, path) if path[-1] == "rescale" else None
            if ends:
                low, high = ends
                around = f"from: [{low}, {high}], to: [{high}, {low}]"
                hint = hint.replace("from: [1, 5], to: [5, 1]", around)
            yield Issue(path, "this is yet to be filled in", hint)


_RANGES = {"nps": ("0", "10"), "csat": ("1", "5"), "ces": ("1", "7")}


def _ends(tree: Tree, path: Path) -> tuple[str, str] | None:
    """The ends of the scale of the answer that is turned round there."""
    answer = _at(tree, path[:-1])
    if not isinstance(answer, dict):
        return None
    said = answer.get("min"), answer.get("max")
    return (str(said[0]), str(said[1])) if all(said) else _RANGES.get(str(answer.get("type")))


def _at(tree: Tree, path: Path) -> object:
    data: object = tree.data
    for part in path:
        data = data[part]  # type: ignore[index]  # the path leads through maps and lists
    return data
