"""Exports: the counts and every answer equal those of an independent reading."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
import pytest

from importer.errors import SourceError
from importer.sandbox import SandboxSettings, Store
from importer.sandbox.api import Refusal, checked
from importer.sandbox.store import of
from importer.sources.source import open_source
from tests.cases import figures
from tests.cases.expected import CASES, REAL_CASES, Case, Value, both, place
from tests.cases.made import SUMMARY
from tests.mapping_out import Out, mapping_out

_BY_NAME = {case.name: case for case in (*CASES, *REAL_CASES)}
NAMES = both(((each.name,) for each in CASES), ((each.name,) for each in REAL_CASES))


@pytest.fixture(scope="module", params=NAMES)
def case(request: pytest.FixtureRequest) -> Case:
    return _BY_NAME[request.param]


@pytest.fixture(scope="module")
def out(case: Case) -> Out:
    return mapping_out(case.path, case.mapping)


def answers(out: Out) -> dict[str, Counter[Value]]:
    """How often each value was answered to each question, by the bodies."""
    counted: dict[str, Counter[Value]] = {}
    for response in out.responses:
        for answer in orjson.loads(response.body)["answers"]:
            counted.setdefault(answer["id"], Counter())[answer["value"]] += 1
    return counted


def test_every_row_is_accounted_for(case: Case, out: Out) -> None:
    rows = case.rows(case.path)
    skipped = sum(map(case.skipped, rows))
    ready = sum(map(case.is_ready, rows))
    assert len(out.mapped) == len(rows)
    assert len({each.row for each in out.mapped}) == len(rows)
    assert sum(out.skipped.values()) == skipped
    assert len(out.responses) == ready
    assert len(out.invalid) == len(rows) - skipped - ready


def test_every_answer_is_the_cells(case: Case, out: Out) -> None:
    rows = [row for row in case.rows(case.path) if case.is_ready(row)]
    expected = {
        id_: Counter(value for row in rows if (value := answer(row)) is not None)
        for id_, answer in case.answers.items()
    }
    assert answers(out) == {id_: counts for id_, counts in expected.items() if counts}


def test_the_bodies_are_what_was_accepted(case: Case, out: Out) -> None:
    assert figures.of(out) == figures.kept()[case.name]


SHOPS = both([("shop_csv", "shop_xlsx")], [("botanic_csv", "botanic_xlsx")])


@pytest.mark.parametrize(("in_text", "in_book"), SHOPS)
def test_the_workbook_and_the_text_file_give_the_same_bodies(in_text: str, in_book: str) -> None:
    text, workbook = _BY_NAME[in_text], _BY_NAME[in_book]
    bodies = mapping_out(text.path, text.mapping).bodies
    assert bodies == mapping_out(workbook.path, workbook.mapping).bodies
    assert bodies.count(b"\n") > 0.9 * len(text.rows(text.path)) > 1_500


@pytest.mark.parametrize(("in_text", "in_book"), SHOPS)
def test_the_sandbox_takes_every_row_of_the_nps_file_and_its_nps_is_the_files(
    in_text: str, in_book: str
) -> None:
    case = _BY_NAME[in_text]
    settings = SandboxSettings()
    with Store(None) as store:
        for response in mapping_out(case.path, case.mapping).responses:
            body = {"writeKey": settings.write_key, **orjson.loads(response.body)}
            verdict = checked(body, settings, store, 0)
            assert not isinstance(verdict, Refusal), verdict
            store.add(verdict, 0)
        figures_found: Any = of(settings.questions, list(store.all()))
    scores = [score for row in case.rows(case.path) if (score := row[2]).isdigit()]
    promoters, detractors = (sum(int(s) > 8 for s in scores), sum(int(s) < 7 for s in scores))
    nps = figures_found["questions"][0]["statistics"]
    assert nps["answers"] == len(scores) > 1_500
    assert nps["metric"]["value"] == round(100 * (promoters - detractors) / len(scores), 1)


@pytest.mark.parametrize("file", both([(SUMMARY,)], [("surveymonkey/Strimzi_Survey_2020.csv",)]))
def test_a_summary_export_is_refused_with_the_reason(file: str) -> None:
    with pytest.raises(SourceError, match="summary export") as raised:
        open_source(str(place(file)))
    assert "All individual responses" in raised.value.hint
