"""Rooms are known by their faces: others import the few nouns that a room's `__init__` hands out."""

import ast
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "importer"
ROOMS = {each.parent.name for each in PACKAGE.glob("*/__init__.py")}
PAST_THE_FACE = {
    "automation": 8,  # `schedule` and the log's formatter, each by one command
    "discovery": 12,  # the wizard's Match page asks for parts of a draft
    "engine": 40,  # pages and commands import their own step, so that the others stay light
    "ledger": 22,  # of `ledger.postgres`, its second face: for `importer work` and `importer ledger`
    "mapping": 83,  # `discovery` writes what `mapping` reads: the YAML, texts, dates and ids
    "results": 34,  # the report's facts, by those who fill them in; templates, by the web
    "sandbox": 1,
    "satismeter": 6,
    "sources": 7,
    "web": 1,  # `importer web`
}
"""Names that other rooms import past each face: these may only go down."""
LAZY = ("satismeter", "sources", "results")
"""Their nouns are imported when they are first used; type checkers read a stub."""


def past_the_face() -> Iterator[tuple[str, str]]:
    """Each name that is imported out of another room's module, with the room."""
    for path in PACKAGE.rglob("*.py"):
        own = path.relative_to(PACKAGE).parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                first, _, rest = node.module.partition(".")
                room, _, module = rest.partition(".")
                if first == "importer" and module and room in ROOMS - {own}:
                    yield from ((room, each.name) for each in node.names)


def test_rooms_are_known_by_their_faces() -> None:
    found = Counter(room for room, _ in past_the_face())
    assert {room: n for room, n in found.items() if n > PAST_THE_FACE.get(room, 0)} == {}


@pytest.mark.parametrize("room", LAZY)
def test_a_lazy_face_hands_out_what_its_stub_says(room: str) -> None:
    face = import_module(f"importer.{room}")
    stub = (PACKAGE / room / "__init__.pyi").read_text(encoding="utf-8")
    listed = {line.rpartition(" as ")[2]: line.split()[1] for line in stub.splitlines()}
    assert sorted(listed) == sorted(face.__all__)
    for name, module in listed.items():
        assert getattr(face, name) is getattr(import_module(module), name)
        assert not (PACKAGE / room / f"{name}.py").exists(), "the module would hide the noun"
