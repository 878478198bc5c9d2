"""problems.csv is read by the mapping that read the source, whatever the source looked like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import openpyxl
import pytest

from importer.engine.record import _writable
from importer.model import Line, Status
from importer.results.files import write_problem_rows
from importer.sources.source import Source, open_source
from importer.sources.table import SourceOptions

PEOPLE = [
    ["u1", "11", "=1+1", "plain"],
    ["u2", "12", "'=quoted", "+49 170"],
    ["u3", "13", "two\nlines", 'a "quote"'],
    ["u4", "14", " spaced ", "-5"],
    ["u5", "9", "fine", "sent"],
]


def written(folder: Path, above: Sequence[Sequence[str]], *, delimiter: str, encoding: str) -> Path:
    """The people below these rows, as delimited text."""
    path = folder / "source.csv"
    lines = [[cell.replace('"', '""') for cell in row] for row in [*above, *PEOPLE]]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in lines)
    path.write_bytes((text + "\r\n").encode(encoding))
    return path


def book(folder: Path, above: Sequence[Sequence[str]]) -> Path:
    path = folder / "source.xlsx"
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Responses"
    for row in [*above, *PEOPLE]:
        sheet.append(list(row))
        for cell in sheet[sheet.max_row]:
            cell.data_type = "s"
    workbook.save(path)
    return path


def lines(source: Source) -> Iterator[Line]:
    """Every row but the last is invalid."""
    numbers = [row for chunk in source.chunks() for row in chunk.rows]
    for seq, row in enumerate(numbers):
        status = Status.CREATED if seq == len(PEOPLE) - 1 else Status.INVALID
        none = (None, 0, "", None, None)
        yield Line(seq, row, "", "", "", status, "out_of_range", "above 10", "", "", *none)


def mended(path: Path, options: SourceOptions, to: Path) -> None:
    """Write a source's problems."""
    with open_source(str(path), options) as source:
        write_problem_rows(
            to,
            source.preamble,
            source.chunks(),
            lines(source),
            delimiter=source.facts.delimiter or ",",
            encoding=_writable(source.facts.encoding),
        )


def read(path: Path, options: SourceOptions) -> tuple[tuple[str, ...], list[list[str]]]:
    with open_source(str(path), options) as source:
        rows = [row for chunk in source.chunks() for row in map(list, chunk.lines)]
        return source.header, rows


ONE = [["id", "score", "comment", "über"]]
TWO = [["id", "Answers", "", "Other"], ["", "score", "comment", "note"]]
THREE = [["id", "score", "comment", "note"], ["a", "b", "c", "d"], ["{1}", "{2}", "{3}", "{4}"]]
TITLE = [["Export", "", "", ""], ["", "", "", ""], ["id", "score", "comment", "note"]]

FORMS = [
    (ONE, SourceOptions(), ",", "utf-8"),
    (ONE, SourceOptions(), ";", "utf-8-sig"),
    (ONE, SourceOptions(encoding="cp1252"), ";", "cp1252"),
    (ONE, SourceOptions(), "\t", "utf-16"),
    (TWO, SourceOptions(header_rows=(1, 2)), ",", "utf-8"),
    (THREE, SourceOptions(skip_rows=(2, 3)), ",", "utf-8"),
    (THREE, SourceOptions(header_rows=(1,), skip_rows=(2, 3)), ",", "utf-8"),
    (TITLE, SourceOptions(header_rows=(3,)), ",", "utf-8"),
]


@pytest.mark.parametrize(("above", "options", "delimiter", "encoding"), FORMS)
def test_text_comes_back_cell_by_cell(
    tmp_path: Path,
    above: Sequence[Sequence[str]],
    options: SourceOptions,
    delimiter: str,
    encoding: str,
) -> None:
    source = written(tmp_path, above, delimiter=delimiter, encoding=encoding)
    _assert_same(source, options, tmp_path)


@pytest.mark.parametrize(
    ("above", "options"),
    [
        (ONE, SourceOptions(sheet="Responses")),
        (ONE, SourceOptions(sheet=1)),
        (TWO, SourceOptions(header_rows=(1, 2))),
        (THREE, SourceOptions(skip_rows=(2, 3))),
    ],
)
def test_a_workbook_comes_back_as_text(
    tmp_path: Path, above: Sequence[Sequence[str]], options: SourceOptions
) -> None:
    _assert_same(book(tmp_path, above), options, tmp_path)


def _assert_same(source: Path, options: SourceOptions, folder: Path) -> None:
    once, twice = folder / "problems.csv", folder / "problems-again.csv"
    header, rows = read(source, options)
    mended(source, options, once)
    again_header, again = read(once, options)
    assert again_header == (*header, "problem")
    assert [row[:-1] for row in again] == rows[:-1]
    assert {row[-1] for row in again} == {"out_of_range: above 10"}
    mended(once, options, twice)
    third_header, third = read(twice, options)
    assert third_header[: len(header)] == header
    assert [row[: len(header)] for row in third] == rows[: len(third)]
