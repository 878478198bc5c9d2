"""The reference of the library, out of its docstrings: docs/reference.md."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import importer
from importer.mapping.types import texts_below

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"

_HEAD = """\
# Reference of the library

Every name that `from importer import …` gives, as its docstring says it; this page is made of them
(`make golden`). How to begin, and what to know: [library.md](library.md). Times are seconds, and moments
Unix seconds, where nothing else is said.
"""


def page() -> str:
    """The whole page."""
    names = sorted(importer.__all__, key=str.casefold)
    return "\n".join((_HEAD, *(line for name in names for line in _entry(name)), ""))


def _entry(name: str) -> Iterator[str]:
    found = getattr(importer, name)
    yield f"## {name}\n"
    if inspect.isclass(found):
        yield from _class(found)
    elif callable(found):
        yield from (f"```python\n{name}{_signature(found)}\n```\n", f"{_doc(found)}\n")
    else:
        yield f"`{found}`\n"


def _class(found: type) -> Iterator[str]:
    yield f"{_doc(found)}\n"
    if issubclass(found, enum.Enum):
        yield ", ".join(f"`{each.name}` {each.value}" for each in found) + "\n"
        return
    lines = [*_fields(found), *_members(found)]
    if lines:
        yield "\n".join(lines) + "\n"


def _fields(found: type) -> Iterator[str]:
    told = {name: " ".join(text.split()) for name, text in texts_below(found).items()}
    if dataclasses.is_dataclass(found):
        typed = {each.name: each.type for each in dataclasses.fields(found)}
    else:  # a named tuple's, which are wrapped
        kinds = {name: found.__annotations__[name] for name in getattr(found, "_fields", ())}
        typed = {name: getattr(kind, "__forward_arg__", kind) for name, kind in kinds.items()}
    for name, kind in typed.items():
        if not name.startswith("_"):
            yield f"- `{name}: {kind}`" + (f": {told[name]}" if name in told else "")


def _members(found: type) -> Iterator[str]:
    """Methods and properties of its own, by their names."""
    for name, member in vars(found).items():
        if name.startswith(
            ("_", "model_")
        ):  # what pydantic wants of its models is nobody's business
            continue
        if isinstance(member, property):
            yield f"- `{name}`: {_flat(member)}"
        elif inspect.isfunction(member) or isinstance(member, classmethod | staticmethod):
            shown = _signature(getattr(found, name))
            yield f"- `{name}{shown}`: {_flat(member)}"


def _signature(found: object) -> str:
    """As it is written, without `self` and the quotes of lazy annotations."""
    signature = inspect.signature(found)  # type: ignore[arg-type]
    given = [each for each in signature.parameters.values() if each.name != "self"]
    shown = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(signature.replace(parameters=given)))
    shown = re.sub(r"<function (\w+) at 0x\w+>", r"\1", shown)
    shown = re.sub(r"<(?:\w+\.)*(\w+) object at 0x\w+>", r"\1()", shown)
    return re.sub(r"<(\w+\.\w+): [^>]*>", r"\1", shown)  # a member of an enumeration


def _doc(found: object) -> str:
    return inspect.getdoc(found) or ""


def _flat(found: object) -> str:
    return " ".join(_doc(found).split())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
