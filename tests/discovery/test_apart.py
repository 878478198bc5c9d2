"""Rows that are no answers to this survey, of another one, unfinished, tests: a rule leaves them out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from importer.discovery.changes import table_of
from tests.discovery.drafts import drafted_rows
from tests.discovery.test_layouts import Rows, planned, rows

MAILS = [f"p{n}@example.com" for n in range(1, 7)]
SCORES = ["9", "2", "5", "10", "1", "3"]
WHYS = [f"It is quick, and the {what} is good" for what in "abcdef"]


def scores(folder: Path, sheet: Rows) -> list[int]:
    """The scores that the drafted mapping sends."""
    bodies = [json.loads(each.body) for each in planned(folder, sheet).responses]
    return [each["answers"][0]["value"] for each in bodies]


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("Survey Type", ["NPS", "CSAT", "5-star", "NPS", "CES", "CSAT"]),
        ("survey_type", ["nps", "csat", "ces", "nps", "csat", "csat"]),
        ("Survey Name", ["Q1 NPS", "Support CSAT", "Support CSAT", "Q2 NPS", "Effort", "Effort"]),
        ("Metric", ["Net Promoter Score", *["Customer satisfaction"] * 2] * 2),
        ("Art der Umfrage", ["NPS", "Zufriedenheit", "Zufriedenheit"] * 2),
        ("Type d'enquête", ["NPS", "Satisfaction", "Effort (CES)"] * 2),
        ("Tipo de encuesta", ["NPS", "CSAT", "CSAT"] * 2),
    ],
)
def test_of_several_surveys_that_share_a_score_one_is_kept(
    tmp_path: Path, name: str, kinds: list[str]
) -> None:
    sheet = rows(["Email", name, "Score", "Comment"], MAILS, kinds, SCORES, WHYS)
    out = planned(tmp_path, sheet)
    assert scores(tmp_path, sheet) == [9, 10]
    assert sum(out.skipped.values()) == 4
    text = drafted_rows(tmp_path, sheet).text
    assert "surveys of several kinds share a score" in " ".join(text.replace("#", "").split())


def test_rows_that_name_no_survey_are_told_of_those_that_stay_out(tmp_path: Path) -> None:
    """What nobody says to be of this survey isn't sent, and counts."""
    kinds = ["NPS", "CSAT", "", "NPS", "CSAT", ""]
    sheet = rows(["Email", "Survey Type", "Score", "Comment"], MAILS, kinds, SCORES, WHYS)
    assert scores(tmp_path, sheet) == [9, 10]
    (apart,) = table_of(drafted_rows(tmp_path, sheet)).apart
    assert (apart.rows, apart.named) == (4, "CSAT, blank")


def test_what_nobody_sees_around_a_surveys_name_is_no_matter(tmp_path: Path) -> None:
    kinds = ["NPS\u200b", "CSAT", "CSAT", "NPS", "CSAT", "CSAT"]
    sheet = rows(["Email", "Survey Type", "Score", "Comment"], MAILS, kinds, SCORES, WHYS)
    found = drafted_rows(tmp_path, sheet).meaning.score
    assert found
    assert sorted(found.columns[0].profile.counts) == ["10", "9"]
    assert scores(tmp_path, sheet) == [9, 10]


def test_a_tools_own_columns_do_not_hide_that_its_surveys_are_mixed(tmp_path: Path) -> None:
    header = ["Person Email", "Survey Type", "Score", "Comment", "Permalink"]
    links = [f"https://example.com/r/{n}" for n in range(6)]
    sheet = rows(header, MAILS, ["NPS", "CSAT", "CSAT"] * 2, SCORES, WHYS, links)
    assert drafted_rows(tmp_path, sheet).tool
    assert scores(tmp_path, sheet) == [9, 10]


@pytest.mark.parametrize(
    "header",
    [
        ["response_id", "score", "comment", "question_type", "segment", "email"],
        ["user_id", "score", "feedback", "survey_type", "feedback_date", "email"],
    ],
)
def test_a_score_that_a_rule_of_the_tool_looks_at_is_shared_too(
    tmp_path: Path, header: list[str]
) -> None:
    fifth = [f"2024-03-0{n} 10:00:00" for n in range(1, 7)] if "user_id" in header else ["Pro"] * 6
    sheet = rows(header, list("123456"), SCORES, WHYS, ["nps", "csat", "csat"] * 2, fifth, MAILS)
    assert drafted_rows(tmp_path, sheet).tool
    assert len(planned(tmp_path, sheet).responses) == 2


