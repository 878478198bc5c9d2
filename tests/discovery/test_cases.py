"""Exports: what `init` finds is what a person reads, and its mapping accounts for every row."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.discovery import Draft
from importer.errors import SourceError
from tests.cases.expected import both, place, present
from tests.cases.made import SUMMARY
from tests.discovery import table
from tests.discovery.drafts import drafted, filled_in
from tests.discovery.reading import READ, REAL_READ, Read
from tests.mapping_out import mapping_out

_BY_NAME = {each.file.rpartition("/")[2]: each for each in (*READ, *REAL_READ)}
_NAMES = list(_BY_NAME)


@pytest.fixture(
    scope="module",
    params=both(
        [(name,) for name in _NAMES[: len(READ)]], [(name,) for name in _NAMES[len(READ) :]]
    ),
)
def read(request: pytest.FixtureRequest) -> Read:
    return _BY_NAME[request.param]


@pytest.fixture(scope="module")
def draft(read: Read) -> Draft:
    return drafted(read.path)


def test_what_is_found_is_what_a_person_reads(read: Read, draft: Draft) -> None:
    said = table.found(draft)
    assert said == {name: getattr(read, name) for name in said}


def test_the_mapping_accounts_for_every_row(read: Read, draft: Draft, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(filled_in(draft.text), encoding="utf-8")
    out = mapping_out(Path(read.path), mapping)
    assert len({each.row for each in out.mapped}) == len(out.mapped)
    assert len(out.mapped) == len(out.responses) + len(out.invalid) + sum(out.skipped.values())
    assert set(out.causes) <= {"no_answers"}


@pytest.mark.trial
@pytest.mark.skipif(not present(), reason="REAL_EXPORTS names no folder of real exports")
def test_the_table_of_the_docs_is_what_is_found() -> None:
    assert table.kept() == table.written()


@pytest.mark.parametrize("file", both([(SUMMARY,)], [("surveymonkey/Strimzi_Survey_2020.csv",)]))
def test_a_summary_export_is_refused_with_the_reason(file: str) -> None:
    with pytest.raises(SourceError, match="summary export"):
        drafted(str(place(file)))
