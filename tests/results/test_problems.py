"""problems.csv is read by the mapping that read the source, whatever the source looked like."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from importer.engine.record import writable
from importer.model import Line, Status
from importer.results.files import write_problem_rows, write_workbook
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
            encoding=writable(source.facts.encoding),
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


HARD = [
    "00121",
    "1,5",
    "=1+1",
    "-5",
    "'=x",
    " both ",
    "a\r\nb",
    "a\rb",
    "\x01",
    "_x000D_",
    "ﬀ😀",
    "2025-03-01",
]


@pytest.mark.parametrize("sheets", [("Responses",), ("Summary", "Responses", "Other")])
def test_a_workbook_of_problems_is_read_back_as_it_was(
    tmp_path: Path, sheets: Sequence[str]
) -> None:
    """What Excel would change in a CSV file (00121, long numbers, dates) is text in this one."""
    source, table, book = (tmp_path / each for each in ("a.csv", "problems.csv", "problems.xlsx"))
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", *"bcdefghijkl"], HARD, HARD[::-1], ["sent"]])
    with open_source(str(source)) as opened:
        numbers = [row for chunk in opened.chunks() for row in chunk.rows]
        told = [
            Line(
                at, row, "", "", "", Status.INVALID if at < 2 else Status.CREATED, "x", "y", "", "",
                *(None, 0, "", None, None),
            )
            for at, row in enumerate(numbers)
        ]  # fmt: skip
        wanted = [row for chunk in opened.chunks() for row in map(list, chunk.lines)][:2]
        write_problem_rows(
            table, opened.preamble, opened.chunks(), iter(told), delimiter=",", encoding="utf-8-sig"
        )

    made = write_workbook(
        book, table, delimiter=",", encoding="utf-8-sig", sheets=sheets, at="Responses"
    )

    assert made == book
    assert book.stat().st_mode & 0o077 == 0
    for sheet in ("Responses", sheets.index("Responses") + 1):
        header, rows = read(book, SourceOptions(sheet=sheet))
        assert header == ("id", *"bcdefghijkl", "problem")
        assert [row[:-1] for row in rows] == wanted
    cells = openpyxl.load_workbook(book)["Responses"]
    assert {cell.data_type for row in cells.iter_rows(max_col=3) for cell in row} == {"s"}
    assert {cell.number_format for row in cells.iter_rows() for cell in row} == {"@"}


def test_a_mended_workbook_stays(tmp_path: Path) -> None:
    table, book = tmp_path / "problems.csv", tmp_path / "problems.xlsx"
    table.write_text("id,problem\n00121,x\n", encoding="utf-8")
    more: dict[str, Any] = {"delimiter": ",", "encoding": "utf-8", "sheets": (), "at": "problems"}

    assert write_workbook(book, table, **more) == book
    assert write_workbook(book, table, **more) == book
    changed = openpyxl.load_workbook(book)
    changed["problems"]["A2"] = "00122"
    changed.save(book)
    assert write_workbook(book, table, **more) == tmp_path / "problems-2.xlsx"
    assert read(book, SourceOptions())[1] == [["00122", "x"]]
