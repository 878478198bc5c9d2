"""Header rows: which, joined how, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.errors import SourceError
from importer.model import letter
from importer.sources.source import open_source
from importer.sources.table import SourceOptions
from tests.sources.reading import read, written

TWO_ROWS = "ID,Question,,Alone,\n,Response,Why?,Alone,\n1,9,good,x,y\n"


def test_the_first_row_that_is_not_blank(tmp_path: Path) -> None:
    found = read(written(tmp_path / "a.csv", "\n,\na,b\n1,2\n"))
    assert (found.header, found.facts.header_rows, found.rows) == (
        ("a", "b"),
        (3,),
        [(4, ["1", "2"])],
    )


def test_duplicates_and_blanks_stay(tmp_path: Path) -> None:
    found = read(written(tmp_path / "a.csv", "Score,,Score, \n1,2,3,4\n"))
    assert found.header == ("Score", "", "Score", "")
    assert found.cells == [["1", "2", "3", "4"]]


def test_two_rows_are_joined_and_filled_from_the_left(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", TWO_ROWS)
    found = read(path, SourceOptions(header_rows=(1, 2)))
    assert found.header == ("ID", "Question / Response", "Question / Why?", "Alone", "")
    assert found.rows == [(3, ["1", "9", "good", "x", "y"])]
    assert (
        read(path, SourceOptions(header_rows=(1, 2), header_join=": ")).header[1]
        == "Question: Response"
    )


def test_rows_above_and_skipped_rows_are_no_data(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "Report,\nQ1,Q2\ntext,text\n{},{}\n1,2\n")
    found = read(path, SourceOptions(header_rows=(2,), skip_rows=(3, 4)))
    assert (found.header, found.rows) == (("Q1", "Q2"), [(5, ["1", "2"])])
    assert found.facts.first_data_row == 5


def test_no_header_names_columns_by_letter(tmp_path: Path) -> None:
    found = read(written(tmp_path / "a.csv", "1,2,3\n4,5,6\n"), SourceOptions(header_rows=()))
    assert (found.header, len(found.rows)) == (("A", "B", "C"), 2)


@pytest.mark.parametrize(
    ("index", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (16_383, "XFD")]
)
def test_letters(index: int, name: str) -> None:
    assert letter(index) == name


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("", SourceOptions(), "is empty"),
        (" \n\n", SourceOptions(), "rows are blank"),
        ("\n" * 5_000, SourceOptions(), "rows are blank"),
        (",\n,\n", SourceOptions(), "rows are blank"),
        ("a,b\n1,2\n", SourceOptions(header_rows=(5,)), "the table ends at row 2"),
        (
            "a,b\n\n1,2\n",
            SourceOptions(header_rows=(2,)),
            "row 2 should be the header, but it is blank",
        ),
        ("a\n" * 300, SourceOptions(header_rows=(250,)), "only the first 200 rows"),
        ("," * 5_000 + "x\n1\n", SourceOptions(), "at most 5,000 columns"),
        (
            "T\n\nQ1\nAnswer Choices,Response Percent,Responses\nYes,9%,4\n",
            SourceOptions(),
            "summary export",
        ),
        ("Answer Choices,Responses,\nYes,9%,4\n", SourceOptions(), "summary export"),
    ],
)
def test_refused(tmp_path: Path, content: str, options: SourceOptions, message: str) -> None:
    path = written(tmp_path / "a.csv", content)
    with pytest.raises(SourceError, match=message) as caught:
        open_source(path, options)
    assert caught.value.hint
