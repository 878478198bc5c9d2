"""`importer inspect` prints what was found, and nothing of the cells with --no-values."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from importer.cli.inspect import inspect_command
from importer.errors import SourceError
from tests.sources import workbooks
from tests.sources.reading import written

CSV = "Id;Score;Comment\n1.23E+15;9;Déjà vu\n2;;\n\n3;8;Déjà vu\n4;7;x;y\n".encode("cp1252")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(inspect_command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_what_it_prints(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", CSV)
    assert run(path, "--show-values").splitlines() == [
        "a.csv",
        "  format      csv",
        "  encoding    cp1252 (a guess; is this text right? Else --encoding)",
        "              1.23E+15;9;Déjà vu",
        "              3;8;Déjà vu",
        "  delimiter   semicolon",
        "  header      row 1",
        "  rows        4 (1 blank rows left out)",
        "",
        "Columns",
        "     column   filled  distinct  samples",
        "  A  Id       100%           4  1.23E+15 | 2 | 3",
        "  B  Score    75%            3  9 | 8 | 7",
        "  C  Comment  75%            2  Déjà vu | x",
        "",
        "Damage",
        "  ragged_row (1): The row has more cells than the header, which has 3: they may have shifted.",
        "      row 6",
        "      Look for an unquoted delimiter or a broken line in this row; or give the columns labels.",
        "  scientific_id (1): A long number was saved as 1.23E+15: its last digits are gone.",
        '      row 2, column "Id": 1.23E+15',
        "      Export again from the tool, and don't open the file in Excel before the import.",
        "",
        f"Next: importer init {path}   # writes its mapping",
    ]


def test_no_values_shows_no_cell(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", b"Name,Id\nCanary Jones,4\n\xe9Canary,1.99E+15\n")
    assert "Canary" in run(path, "--show-values")
    assert "Canary" not in run(path)
    assert "1.99E+15" in run(path, "--json")
    for shown in (run(path, "--no-values"), run(path, "--no-values", "--json")):
        assert "Canary" not in shown
        assert "1.99E+15" not in shown
        assert "scientific_id" in shown


def test_json(tmp_path: Path) -> None:
    book = workbooks.saved(tmp_path / "a.xlsx", [["top", ""], ["Q", "Id"], ["x", 1], ["y", 2]])
    seen = json.loads(run(book, "--json", "--header-row", "1", "--header-row", "2"))
    assert (seen["command"], seen["file"], seen["sheet"]) == ("inspect", "a.xlsx", "Answers")
    assert (seen["format"], seen["header_rows"], seen["rows"]) == ("xlsx", [1, 2], 2)
    assert [each["label"] for each in seen["columns"]] == ["top / Q", "top / Id"]
    assert seen["columns"][1] | {"label": ""} == {
        "letter": "B", "label": "", "filled": 2, "distinct": 2, "samples": ["1", "2"],
    }  # fmt: skip


def test_no_header(tmp_path: Path) -> None:
    shown = run(written(tmp_path / "a.csv", "1,2\n3,4\n"), "--header-row", "0")
    assert "header      none" in shown
    assert "rows        2" in shown


def test_distinct_values_are_counted_up_to_a_bound(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "n\n" + "".join(f"{n}\n" for n in range(6_000)))
    assert "1,000+" in run(path)


def test_a_wrong_file_is_the_callers_to_tell(tmp_path: Path) -> None:
    result = CliRunner().invoke(inspect_command, [str(tmp_path / "none.csv")])
    assert isinstance(result.exception, SourceError)
