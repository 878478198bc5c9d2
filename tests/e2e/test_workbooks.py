"""Results and problems as workbooks: for people, and read back as they are."""

from __future__ import annotations

import shlex

import openpyxl

from importer.sandbox import Sandbox
from tests.e2e.commands import Shell


def words(sandbox: Sandbox, file: str) -> tuple[object, ...]:
    return ("run", file, "-m", "mapping.yaml", "--yes", "--rate", "max", "--endpoint", sandbox.url)


def test_ids_survive_being_mended_in_excel(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", "id,score,comment,email\n00121,99,=1+1,\n00122,9,,\n")

    ended = user(*words(sandbox, "answers.csv"), "--xlsx", "--json")

    folder = user.folder / "answers-import"
    assert ended.document["problems_xlsx"] == str(folder.relative_to(user.folder) / "problems.xlsx")
    results = openpyxl.load_workbook(folder / "results.xlsx")["results"]
    assert [row[3].value for row in results.iter_rows(min_row=2)] == ["00121", "00122"]
    book = openpyxl.load_workbook(folder / "problems.xlsx")
    book["problems"]["B2"] = "9"
    book.save(folder / "problems.xlsx")
    again = user(*words(sandbox, "answers-import/problems.xlsx"))
    assert again.status == 0, again.out + again.err
    assert sorted(each.user_id for each in sandbox.stored()) == ["00121", "00122"]
    assert "=1+1" in str([each.answers for each in sandbox.stored()])


def test_a_workbook_gets_its_problems_as_one(user: Shell, sandbox: Sandbox) -> None:
    """On the sheet where they were; the next step, as printed, reads them."""
    book = openpyxl.Workbook()
    book.create_sheet("Answers")
    for row in (["id", "score", "comment", "email"], ["00121", 99, "", ""], ["00122", 9, "", ""]):
        book["Answers"].append(row)
    book.save(user.folder / "answers.xlsx")

    ended = user(*words(sandbox, "answers.xlsx"), "--sheet", "Answers")

    assert not (user.folder / "answers-import" / "results.xlsx").exists()
    (line,) = [each for each in ended.out.splitlines() if "problems.xlsx -m" in each]
    typed = shlex.split(line.partition("importer ")[2], comments=True)
    mended = openpyxl.load_workbook(user.folder / typed[1])
    mended["Answers"]["B2"] = "8"
    mended.save(user.folder / typed[1])
    again = user(*typed)
    assert again.status == 0, again.out + again.err
    assert sorted(each.user_id for each in sandbox.stored()) == ["00121", "00122"]


def test_without_problems_there_is_no_workbook(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", "id,score,comment,email\na,99,,\n")
    user(*words(sandbox, "answers.csv"), "--xlsx")
    user.write("answers.csv", "id,score,comment,email\na,9,,\n")
    user(*words(sandbox, "answers.csv"), "--xlsx")

    folder = user.folder / "answers-import"
    assert not (folder / "problems.xlsx").exists()
    assert (folder / "results.xlsx").exists()
    assert user("results", "--xlsx", "--out", "anew").status == 0
    assert (user.folder / "anew" / "results.xlsx").exists()
