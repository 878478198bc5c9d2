"""Small mappings and tables for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from importer import mapping
from importer.errors import MappingError
from importer.mapping import Compiled, parse
from importer.model import Chunk, Invalid, Mapped, Response

SCORE = "79593580-95a7-11ed-8974-9b5d06700b8d"
COMMENT = "8a2f1c40-95a7-11ed-8974-9b5d06700b8d"
CAMPAIGN = "5d2f6c1e9b0a4c0017a3e1b2"
BASE = f"""\
campaign: {CAMPAIGN}
userId: Id
answers:
  - {{id: {SCORE}, column: Score, type: nps}}
"""
SECRET = b"the same in every test"


def with_traits(traits: str) -> str:
    """A mapping with these traits, in flow style: `{plan: Plan}`."""
    return f"{BASE}traits: {traits}\n"


def with_answer(block: str) -> str:
    """A mapping whose one answer is read so: `column: Score, type: csat`."""
    return f"campaign: {CAMPAIGN}\nuserId: Id\nanswers:\n  - {{id: {SCORE}, {block}}}\n"


def compiled(text: str, header: Sequence[str]) -> Compiled:
    return mapping.compile(parse(text), header, secret=SECRET, file="answers.csv")


def chunk(header: Sequence[str], rows: Sequence[Sequence[str]], **more: Any) -> Chunk:
    columns = list(zip(*rows, strict=True)) or [()] * len(header)
    return Chunk(columns, range(2, 2 + len(rows)), **more)


def run(text: str, **cells: str) -> Mapped:
    """One row, whose header are the names of the cells; `Id` and `Score` are there anyway."""
    row = {"Id": "007", "Score": "9"} | cells
    (mapped,) = compiled(text, list(row)).run(chunk(list(row), [list(row.values())]))
    return mapped


def body(text: str, **cells: str) -> dict[str, Any]:
    """The body of a row that can be sent."""
    mapped = run(text, **cells)
    assert isinstance(mapped, Response), mapped
    found: dict[str, Any] = orjson.loads(mapped.body)
    return found


def trait(block: str, cell: str) -> Any:
    """What `cell`, in the column T, is sent as by the trait `t`; None where it is left out."""
    return body(with_traits(f"{{t: {block}}}"), T=cell).get("traits", {}).get("t")


def answer(block: str, cell: str) -> Any:
    """What `cell`, in the column A, is sent as."""
    (given,) = body(with_answer(f"column: A, {block}"), A=cell)["answers"]
    assert given["id"] == SCORE
    return given["value"]


def codes(text: str, **cells: str) -> list[str]:
    """The codes of all problems of a row."""
    mapped = run(text, **cells)
    assert isinstance(mapped, Invalid), mapped
    return [problem.code for problem in mapped.problems]


def refused(text: str, header: Sequence[str] | None = None) -> str:
    """What is said of a mapping that is wrong, by itself or with the header."""
    try:
        document = parse(text, "mapping.yaml")
        if header is not None:
            mapping.compile(document, header, secret=SECRET, file="answers.csv")
    except MappingError as error:
        return error.message
    raise AssertionError("the mapping was accepted")
