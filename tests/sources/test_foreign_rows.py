"""Rows below the header that are nobody's answer: a header once more, totals and averages at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

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
