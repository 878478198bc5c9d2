"""Header rows: none to five, found by their shape."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.discovery import Grid, Layout, layout

Rows = Sequence[Sequence[str]]


def grid(rows: Rows, first: int = 1) -> Grid:
    width = max(map(len, rows))
    cells = [[*row, *[""] * (width - len(row))] for row in rows]
    kept = [(n, row) for n, row in enumerate(cells, first) if any(row)]
    return Grid([n for n, _ in kept], [row for _, row in kept])


def found(rows: Rows, tool_row: int = 0) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    said: Layout = layout(grid(rows), tool_row)
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
    said = layout(grid([["ResponseId", "Q1"], ["Response ID", "Frage"], ids, ["R_1", "text"]]), 1)
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
