"""A row that its file had spoilt looks whole in problems.csv: unmended it goes nowhere."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from tests.e2e.commands import Shell

MAP = """\
version: 1
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: Kunde
answers:
  - {id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: Note, type: nps}
  - {id: 8a2f1c40-95a7-11ed-8974-9b5d06700b8d, column: Text, type: text}
"""
SPOILT = {
    "ragged_row": ("Kunde,Note,Text,Tag\nk1,9,gut, sehr,Mo\nk2,8,ja,Di\n", "answers.csv"),
    "stray_quote": ('Kunde,Note,Text,Tag\nk1,9,"un"klar,Mo\nk2,8,ja,Di\n', "answers.csv"),
    "ragged_row, tabs": ("Kunde\tNote\tText\nk1\t9\tgut\tsehr\nk2\t8\tja\n", "answers.tsv"),
    "bad_line": (
        '{"Kunde":"k2","Note":8,"Text":"ja"}\n{"Kunde":"k1","Note":9,"Text":"gut"\n',
        "answers.jsonl",
    ),
    "repeated_key": (
        '{"Kunde":"k1","Note":9,"Note":1,"Text":"gut"}\n{"Kunde":"k2","Note":8,"Text":"ja"}\n',
        "answers.jsonl",
    ),
}


def planned(user: Shell, file: str) -> dict[str, int]:
    ended = user("plan", file, "-m", "mapping.yaml", "--json")
    rows = ended.document["rows"]
    return {name: rows[name] for name in ("read", "ready", "invalid")}


@pytest.mark.parametrize("kind", SPOILT)
def test_unmended_it_is_refused_again_and_again(user: Shell, kind: str) -> None:
    text, file = SPOILT[kind]
    user.write("mapping.yaml", MAP)
    user.write(file, text)
    assert planned(user, file) == {"read": 2, "ready": 1, "invalid": 1}
    assert kind.partition(",")[0] in (user.folder / "answers-import/plan-problems.csv").read_text(
        "utf-8-sig"
    )
    for n in range(2):
        user.write(
            f"again{n}.csv",
            (user.folder / "answers-import/plan-problems.csv").read_text("utf-8-sig"),
        )
        assert planned(user, f"again{n}.csv") == {"read": 1, "ready": 0, "invalid": 1}
    assert "not_mended" in (user.folder / "again1-import/plan-problems.csv").read_text("utf-8-sig")
    user.write(
        "third.csv", (user.folder / "again1-import/plan-problems.csv").read_text("utf-8-sig")
    )
    assert planned(user, "third.csv") == {"read": 1, "ready": 0, "invalid": 1}


def test_it_goes_once_its_problem_is_cleared(user: Shell) -> None:
    user.write("mapping.yaml", MAP)
    user.write("answers.csv", SPOILT["ragged_row"][0])
    planned(user, "answers.csv")
    header, row = csv.reader(
        io.StringIO((user.folder / "answers-import/plan-problems.csv").read_text("utf-8-sig"))
    )
    assert "Once the row is mended, clear this cell." in row[-1]
    written = io.StringIO()
    csv.writer(written).writerows([header, ["k1", "9", "gut, sehr", "Mo", ""]])
    user.write("mended.csv", written.getvalue())
    assert planned(user, "mended.csv") == {"read": 1, "ready": 1, "invalid": 0}


def test_what_the_mapping_refused_needs_no_clearing(user: Shell) -> None:
    """Its cells stand as they stood: a mended one is looked at by the mapping again."""
    user.write("mapping.yaml", MAP)
    user.write("answers.csv", "Kunde,Note,Text\nk1,11,gut\n")
    assert planned(user, "answers.csv")["invalid"] == 1
    text = (user.folder / "answers-import/plan-problems.csv").read_text("utf-8-sig")
    assert "clear this cell" not in text
    user.write("mended.csv", text.replace(",11,", ",10,"))
    assert planned(user, "mended.csv") == {"read": 1, "ready": 1, "invalid": 0}


def test_a_workbook_of_problems_is_held_like_its_text(user: Shell, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["Kunde", "Note", "Text", "problem"])
    page.append(["k1", "9", "gut", "ragged_row: The row has more cells. Once mended, clear."])
    page.append(["k2", "9", "gut", "out_of_range: 11 is above 10"])
    page.append(["k3", "9", "gut", "wave 2022: stray_quote: A quote"])
    page.append(["k4", "9", "gut", None])
    book.save(user.folder / "problems.xlsx")
    user.write("mapping.yaml", MAP)
    assert planned(user, "problems.xlsx") == {"read": 4, "ready": 2, "invalid": 2}


def test_a_column_of_that_name_in_an_export_says_what_it_likes(user: Shell) -> None:
    user.write("mapping.yaml", MAP.replace("column: Text", "column: problem"))
    user.write("answers.csv", "Kunde,Note,problem\nk1,9,delivery: late\nk2,8,ragged edges\n")
    assert planned(user, "answers.csv") == {"read": 2, "ready": 2, "invalid": 0}
