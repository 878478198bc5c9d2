"""results.csv: one line per row, the same bytes from the same ledger, whole or not there."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.model import Line
from importer.privacy import restored
from importer.results import files
from importer.results.files import write_outcomes

LINE = Line(
    seq=0,
    row=2,
    key="k",
    user_id="=u",
    anonymous_id="",
    status="created",
    code="",
    message="",
    column="",
    value="",
    http_status=201,
    attempts=1,
    response_id="5d2",
    sent_at=1_790_000_000.1234,
    ms=12,
)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_line_says_what_became_of_a_row(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    assert (
        write_outcomes(path, [LINE, LINE._replace(seq=1, row=3, sent_at=None, ms=None)], "S") == 2
    )
    first, second = read(path)
    assert first == {
        "row": "2",
        "sheet": "S",
        "key": "k",
        "userId": "'=u",
        "anonymousId": "",
        "status": "created",
        "code": "",
        "message": "",
        "column": "",
        "value": "",
        "http_status": "201",
        "attempts": "1",
        "response_id": "5d2",
        "sent_at": "2026-09-21T14:13:20.123Z",
        "ms": "12",
    }
    assert (second["sent_at"], second["ms"]) == ("", "")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=4, max_size=4))
def test_every_text_comes_back_and_twice_the_same(tmp_path: Path, texts: list[str]) -> None:
    key, user, message, value = (text.replace("\0", "") for text in texts)
    line = LINE._replace(key=key, user_id=user, message=message, value=value)
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    for path in (one, two):
        write_outcomes(path, [line], "")
    assert one.read_bytes() == two.read_bytes()
    [found] = read(one)
    shown = [restored(found[name]) for name in ("key", "userId", "message", "value")]
    assert shown == [key, user, message, value]


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("before")

    def breaking() -> object:
        yield LINE
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_outcomes(path, breaking(), "")  # type: ignore[arg-type]  # a generator that breaks
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["results.csv"]


def test_what_a_killed_write_has_left_goes_at_the_next_start(tmp_path: Path) -> None:
    left = [".results.csv.0123abcd", "..written.json.0123abcd", ".plan-problems.csv.0123abcd"]
    kept = [".results.csv.mine", ".notes.csv.0123abcd", "results.csv.0123abcd", "results.csv"]
    for name in left + kept:
        (tmp_path / name).write_text("x")
    (tmp_path / ".summary.json.0123abcd").symlink_to("results.csv")
    with files.whole(tmp_path / "results-2.csv") as file:
        file.write("under way")
        files.folder(tmp_path)
    assert (tmp_path / "results-2.csv").read_text() == "under way"
    assert {each.name for each in tmp_path.iterdir()} == {
        *kept,
        ".summary.json.0123abcd",
        "results-2.csv",
    }
