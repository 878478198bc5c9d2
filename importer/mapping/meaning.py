"""What a cell's text means to a block of the mapping: blank, na, values, parse, type."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from importer.mapping.answers import Rating
from importer.mapping.blanks import folded, trimmed
from importer.mapping.cells import Cell
from importer.mapping.fields import Constant
from importer.mapping.memo import Result
from importer.mapping.problems import Unfit
from importer.mapping.traits import Trait
from importer.mapping.transforms import TRANSFORMS, numerals
from importer.mapping.transforms.dates import timestamps

Read = Callable[[str], Result]


def reader(block: Cell, finish: Read) -> Read:
    """What becomes of a cell of this block's column: None where it is blank or `na`, its target where
    `values` has it, else what `parse` and then `finish` (the type) make of it. Pure; raises `Unfit`."""
    blank = blank_test(block)
    targets = None if block.values is None else Targets(block, finish)
    parses = [TRANSFORMS["parse", name].bound(block) for name in block.parse]

    if not (block.na or targets or parses):
        return lambda text: finish(text) if trimmed(text) else None

    def read(text: str) -> Result:
        if blank(text):
            return None
        if targets is not None:
            known, target = targets.look_up(text)
            if known:
                return target
        for parse in parses:
            text = parse(text)
        return finish(text)

    return read


def blank_test(block: Cell) -> Callable[[str], bool]:
    """Whether a cell is blank or one of the block's `na`."""
    na = frozenset(map(folded, block.na))
    if not na:
        return lambda text: not trimmed(text)
    return lambda text: not trimmed(text) or folded(text) in na


class Targets:
    """A `values` map: exact, else without regard to case and space."""

    __slots__ = ("_exact", "_folded", "_other")

    def __init__(self, block: Cell, finish: Read) -> None:
        values = dict(block.values or {})
        other = values.pop("*", None)
        self._other = other.text if other else ""
        self._exact = {text: target(block, to, finish) for text, to in values.items()}
        self._folded = _unambiguous(self._exact)

    def look_up(self, text: str) -> tuple[bool, Result]:
        """Whether the map decides on the text, and what becomes of it then (None: left out).

        Raises:
            Unfit: The map doesn't have it, and says nothing of others.
        """
        if text in self._exact:
            return True, self._exact[text]
        fold = folded(text)
        if fold in self._folded:
            return True, self._folded[fold]
        if not self._other:
            raise Unfit("unmapped_value", "the mapping's `values:` doesn't have this value")
        return self._other == "skip", None


def _unambiguous(exact: Mapping[str, Result]) -> dict[str, Result]:
    """By folded text, without those that two entries share but differ in."""
    found: dict[str, list[Result]] = {}
    for text, to in exact.items():
        found.setdefault(folded(text), []).append(to)
    return {fold: to[0] for fold, to in found.items() if all(each == to[0] for each in to)}


def target(block: Cell, constant: Constant, finish: Read) -> Result:
    """What a constant is sent as: as its YAML type where the block names none, else by the type.

    Raises:
        Unfit: The type can't take it.
    """
    if isinstance(block, Trait) and "type" not in block.model_fields_set:
        value = constant.value
        if isinstance(value, float) and not math.isfinite(value):
            raise Unfit("bad_number", "this isn't a number that JSON has")
        if isinstance(value, int) and abs(value) > numerals.EXACT:
            raise Unfit("number_too_big", "the number has more than 15 digits", "Put it in quotes.")
        if not isinstance(value, str):
            return value
    return finish(constant.text)


def typed(block: Rating | Trait, *, answered: bool = False) -> Read:
    """The block's type as a function of the text alone. `answered`: the trait is the date of the answer."""
    if isinstance(block, Trait) and block.type == "date":
        return timestamps(block.format, block.timezone, answered=answered)
    return TRANSFORMS[block.kind, block.type].bound(block)
