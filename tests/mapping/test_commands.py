"""`importer check`, `schema` and `presets`, as people and scripts meet them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from importer.cli import command
from importer.cli.mapping import check_command, presets_command, schema_command
from importer.errors import ExitStatus, MappingError
from importer.mapping import json_schema
from tests.mapping.making import BASE, CAMPAIGN, SCORE


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("mapping.yaml").write_text("name: Mine\n" + BASE)
    Path("answers.csv").write_text("Id,score,Extra\n007,9,x\n")
    return tmp_path


def said(*words: str) -> Result:
    return CliRunner().invoke(command, words, catch_exceptions=False, standalone_mode=False)


def parsed(result: Result) -> Any:
    return json.loads(result.stdout)


def test_a_sound_mapping(own: Path) -> None:
    found = said("check", "mapping.yaml")
    assert "mapping.yaml (Mine) is sound." in found.stdout
    assert "Next: importer check mapping.yaml FILE" in found.stdout


def test_a_mapping_that_fits_its_file(own: Path) -> None:
    found = said("check", "mapping.yaml", "answers.csv")
    assert "is sound and fits answers.csv" in found.stdout
    assert 'column "score" taken for "Score"' in found.stdout
    assert "Not used: Extra." in found.stdout
    assert "Next: importer plan answers.csv -m mapping.yaml" in found.stdout


def test_the_same_for_scripts(own: Path) -> None:
    found = parsed(said("check", "mapping.yaml", "answers.csv", "--json"))
    assert (found["ok"], found["mistakes"], found["unmapped"]) == (True, [], ["Extra"])
    assert {"target": "userId", "column": "Id"} in found["targets"]


def test_a_wrong_mapping_for_people(own: Path) -> None:
    Path("mapping.yaml").write_text(BASE + "nam: x\n")
    with pytest.raises(MappingError) as caught:
        said("check", "mapping.yaml")
    assert "line 5, column 1" in caught.value.message
    assert caught.value.exit_status is ExitStatus.USAGE


def test_a_wrong_mapping_for_scripts(own: Path) -> None:
    Path("mapping.yaml").write_text(BASE + "nam: x\n")
    result = said("check", "mapping.yaml", "--json")
    found = parsed(result)
    assert result.return_value is ExitStatus.USAGE
    assert found["ok"] is False
    assert found["mistakes"] == [
        {"line": 5, "column": 1, "message": 'unknown key "nam"', "hint": 'Did you mean "name"?'}
    ]


def test_a_mapping_that_does_not_fit(own: Path) -> None:
    Path("answers.csv").write_text("Id,Scores\n")
    with pytest.raises(MappingError, match=r'answers\.csv has no column "Score"'):
        said("check", "mapping.yaml", "answers.csv")


def test_the_schema_is_json_alone() -> None:
    result = said("schema")
    assert parsed(result) == json_schema()
    assert "yaml-language-server" in result.stderr


def test_presets() -> None:
    assert "generic_nps" in said("presets").stdout
    names = [each["name"] for each in parsed(said("presets", "--json"))["presets"]]
    assert "delighted" in names


def test_one_preset() -> None:
    text = said("presets", "delighted").stdout
    assert text.startswith("version: 1")
    found = parsed(said("presets", "delighted", "--json"))
    assert (found["name"], found["text"].strip()) == ("delighted", text.strip())
    assert found["verified"] is False
    with pytest.raises(MappingError, match="Did you mean"):
        said("presets", "deligted")


@pytest.mark.parametrize("each", [check_command, schema_command, presets_command])
def test_help_has_examples(each: Any) -> None:
    found = CliRunner().invoke(each, ["--help"]).output
    assert f"importer {each.name}" in found
    assert "--json" in found


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, importer.cli; "
        "print([m for m in ('pydantic', 'yaml', 'regex', 'pandas', 'aiohttp') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_id_that_looks_otherwise_is_said_and_never_refused(own: Path) -> None:
    text = BASE.replace(CAMPAIGN, "my NPS survey").replace(SCORE, CAMPAIGN)
    Path("mapping.yaml").write_text(text)

    for words in (("check", "mapping.yaml"), ("check", "mapping.yaml", "answers.csv")):
        found = said(*words)
        assert 'Note: the campaign "my NPS survey" doesn\'t look like an ID' in found.stdout
        assert parsed(said(*words, "--json"))["ok"]

    Path("mapping.yaml").write_text(BASE.replace(SCORE, CAMPAIGN))
    assert "is called as the survey is" in said("check", "mapping.yaml").stdout
    Path("mapping.yaml").write_text(BASE)
    assert "Note: the" not in said("check", "mapping.yaml").stdout


def test_the_names_of_a_preset_need_their_ids(own: Path) -> None:
    Path("mapping.yaml").write_text(f"extends: generic_nps\ncampaign: {CAMPAIGN}\nuserId: Id\n")
    with pytest.raises(MappingError, match="`score: false` leaves the answer out"):
        said("check", "mapping.yaml")


def test_all_that_is_wrong_is_told_in_one_round(own: Path) -> None:
    text = BASE.replace(CAMPAIGN, '"?"').replace("userId: Id", "userId: Customer")
    Path("mapping.yaml").write_text(text)
    with pytest.raises(MappingError) as caught:
        said("check", "mapping.yaml", "answers.csv")
    assert [each.message.split(" (")[0] for each in caught.value.mistakes] == [
        "this is yet to be filled in",
        'answers.csv has no column "Customer"',
    ]
