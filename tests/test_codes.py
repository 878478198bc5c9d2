"""`codes.toml` holds every code that the program can say, and none that it can't."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer import codes
from importer.errors import ExitStatus
from importer.model import Status

PROGRAM = Path(__file__).parents[1] / "importer"
ROOMS: dict[codes.SaidBy, tuple[str, ...]] = {
    "file": ("sources",),
    "mapping": ("mapping",),
    "checks": ("mapping/checks.py",),
    "delivery": ("satismeter", "delivery", "engine", "ledger"),
    "ledger": ("ledger",),
    "stop": ("satismeter", "delivery", "engine"),
}
"""Where the codes of each are said."""
PLACES = {
    "TransformError": 0,
    "CellProblem": 0,
    "Problem": 0,
    "problem": 0,
    "_Trace": 0,
    "Abort": 0,
    "Classification": 1,
    "Outcome": 1,
    "Decision": 2,
    "Mark": 2,
}
"""The place of the code among the arguments of what is built with one."""


def trees(*rooms: str) -> Iterator[ast.AST]:
    for room in rooms:
        place = PROGRAM / room
        for path in [place] if place.is_file() else place.rglob("*.py"):
            yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def text_of(node: ast.AST | None) -> set[str]:
    """The literal, or both of a conditional; nothing where it is worked out."""
    if isinstance(node, ast.IfExp):
        return text_of(node.body) | text_of(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def built(node: ast.AST) -> set[str]:
    """The code of a call that builds something with one, or of a row of `(Status.X, code, ...)`."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        given = [each.value for each in node.keywords if each.arg == "code"]
        at = PLACES.get(name, len(node.args))
        return text_of(next(iter([*node.args[at : at + 1], *given]), None))
    if isinstance(node, ast.Tuple) and len(node.elts) > 2:
        first = node.elts[0]
        if isinstance(first, ast.Attribute) and getattr(first.value, "id", "") == "Status":
            return text_of(node.elts[1])
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(getattr(each, "id", "") in {"code", "ALL_REFUSED"} for each in targets):
            return text_of(node.value)
    if isinstance(node, ast.FunctionDef) and node.name == "_stops":
        returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
        return set().union(*map(text_of, returned))
    return set()


def known(*said_by: codes.SaidBy) -> set[str]:
    return {code for each in said_by for code in codes.of(each)}


@pytest.mark.parametrize(
    ("rooms", "said_by", "fewest"),
    [
        (("sources",), ("file",), 7),
        (("mapping",), ("mapping", "checks"), 20),
        (("mapping/checks.py",), ("checks",), 3),
        (("ledger",), ("ledger", "delivery"), 8),
        (("satismeter", "delivery", "engine"), ("delivery", "stop"), 20),
    ],
)
def test_each_code_that_is_said_is_explained(
    rooms: tuple[str, ...], said_by: tuple[codes.SaidBy, ...], fewest: int
) -> None:
    said = set().union(*map(built, trees(*rooms))) - {""}
    assert len(said) >= fewest
    assert said <= known(*said_by)


@pytest.mark.parametrize("said_by", ROOMS)
def test_each_code_that_is_explained_is_said(said_by: codes.SaidBy) -> None:
    literals = {
        node.value
        for node in trees(*ROOMS[said_by])
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert len(literals) > 3
    composed = {"duplicate_earlier", "rejected_earlier"}  # `{status}_earlier`
    queries = [path.read_text("utf-8") for path in PROGRAM.rglob("*.sql")]
    in_sql = {code for code in known(said_by) if any(f"'{code}'" in text for text in queries)}
    assert known(said_by) - literals - composed - in_sql == set()


def test_statuses_and_exit_codes() -> None:
    assert list(codes.of("status")) == ["ready", *Status]
    assert [int(code) for code in codes.of("exit")] == list(ExitStatus)


def test_each_entry_is_a_whole_one() -> None:
    for said_by in (*ROOMS, "status", "exit"):
        for code, each in codes.of(said_by).items():
            assert each.meaning.endswith("."), code
            assert each.remedy.endswith("."), code


def test_what_is_shown_of_statuses_and_exit_codes_is_there() -> None:
    assert all(each.brief and each.label and each.tone for each in codes.of("status").values())
    assert all(each.brief for each in codes.of("exit").values())


TYPED = re.compile(r"`|--\w|\bimporter \w|SATISMETER_|same command|problems\.csv")
"""What is typed at a command line, or written into a mapping; what only the command line has."""
SHOWN = ("status", *ROOMS, "hint", "warning")


def test_a_page_says_in_its_own_words_what_the_command_line_says_in_commands() -> None:
    every = {(said_by, code): each for said_by in SHOWN for code, each in codes.of(said_by).items()}
    assert sum(TYPED.search(each.remedy) is not None for each in every.values()) > 50
    assert {
        name: found.on_page for name, found in every.items() if TYPED.search(found.on_page)
    } == {}


def test_a_page_keeps_what_an_error_knows_of_the_case_where_that_names_no_command() -> None:
    assert codes.on_page("stray_quote", "Look at line 7.") == "Look at line 7."
    assert (
        codes.on_page("bad_number", "Write `decimal:`.") == codes.of("mapping")["bad_number"].page
    )
    assert codes.on_page("nobody says this", "As it is.") == "As it is."
    assert codes.told_on_page("api_key", "typed").startswith("Type it on the Keys page")
    assert codes.told_on_page("", "Look again.") == "Look again."


def test_a_warning_is_said_on_a_page_in_its_own_words() -> None:
    for each in codes.of("warning").values():
        said = codes.warned_on_page(f"3 rows are odd. {each.remedy} More follows.")
        assert said == f"3 rows are odd. {each.page} More follows."
    damaged = codes.of("file")["float_id"]
    assert codes.warned_on_page(f"2 cells: {damaged.remedy}") == f"2 cells: {damaged.page}"
    assert codes.warned_on_page("Nothing to do.") == "Nothing to do."


def test_each_warning_is_given_somewhere() -> None:
    called = {
        text
        for node in trees("engine", "ledger", "results")
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "advice"
        for text in text_of(next(iter(node.args), None))
    }
    assert called == set(codes.of("warning"))


def test_each_remedy_of_an_error_is_asked_for_somewhere() -> None:
    called = {
        text
        for node in trees("engine", "results", "cli", "web")
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "to_do"
        for text in text_of(next(iter(node.args), None))
    }
    assert called == set(codes.of("hint"))
