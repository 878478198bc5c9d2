"""Finding the columns that a mapping names in the header of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from importer.mapping.text import TooSlow, compile_pattern, did_you_mean, folded, trimmed
from importer.mapping.types import Issue, Selector
from importer.mapping.yaml import Path
from importer.model import column_of, letter

_SHOWN = 40


@dataclass(slots=True)
class ColumnLookup:
    """The columns of one file by position from 0, and what was found out while looking some up."""

    names: Sequence[str]
    file: str
    notes: list[str] = field(default_factory=list)
    oddities: list[Issue] = field(default_factory=list)
    used: set[int] = field(default_factory=set)

    def find(self, selector: Selector, path: Path, *, optional: bool = False) -> int | None:
        """The position of the column; None where there is none, which is a mistake, or a note where the
        column is optional."""
        found = self._find(selector)
        if isinstance(found, int):
            self.used.add(found)
            return found
        if optional and found.missing:
            self.notes.append(f"{found.message}; it is optional and left out")
        else:
            self.oddities.append(Issue(path, found.message, found.hint))
        return None

    def matching(self, pattern: str, path: Path, *, optional: bool = False) -> tuple[int, ...]:
        """The positions of all columns whose name the pattern is found in."""
        compiled = compile_pattern(pattern)
        try:
            found = tuple(i for i, name in enumerate(self.names) if compiled.found_in(name))
        except TooSlow:
            self.oddities.append(Issue(path, "this pattern takes too long", "Simplify it."))
            return ()
        self.used.update(found)
        if not found and optional:
            self.notes.append(f'no column matches "{pattern}"; it is optional and left out')
        elif not found:
            self.oddities.append(
                Issue(path, f"no column of {self.file} matches this", self._present())
            )
        return found

    def label(self, position: int) -> str:
        """A column as people are told of it: its name, or its letter where it has none or shares it."""
        name = self.names[position]
        if trimmed(name) and self.names.count(name) == 1:
            return name
        return f"{name} ({letter(position)})".strip()

    @property
    def unmapped(self) -> tuple[str, ...]:
        """The columns that nothing has looked up, with whoever shares `used`."""
        left = (i for i in range(len(self.names)) if i not in self.used)
        return tuple(self.label(i) for i in left)

    def _find(self, selector: Selector) -> int | _Lost:
        if selector.letter:
            return self._by_letter(selector.letter)
        if selector.any:
            return self._by_one_of(selector.any)
        return self._by_name(selector)

    def _by_letter(self, wanted: str) -> int | _Lost:
        position = column_of(wanted)
        if position < len(self.names):
            return position
        last = letter(len(self.names) - 1) if self.names else "none"
        return _Lost(f'{self.file} has no column "{wanted}"; its last is {last}', self._present())

    def _by_one_of(self, wanted: Sequence[str]) -> int | _Lost:
        found = {place: name for name in wanted for place in self._places(name)}
        if len(found) == 1:
            place = next(iter(found))
            self._note(found[place], place)
            return place
        shown = ", ".join(f'"{name}"' for name in wanted)
        if not found:
            return _Lost(f"{self.file} has none of the columns {shown}", self._present())
        names = ", ".join(self.label(place) for place in found)
        return _Lost(
            f"{self.file} has several of these: {names}", "Keep the right one.", missing=False
        )

    def _by_name(self, selector: Selector) -> int | _Lost:
        name = selector.column
        places = self._places(name)
        if not places:
            hints = [_braces(name), did_you_mean(name, self.names), self._present()]
            hint = "\n".join(filter(None, hints))
            return _Lost(f'{self.file} has no column "{name}"', hint)
        if selector.nth > len(places):
            said = f'{self.file} has {len(places)} columns "{name}", not {selector.nth}'
            return _Lost(said, self._present())
        if len(places) > 1 and not selector.numbered:
            letters = " and ".join(letter(place) for place in places)
            said = f'"{name}" stands in the header {len(places)} times: {letters}'
            hint = f"Say which: {{column: {name}, nth: 1}}, or {{letter: {letter(places[0])}}}."
            return _Lost(said, hint, missing=False)
        self._note(name, places[selector.nth - 1])
        return places[selector.nth - 1]

    def _places(self, name: str) -> list[int]:
        exact = [i for i, each in enumerate(self.names) if each == name]
        return exact or [i for i, each in enumerate(self.names) if folded(each) == folded(name)]

    def _note(self, name: str, place: int) -> None:
        if self.names[place] != name:
            note = f'column "{self.names[place]}" taken for "{name}" (they differ in case or space)'
            self.notes.append(note)

    def _present(self) -> str:
        named = [f'{letter(i)} "{name}"' for i, name in enumerate(self.names)]
        more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
        return f"Its columns: {', '.join(named[:_SHOWN])}{more}."


@dataclass(frozen=True, slots=True)
class _Lost:
    message: str
    hint: str
    missing: bool = True


def _braces(name: str) -> str:
    """What to say of a name that holds a placeholder still."""
    if re.search(r"\{\s*waves?\s*\}", name, re.IGNORECASE):
        return "`{wave}`, written so, is replaced where the mapping says which waves there are: `waves:`."
    return ""
