"""Parquet, SPSS and JSON lines go the whole way, as CSV does: each command, the inbox, and back."""

from __future__ import annotations

import csv
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pandas
import pyarrow
import pyarrow.parquet
import pyreadstat
import pytest

from importer.errors import ExitStatus
from importer.sandbox import Sandbox
from tests.e2e.commands import Shell
from tests.e2e.here import Here

ROWS = [("00121", 9, "Love it"), ("00122", 11, "=1+1"), ("00123", 0, "")]


@pytest.fixture
def user(user: Shell) -> Shell:
    """Starts commands within this process."""
    return Here(user.folder, user.environment)


def _frame() -> pandas.DataFrame:
    return pandas.DataFrame(ROWS, columns=["id", "score", "comment"]).assign(email="")


def _parquet(path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.Table.from_pandas(_frame()), path)


def _sav(path: Path) -> None:
    pyreadstat.write_sav(_frame(), path)


def _jsonl(path: Path) -> None:
    _frame().to_json(path, orient="records", lines=True)


MAKES = pytest.mark.parametrize(
    ("name", "make"), [("a.parquet", _parquet), ("a.sav", _sav), ("a.jsonl", _jsonl)]
)


@MAKES
def test_every_command_takes_it(
    user: Shell, sandbox: Sandbox, name: str, make: Callable[[Path], None]
) -> None:
    make(user.folder / name)
    seen = user("inspect", name)
    assert "the names of its columns" in seen.out
    assert user("inspect", name, "--json").document["rows"] == 3
    drafted = user("init", name, "-o", "drafted.yaml", "--no-input")
    assert drafted.status == 0, drafted.err
    assert "header_row" not in (user.folder / "drafted.yaml").read_text()
    assert user("check", "mapping.yaml", name).status == 0
    assert '"00122"' in user("preview", name, "-m", "mapping.yaml", "--row", "2", "--json").out
    to = ("--endpoint", sandbox.url)
    planned = user("plan", name, "-m", "mapping.yaml", *to, "--json")
    assert planned.document["rows"]["ready"] == 2
    ran = user("run", name, "-m", "mapping.yaml", "--yes", "--rate", "max", *to, "--json")
    assert ran.status == ExitStatus.SOME_REFUSED
    assert {each.user_id for each in sandbox.stored()} == {"00121", "00123"}
    folder = user.folder / "a-import"
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        results = list(csv.DictReader(file))
    assert [(each["row"], each["status"]) for each in results] == [
        *(("1", "created"), ("2", "invalid"), ("3", "created"))
    ]
    again = user("run", name, "-m", "mapping.yaml", "--yes", "--rate", "max", *to, "--json")
    assert again.document["requests"] == 0

    mended = (folder / "problems.csv").read_text(encoding="utf-8-sig").replace(",11,", ",10,")
    assert mended.splitlines()[0].startswith("id,score,comment,email")
    (folder / "problems.csv").write_text(mended, encoding="utf-8")
    last = user("run", "a-import/problems.csv", "-m", "mapping.yaml", "--yes", "--rate", "max", *to)
    assert last.status == 0, last.err
    assert {each.user_id for each in sandbox.stored()} == {"00121", "00122", "00123"}
    assert "=1+1" in str([each.answers for each in sandbox.stored()])


@MAKES
def test_a_job_over_it_is_resumed_and_verified(
    user: Shell, sandbox: Sandbox, name: str, make: Callable[[Path], None]
) -> None:
    make(user.folder / name)
    words = ("--yes", "--rate", "max", "--endpoint", sandbox.url)
    first = user("run", name, "-m", "mapping.yaml", "--limit", "1", *words, "--json")
    assert first.document["rows"]["pending"] == 1
    assert user("resume", "--yes", "--json").document["rows"]["created"] == 2
    found = user("results", "--json")
    assert found.status == 0, found.err


@MAKES
def test_a_watched_folder_takes_it(
    user: Shell, sandbox: Sandbox, name: str, make: Callable[[Path], None]
) -> None:
    (user.folder / "inbox").mkdir()
    make(user.folder / "inbox" / name)
    words = "watch inbox -m mapping.yaml --once --settle 0 --rate max"
    ended = user(*shlex.split(words), "--endpoint", sandbox.url, "--json")
    assert len(sandbox.stored()) == 2, ended.err


def test_lines_that_are_no_records_are_counted(user: Shell, sandbox: Sandbox) -> None:
    lines = [
        json.dumps({"id": id_, "score": score, "comment": "", "email": ""})
        for id_, score, _ in ROWS
    ]
    user.write("a.jsonl", "\n".join([lines[0], '{"id": "00777", "score":', lines[2]]) + "\n")
    words = ("--yes", "--rate", "max", "--endpoint", sandbox.url, "--json")
    ran = user("run", "a.jsonl", "-m", "mapping.yaml", *words)
    assert ran.status == ExitStatus.SOME_REFUSED
    assert ran.document["rows"] | {"read": 3, "created": 2, "invalid": 1} == ran.document["rows"]
    results = (user.folder / "a-import" / "results.csv").read_text(encoding="utf-8")
    assert "bad_line" in results
    assert "00777" not in results
    problems = (user.folder / "a-import" / "problems.csv").read_text(encoding="utf-8-sig")
    assert "00777" in problems


@pytest.mark.parametrize("column", ["id", "score", "comment", "email"])
def test_half_a_character_is_a_row_s_own_trouble(
    user: Shell, sandbox: Sandbox, column: str
) -> None:
    """JSON may hold it, and UTF-8 can't: the row is refused, and so is its line of problems.csv where nobody
    has mended it. A whole character beyond the first 65,536 goes."""
    whole = {"id": "\U0001f388 1", "score": 9, "comment": "\U0001f388", "email": "a@example.com"}
    halved = {**whole, "id": "2", column: "a\ud83cb"}
    user.write("a.jsonl", "".join(json.dumps(each) + "\n" for each in (whole, halved)))
    words = ("-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes", "--rate", "max", "--json")
    rows = user("run", "a.jsonl", *words).document["rows"]
    assert (rows["read"], rows["created"], rows["invalid"]) == (2, 1, 1)
    again = user("run", "a-import/problems.csv", *words).document["rows"]
    assert (again["read"], again["created"], again["invalid"]) == (1, 0, 1)
    assert [each.person for each in sandbox.posts()] == ["\U0001f388 1"]
