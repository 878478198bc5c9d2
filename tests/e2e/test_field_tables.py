"""Rows that are nobody's, in every container: totals anywhere, another table below or beside; and one person
in two spellings. What plan would send, and that each row is counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from importer import SourceOptions, inspect
from importer.sandbox import Sandbox
from tests.e2e.commands import Shell
from tests.e2e.test_field import (
    CONTAINERS,
    HEADER,
    PLAIN,
    Rows,
    made,
    mapping,
    planned,
)

ANSWERS: list[list[object]] = [
    [*HEADER],
    ["u1", 9, "good"],
    ["u2", 7, "fine"],
    ["Total", 8, "by me"],
    ["u4", 8, "so so"],
]
BLANK: list[object] = ["", "", ""]


@pytest.mark.parametrize("container", CONTAINERS)
def test_totals_above_between_and_below(tmp_path: Path, container: str) -> None:
    """Each would be a score of 0 to 10; somebody called Total who says something, is a person."""
    groups: Rows = [
        HEADER,
        ["Average", 8, ""],
        *ANSWERS[1:3],
        ["Zwischensumme", 8, ""],
        *ANSWERS[3:],
        ["Total", "8", ""],
        ["u5", 10, "more"],
        ["Promedio", "8.4", ""],
    ]
    found = planned(made(tmp_path, groups, container), PLAIN)
    assert (found.people, found.codes) == (["u1", "u2", "Total", "u4", "u5"], {"totals_row": 4})
    assert found.read == 9


@pytest.mark.parametrize("word", ["", "NPS", "Ø"])
@pytest.mark.parametrize("container", ["csv", "xlsx", "xls"])
def test_an_average_without_a_word_is_nobodys(tmp_path: Path, container: str, word: str) -> None:
    table: Rows = [*ANSWERS, [word, 8, ""]]
    found = planned(made(tmp_path, table, container), PLAIN)
    assert found.people == ["u1", "u2", "Total", "u4"]
    assert sum(found.codes.values()) == 1


OTHERS: dict[str, Rows] = {
    "pivot": [["Region", "Count", "Share"], ["North", 5, "50 %"], ["South", 5, "50 %"]],
    "Legende": [["Note", "Bedeutung", ""], ["Neun", 9, ""], ["Zehn", 10, ""]],
    "二": [["地区", "人数", "备注"], ["北京", 3, "好"]],
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_second_table_below_is_nobodys(tmp_path: Path, container: str, name: str) -> None:
    other = OTHERS[name]
    found = planned(made(tmp_path, [*ANSWERS, BLANK, BLANK, *other], container), PLAIN)
    assert (found.people, found.codes) == (
        ["u1", "u2", "Total", "u4"],
        {"second_table": len(other)},
    )
    assert found.read == 4 + len(other)


@pytest.mark.parametrize("container", CONTAINERS)
def test_blank_rows_between_answers(tmp_path: Path, container: str) -> None:
    table: Rows = [
        *ANSWERS[:3],
        BLANK,
        *ANSWERS[3:],
        BLANK,
        BLANK,
        ["u5", "", "no score"],
        HEADER,
        BLANK,
    ]
    found = planned(made(tmp_path, [*table, ["u6", 1, "bad"]], container), PLAIN)
    assert found.people == ["u1", "u2", "Total", "u4", "u5", "u6"]
    assert found.codes == {"repeated_header": 1}


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_pivot_beside(tmp_path: Path, container: str) -> None:
    """Longer than the answers; its own total stands beside nobody."""
    pivot: Rows = [
        ["Region", "n"],
        ["North", 5],
        ["South", 5],
        ["West", 2],
        ["East", 1],
        ["Total", 13],
    ]
    left = [*ANSWERS, ["Average", 8, ""]]
    table: list[list[object]] = [[*row, "", *more] for row, more in zip(left, pivot, strict=True)]
    table += [[*BLANK, "", "all", 13]]
    found = planned(made(tmp_path, table, container), PLAIN)
    assert found.people == ["u1", "u2", "Total", "u4"]
    assert found.codes == {"totals_row": 1, "no_person": 1, "no_answers": 1}
    assert found.read == 6


def test_inspect_tells_them_with_their_rows(tmp_path: Path) -> None:
    path = made(tmp_path, [*ANSWERS, ["Summe", 32, ""], BLANK, *OTHERS["pivot"]], "xlsx")
    _, found = inspect(path, SourceOptions())
    assert {(each.code, each.places[0].row) for each in found.findings} == {
        ("totals_row", 6),
        ("second_table", 8),
    }


def test_they_come_not_back_with_the_rows_that_were_mended(user: Shell, sandbox: Sandbox) -> None:
    """In problems.csv nothing stands around them that tells; what was an answer goes out once it says so."""
    table: list[Sequence[object]] = [
        *ANSWERS[:2],
        ["u9", 11, "oh"],
        ["Total", 10, ""],
        ANSWERS[2],
        ["Average", 8, ""],
    ]
    table += [BLANK, *OTHERS["pivot"], HEADER, ["u3", 3, "bad"], ["Total", 3, ""]]
    made(user.folder, table)
    user.write("m.yaml", PLAIN)
    to = ("-m", "m.yaml", "--yes", "--rate", "max", "--endpoint", sandbox.url, "--json")
    first = user("run", "answers.csv", *to).document
    assert (first["rows"]["read"], first["rows"]["created"], first["rows"]["invalid"]) == (11, 3, 8)
    problems = user.folder / "answers-import" / "problems.csv"
    text = problems.read_text(encoding="utf-8-sig")
    problems.write_text(
        text.replace("u9,11,", "u9,10,").replace("Total,3,,", "Total,3,dear,"), "utf-8"
    )
    again = user("run", problems, *to).document
    assert {each.user_id for each in sandbox.stored()} == {"u1", "u2", "u3", "u9", "Total"}
    assert again["rows"]["invalid"] == 6
    assert {each["code"] for each in again["causes"]} == {
        "totals_row",
        "second_table",
        "repeated_header",
    }


TWO_WAYS = {
    "latin": ["Ann@X.org", "ann@x.org", "bob@x.org"],
    "capitals alone, twice": ["ANN@X.ORG", "Ann@x.org", "BOB@x.org"],
    "cyrillic": ["Анна@пример.рф", "анна@пример.рф", "Bob@x.org"],
    "far apart": ["ann@x.org", *(f"u{n}@x.org" for n in range(2_500)), "Ann@x.org"],
}


@pytest.mark.parametrize("name", TWO_WAYS)
@pytest.mark.parametrize("person", ["userId: who", 'anonymousId: {template: "m:{who}"}'])
def test_one_person_in_two_spellings_is_told(tmp_path: Path, name: str, person: str) -> None:
    rows = [[who, 9, f"by {n}"] for n, who in enumerate(TWO_WAYS[name])]
    found = planned(made(tmp_path, [HEADER, *rows]), mapping(person=person))
    assert [each.removeprefix("m:") for each in found.people] == TWO_WAYS[name]
    assert "1 person's address is spelled in two ways or more" in found.warnings
    assert "lower: true" in found.warnings
    assert "@" not in found.warnings


@pytest.mark.parametrize(
    "people",
    [
        ["aB1", "Ab1", "AB1"],
        ["Ann@X.org", "Ann@X.org", "bob@x.org"],
        ["@Ann", "@ann", "ann@home"],
        ["Ann@x.org", "ann@y.org", "ann"],
        ["ann@x.org", "ann@x.org", "ANN"],
    ],
)
def test_ids_that_differ_in_case(tmp_path: Path, people: list[str]) -> None:
    rows = [[who, 9, f"by {n}"] for n, who in enumerate(people)]
    found = planned(made(tmp_path, [HEADER, *rows]), PLAIN)
    assert found.people == people
    assert "spelled" not in found.warnings


def test_two_spellings_are_told_wherever_a_warning_is(user: Shell, sandbox: Sandbox) -> None:
    rows = [
        [who, 9, ""] for who in ("Ann@x.org", "ann@x.org", "BOB@x.org", "Bob@x.org", "cy@x.org")
    ]
    made(user.folder, [HEADER, *rows], "xlsx")
    user.write("m.yaml", PLAIN)
    words = "2 persons' addresses are spelled in two ways or more"
    asked = ("answers.xlsx", "-m", "m.yaml", "--endpoint", sandbox.url)
    planned = user("plan", *asked, "--json").document
    assert sum(words in each for each in planned["warnings"]) == 1
    assert words in " ".join(user("plan", *asked).out.split())
    ran = user("run", *asked, "--yes", "--rate", "max", "--json").document
    assert sum(words in each for each in ran["warnings"]) == 1
    report = (user.folder / "answers-import" / "report.html").read_text(encoding="utf-8")
    assert words.partition("'")[0] in report
    assert len({each.user_id for each in sandbox.stored()}) == 5
    user.write("m.yaml", mapping(person="userId: {column: who, lower: true}"))
    assert words not in str(user("plan", *asked, "--json").document["warnings"])
