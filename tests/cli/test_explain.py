"""`importer explain`."""

from __future__ import annotations

import orjson
import pytest
from click.testing import CliRunner

from importer.cli.inspect import explain_command, explanations
from importer.errors import UsageError


def said(*arguments: str) -> str:
    result = CliRunner().invoke(
        explain_command, arguments, catch_exceptions=False, standalone_mode=False
    )
    if result.exception:
        raise result.exception
    return result.output


def test_one_code() -> None:
    text = said("out_of_range")
    assert "outside of the question's scale" in text
    assert "→" in text


def test_a_status_and_a_code_may_have_one_name() -> None:
    text = said("rejected")
    assert "rejected (the status of a row)" in text
    assert "rejected (the delivery)" in text


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("created", "The API accepted it."),
        ("3", "some rows are invalid"),
        ("75", "Another run holds the campaign."),
        ("outage", "The API was away"),
    ],
)
def test_statuses_exit_codes_and_stops(code: str, meaning: str) -> None:
    assert meaning in said(code)


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
