"""Which sheet of a workbook holds the answers, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook

from importer.discovery import draft, sheet_of_answers
from importer.errors import SourceError
from importer.sources.source import open_source
from importer.sources.table import SourceOptions

Rows = Sequence[Sequence[object]]
ANSWERS: Rows = [
    ["user_id", "NPS", "comment"],
    *([f"u{n}", n % 11, f"text number {n} fine"] for n in range(12)),
]
TOTALS: Rows = [["Responses", 300], ["NPS", 42]]


def book(folder: Path, sheets: Mapping[str, Rows], hidden: str = "") -> str:
    made = Workbook()
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        sheet.sheet_state = "hidden" if name == hidden else "visible"
        for row in rows:
            sheet.append(list(row))
    made.remove(made.worksheets[0])
    made.save(folder / "book.xlsx")
    return str(folder / "book.xlsx")


def taken(file: str, sheet: str | None = None) -> str:
    options = SourceOptions(sheet=sheet, header_rows=())
    with open_source(file, options) as opened, sheet_of_answers(opened, options) as source:
        found = draft(source)
        assert f"sheet: {source.sheet}" in found.text or len(found.sheets) < 2
        return source.sheet


@pytest.mark.parametrize(
    "first",
    [
        {"Export Summary": [["This document was exported from Numbers."], ["Table", "Rows"]]},
        {"Zusammenfassung": TOTALS},
        {"Přehled": [["Průměr", "Počet"], [8.2, 300]]},
        {"Customers": [["Email", "Date"], ["a@x.org", "2025-01-01"], ["b@x.org", "2025-01-02"]]},
        {"Sheet0": TOTALS, "Notes": [["made by Ann"]]},
        {"Summary": [["Date", "Score", "Comment"], ["2025-01-01", 8, "on the average of all"]]},
    ],
)
def test_a_summary_that_stands_first_is_passed_over(tmp_path: Path, first: dict[str, Rows]) -> None:
    title: Rows = [["Customers"], [], *ANSWERS]
    assert taken(book(tmp_path, {**first, "Data": title})) == "Data"


def test_the_first_of_several_sheets_with_answers_is_taken(tmp_path: Path) -> None:
    assert taken(book(tmp_path, {"Q1": ANSWERS, "Q2": ANSWERS})) == "Q1"
    assert taken(book(tmp_path, {"Summary": TOTALS, "Q1": ANSWERS, "Q2": ANSWERS})) == "Q1"
    assert taken(book(tmp_path, {"Summary": ANSWERS, "Notes": [["so"]]})) == "Summary"


def test_a_sheet_that_was_asked_for_or_is_hidden(tmp_path: Path) -> None:
    file = book(tmp_path, {"Summary": TOTALS, "Data": ANSWERS}, hidden="Data")
    assert taken(file) == "Summary"
    assert taken(file, "Data") == "Data"
    assert taken(book(tmp_path, {"Summary": TOTALS, "Data": ANSWERS}), "Summary") == "Summary"


@pytest.mark.parametrize(
    ("answered", "skipped"),
    [("Answered", "Skipped"), ("Beantwortet", "Übersprungen"), ("Respondidas", "Omitidas")],
)
def test_a_crosstab_is_refused(tmp_path: Path, answered: str, skipped: str) -> None:
    rows: Rows = [["Which?"], ["Red", 3, "60%"], ["Blue", 2, "40%"], [answered, 5], [skipped, 1]]
    file = book(tmp_path, {"Question 1": rows, "Question 2": rows})
    with pytest.raises(SourceError, match="sheet Question 1: this is a table of totals"):
        taken(file)
    assert taken(book(tmp_path, {"Question 1": rows, "Data": ANSWERS})) == "Data"


LONG: Rows = [[f"r{n // 3}", ("NPS", "Why?", "Plan")[n % 3], str(n)] for n in range(18)]


@pytest.mark.parametrize(
    "header",
    [
        ["Respondent ID", "Question", "Answer"],
        ["Teilnehmer", "Frage", "Antwort"],
        ["id", "pregunta", "respuesta"],
        ["id_respondenta", "otázka", "odpověď"],
        ["record", "field_name", "value"],
    ],
)
def test_one_answer_a_row_is_told(tmp_path: Path, header: list[object]) -> None:
    with pytest.raises(SourceError, match="each row holds one answer"):
        taken(book(tmp_path, {"Data": [header, *LONG]}))


def test_a_question_in_words_beside_each_answer_is_no_long_table(tmp_path: Path) -> None:
    rows: Rows = [[f"u{n}", "How likely are you to recommend us?", n % 11] for n in range(12)]
    assert taken(book(tmp_path, {"Data": [["user_id", "Question", "Answer"], *rows]})) == "Data"
    rows = [[f"u{n}", ("en", "de")[n % 2], n % 11] for n in range(12)]
    assert taken(book(tmp_path, {"Data": [["user_id", "Question", "Answer"], *rows]})) == "Data"
