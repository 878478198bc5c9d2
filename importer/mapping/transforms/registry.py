"""The registry of transforms: pure functions from a cell's text to a value, which a mapping names.

To add one, decorate it in the module of its subject; its docstring is its reference. `parse` transforms
are `text -> text`, those of a type `text -> value`; one that reads options of the block that names it says
which, and takes the block as a second argument. One that can't take a text raises `text.TransformError`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Kind = Literal["parse", "answer", "trait"]
_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Transform:
    """A function that mappings can name: `parse: name` or `type: name`.

    `options` are the keys beside the name that it reads.
    """

    name: str
    kind: Kind
    run: Callable[..., Any]
    options: frozenset[str]

    def bound(self, how: object) -> Callable[[str], Any]:
        """The transform as a function of the text alone; `how` is the block that names it."""
        run = self.run
        return (lambda text: run(text, how)) if self.options else run

    @property
    def reference(self) -> str:
        """What it does, for the docs."""
        return inspect.getdoc(self.run) or ""


TRANSFORMS: dict[tuple[Kind, str], Transform] = {}


def transform(kind: Kind, *options: str, name: str = "") -> Callable[[_Function], _Function]:
    """Register a function under its own name (or `name`)."""

    def register(function: _Function) -> _Function:
        known = name or function.__name__
        TRANSFORMS[kind, known] = Transform(known, kind, function, frozenset(options))
        return function

    return register


def names(kind: Kind) -> tuple[str, ...]:
    """The names of one kind, in the order of their registration."""
    return tuple(name for each, name in TRANSFORMS if each == kind)
