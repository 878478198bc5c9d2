"""Every code that a row can have is explained."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from importer.cli.explain import command, explanations
from importer.errors import UsageError

ROOMS = Path(__file__).parents[2] / "importer"
_GIVEN = re.compile(
    r"Standing\(\s*Status\.\w+, \w+, \"(\w+)\"|\bcode = ['\"](\w+)['\"]|"
    r"\(\s*Status\.\w+,\s*\"(\w+)\"|\(_pending\(doubt\), \"(\w+)\"|^\s*\"(dup_\w+|gave_up|not_stored)\",$|"
    r"return \"(\w+)\"$|ALL_REFUSED = \"(\w+)\"|\"(wrong_survey|plan_limit)\"",
    re.MULTILINE,
)


def given(room: str) -> set[str]:
    """The codes that stand in a room's source."""
    texts = [
        path.read_text(encoding="utf-8")
        for path in (ROOMS / room).rglob("*.py")
        if path.stem != "codes"
    ]
    return {code for text in texts for found in _GIVEN.findall(text) for code in found if code}


@pytest.mark.parametrize("room", ["sender", "ledger"])
def test_every_code_of_a_room_is_explained(room: str) -> None:
    known = {each.code for each in explanations()}
    found = given(room)
    assert len(found) > 8
    assert found <= known


def test_each_explanation_says_what_to_do() -> None:
    for each in explanations():
        assert each.meaning
        assert each.meaning[-1] in ".:"
        assert each.remedy
        assert each.remedy[-1] == "."


def said(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, catch_exceptions=False, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.output


def test_one_code() -> None:
    text = said("out_of_range")
    assert "outside of the question's scale" in text
    assert "→" in text


def test_all_codes() -> None:
    text = said()
    assert all(f"  {each.code} " in text for each in explanations())


def test_json() -> None:
    [code] = orjson.loads(said("ragged_row", "--json"))["codes"]
    assert code["code"] == "ragged_row"
    assert code["given_by"] == "the file"


def test_a_slip_gets_a_hint() -> None:
    with pytest.raises(UsageError) as raised:
        said("out_of_rang")
    assert raised.value.hint == "Did you mean out_of_range?"
