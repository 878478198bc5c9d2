"""The live survey: listed, matched to a file's columns, compared with a mapping."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import orjson
import pytest
from click.testing import CliRunner

from importer.cli import init
from importer.cli.inspect import surveys_command
from importer.cli.mapping import check_command
from importer.errors import ImporterError, UsageError
from importer.mapping import load
from importer.resources import SAMPLES
from importer.sandbox import API_KEY, CAMPAIGN, COMMENT, PROJECT, QUESTIONS, SCORE, background


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with background() as sandbox:
        yield sandbox.url


@pytest.fixture(autouse=True)
def access(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATISMETER_API_KEY", API_KEY)
    monkeypatch.setenv("SATISMETER_PROJECT", PROJECT)


def said(command: click.Command, *arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.output


def test_surveys_and_their_questions(endpoint: str) -> None:
    text = said(surveys_command, "--questions", "--endpoint", endpoint)
    assert CAMPAIGN in text
    for each in QUESTIONS:
        assert each.id in text
        assert each.label in text


def test_surveys_as_json(endpoint: str) -> None:
    document = orjson.loads(
        said(surveys_command, "--campaign", CAMPAIGN, "--endpoint", endpoint, "--json")
    )
    [survey] = document["surveys"]
    assert [each["id"] for each in survey["questions"]] == [each.id for each in QUESTIONS]


def test_a_survey_that_isnt_there(endpoint: str) -> None:
    with pytest.raises(UsageError, match="no survey abc"):
        said(surveys_command, "--campaign", "abc", "--endpoint", endpoint)


def test_without_a_key_it_says_what_to_set(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SATISMETER_API_KEY")
    monkeypatch.setenv("HOME", "/")
    with pytest.raises(UsageError) as raised:
        said(surveys_command, "--endpoint", endpoint)
    assert "SATISMETER_API_KEY and SATISMETER_PROJECT" in raised.value.hint


def test_a_refused_key_is_told(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATISMETER_API_KEY", "wrong")
    with pytest.raises(ImporterError, match="refused the API key"):
        said(surveys_command, "--endpoint", endpoint)


def test_init_takes_the_ids_from_the_survey(endpoint: str, tmp_path: Path) -> None:
    """With the live survey nothing is left to fill in."""
    out = tmp_path / "mapping.yaml"
    file = str(SAMPLES / "microsoft_forms.xlsx")
    said(init.init_command, file, "-o", str(out), "--campaign", CAMPAIGN, "--endpoint", endpoint)
    document = load(str(out))
    assert document.campaign.value
    assert document.campaign.value.text == CAMPAIGN
    assert document.question("score") == SCORE.id
    assert document.question("comment") == COMMENT.id
    text = out.read_text(encoding="utf-8")
    assert "sure, the survey asks the same" in text
    assert "# The survey asks as well: 9b1d7e50" in text


def test_check_compares_the_mapping_with_the_survey(endpoint: str, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        f"campaign: {CAMPAIGN}\nuserId: id\nanswers:\n"
        f"  - {{id: {SCORE.id}, column: a, type: csat}}\n"
        "  - {id: 00000000-0000-4000-8000-000000000001, column: b, type: text}\n",
        encoding="utf-8",
    )
    text = said(check_command, str(mapping), "--live", "--endpoint", endpoint)
    assert f'answer {SCORE.id} is csat, the survey\'s "{SCORE.label}" is nps' in text
    assert "the survey has no question 00000000-0000-4000-8000-000000000001" in text
    assert f'the survey\'s "{COMMENT.label}" (text) gets no answer' in text


def test_check_is_content_where_both_agree(endpoint: str) -> None:
    text = said(check_command, str(SAMPLES / "surveymonkey.yaml"), "--live", "--endpoint", endpoint)
    assert "Its questions and types are the survey's" in text
