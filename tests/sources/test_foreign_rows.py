"""Rows below the header that are nobody's answer: a header once more, totals and averages, another table."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importer.sources import damage
from importer.sources.foreign_rows import (
    _BEFORE_WORD,
    _ORDINARY,
    _TOTALS,
    MOST_SUMMED,
    _may_be_totals,
)
from importer.sources.table import SourceOptions
from tests.sources.reading import read, written

HEADERS = [
    "Customer,Comment,Plan",
    "Kunde;Kommentar;Tarif",
    "客户\t评论\t套餐",
    "Client|Commentaire|Offre",
]


def told(path: str, options: SourceOptions | None = None, size: int = 5_000) -> dict[int, str]:
    return {row: each.code for row, each in read(path, options, size).problems.items()}


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("every", [1, 3, 10])
def test_a_header_that_comes_again(tmp_path: Path, header: str, every: int) -> None:
    delimiter = next(char for char in header if char in ",;\t|")
    lines = [header]
    for number in range(1, 31):
        lines.append(delimiter.join((f"c{number}", "fine by me", "Pro")))
        lines += [header] if number % every == 0 else []
    found = told(written(tmp_path / "a.csv", "\n".join(lines)))
    assert found == {
        at: "repeated_header" for at, line in enumerate(lines, 1) if line == header and at > 1
    }


@pytest.mark.parametrize(
    "again",
    [
        "CUSTOMER,comment,Plan",
        " Customer , Comment,Plan ",
        "Customer,Comment,Plan,,",
        "\ufeffCustomer,Comment,Plan",
    ],
)
def test_it_may_differ_in_case_and_space(tmp_path: Path, again: str) -> None:
    path = written(tmp_path / "a.csv", f"Customer,Comment,Plan\na,ok,Pro\n{again}\nb,so,Pro\n")
    assert told(path) == {3: "repeated_header"}


def test_each_row_of_a_joined_files_head(tmp_path: Path) -> None:
    head = "Q1,Q2\nHow likely?,Why?\n"
    path = written(tmp_path / "a.csv", head + "9,good\n" + head + "8,fine\n")
    assert told(path, SourceOptions(skip_rows=(2,))) == {4: "repeated_header", 5: "repeated_header"}
    assert told(path, SourceOptions(header_rows=(1, 2))) == {
        4: "repeated_header",
        5: "repeated_header",
    }


@pytest.mark.parametrize(
    "row",
    ["Customer,I am the Comment,Plan", "Comment,Customer,Plan", "Customer,,", "c1,Comment,Plan"],
)
def test_answers_that_look_like_a_header(tmp_path: Path, row: str) -> None:
    assert told(written(tmp_path / "a.csv", f"Customer,Comment,Plan\na,ok,Pro\n{row}\n")) == {}


def test_one_column_can_hold_its_own_name(tmp_path: Path) -> None:
    assert told(written(tmp_path / "a.csv", "Comment\ngood\nComment\nbad\n")) == {}


WORDS = [
    ("Total", "Average"),
    ("Summe", "Durchschnitt"),
    ("Total général", "Moyenne"),
    ("Suma", "Promedio"),
    ("Totale", "Media"),
    ("Totaal", "Gemiddelde"),
    ("Total geral", "Média"),
    ("Razem", "Średnia"),
    ("Celkem", "Průměr"),
    ("Summa", "Medelvärde"),
    ("Yhteensä", "Keskiarvo"),
    ("Итого", "Среднее"),
    ("Toplam", "Ortalama"),
    ("Σύνολο", "Μέσος όρος"),
    ("Összesen", "Átlag"),
    ("合計", "平均"),
    ("总计", "平均值"),
    ("합계", "평균"),
    ('סה"כ', "ממוצע"),
    ("المجموع", "المتوسط"),
]


@pytest.mark.parametrize(("total", "average"), WORDS)
@pytest.mark.parametrize("size", [1, 2, 3, 5_000])
def test_totals_below_the_answers(tmp_path: Path, total: str, average: str, size: int) -> None:
    rows = "id\tscore\tcomment\nu1\t9\tgood\nu2\t7\tfine\n\n"
    doubled = total.replace('"', '""')
    path = written(tmp_path / "a.csv", f'{rows}"{doubled}:"\t16\t\n{average.upper()}\t8,0\t\n')
    assert told(path, size=size) == {5: "totals_row", 6: "totals_row"}


@pytest.mark.parametrize(
    "row", ["Total (n=2),16,", ",Total,16", "GRAND TOTAL,16,2", "NPS,-50,", "Average,80 %,"]
)
def test_ways_to_write_them(tmp_path: Path, row: str) -> None:
    assert told(written(tmp_path / "a.csv", f"id,score,other\nu1,9,3\nu2,7,1\n{row}\n")) == {
        4: "totals_row"
    }


@pytest.mark.parametrize(
    "row",
    [
        "Total,9,2026-03-01,they fill up fast",
        "Total,9,2026-03-01,",
        "Total,9,,good",
        "Suma Devi,9,,",
        "Max,9,,",
        "Total Energies,9,,",
        "Total,,,",
        "u3,9,,",
    ],
)
def test_answers_that_look_like_totals(tmp_path: Path, row: str) -> None:
    path = written(
        tmp_path / "a.csv", f"id,score,date,comment\nu1,9,2026-03-01,a\nu2,7,2026-03-02,b\n{row}\n"
    )
    assert told(path) == {}


def test_a_company_of_that_name_among_the_others(tmp_path: Path) -> None:
    assert told(written(tmp_path / "a.csv", "company,score\nShell,7\nTotal,9\nBP,8\n")) == {}


SIZES = [1, 2, 5_000]


def as_csv(folder: Path, rows: str) -> str:
    """Rows are parted by a blank around `/`."""
    return written(folder / "a.csv", rows.replace(" / ", "\n") + "\n")


@pytest.mark.parametrize(
    ("rows", "at"),
    [
        ("id,score / Average,8 / u1,9 / u2,7", [2]),
        ("who,score,note / Total,16, / u1,9,good / u2,7,fine", [2]),
        ("qui,note / Moyenne,8 / Total,16 / u1,9 / u2,7", [2, 3]),
        ("id,score / u1,9 / u2,7 / Total,8 / u3,3 / u4,4 / Total,7 / u5,2", [4, 7]),
        ("id,score / u1,3 / u2,1 / North Total,4 / u3,3 / u4,2 / South Total,5 / u5,1", [4, 7]),
        ("id;note / u1;3 / u2;2 / Total Nord;2,5 / u3;3", [4]),
        ("wer;wert / a1;9 / a2;7 / Zwischensumme;3 / a3;5", [4]),
        ("谁,分数 / u1,9 / u2,7 / 小计,5 / u3,6", [4]),
        ("who,score,when / u1,9,2026-01-02 / u2,7,2026-01-03 / Total,4, / u3,8,2026-01-04", [4]),
        ("who,score,,North,n / u1,9,,a,3 / u2,7,,b,2 / Average,8,,c,1", [4]),
    ],
)
@pytest.mark.parametrize("size", SIZES)
def test_totals_above_and_between(tmp_path: Path, rows: str, at: list[int], size: int) -> None:
    assert told(as_csv(tmp_path, rows), size=size) == dict.fromkeys(at, "totals_row")


@pytest.mark.parametrize(
    "rows",
    [
        "company,score / Total,9 / Shell,7 / BP,8",
        "company,score / Shell,7 / BP,9 / Total,3 / Esso,8",
        "company,score / Shell,7 / Total Energies,7 / BP,8 / Eni,3",
        "company,score / Shell,7 / BP,9 / Suma Devi,4 / Eni,3",
        "id,score / u1,9 / u2,7 / u3,8 / u4,8",
        "who,score,why / a,9,x / b,7,y / Total,8,dear / c,1,z",
        "who,score,why / a,9,x / b,7, / Total,3, / c,1,z",
        "who,when / a,9 May / b,7 May / Count,8 May / c,1 May",
    ],
)
@pytest.mark.parametrize("size", SIZES)
def test_somebody_between_the_others(tmp_path: Path, rows: str, size: int) -> None:
    assert told(as_csv(tmp_path, rows), size=size) == {}


def test_more_than_can_be_summed_up(tmp_path: Path) -> None:
    """Two rows that say the average of a thousand and of one more: only the first is known to be one."""
    people = [f"u{at},{7 + 2 * (at % 2)}" for at in range(MOST_SUMMED)]
    rows = [*people, "Total,8", *people, "u,8", "Total,8", "v,7"]
    path = written(tmp_path / "a.csv", "\n".join(["id,score", *rows]))
    for size in (7, 5_000):
        assert told(path, size=size) == {MOST_SUMMED + 2: "totals_row"}


ANSWERS = "who,score,note / u1,9,good / u2,7,fine / u3,8,so"
OTHERS = [
    "Region,Count,Share / North,5,50% / South,5,50%",
    "Scale,Meaning / 0,Detractor / 10,Promoter",
    ",Erklärung,Anzahl / Nord,5,3",
    "地区,数量 / 北,5",
    "Row Labels,Sum of score, / a,5, /  / b,4,x",
    "Étiquettes de lignes,Nombre de note / Nord,5 /  / Sud,4",
]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("size", SIZES)
def test_another_table_below(tmp_path: Path, other: str, size: int) -> None:
    path = as_csv(tmp_path, f"{ANSWERS} / ,, /  / {other}")
    found = read(path, size=size)
    below = {row for row, _ in found.rows if row > 6}
    assert {row: each.code for row, each in found.problems.items()} == dict.fromkeys(
        below, "second_table"
    )
    assert len(below) == len([each for each in other.split(" / ") if each.strip(" ,")])
    assert all("(row 7)" in each.message for each in found.problems.values())


@pytest.mark.parametrize(
    "rows",
    [
        " / u4,6,good / ,, / u5,5,fine",
        " / u4,N/A,too early / u5,5,fine",
        " / Ann Lee,k.A.,too early / u5,5,fine",
        " / u4,nine,good / u5,5,fine",
        " / Ann Lee,,good / u5,5,fine",
        " / Ann Lee,7,good",
        " / Ann Lee",
    ],
)
def test_answers_behind_blank_rows(tmp_path: Path, rows: str) -> None:
    assert told(as_csv(tmp_path, f"{ANSWERS} / {rows}")) == {}


def test_a_header_behind_blank_rows_goes_on_with_the_answers(tmp_path: Path) -> None:
    pages = f"{ANSWERS} /  / Page,one of,three / Printed,by,Bo /  / {ANSWERS}"
    assert told(as_csv(tmp_path, pages)) == {
        6: "second_table",
        7: "second_table",
        9: "repeated_header",
    }


def test_answers_with_a_blank_row_behind_each(tmp_path: Path) -> None:
    path = as_csv(tmp_path, "who,score /  / Ann,9 /  / Bob,7 /  / Cy,nine /  / Di,8")
    assert told(path) == {}


JOINED = [
    "who,note,score / u4,fine,6 / u5,so,9",
    "score,who,note / 6,u4,fine",
    "note,score,reason / fine,6,price",
    "who,note / u4,6",
    " WHO , Note, Score / u4,fine,6",
]


@pytest.mark.parametrize("other", JOINED)
@pytest.mark.parametrize("size", SIZES)
def test_an_export_with_other_columns_joined_to_it(tmp_path: Path, other: str, size: int) -> None:
    path = as_csv(tmp_path, f"{ANSWERS} / {other} / {ANSWERS}")
    rows = range(5, 5 + len(other.split(" / ")))
    assert told(path, size=size) == {
        **dict.fromkeys(rows, "second_table"),
        rows.stop: "repeated_header",
    }


@pytest.mark.parametrize(
    "rows",
    [
        "7,Mail,,Phone / 8,,Chat,Phone / 9,Mail,Chat,",
        "who,8,Chat,Mail",
        "Mail,9,Phone,",
    ],
)
def test_answers_that_hold_names_of_columns(tmp_path: Path, rows: str) -> None:
    boxes = "who,Mail,Chat,Phone / 1,Mail,,Phone / 2,,Chat, / 3,Mail,Chat,"
    assert told(as_csv(tmp_path, f"{boxes} / {rows}")) == {}


AROUND = st.sampled_from(
    ["", " ", "1", "12", "a", "A1", ":", " =", "：", "\u3000", "\ufeff", "-", "٣", "\n"]
)
PARTS = st.lists(AROUND | st.sampled_from(sorted(_TOTALS)), max_size=5)


@given(cell=PARTS.map("".join))
@example("1 total")
@example("1total1 :")
@example("Total 1")
@example("n.1. ")
def test_a_first_cell_that_needs_no_look_is_no_word_for_totals(cell: str) -> None:
    if "\n" not in cell and _ORDINARY.fullmatch(cell):
        word = cell.strip().casefold()
        assert not _may_be_totals(word)
        assert word[:1] not in _BEFORE_WORD


@pytest.mark.parametrize(
    "cell", ["1", "r00001", "R_1a2b3", "2024-03-05 10:20:30", "05/03/2024", "A-17"]
)
def test_ids_numbers_and_dates_need_no_look(cell: str) -> None:
    assert _ORDINARY.fullmatch("\n".join([cell] * 3))


SERIALS = st.sampled_from(
    ["45000", "45000.5", "2024-01-01", "", "4500", "|", "450001", "|45000", "٤٥٠٠٠", "4٥٠٠٠"]
)


@given(cells=st.lists(SERIALS, min_size=1, max_size=4))
def test_a_column_that_holds_a_bare_date_is_looked_at(cells: list[str]) -> None:
    kinds = [code for code, _ in damage._suspects(cells, "Created at")]
    assert "date_serial" in kinds or not any(map(damage._SERIAL.fullmatch, cells))
