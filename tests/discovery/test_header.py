"""Header rows: none to five, found by their shape."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.discovery import Grid, Layout, ToolRows, layout

Rows = Sequence[Sequence[str]]


def grid(rows: Rows, first: int = 1) -> Grid:
    width = max(map(len, rows))
    cells = [[*row, *[""] * (width - len(row))] for row in rows]
    kept = [(n, row) for n, row in enumerate(cells, first) if any(row)]
    return Grid([n for n, _ in kept], [row for _, row in kept])


def found(rows: Rows, tool: ToolRows | None = None) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    said: Layout = layout(grid(rows), tool)
    return said.header, said.skipped, said.texts


DATA = [
    ["0012", "9", "2026-01-05", "fine"],
    ["0013", "10", "2026-01-06", ""],
    ["0014", "3", "2026-01-07", "no"],
]


def test_one_row() -> None:
    assert found([["id", "score", "date", "comment"], *DATA]) == ((1,), (), 0)


def test_no_header() -> None:
    assert found(DATA) == ((), (), 0)


def test_titles_above_are_passed_over() -> None:
    title = [["NPS report"], ["Exported", "5 January"], [], ["id", "score", "date", "comment"]]
    assert found([*title, *DATA]) == ((4,), (), 0)


def test_a_row_of_question_texts_is_read_and_skipped() -> None:
    texts = [["id", "Q1", "when", "Q2"], ["Id", "How likely?", "Date of the answer", "Why?"]]
    assert found([*texts, *DATA]) == ((1,), (2,), 2)


@pytest.mark.parametrize("row", ['{"ImportId":"%s"}', "{'ImportId': '%s'}"])
def test_import_ids_are_skipped_with_what_stands_above_them(row: str) -> None:
    ids = [row % name for name in ("a", "QID1", "b", "QID2_TEXT")]
    head = [
        ["ResponseId", "Q1", "EndDate", "Q2"],
        ["Response ID", "How likely?", "End", "Why?"],
        ids,
    ]
    assert found([*head, *DATA]) == ((1,), (2, 3), 2)


def test_import_ids_tell_a_header_even_over_a_single_row() -> None:
    ids = ['{"ImportId":"a"}', '{"ImportId":"b"}']
    said = layout(
        grid([["ResponseId", "Q1"], ["Response ID", "Frage"], ids, ["R_1", "text"]]),
        ToolRows(1, texts=2),
    )
    assert (said.header, said.skipped, said.ids) == ((1,), (2, 3), 3)


def test_tags_are_skipped_and_no_texts() -> None:
    head = [
        ["id", "score", "date", "comment"],
        ["#meta+id", "#indicator", "#date", "#description+en"],
    ]
    assert found([*head, *DATA]) == ((1,), (2,), 0)


MONKEY = [
    ["Respondent ID", "How likely?", "", "Which?", "", ""],
    ["", "Response", "Why?", "Red", "Blue", "Other (please specify)"],
    ["1", "9", "fine", "Red", "", ""],
    ["2", "3", "", "", "Blue", "green"],
]


def test_two_rows_together() -> None:
    assert found(MONKEY) == ((1, 2), (), 0)


def test_two_rows_without_columns_that_row_1_names_alone() -> None:
    assert found([row[1:] for row in MONKEY]) == ((1, 2), (), 0)


def test_two_rows_where_choices_recur_and_nothing_else_says_so() -> None:
    rows = [["id", "Which?", ""], ["", "Red", "Blue"], ["1", "Red", ""], ["2", "", "Blue"]]
    assert found(rows) == ((1, 2), (), 0)


def test_blanks_alone_make_no_second_row() -> None:
    """A file that has kept the gaps of row 1 and lost row 2."""
    assert found([MONKEY[0], *MONKEY[2:]]) == ((1,), (), 0)


def test_labels_that_span_columns_join_the_row_below() -> None:
    rows = [["", "", "Support", "", "Product"], ["id", "date", "speed", "care", "price"]]
    data = [["1", "2026-01-05", "9", "8", "7"], ["2", "2026-01-06", "9", "1", "2"]]
    assert layout(grid([*rows, *data])).header[-1] in {1, 2}


@given(st.lists(st.lists(st.text(max_size=5), min_size=3, max_size=3), min_size=1, max_size=12))
def test_header_rows_are_rows_of_the_file(rows: list[list[str]]) -> None:
    """Whatever stands there: rows of the file, in order, no row twice, and never more than five."""
    if not any(cell.strip() for row in rows for cell in row):
        return
    table = grid([[cell.strip() for cell in row] for row in rows])
    said = layout(table)
    all_ = [*said.header, *said.skipped]
    assert all_ == sorted(set(all_))
    assert len(all_) <= 6
    assert set(all_) <= set(table.rows)


GOOGLE = ToolRows(1)
SURVEYMONKEY = ToolRows(1, header=2)
QUALTRICS = ToolRows(1, texts=2)


@pytest.mark.parametrize(
    ("rows", "tool"),
    [
        ("E-Mail,Note,Kommentar, / a@x.org,5,,Ja / b@x.org,3,gut,Ja / c@x.org,4,,Nein", None),
        ("E-Mail,Note,Kommentar, / a@x.org,5,,Ja / b@x.org,3,gut,Ja / c@x.org,4,,Ja", None),
        ("Name,,Kommentar / Anna,Ja, / Bert,Ja,gut / Carl,Nein,schlecht", None),
        ("Name,,Comment / Ann,Yes, / Bob,Yes,bad / Cid,Yes,fine", None),
        (
            "Horodateur,,Note,Avis / 9/18/2017 18:00:16,Oui,4, / 9/18/2017 18:05:16,Oui,5,bon",
            GOOGLE,
        ),
        ("Timestamp,,Plan / 2024/01/05 10:00:01,Pro, / 2024/01/05 10:00:07,Pro,Basic", GOOGLE),
        ("Respondent ID,Plan,,Note / 11,Pro,Yes, / 12,Pro,Yes,x / 13,Pro,,y", SURVEYMONKEY),
        ("id,Plan,, / 1,Pro,Yes, / 2,Pro,Yes,Other / 3,,Yes,", None),
    ],
)
def test_a_first_response_is_never_a_header_row(rows: str, tool: ToolRows | None) -> None:
    table = [row.split(",") for row in rows.split(" / ")]
    assert found(table, tool) == ((1,), (), 0)


@pytest.mark.parametrize(
    "first",
    [
        ["N/A", "N/A", "too early"],
        ["keine Angabe", "k.A.", "noch zu früh"],
        ["nevím", "-", "?"],
        ["ten", "four", "in words"],
        ["none", "null", ""],
    ],
)
def test_a_first_response_without_numbers_is_no_row_of_texts(first: list[str]) -> None:
    rows = [["NPS", "CSAT", "Comment"], first, ["9", "4", "good"], ["3", "2", "bad"]]
    assert found(rows) == ((1,), (), 0)
    assert found(rows, GOOGLE) == ((1,), (), 0)


def test_the_texts_of_a_tool_need_not_ask() -> None:
    rows = [["Id", "Q1", "Q2"], ["Kennung", "Bewertung", "Dauer"], ["R_12345678", "9", "30"]]
    rows += [["R_12345679", "3", "31"], ["R_12345670", "7", "29"]]
    assert found(rows, QUALTRICS) == ((1,), (2,), 2)
    assert found(rows) == ((1,), (), 0)


@pytest.mark.parametrize("mark", ["Response", "Antwort", "Réponse", "Respuesta"])
def test_the_second_row_over_a_single_question(mark: str) -> None:
    rows = [["Respondent ID", "End Date", "How likely?"], ["", "", mark]]
    rows += [["1", "2024-01-01", "9"], ["2", "2024-01-02", "3"]]
    assert found(rows, SURVEYMONKEY) == ((1, 2), (), 0)
    assert found(rows) == ((1, 2), (), 0)


def test_a_row_that_repeats_names_is_of_the_header() -> None:
    header = [
        ["Respondent ID", "End Date", "Q1 01—Which do you use?", "Q1 02—Which do you use?"],
        ["Respondent ID", "End Date", "Git", "Subversion"],
    ]
    rows = [["127357079", "44361.8", "Git", ""], ["127395458", "44362.1", "", "Subversion"]]
    assert found([*header, *rows, *rows]) == ((1, 2), (), 0)


def test_choices_under_their_own_names_are_answers() -> None:
    header = ["#", "Mail", "Chat", "Phone"]
    rows = [
        ["1", "Mail", "Chat", ""],
        ["2", "", "Chat", ""],
        ["3", "Mail", "", "Phone"],
        ["4", "Mail", "", ""],
    ]
    assert found([header, *rows]) == ((1,), (), 0)


CHOICES = ["Machines", "Power", "Computing", "Physics", "Trade", "Law"]


def test_choices_over_yes_and_no_name_the_gaps() -> None:
    header = [["What is your background?", *[""] * 5, "How often?"], [*CHOICES, "Drafts"]]
    rows = [[("Ja", "Nein")[(i + k) % 3 == 0] for k in range(6)] + ["oft"] for i in range(20)]
    assert found([*header, *rows]) == ((1, 2), (), 0)


def test_a_first_response_in_columns_without_names_is_none() -> None:
    header = ["What is your background?", *[""] * 5, "How often?"]
    rows = [[("Ja", "Nein")[(i + k) % 3 == 0] for k in range(6)] + ["oft"] for i in range(20)]
    assert found([header, *rows]) == ((1,), (), 0)


@pytest.mark.parametrize(
    ("title", "names"),
    [
        (["Report", "2025"], ["Email", "Score", "Comment"]),
        (["Auswertung", "Q3"], ["Kundennummer", "Bewertung", "Kommentar"]),
        (["Export", "leden"], ["e-mail", "hodnocení", "komentář"]),
    ],
)
def test_a_title_of_two_cells_above_three_columns(title: list[str], names: list[str]) -> None:
    rows = [title, names, ["K1", "9", "fine"], ["K2", "3", "bad"], ["K3", "5", ""]]
    assert found(rows) == ((2,), (), 0)


POLL = ["Java,Spring,React", "Python,Django,React", "Java,Express,Angular", "Go,Spring,React"]


def test_a_first_row_whose_answers_others_give_too_is_none_of_names() -> None:
    rows = [row.split(",") for row in (*POLL, POLL[0], *POLL[::-1])]
    assert found(rows) == ((), (), 0)
    assert found([["Sprache", "Rahmen", "Oberfläche"], *rows]) == ((1,), (), 0)


def test_a_header_that_comes_again_is_one() -> None:
    """Files that were joined; and columns that hold the choice that they are called, or nothing."""
    names = ["Language", "Framework", "Surface"]
    rows = [row.split(",") for row in POLL]
    assert found([names, *rows, names, *rows]) == ((1,), (), 0)
    chosen = [["Chat", "Mail", ""], ["", "Mail", "Phone"], ["Chat", "", ""], ["", "Mail", "Phone"]]
    assert found([["Chat", "Mail", "Phone"], *chosen, *chosen]) == ((1,), (), 0)


def test_numbers_of_columns_are_a_header_and_answers_are_none() -> None:
    """A table that pandas wrote, whose columns had no names."""
    rows = [[str(1 + n * k % 7) for k in range(1, 9)] for n in range(12)]
    assert found([[str(k) for k in range(8)], *rows]) == ((1,), (), 0)
    assert found([["0", "1", "2", "5", "6", "7", "8", "12"], *rows]) == ((1,), (), 0)
    assert found([["", "0"], *([str(n), str(1 + n % 5)] for n in range(12))]) == ((1,), (), 0)
    assert found(rows) == ((), (), 0)
    assert found([["1", "2", "3", "4", "5"]] * 9) == ((), (), 0)
    assert found([["7", "9"], ["8", "9"], ["3", "10"], ["5", "6"]]) == ((), (), 0)
