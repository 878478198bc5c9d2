"""`importer inspect` reads a file as `init` does; a mapping that doesn't is told of it."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from importer.cli.inspect import inspect_command
from importer.cli.plan_run import telling_of_header
from importer.errors import MappingError
from importer.mapping import compile as compile_mapping
from importer.mapping import load
from importer.resources import SAMPLES
from importer.sources.source import open_source
from importer.sources.table import SourceOptions


def inspected(file: str | Path, *arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(inspect_command, [str(file), "--json", *arguments])
    assert result.exit_code == 0, result.output
    found: dict[str, object] = orjson.loads(result.output)
    return found


@pytest.mark.parametrize(
    ("sample", "tool", "header", "skipped"),
    [
        ("qualtrics.csv", "Qualtrics", [1], [2, 3]),
        ("surveymonkey.xlsx", "SurveyMonkey", [1, 2], []),
        ("generic_nps.csv", "", [1], []),
    ],
)
def test_header_rows_and_tool(
    sample: str, tool: str, header: list[int], skipped: list[int]
) -> None:
    found = inspected(SAMPLES / sample)
    assert (found["tool"], found["header_rows"], found["skip_rows"]) == (tool, header, skipped)
    rows = inspected(SAMPLES / sample, "--header-row", "1")["rows"]
    assert isinstance(rows, int)
    assert found["rows"] == rows - len(skipped) - len(header) + 1


def test_a_title_above_and_a_table_of_totals(tmp_path: Path) -> None:
    titled = tmp_path / "titled.csv"
    titled.write_text("Umfrage 2025\n\nKundennummer,Bewertung,Warum?\nK1,9,gut\nK2,3,teuer\n")
    assert inspected(titled)["header_rows"] == [3]
    totals = tmp_path / "totals.csv"
    totals.write_text("How?,n,share\nGood,5,50%\nAnswered,8,\nSkipped,2,\n")
    assert "table of totals" in str(inspected(totals)["refused"])


def test_a_mapping_without_the_header_row_is_told_of_it(tmp_path: Path) -> None:
    file, mapping = tmp_path / "titled.csv", tmp_path / "m.yaml"
    file.write_text("Umfrage 2025\n\nKundennummer,Bewertung,Warum?\nK1,9,gut\nK2,3,teuer\n")
    text = "version: 1\ncampaign: 5d2f6c1e9b0a4c0017a3e1b2\nuserId: Kundennummer\nanswers:\n"
    text += "  - {id: 00000000-0000-4000-8000-000000000001, column: NAME, type: nps}\n"

    def compiled() -> None:
        with (
            telling_of_header(str(file), str(mapping)),
            open_source(str(file), SourceOptions()) as it,
        ):
            compile_mapping(load(str(mapping)), it.header, secret=b"", file=it.place)

    mapping.write_text(text.replace("NAME", "Bewertung"))
    with pytest.raises(MappingError, match="Say so under `source:`: `header_row: 3`"):
        compiled()
    file.write_text("Kundennummer,Bewertung,Warum?\nK1,9,gut\nK2,3,teuer\n")
    compiled()
    mapping.write_text(text.replace("NAME", "Note"))
    with pytest.raises(MappingError) as caught:
        compiled()
    assert "header_row" not in str(caught.value)
