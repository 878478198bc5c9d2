"""The steps that a person is shown come to what is sent."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import orjson
import pytest

from importer.mapping import Document, load, parse
from importer.mapping import compile as compile_mapping
from importer.mapping.steps import Step, trace
from importer.model import Invalid, Response
from importer.resources import SAMPLES
from importer.sources.source import open_source
from tests import golden
from tests.mapping_out import options


@pytest.mark.parametrize("name", golden.names())
def test_the_steps_of_every_row_of_every_sample_come_to_its_body(name: str) -> None:
    document = load(str(SAMPLES / f"{name}.yaml"))
    with open_source(str(golden.sample(name)), options(document.source)) as source:
        compiled = compile_mapping(document, source.header, secret=b"")
        for chunk in source.chunks():
            told = product(chunk.lines, document.by_wave)
            for (cells, wave), mapped in zip(told, compiled.run(chunk), strict=True):
                traced = results(wave, source.header, cells)
                if isinstance(mapped, Response):
                    assert traced == sent(wave, mapped)
                elif isinstance(mapped, Invalid):
                    problems = {each.code for each in mapped.problems}
                    faults = faulty(wave, source.header, cells)
                    assert problems & faults or problems <= ROW_PROBLEMS


ROW_PROBLEMS = {
    "ragged_row",
    "no_person",
    "missing_answer",
    "no_answers",
    "dummy_id",
    "several_addresses",
}


def results(document: Document, header: tuple[str, ...], cells: Sequence[str]) -> dict[str, object]:
    """The first result of each answer and trait."""
    found: dict[str, object] = {}
    for each in trace(document, header, cells):
        value = each.steps[-1].result if each.steps else None
        if value is not None and each.target.startswith(("answer ", "trait ")):
            found.setdefault(each.target, value)
    return found


def faulty(document: Document, header: tuple[str, ...], cells: Sequence[str]) -> set[str]:
    steps = (step for each in trace(document, header, cells) for step in each.steps)
    return {step.problem for step in steps if step.problem}


def sent(document: Document, response: Response) -> dict[str, object]:
    body = orjson.loads(response.body)
    names = {document.question(each.id): each.id for each in document.answers}
    answers = {f"answer {names[each['id']]}": each["value"] for each in body["answers"]}
    return answers | {f"trait {name}": value for name, value in body.get("traits", {}).items()}


MAPPING = """
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: id
answers:
  - id: 00000000-0000-4000-8000-000000000001
    column: score
    type: nps
    na: none
    parse: leading_int
    rescale: {from: [1, 5], to: [0, 10]}
    round: half_up
traits:
  plan: {column: plan, values: {p: Pro}}
  name: {template: "{first} {last}"}
"""


def steps_of(target: str, **cells: str) -> tuple[Step, ...]:
    names = ("id", "score", "plan", "first", "last")
    row = [cells.get(name, "x") for name in names]
    return next(each.steps for each in trace(parse(MAPPING), names, row) if each.target == target)


ANSWER = "answer 00000000-0000-4000-8000-000000000001"


def test_each_step_is_told() -> None:
    parsed, typed = steps_of(ANSWER, score="4 - good")
    assert parsed == Step("parse: leading_int", "4")
    assert (typed.what, typed.result) == ("type: nps, rescale 1-5 to 0-10, round half_up", 8)


def test_what_counts_as_blank_is_told() -> None:
    assert steps_of(ANSWER, score="None") == (Step("na: counts as blank", None),)
    assert steps_of(ANSWER, score=" ") == ()


def test_what_cant_be_done_is_told() -> None:
    [step] = steps_of(ANSWER, score="good")
    assert step.problem == "bad_number"


def test_values_and_templates() -> None:
    assert steps_of("trait plan", plan="p") == (Step("values", "Pro"),)
    assert steps_of("trait name", first="Ann", last="Lee")[0] == Step(
        "template: {first} {last}", "Ann Lee"
    )
