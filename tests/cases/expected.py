"""What the made-up files hold, and real ones where somebody has them (the environment variable REAL_EXPORTS
names their folder), read with the csv module and openpyxl alone.

Nothing of the loader or the mapping is used here."""

from __future__ import annotations

import csv
import io
import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from importer.sandbox import COMMENT, SCORE
from tests.cases import made

FOLDER = Path(os.environ.get("REAL_EXPORTS") or Path(__file__).parent / "none")
MAPPINGS = Path(__file__).parent / "mappings"

Row = list[str]
Value = int | str | None


@dataclass(frozen=True, slots=True)
class Case:
    """A file. `answers` gives for each question what a row answers; None is no answer.

    A row is ready that isn't skipped, answers something, and answers every question of `required`.
    """

    name: str
    file: str
    rows: Callable[[Path], list[Row]]
    answers: Mapping[str, Callable[[Row], Value]]
    skipped: Callable[[Row], bool] = lambda _: False
    required: tuple[str, ...] = field(default=())

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return place(self.file)

    @property
    def mapping(self) -> Path:
        """The mapping that was written for it."""
        return MAPPINGS / f"{self.name}.yaml"

    def is_ready(self, row: Row) -> bool:
        """Whether the row holds a response that can be sent."""
        values = {id_: answer(row) for id_, answer in self.answers.items()}
        complete = all(values[id_] is not None for id_ in self.required)
        return not self.skipped(row) and complete and any(v is not None for v in values.values())


def place(file: str) -> Path:
    """Where a file lies: made up, or real."""
    path = made.folder() / file
    return path if path.exists() else FOLDER / file


def present() -> bool:
    """Whether the folder of real exports is there."""
    return FOLDER.is_dir()


REAL = (
    pytest.mark.trial,
    pytest.mark.skipif(not present(), reason="REAL_EXPORTS names no folder of real exports"),
)
"""Marks of whatever needs real files: what they show, made-up ones in the same layouts show in every run."""


def both(made_up: Iterable[Any], real: Iterable[Any]) -> list[ParameterSet]:
    """The parameters of a test: what is made up, and what is real, which only a trial looks at. Each is a
    tuple."""
    return [pytest.param(*each) for each in made_up] + [
        pytest.param(*each, marks=REAL) for each in real
    ]


Q1, Q2, Q3, Q4 = (f"00000000-0000-4000-8000-{number:012d}" for number in range(1, 5))
"""Invented question IDs; the NPS mappings name the sandbox's questions instead."""


def _csv(
    encoding: str = "utf-8-sig", delimiter: str = ",", header: int = 1
) -> Callable[[Path], list[Row]]:
    def rows(path: Path) -> list[Row]:
        text = io.StringIO(path.read_bytes().decode(encoding), newline="")
        return list(csv.reader(text, delimiter=delimiter))[header:]

    return rows


def _workbook(path: Path) -> list[Row]:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(path, read_only=True)
    try:
        rows = book.worksheets[0].iter_rows(min_row=2, values_only=True)
        return [["" if cell is None else str(cell) for cell in row] for row in rows]
    finally:
        book.close()


def _text(column: int, *na: str) -> Callable[[Row], Value]:
    def answer(row: Row) -> Value:
        cell = row[column]
        return None if not cell.strip() or cell.strip().lower() in na else cell

    return answer


def _choice(column: int, *na: str, **values: str) -> Callable[[Row], Value]:
    def answer(row: Row) -> Value:
        cell = row[column].strip()
        return None if not cell or cell.lower() in na else values.get(cell, cell)

    return answer


def _rating(column: int) -> Callable[[Row], Value]:
    """The number, also where it is written as 4.0; None for N/A and blank."""

    def answer(row: Row) -> Value:
        try:
            return int(float(row[column]))
        except ValueError:
            return None

    return answer


def _joined(first: int, last: int, join: str) -> Callable[[Row], Value]:
    def answer(row: Row) -> Value:
        return join.join(cell.strip() for cell in row[first : last + 1] if cell.strip()) or None

    return answer


_SHOP = {SCORE.id: _rating(2), COMMENT.id: _text(5, "na", "n/a", "-")}

