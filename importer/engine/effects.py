"""Counting what becomes of the account's traits, person by person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from importer.model import json_kind, same_json
from importer.results.account import Overwritten, TraitEffect
from importer.results.report.facts import initial

_EXAMPLES = 3


def as_it_is(value: object) -> str:
    """A value as JSON: `--show-values`."""
    return orjson.dumps(value, default=str).decode("utf-8", "replace")


def hidden(value: object) -> str:
    """What of a value may be shown: of texts the first letter and the length, of others their kind."""
    return initial(value) if isinstance(value, str) else f"({json_kind(value)})"


@dataclass(slots=True)
class _Counts:
    equal: int = 0
    fills: int = 0
    overwrites: int = 0
    kept: int = 0
    retypes: int = 0
    examples: list[Overwritten] = field(default_factory=list)


class Tally:
    """Counts persons by what becomes of each trait. `traits` are all that the mapping sends, in its order."""

    def __init__(self, traits: Sequence[str], keeps: Collection[str], *, show_values: bool) -> None:
        self._keeps = keeps
        self._counts = {name: _Counts() for name in traits}
        self._show = as_it_is if show_values else hidden
        self.persons = self.known = self.unsubscribed = 0

    def add(
        self,
        before: Mapping[str, object] | None,
        last: Mapping[str, tuple[int, object]],
        left: Mapping[str, object],
        *,
        unsubscribed: bool,
    ) -> None:
        """A person: what he has (None: the account doesn't know him), of each trait that is sent the last
        row's number and value, and of each that is left out the last value."""
        self.persons += 1
        if before is None:
            return
        self.known += 1
        self.unsubscribed += unsubscribed
        for name, (row, value) in last.items():
            self._sent(name, row, before, value)
        for name, value in left.items():
            if name in before and name not in last:
                alike = same_json(before[name], value)
                self._counts[name].equal += alike
                self._counts[name].kept += not alike

    def _sent(self, name: str, row: int, before: Mapping[str, object], value: object) -> None:
        counts = self._counts[name]
        if name not in before:
            counts.fills += 1
        elif same_json(before[name], value):
            counts.equal += 1
        else:
            counts.overwrites += 1
            counts.retypes += json_kind(before[name]) != json_kind(value)
            if len(counts.examples) < _EXAMPLES or row < counts.examples[-1].row:
                example = Overwritten(row, self._show(before[name]), self._show(value))
                listed = sorted([*counts.examples, example], key=lambda each: each.row)
                counts.examples = listed[:_EXAMPLES]

    def traits(self) -> tuple[TraitEffect, ...]:
        """Every trait of the mapping, with what a run does to it at how many persons."""
        return tuple(
            TraitEffect(
                name,
                name in self._keeps,
                each.equal,
                each.fills,
                each.overwrites,
                each.kept,
                each.retypes,
                tuple(each.examples),
            )
            for name, each in self._counts.items()
        )
