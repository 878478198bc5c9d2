"""Each kind of damage is found where it is, and not where it isn't."""

from __future__ import annotations

import pytest

from importer import codes
from importer.sources.damage import found_in

DAMAGED = {
    "scientific_id": ["1.23E+15", "1,23457E+11", "5E+09", "-1.5E+30"],
    "float_id": ["6666761644.0", "1234567.0"],
    "excel_error": ["#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#BEZUG!", "########"],
    "cut_cell": ["x" * 32_767, "🙂" * 16_383 + "x"],
    "mojibake": [
        "cafÃ©",
        "itâ€™s",
        "donâ€™t",
        "Ã¼ber",
        "1â€“2",
        "Â£5",
        "ðŸ™‚",
        "ÐŸÑ€Ð¸Ð²ÐµÑ‚",
        "d√©j√†",
        "it‚Äôs",
        "trŠs bien",
        "‚change de livres",
        "bont‚ d'âme",
        "FÄr Mädchen: h„ufig",
        "sch”n",
        "gar‡on",
        "a¤os",
        "mˆme",
        "na‹f",
    ],
    "lost_character": ["caf\ufffd"],
    "control_character": ["a\0b", "a\x1bb"],
}
SOUND = {
    "scientific_id": ["1e5", "1.23E+02", "1.2345678901E+10", "E+15", "1.23E+15 people"],
    "float_id": ["10.0", "9.0", "123456.0", "1234567.05", "version 1234567.0"],
    "excel_error": ["N/A", "#1", "#hashtag", "# REF", "I got #REF! twice", "####"],
    "cut_cell": ["x" * 32_766, "x" * 32_768, "🙂" * 16_384],
    "mojibake": [
        "NÃO",
        "“AMANHÃ”",
        "Âge",
        "pâte",
        "français",
        "naïve",
        "Þór ð",
        "Привет",
        "İÑ",
        "Ÿ",
        "5 √ 2",
        "Er sagte ‚gut‘ dazu",
        "„sehr gut“",
        "‚ja’ oder ‚nein’",
        "Šárka a Škoda",
        "10 ‰, 5 ƒ, ¤ 3",
        "he said ”hi” twice",
        "siehe ‡ und †",
        "Œuvre, cœur",
        "a ‹b› c",
        "BEŠTIE",
        "Mon–Fri, wait…what",
    ],
    "lost_character": ["?", "café"],
    "control_character": ["line\nbreak", "tab\tstop", "nbsp\u00a0", "zero\u200bwidth"],
}


def damages(cells: list[str], label: str = "Comment") -> list[tuple[str, int]]:
    rows = range(2, len(cells) + 2)
    return [(each.code, each.row) for each in found_in([label], rows, [cells])]


@pytest.mark.parametrize(
    ("code", "cell"), [(code, each) for code, cells in DAMAGED.items() for each in cells]
)
def test_found(code: str, cell: str) -> None:
    assert damages(["fine", cell, "fine"]) == [(code, 3)]


@pytest.mark.parametrize(
    ("code", "cell"), [(code, each) for code, cells in SOUND.items() for each in cells]
)
def test_not_found(code: str, cell: str) -> None:
    """Beside a damaged cell, so that each cell is really looked at."""
    assert damages([cell, DAMAGED[code][0]]) == [(code, 3)]


def test_ranges_that_became_months() -> None:
    assert damages(["1-9", "Oct-49", "50-99", "100+", "2049-10-01"]) == [
        ("month_range", 3),
        ("month_range", 6),
    ]
    assert damages(["Oct-21", "Nov-21"]) == []
    ids = [f"{n}-{n + 40}" for n in range(60)]
    assert damages([*ids, "5-Jan"], "customer_id") == [("month_range", 62)]
    assert damages([*ids, "5-Jan"], "Comment") == []


def test_bare_serials_in_a_date_column() -> None:
    assert damages(["2024-03-05", "43831.375", "44000"], "Submit Date") == [
        ("date_serial", 3),
        ("date_serial", 4),
    ]
    assert damages(["2024-03-05", "43831.375"], "Duration") == []


def test_a_problem_says_where_and_what_to_do_but_not_what() -> None:
    (found,) = found_in(["Id"], [7], [["1.23E+15"]])
    assert (found.row, found.column, found.value) == (7, "Id", "1.23E+15")
    assert found.fix == codes.of("file")["scientific_id"].remedy


def test_every_kind_is_explained() -> None:
    tested = {
        *DAMAGED,
        "grouped_id",
        "month_range",
        "date_serial",
        "big_number",
        "formula_without_value",
        "merged_cell",
    }
    of_rows = {"ragged_row", "stray_quote", "repeated_header", "second_table", "totals_row"}
    of_rows |= {"bad_line", "repeated_key", "not_mended", "cut_row"}
    assert {*tested, *of_rows} == set(codes.of("file"))


ERRORS = (
    "#¡REF! #ССЫЛКА! #Н/Д #WERT! #VÆRDI! #SAKNAS! #DZIEL/0! #NENÍ_K_DISPOZICI #I/T #ADR! #ΑΝΑΦ!"
)


@pytest.mark.parametrize("cell", ERRORS.split())
def test_errors_of_excel_in_its_other_languages(cell: str) -> None:
    assert damages(["fine", cell]) == [("excel_error", 3)]


@pytest.mark.parametrize("cell", ["#Wow!", "#1!", "#FF00AA", "#a/b", "#7", "#WERT", "#TEAM"])
def test_hashtags_and_numbers_are_no_errors(cell: str) -> None:
    assert damages(["fine", cell]) == []


@pytest.mark.parametrize("label", ["customer_id", "Kundennummer", "userId", "Account no"])
def test_ids_that_may_be_numbers_in_groups_of_three(label: str) -> None:
    assert damages(["12.120", "", "999", "1.012.121"], label) == [
        ("grouped_id", 2),
        ("grouped_id", 5),
    ]
    assert damages(["12 120"], label) == [("grouped_id", 2)]


@pytest.mark.parametrize(
    ("label", "cells"),
    [
        ("customer_id", ["1.10", "12.120"]),
        ("customer_id", ["12.120", "A-7"]),
        ("Amount", ["12.120"]),
        ("Comment", ["12 120"]),
        ("Idea", ["12.120"]),
    ],
)
def test_ids_with_dots_of_their_own(label: str, cells: list[str]) -> None:
    assert damages(cells, label) == []
