"""What test_field tries in CSV, in workbooks, and from other languages and tools."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.e2e.test_field import (
    DIRECTIONS,
    HALVES,
    HEADER,
    HEADS,
    PLAIN,
    SCORE,
    ZONES,
    Rows,
    made,
    mapping,
    planned,
    surveyed,
)

WORKBOOKS = ["xlsx", "xls"]
BY_TURNS = [(name, WORKBOOKS[at % 2]) for at, name in enumerate([*HALVES])]


@pytest.mark.parametrize(("name", "container"), BY_TURNS)
def test_morning_and_afternoon(tmp_path: Path, name: str, container: str) -> None:
    found = planned(made(tmp_path, surveyed("Submitted at", HALVES[name]), container))
    assert found.dates == ["2024-01-13T16:01", "2024-01-14T00:30"]


@pytest.mark.parametrize(
    ("name", "container"), [(name, WORKBOOKS[at % 2]) for at, name in enumerate(ZONES)]
)
def test_zones(tmp_path: Path, name: str, container: str) -> None:
    label, *cells = ZONES[name]
    found = planned(made(tmp_path, surveyed(label, cells), container))
    assert found.dates == ["2024-06-25T09:34", "2024-11-27T09:34"]


@pytest.mark.parametrize("container", WORKBOOKS)
@pytest.mark.parametrize(("text", "rows"), HEADS.items())
def test_no_response_is_taken_for_a_header(
    tmp_path: Path, text: str, rows: int, container: str
) -> None:
    found = planned(made(tmp_path, list(csv.reader(io.StringIO(text))), container))
    assert (found.read, len(found.sent)) == (rows, rows)


@pytest.mark.parametrize(
    ("question", "container"), [(asked, WORKBOOKS[at % 2]) for at, asked in enumerate(DIRECTIONS)]
)
def test_the_best_is_5_whatever_its_number(tmp_path: Path, question: str, container: str) -> None:
    cells = DIRECTIONS[question].split("|") * 3
    rows = [[f"u-{n}", each, f"remark {n} of mine"] for n, each in enumerate(cells)]
    found = planned(made(tmp_path, [["user_id", question, "Why?"], *rows], container))
    assert found.first == [5, 4, 3, 2, 1] * 3


@pytest.mark.parametrize("container", WORKBOOKS)
def test_addresses(tmp_path: Path, container: str) -> None:
    same = [
        "mailto:ann@x.org",
        "<ann@x.org>",
        "ann@x.org;",
        "a\u200bnn@x.org",
        "\u202aann@x.org\u202c",
    ]
    rows = [[f"u{n}", 9, "x", text] for n, text in enumerate([*same, "ann@x..org"])]
    text = mapping(more="traits: {email: {column: mail, type: email, lower: true}}\n")
    found = planned(made(tmp_path, [[*HEADER, "mail"], *rows], container), text)
    assert {each["traits"]["email"] for each in found.sent} == {"ann@x.org"}
    assert (len(found.sent), found.codes) == (len(same), {"bad_email": 1})


@pytest.mark.parametrize("container", ["csv", *WORKBOOKS])
@pytest.mark.parametrize(
    ("zone", "hour"), [("America/Denver", "17:05"), ("Asia/Tokyo", "01:05"), ("Etc/UTC", "10:05")]
)
def test_the_zone_of_qualtrics_third_row(
    tmp_path: Path, container: str, zone: str, hour: str
) -> None:
    names = ["StartDate", "EndDate", "ResponseId", "Finished", "Q1", "Q2"]
    asked = ["Start Date", "End Date", "Response ID", "Finished", "How likely …?", "Why?"]
    ids = [f'{{"ImportId":"{name}","timeZone":"{zone}"}}' for name in names[:2]]
    ids += [f'{{"ImportId":"{name}"}}' for name in ("_recordId", "finished", "QID1", "QID2_TEXT")]
    rows = [
        [
            f"2026-03-0{n} 10:00:00",
            f"2026-03-0{n} 10:05:00",
            f"R_3kAb{n}9xYz",
            "True",
            n,
            f"why {n}",
        ]
        for n in range(1, 5)
    ]
    found = planned(made(tmp_path, [names, asked, ids, *rows], container))
    assert [each[-5:] for each in found.dates] == [hour] * 4
    assert found.read == 4


DAMAGED: dict[str, tuple[list[str], list[str]]] = {
    "SurveyMonkey": (
        ["Respondent ID", "Collector ID", "End Date", "How satisfied are you?"],
        ["", "", "", "Response"],
    ),
    "by hand": (["Response ID", "Channel", "Date", "How satisfied are you?"], []),
    "auf Deutsch": (["Antwort-ID", "Kanal", "Datum", "Wie zufrieden sind Sie?"], []),
}


@pytest.mark.parametrize("container", ["csv", *WORKBOOKS])
@pytest.mark.parametrize("tool", DAMAGED)
def test_a_damaged_response_id_makes_nobody_one_with_another(
    tmp_path: Path, tool: str, container: str
) -> None:
    ids = ["1.14E+11", "1.14E+11", "114069855029", "114069855030"]
    head, below = DAMAGED[tool]
    rows = [[n, "42", f"2022-07-{20 + at} 15:39", str(9 - at)] for at, n in enumerate(ids)]
    found = planned(made(tmp_path, [head, *([below] if below else []), *rows], container))
    assert len({*found.people}) == len(found.sent)
    assert len(found.sent) + sum(found.codes.values()) == 4


ENDS = {
    "Would you recommend us? 10 - strongly agree, 1 - strongly disagree": (
        "Strongly agree",
        "Strongly disagree",
    ),
    "How likely are you to recommend us? (1 = not at all likely, 10 = extremely likely)": (
        "Extremely likely",
        "Not at all likely",
    ),
}


@pytest.mark.parametrize("container", ["csv", *WORKBOOKS])
@pytest.mark.parametrize("question", ENDS)
def test_an_end_in_words_is_the_end_that_the_question_names(
    tmp_path: Path, question: str, container: str
) -> None:
    best, worst = ENDS[question]
    cells = [best, "9", "8", "7", "4", worst, "9", "8"]
    rows: Rows = [[f"u-{n}", each, f"remark {n}"] for n, each in enumerate(cells)]
    found = planned(made(tmp_path, [["user_id", question, "Why?"], *rows], container))
    assert found.first == [10, 9, 8, 7, 4, 1, 9, 8]


@pytest.mark.parametrize("container", ["csv", *WORKBOOKS])
@pytest.mark.parametrize(
    ("question", "best", "worst"),
    [
        ("Would you recommend our shop? (1 = never, 10 = always)", "Always", "Never"),
        (
            "Würden Sie uns empfehlen? 1 = stimme überhaupt nicht zu, 10 = stimme voll und ganz zu",
            "Stimme voll und ganz zu",
            "Stimme überhaupt nicht zu",
        ),
    ],
)
def test_an_end_that_is_not_known_is_refused(
    tmp_path: Path, container: str, question: str, best: str, worst: str
) -> None:
    """Its row is counted, and no number is made of it."""
    rows = [[f"u-{n}", each, f"remark {n}"] for n, each in enumerate([best, "9", "8", worst, "4"])]
    found = planned(made(tmp_path, [["user_id", question, "Why?"], *rows], container))
    wanted = {"u-0": 10, "u-1": 9, "u-2": 8, "u-3": 1, "u-4": 4}
    sent = dict(zip(found.people, found.first, strict=True))
    assert sent.items() <= wanted.items()
    assert len(sent) >= 4
    assert len(sent) + sum(found.codes.values()) == 5


@pytest.mark.parametrize("container", ["tsv in UTF-16", *WORKBOOKS])
@pytest.mark.parametrize("people", [("Ann", "Bob"), ("安", "博"), ("ann@x.org", "bob@x.org")])
def test_equal_keys_of_different_people_are_a_problem(
    tmp_path: Path, container: str, people: tuple[str, str]
) -> None:
    rows = [[people[0], 9, "one", "7"], [people[1], 3, "two", "7"], ["c", 5, "three", "8"]]
    found = planned(
        made(tmp_path, [[*HEADER, "key"], *rows], container), mapping(more="key: key\n")
    )
    assert (found.people, found.codes) == (["c"], {"key_clash": 2})


@pytest.mark.parametrize("container", ["ods", *WORKBOOKS])
def test_quotes_of_a_workbook_are_letters(tmp_path: Path, container: str) -> None:
    texts = ['He said "great" to me', '"bad"x', '15" screen', '""', "a\\", "one\ntwo"]
    rows = [[f"u{n}", 9, each] for n, each in enumerate(texts)]
    found = planned(made(tmp_path, [HEADER, *rows], container), PLAIN)
    assert found.answers(SCORE) == [9] * len(texts)
    if container != "ods":  # whose lines are paragraphs of their own
        assert found.answers() == texts
