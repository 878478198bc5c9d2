"""`importer preview`, as it is typed."""

from __future__ import annotations

import orjson
import pytest
from click.testing import CliRunner

from importer.cli.mapping import preview_command
from importer.errors import UsageError
from importer.resources import SAMPLES
from importer.sources.source import open_source

UGLY = str(SAMPLES / "ugly.csv")
MAPPING = str(SAMPLES / "ugly.yaml")


def said(*arguments: str) -> str:
    result = CliRunner().invoke(
        preview_command, [UGLY, "-m", MAPPING, *arguments], standalone_mode=False
    )
    if result.exception:
        raise result.exception
    return result.output


def test_the_first_row_without_being_asked() -> None:
    text = said()
    assert "ugly.csv, row " in text
    assert '→ 1234.5   (type: number, decimal ",", thousands ".")' in text
    assert '"campaign": "5d2f6c1e9b0a4c0017a3e1b2"' in text


def test_a_row_by_its_number_in_excel() -> None:
    document = orjson.loads(said("--row", "12", "--json"))
    assert document["row"] == 12
    assert document["status"] == "ready"
    [score] = [each for each in document["traces"] if each["target"] == "answer score"]
    assert score["cell"] == "N/A"


def test_an_invalid_row_says_how_to_learn_more() -> None:
    with open_source(UGLY) as source:
        rows = [str(row) for chunk in source.chunks() for row in chunk.rows]
    shown = (orjson.loads(said("--row", row, "--json")) for row in rows)
    invalid = next(each for each in shown if each["status"] == "invalid")
    text = said("--row", str(invalid["row"]))
    assert f"(importer explain {invalid['problems'][0]['code']})" in text


def test_a_row_that_isnt_there() -> None:
    with pytest.raises(UsageError, match=r"Row 99999 of ugly\.csv"):
        said("--row", "99999")