def test_the_scale_is_that_of_the_rows_that_stay(tmp_path: Path) -> None:
    kinds = ["CSAT", "CSAT", "CES", "CES", "CSAT", "CSAT"]
    sheet = rows(["Email", "Survey Type", "Score"], MAILS, kinds, ["5", "2", "7", "6", "1", "4"])
    found = drafted_rows(tmp_path, sheet)
    assert found.meaning.score
    assert found.meaning.score.kind == "csat"
    assert scores(tmp_path, sheet) == [5, 2, 1, 4]


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("Survey Name", ["NPS Q1 2024", "NPS Q2 2024", "NPS Q3 2024"] * 2),  # rounds of one
        ("Survey Type", ["Relational", "Transactional"] * 3),
        ("Survey Type", ["NPS"] * 6),
        ("Plan", ["NPS", "CSAT", "CSAT"] * 2),
        ("Survey", ["Spring", "Autumn"] * 3),
        (
            "Feedback Category",
            ["Ease of use", "Satisfied customer", "Price"] * 2,
        ),  # what it is about
    ],
)
def test_rounds_of_one_survey_stay_together(tmp_path: Path, name: str, kinds: list[str]) -> None:
    sheet = rows(["Email", name, "Score", "Comment"], MAILS, kinds, SCORES, WHYS)
    assert scores(tmp_path, sheet) == [9, 2, 5, 10, 1, 3]


def test_surveys_whose_scores_have_columns_of_their_own_stay(tmp_path: Path) -> None:
    nps, csat = ["9", "", "10", "", "1", ""], ["", "2", "", "5", "", "3"]
    sheet = rows(["Email", "Survey Type", "NPS", "CSAT"], MAILS, ["NPS", "CSAT"] * 3, nps, csat)
    assert not planned(tmp_path, sheet).skipped


@pytest.mark.parametrize(
    ("name", "states"),
    [
        (
            "Response Status",
            ["Completed", "Started", "Terminated", "Completed", "Started", "Started"],
        ),
        ("Response Status", ["Completed", *["Partially Completed"] * 2] * 2),
        ("Response status", ["complete", "partial", "partial"] * 2),
        ("Status", ["Complete", "Partial", "Disqualified"] * 2),
        ("Complete?", ["Complete", "Incomplete", "Incomplete"] * 2),
        ("nps_survey_complete", ["2", "0", "0"] * 2),
        ("patient_voice_complete", ["2", "0", "0"] * 2),
        ("Survey complete", ["yes", "no", "no"] * 2),
        ("Completion Status", ["1", "0", "0"] * 2),
        ("Finished", ["TRUE", "FALSE", "FALSE"] * 2),
        ("Status", ["vollständig", "unvollständig", "abgebrochen"] * 2),
        ("Statut de la réponse", ["complète", "incomplète", "en cours"] * 2),
        ("Estado", ["Completa", "Parcial", "Incompleta"] * 2),
        ("Stav odpovědi", ["dokončeno", "nedokončeno", "rozpracováno"] * 2),
        ("Status", ["", "Test", "Preview"] * 2),
        ("Is Test", ["false", "true", "true"] * 2),
        ("Test response", ["", "yes", "1"] * 2),
    ],
)
def test_what_nobody_has_finished_is_left_out_and_told(
    tmp_path: Path, name: str, states: list[str]
) -> None:
    sheet = rows(["Email", "Score", "Comment", name], MAILS, SCORES, WHYS, states)
    assert scores(tmp_path, sheet) == [9, 10]
    found = drafted_rows(tmp_path, sheet)
    assert "4 rows left out" in found.text
    assert found.meaning.score
    assert found.meaning.score.columns[0].label == "Score"


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("Status", ["Active", "Trial", "Test"] * 2),  # of the customer
        ("Status", ["Completed", "In progress", "Open"] * 2),  # of what was done about it
        ("Follow-up status", ["Completed", "Incomplete", "Incomplete"] * 2),
        ("State", ["CA", "NY", "TX"] * 2),
        ("Finished", ["0", "1", "3"] * 2),
        ("Test", ["A", "B", "B"] * 2),  # of two versions
        ("Test", ["false"] * 6),
        ("Response Status", ["Partial"] * 6),  # then there is nothing else to send
        ("Onboarding", ["Complete", "Partial", "Complete"] * 2),
        ("Completed", [f"2024-03-0{n}" for n in range(1, 7)]),
        ("Onboarding complete", ["Yes", "No", "No"] * 2),
        ("profile_complete", ["1", "0", "0"] * 2),
        ("Status", ["", "Terminated", "Terminated"] * 2),  # of a contract
        ("Status", ["Approved", "Duplicate", "Approved"] * 2),
        ("Status", ["Completed", "Abandoned", "Abandoned"] * 2),  # of a cart
    ],
)
def test_states_of_something_else_leave_nobody_out(
    tmp_path: Path, name: str, states: list[str]
) -> None:
    sheet = rows(["Email", "Score", "Comment", name], MAILS, SCORES, WHYS, states)
    assert scores(tmp_path, sheet) == [9, 2, 5, 10, 1, 3]


def test_a_rule_of_the_tool_is_not_said_twice(tmp_path: Path) -> None:
    header = [
        "Response ID",
        "Time Started",
        "Date Submitted",
        "Status",
        "How likely are you to recommend us?",
    ]
    days = [f"2024-03-0{n} 10:00:00" for n in range(1, 7)]
    states = ["Complete", "Partial", "Partial"] * 2
    sheet = rows(header, list("123456"), days, days, states, SCORES)
    assert drafted_rows(tmp_path, sheet).text.count("column: Status") == 1
