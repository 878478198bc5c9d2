"""Exports, made-up and real: counts, headers, letters; and what a CSV may hold at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from importer.errors import SourceError
from importer.sources.source import open_source
from importer.sources.table import SourceOptions
from tests.cases import made
from tests.cases.expected import FOLDER, both, place, present
from tests.sources.reading import read, written

TWO, THREE = (1, 2), SourceOptions(skip_rows=(2, 3))


MONKEY = SourceOptions(header_rows=TWO)
LEGACY = SourceOptions(header_rows=(2,))
BOTANIC = ("nps/botanic_semicolon_cp1252_decimal_comma.csv", "nps/botanic_numbers_13954.xlsx")


@pytest.mark.parametrize(
    ("file", "options", "rows", "columns"),
    both(
        [
            (made.CHOIR, MONKEY, 44, 18),
            (made.GARDENS, MONKEY, 102, 35),
            (made.RIVERS, MONKEY, 600, 58),
            (made.GERMAN, THREE, 4, 20),
            (made.LEGACY, LEGACY, 4, 16),
            (made.TESTS_ONLY, THREE, 10, 59),
            (made.KITCHENS, SourceOptions(), 259, 24),
            (made.TEACHERS, SourceOptions(), 56, 9),
            (made.WORKSHOP, SourceOptions(), 300, 37),
        ],
        [
            ("surveymonkey/CNCF_Ambassadors_Survey_2021.csv", MONKEY, 44, 18),
            ("surveymonkey/CNCF_Maintainers_Survey_2021_H2.csv", MONKEY, 102, 35),
            ("surveymonkey/SOUTH.csv", MONKEY, 2_528, 58),
            ("qualtrics/qualtRics_sample_de.csv", THREE, 1, 20),
            ("qualtrics/qualtRics_sample_legacy.csv", LEGACY, 1, 16),
            ("qualtrics/Better_Sample_Survey_Better_Sample_Survey.csv", THREE, 10, 59),
            ("google_forms/dask_2019.csv", SourceOptions(), 259, 24),
            ("google_forms/cncf_maintainer_2018_results-h1.csv", SourceOptions(), 56, 9),
            ("alchemer/jupyter_notebook_ux_2015_SurveyExport.csv", SourceOptions(), 1_706, 37),
        ],
    ),
)
def test_counts(file: str, options: SourceOptions, rows: int, columns: int) -> None:
    found = read(place(file), options)
    assert (len(found.rows), len(found.header)) == (rows, columns)
    assert not found.problems
    assert not found.damage


@pytest.mark.parametrize(
    ("file", "rows", "word"),
    both(
        [(file, made.SHOPPERS, "abŒmée") for file in (made.SHOP, made.SHOP_BOOK)],
        [(file, 13_954, "fraŒcheur") for file in BOTANIC],
    ),
)
def test_letters_of_dos_in_a_text_of_windows(file: str, rows: int, word: str) -> None:
    found = read(place(file))
    assert (len(found.rows), len(found.header)) == (rows, 9)
    assert not found.problems
    assert {(code, column) for code, _, column in found.damaged()} == {("mojibake", "explication")}
    assert any(word in each.value for each in found.damage)


@pytest.mark.parametrize(
    "file", both([(made.SUMMARY,)], [("surveymonkey/Strimzi_Survey_2020.csv",)])
)
def test_summary_export_is_refused(file: str) -> None:
    with pytest.raises(SourceError, match="summary export"):
        open_source(str(place(file)))


@pytest.mark.parametrize(
    ("file", "words"),
    both([(made.SHOP, "Très bon accueil")], [(BOTANIC[0], "Il y a très peu de caisse ouverte")]),
)
def test_french_comments(file: str, words: str) -> None:
    found = read(place(file))
    assert (found.facts.encoding, found.facts.delimiter) == ("cp1252", ";")
    assert any(cells[5].startswith(words) for cells in found.cells)


@pytest.mark.parametrize(("in_text", "in_book"), both([(made.SHOP, made.SHOP_BOOK)], [BOTANIC]))
def test_text_and_workbook_hold_the_same_rows(in_text: str, in_book: str) -> None:
    text, book = read(place(in_text)), read(place(in_book))
    for ours, theirs in zip(text.rows, book.rows, strict=True):
        same = [cell.replace(",", ".") if at == 7 else cell for at, cell in enumerate(ours[1])]
        blank = ["" if cell == "NA" else cell for cell in same]
        assert (ours[0], blank[:5], blank[6:]) == (theirs[0], theirs[1][:5], theirs[1][6:])


SPECTRUM = {
    "comma_in_quotes": ('name,town\nAnn,"Ulm, Germany"', [["Ann", "Ulm, Germany"]]),
    "empty": ('a,b,c\n1,"",""\n2,3,4', [["1", "", ""], ["2", "3", "4"]]),
    "escaped_quotes": ('a,b\n1,"oh ""yes"" oh"\n3,4\n', [["1", 'oh "yes" oh'], ["3", "4"]]),
    "json": ('key,val\n1,"{""n"": [1.5, 2], ""k"": {}}"\n', [["1", '{"n": [1.5, 2], "k": {}}']]),
    "newlines": (
        'a,b,c\n1,2,3\n"There was \na house",5,6\n7,8,9\n',
        [["1", "2", "3"], ["There was \na house", "5", "6"], ["7", "8", "9"]],
    ),
    "quotes_and_newlines": (
        'a,b\n1,"oh \n""yes"" \noh"\n3,4\n',
        [["1", 'oh \n"yes" \noh'], ["3", "4"]],
    ),
    "simple": ("a,b,c\n1,2,3\n", [["1", "2", "3"]]),
    "utf8": ("a,b,c\n1,2,3\n4,5,ʤ\n", [["1", "2", "3"], ["4", "5", "ʤ"]]),
}


@pytest.mark.parametrize("name", SPECTRUM)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_a_csv_may_hold(tmp_path: Path, name: str, end: str) -> None:
    text, expected = SPECTRUM[name]
    found = read(written(tmp_path / "a.csv", text.replace("\n", end).encode()))
    assert list(found.header) == text.split("\n")[0].split(",")
    assert list(map(list, found.cells)) == [
        [cell.replace("\n", end) for cell in row] for row in expected
    ]


@pytest.mark.trial
@pytest.mark.skipif(not present(), reason="REAL_EXPORTS names no folder of real exports")
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
def test_csv_spectrum(tmp_path: Path, name: str) -> None:
    folder = FOLDER / "csv-spectrum"
    expected = json.loads((folder / f"json__{name}.json").read_bytes())
    data = (folder / f"csvs__{name}.csv").read_bytes()
    if name.endswith("_crlf"):  # the copies may have lost their CRs on the way through git
        data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    found = read(written(tmp_path / "a.csv", data))
    assert [dict(zip(found.header, cells, strict=True)) for cells in found.cells] == expected
