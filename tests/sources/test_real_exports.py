"""Real exports, where they are present: counts, headers, and csv-spectrum's own answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from importer.errors import SourceError
from importer.sources.source import open_source
from importer.sources.table import SourceOptions
from tests.sources.reading import read, written

TWO, THREE = (1, 2), SourceOptions(skip_rows=(2, 3))


@pytest.mark.parametrize(
    ("file", "options", "rows", "columns"),
    [
        ("surveymonkey/CNCF_Ambassadors_Survey_2021.csv", SourceOptions(header_rows=TWO), 44, 18),
        (
            "surveymonkey/CNCF_Maintainers_Survey_2021_H2.csv",
            SourceOptions(header_rows=TWO),
            102,
            35,
        ),
        ("surveymonkey/SOUTH.csv", SourceOptions(header_rows=TWO), 2_528, 58),
        ("qualtrics/qualtRics_sample_de.csv", THREE, 1, 20),
        ("qualtrics/qualtRics_sample_legacy.csv", SourceOptions(header_rows=(2,)), 1, 16),
        ("qualtrics/Better_Sample_Survey_Better_Sample_Survey.csv", THREE, 10, 59),
        ("google_forms/dask_2019.csv", SourceOptions(), 259, 24),
        ("google_forms/cncf_maintainer_2018_results-h1.csv", SourceOptions(), 56, 9),
        ("alchemer/jupyter_notebook_ux_2015_SurveyExport.csv", SourceOptions(), 1_706, 37),
    ],
)
def test_counts(cases: Path, file: str, options: SourceOptions, rows: int, columns: int) -> None:
    found = read(cases / file, options)
    assert (len(found.rows), len(found.header)) == (rows, columns)
    assert not found.problems
    assert not found.damage


@pytest.mark.parametrize(
    "file", ["botanic_semicolon_cp1252_decimal_comma.csv", "botanic_numbers_13954.xlsx"]
)
def test_letters_of_dos_in_a_text_of_windows(cases: Path, file: str) -> None:
    found = read(cases / "nps" / file)
    assert (len(found.rows), len(found.header)) == (13_954, 9)
    assert not found.problems
    assert {(code, column) for code, _, column in found.damaged()} == {("mojibake", "explication")}
    assert any("fraŒcheur" in each.value for each in found.damage)


def test_summary_export_is_refused(cases: Path) -> None:
    with pytest.raises(SourceError, match="summary export"):
        open_source(str(cases / "surveymonkey" / "Strimzi_Survey_2020.csv"))


def test_french_comments(cases: Path) -> None:
    found = read(cases / "nps" / "botanic_semicolon_cp1252_decimal_comma.csv")
    assert (found.facts.encoding, found.facts.delimiter) == ("cp1252", ";")
    assert found.cells[1][5].startswith("Il y a très peu de caisse ouverte")


def test_text_and_workbook_hold_the_same_rows(cases: Path) -> None:
    text = read(cases / "nps" / "botanic_semicolon_cp1252_decimal_comma.csv")
    book = read(cases / "nps" / "botanic_numbers_13954.xlsx")
    for ours, theirs in zip(text.rows, book.rows, strict=True):
        same = [cell.replace(",", ".") if at == 7 else cell for at, cell in enumerate(ours[1])]
        blank = ["" if cell == "NA" else cell for cell in same]
        assert (ours[0], blank[:5], blank[6:]) == (theirs[0], theirs[1][:5], theirs[1][6:])


@pytest.mark.parametrize(
    "name",
    [
        "comma_in_quotes",
        "empty",
        "empty_crlf",
        "escaped_quotes",
        "json",
        "newlines",
        "newlines_crlf",
        "quotes_and_newlines",
        "simple",
        "simple_crlf",
        "utf8",
    ],
)
def test_csv_spectrum(cases: Path, tmp_path: Path, name: str) -> None:
    folder = cases / "csv-spectrum"
    expected = json.loads((folder / f"json__{name}.json").read_bytes())
    data = (folder / f"csvs__{name}.csv").read_bytes()
    if name.endswith("_crlf"):  # the copies may have lost their CRs on the way through git
        data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    found = read(written(tmp_path / "a.csv", data))
    assert [dict(zip(found.header, cells, strict=True)) for cells in found.cells] == expected