CASES = (
    Case(
        "choir",
        made.CHOIR,
        _csv(header=2),
        {Q1: _rating(12), Q2: _text(13), Q3: _rating(10), Q4: _choice(6, "other (please specify)")},
        required=(Q1,),
    ),
    Case(
        "gardens",
        made.GARDENS,
        _csv(header=2),
        {Q1: _rating(23), Q2: _text(24), Q3: _rating(22), Q4: _rating(12)},
        required=(Q1,),
    ),
    Case(
        "rivers",
        made.RIVERS,
        _csv(header=2),
        {Q1: _text(1), Q2: _joined(2, 5, "; "), Q3: _joined(6, 30, ", ")},
        required=(Q2,),
    ),
    Case(
        "kitchens",
        made.KITCHENS,
        _csv(),
        {
            Q1: _rating(22),
            Q2: _choice(4),
            Q3: _choice(7, Yes="Good enough", No="Too small"),
            Q4: _text(21),
        },
    ),
    Case(
        "teachers",
        made.TEACHERS,
        _csv(),
        {
            Q1: _rating(2),
            Q2: _rating(5),
            Q3: _choice(3, Yes="Asked us", No="Did not"),
            Q4: _text(8, "n/a", "no", "none", "."),
        },
    ),
    Case(
        "german",
        made.GERMAN,
        _csv(header=3),
        {Q1: lambda row: f"By way {row[17]}", Q2: _text(18)},
        skipped=lambda row: row[2] != "0" or row[6] != "1",
    ),
    Case(
        "legacy",
        made.LEGACY,
        _csv(header=2),
        {Q1: _choice(10), Q2: _text(11)},
        skipped=lambda row: row[6] != "0" or row[9] != "1",
    ),
    Case(
        "tests_only",
        made.TESTS_ONLY,
        _csv(header=3),
        {Q1: _choice(20), Q2: _text(34)},
        skipped=lambda row: row[10] == "2",
    ),
    Case("shop_csv", made.SHOP, _csv("cp1252", ";"), _SHOP),
    Case("shop_xlsx", made.SHOP_BOOK, _workbook, _SHOP),
    Case(
        "workshop",
        made.WORKSHOP,
        _csv(),
        {Q1: _choice(3), Q2: _text(4), Q3: _text(29), Q4: _joined(6, 8, "; ")},
        skipped=lambda row: row[2] == "Partial",
    ),
)
"""A made-up file for each real one, in its layout."""

REAL_CASES = (
    Case(
        "cncf_ambassadors",
        "surveymonkey/CNCF_Ambassadors_Survey_2021.csv",
        _csv(header=2),
        {Q1: _rating(12), Q2: _text(13), Q3: _rating(10), Q4: _choice(6, "other (please specify)")},
        required=(Q1,),
    ),
    Case(
        "cncf_maintainers",
        "surveymonkey/CNCF_Maintainers_Survey_2021_H2.csv",
        _csv(header=2),
        {Q1: _rating(23), Q2: _text(24), Q3: _rating(22), Q4: _rating(12)},
        required=(Q1,),
    ),
    Case(
        "south",
        "surveymonkey/SOUTH.csv",
        _csv(header=2),
        {Q1: _text(1), Q2: _joined(2, 5, "; "), Q3: _joined(6, 30, ", ")},
        required=(Q2,),
    ),
    Case(
        "dask_2019",
        "google_forms/dask_2019.csv",
        _csv(),
        {
            Q1: _rating(22),
            Q2: _choice(4),
            Q3: _choice(7, Yes="Stable", No="Not stable"),
            Q4: _text(21),
        },
    ),
    Case(
        "cncf_maintainers_2018",
        "google_forms/cncf_maintainer_2018_results-h1.csv",
        _csv(),
        {
            Q1: _rating(2),
            Q2: _rating(5),
            Q3: _choice(3, Yes="Reached out", No="Did not"),
            Q4: _text(8, "n/a", "no", "none", "."),
        },
    ),
    Case(
        "qualtrics_de",
        "qualtrics/qualtRics_sample_de.csv",
        _csv(header=3),
        {Q1: lambda row: f"Click to write Choice {row[17]}", Q2: _text(18)},
        skipped=lambda row: row[2] != "0" or row[6] != "1",
    ),
    Case(
        "qualtrics_legacy",
        "qualtrics/qualtRics_sample_legacy.csv",
        _csv(header=2),
        {Q1: _choice(10), Q2: _text(11)},
        skipped=lambda row: row[6] != "0" or row[9] != "1",
    ),
    Case(
        "qualtrics_2016",
        "qualtrics/Better_Sample_Survey_Better_Sample_Survey.csv",
        _csv(header=3),
        {Q1: _choice(20), Q2: _text(34)},
        skipped=lambda row: row[10] == "2",
    ),
    Case(
        "botanic_csv",
        "nps/botanic_semicolon_cp1252_decimal_comma.csv",
        _csv("cp1252", ";"),
        _SHOP,
    ),
    Case("botanic_xlsx", "nps/botanic_numbers_13954.xlsx", _workbook, _SHOP),
    Case(
        "jupyter_2015",
        "alchemer/jupyter_notebook_ux_2015_SurveyExport.csv",
        _csv(),
        {Q1: _choice(3), Q2: _text(4), Q3: _text(29), Q4: _joined(6, 8, "; ")},
        skipped=lambda row: row[2] == "Partial",
    ),
)
"""Every real file that holds responses of single people."""
