"""Which end of a scale is the best: by words and numbers, in several languages; asked where nothing tells."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

from importer.discovery import Wishes
from importer.discovery.column import Profile
from importer.discovery.scales import Best, scale
from importer.errors import MappingError
from tests.discovery.drafts import drafted, filled_in
from tests.mapping_out import mapping_out

DIGITS = ("1", "2", "3", "4", "5")


def best(question: str, *values: str) -> Best:
    found = scale(Profile.of(values or DIGITS), question)
    assert found is not None
    return found.best


@pytest.mark.parametrize(
    "question",
    [
        "How was it? (1 = very good; 5 = very bad)",
        "Rate our help from 1 (best) to 5 (worst)",
        "Rate our help, 1 being the best",
        "Very happy = 1, very unhappy = 5: how do you feel?",
        "Wie war der Kauf? 1 (sehr gut) bis 6 (ungenügend)",
        "Wie war der Kauf? sehr gut (1) … mangelhaft (5)",
        "Wie zufrieden sind Sie? 1 – sehr zufrieden, 5 – sehr unzufrieden",
        "Êtes-vous satisfait ? 1 = très satisfait, 5 = très insatisfait",
        "¿Está satisfecho? 1: muy satisfecho, 5: muy insatisfecho",
        "È soddisfatto? (1 molto soddisfatto - 5 molto insoddisfatto)",
        "Bent u tevreden? 1 = zeer tevreden; 5 = zeer ontevreden",
        "Está satisfeito? 1 = muito satisfeito e 5 = muito insatisfeito",
        "Jste spokojeni? (1 - velmi spokojen, 5 - velmi nespokojen)",
        "Czy jest Pan zadowolony? 1 – bardzo zadowolony, 5 – bardzo niezadowolony",
        "Är du nöjd? 1 = mycket nöjd, 5 = mycket missnöjd",
        "How much effort did it take? 1 = very low effort, 5 = very high effort",
    ],
)
def test_a_question_says_that_1_is_the_best(question: str) -> None:
    assert best(question) is Best.LOW


@pytest.mark.parametrize(
    "question",
    [
        "How satisfied are you?",
        "How satisfied or dissatisfied are you?",
        "1. How satisfied are you with the price?",
        "Q1 - How happy are you?",
        "Are you satisfied: 1-5",
        "On a scale of 1 to 5, where 5 is very satisfied",
        "How satisfied are you? (5 = best)",
        "Rate it, 1 (low) to 5 (high)",
        "How satisfied were you in the last 5 days?",
        "Notez de 1 (pas du tout satisfait) à 5 (très satisfait)",
        "Wie schwer war es? 1 = sehr schwer, 5 = sehr einfach",
        "Wie zufrieden sind Sie? (sehr unzufrieden bis sehr zufrieden)",
        "Recommend us? (0: would not recommend - 5: would definitely recommend)",
        "Skulle du rekommendera oss? 0 = inte alls troligt, 5 = mycket troligt",
        "Doporučili byste nás? 0 = rozhodně ne, 5 = rozhodně ano",
        "Customer effort score",
        "Ease",
    ],
)
def test_the_highest_is_the_best_by_habit_or_by_words(question: str) -> None:
    assert best(question) is Best.HIGH


@pytest.mark.parametrize(
    "question",
    [
        "Welche Schulnote geben Sie uns?",
        "Oznámkujte nás: známka",
        "How much effort did you have to put in?",
        "How difficult was it to find an answer?",
        "Wie schwierig war die Anmeldung?",
        "How do you feel? (very satisfied, satisfied, neutral, dissatisfied, very dissatisfied)",
        "Wie zufrieden? sehr zufrieden bis sehr unzufrieden",
        "Tyytyväisyys? 1 = loistava, 5 = surkea",
        "Note",
        "Customer effort",
        "Difficulty",
        "Aufwand",
    ],
)
def test_where_nothing_tells_and_it_matters_it_is_a_question(question: str) -> None:
    assert best(question) is Best.UNCLEAR


def test_labels_beside_the_numbers() -> None:
    assert best("", "1 - Strongly agree", "2 - Agree", "7 - Strongly disagree") is Best.LOW
    assert best("", "0 - Extremely likely", "1", "10 - Not at all likely") is Best.LOW
    assert best("", "1 - výborný", "3 - dobrý", "5 - nedostatečný") is Best.LOW
    assert best("", "Très satisfait (1)", "Très insatisfait (5)") is Best.LOW
    assert best("", "1 😀", "3 😐", "5 😡") is Best.LOW
    assert best("Schulnote", "1 (ungenügend)", "6 (sehr gut)") is Best.HIGH
    assert best(
        "", "1 - Not at all satisfied", "2 - Slightly satisfied", "5 - Completely satisfied"
    )
    assert best("", "10 - Extremely likely", "9", "0 - Not at all likely") is Best.HIGH
    assert best("", "1 - rojo", "2 - verde", "5 - azul") is Best.UNCLEAR
    assert best("", "Level 1", "Level 2", "Level 5") is Best.HIGH
    assert best("", "1 point", "5 points") is Best.HIGH


def sent(file: Path, wishes: Wishes | None = None) -> list[object]:
    """The first answer of each row, as the drafted mapping sends it."""
    mapping = file.with_suffix(".yaml")
    mapping.write_text(filled_in(drafted(str(file), wishes or Wishes()).text), encoding="utf-8")
    bodies = [orjson.loads(each.body) for each in mapping_out(file, mapping).responses]
    return [each["answers"][0]["value"] for each in bodies]


def table(folder: Path, question: str, values: Sequence[str], delimiter: str = ",") -> Path:
    file = folder / "answers.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        rows = [(f"u-{i}", value, "so") for i, value in enumerate(values)]
        csv.writer(stream, delimiter=delimiter).writerows([("user_id", question, "Why?"), *rows])
    return file


def test_the_best_is_sent_as_the_highest(tmp_path: Path) -> None:
    grades = ["1 (sehr gut)", "2 (gut)", "3 (befriedigend)", "4 (ausreichend)", "5 (mangelhaft)"]
    assert sent(table(tmp_path, "Wie zufrieden sind Sie?", grades, ";")) == [5, 4, 3, 2, 1]
    likely = ["0 - Extremely likely", "1", "3", "9", "10 - Not at all likely"]
    assert sent(table(tmp_path, "Would you recommend us?", likely)) == [10, 9, 7, 1, 0]
    ends = ["Strongly agree", "2", "3", "6", "Strongly disagree"]
    question = "Was it easy? 1 = strongly agree, 7 = strongly disagree"
    assert sent(table(tmp_path, question, ends)) == [7, 6, 5, 2, 1]


def test_in_a_workbook_of_a_tool_with_two_header_rows(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book, labels = Workbook(), ("1 - Muy satisfecho", "3 - Neutral", "5 - Muy insatisfecho")
    sheet = book.active
    assert sheet is not None
    asked = "¿Qué tan satisfecho está?"
    sheet.append(["Respondent ID", "Collector ID", "Start Date", "End Date", asked])
    sheet.append(["", "", "", "", "Response"])
    for i, label in enumerate(labels):
        sheet.append(
            [f"11{i}", "4", f"2026-01-0{i + 1} 10:00:00", f"2026-01-0{i + 1} 10:05:00", label]
        )
    book.save(tmp_path / "answers.xlsx")
    assert sent(tmp_path / "answers.xlsx") == [5, 3, 1]


def test_what_isnt_known_is_a_question_that_may_be_answered(tmp_path: Path) -> None:
    file = table(tmp_path, "How much effort did it take?", ["1", "2", "4", "5"])
    with pytest.raises(MappingError, match="Which end of the scale is the best"):
        sent(file)
    assert sent(file, Wishes(best={"score": "low"})) == [5, 4, 2, 1]
    assert sent(file, Wishes(best={"score": "high"})) == [1, 2, 4, 5]


def test_the_number_of_the_worst_end_is_asked_for_where_it_isnt_seen(tmp_path: Path) -> None:
    seen = ["1 (sehr gut)", "2 (gut)", "3 (befriedigend)", "4 (ausreichend)"]
    text = drafted(str(table(tmp_path, "Wie zufrieden sind Sie?", seen, ";"))).text
    assert 'rescale: "?"' in text
    assert "not known: which number is the worst?" in text.replace("\n    # ", " ")


@pytest.mark.parametrize(
    ("question", "inside", "low", "high"),
    [
        ("Would you recommend us? (0-10)", "9 8 2", 0, 10),
        ("Would you recommend us? 10 - strongly agree, 1 - strongly disagree", "9 8 4", 1, 10),
        ("Würden Sie uns weiterempfehlen?", "9 8 7 4", 0, 10),
        ("How satisfied are you?", "4 3 2", 1, 5),
        ("How satisfied are you? (1 to 7)", "4 3 2", 1, 7),
        ("How easy was it?", "6 5 2", 1, 7),
    ],
)
def test_end_words_take_the_questions_own_ends(
    question: str, inside: str, low: int, high: int
) -> None:
    found = scale(Profile.of(["Very likely", *inside.split(), "Not at all likely"]), question)
    assert found is not None
    assert dict(found.values) == {"Very likely": high, "Not at all likely": low}


def test_an_end_word_without_a_number_is_told(tmp_path: Path) -> None:
    file = table(tmp_path, "How good is it?", ["Very good", "9", "8", "3", "Not at all good"] * 2)
    text = drafted(str(file)).text
    assert "Very good: 10" in text
    assert "Not at all good: " not in text
    assert "is Not at all good 0, or 1?" in text


def test_words_of_a_cell_are_shown_only_where_they_are_known() -> None:
    """What stands beside a number may be anything that somebody has typed."""
    found = scale(Profile.of(("1 - bad", "3 - Ann Miller", "5 - Ann Miller helped")), "")
    assert found is not None
    assert found.signs == "1 is 'bad'"
