"""Forms of universities, clubs and teams: ids that are asked for, names of things, self-assessment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.discovery.drafts import at, drafted_rows
from tests.discovery.table import found

SENTENCES = (
    "I liked how quickly the parcel came",
    "It took far too long to reach a human",
    "Nothing to complain about this time really",
    "The manual was missing and so was the cable",
    "Friendly people, but the queue was long",
    "I would buy it again without a doubt",
    "Support never called back as promised",
    "Everything was as it should be here",
)
ROWS = 24
PROSE = [f"{SENTENCES[n % 8]} on visit {n}" for n in range(ROWS)]


def facts(folder: Path, columns: dict[str, list[str]], *names: str) -> tuple[object, ...]:
    """What the draft says of a table with these columns, each filled from its values over and over."""
    table = [[values[n % len(values)] for values in columns.values()] for n in range(ROWS)]
    said = found(drafted_rows(folder, [list(columns), *table]))
    return tuple(said[name] for name in names)


def each(pattern: str) -> list[str]:
    return [pattern.format(3 * n + 17) for n in range(ROWS)]


STAMPS = [f"2024/03/{n % 28 + 1:02} {n % 12 + 1}:04:{n:02} PM GMT+2" for n in range(ROWS)]
RATED = ["4", "5", "3", "2", "5", "4", "1"]


@pytest.mark.parametrize(
    "label",
    [
        "Q00PARTICIPANT",
        "Q1_Participant code",
        "NIM",
        "Matrikelnummer",
        "Numéro étudiant",
        "Número de matrícula",
        "学号",
        "Numer albumu",
        "Öğrenci No",
        "What is your student number?",
        "Bitte geben Sie Ihre Kundennummer ein (steht auf der Karte)",
        "Quel est votre numéro de client ou d'adhérent ?",
    ],
)
def test_an_id_that_a_form_asks_for_is_the_persons(tmp_path: Path, label: str) -> None:
    columns = {"Timestamp": STAMPS, label: each("S{:05}"), "Satisfied with us?": RATED}
    assert facts(tmp_path, columns, "person", "hashed") == (("B",), False)


@pytest.mark.parametrize(
    ("label", "values"),
    [
        ("Which student number of yours do you like?", ["blue", "red", "green"]),
        ("How many client numbers do you have?", ["1", "2", "3"]),
        ("What is your student number?", ["don't know", "forgot it", "none of yours"]),
    ],
)
def test_words_about_ids_make_no_id_of_what_recurs(
    tmp_path: Path, label: str, values: list[str]
) -> None:
    columns = {"Timestamp": STAMPS, label: values, "Satisfied with us?": RATED}
    assert facts(tmp_path, columns, "person", "hashed") == (("A",), True)


@pytest.mark.parametrize(
    "label",
    [
        "Which tools do you use to test your work?",
        "Welche Podcasts hören Sie auf dem Weg zur Arbeit?",
        "Quels outils utilisez-vous pour vos cours ?",
        "¿Cuáles son sus tiendas favoritas en la ciudad?",
        "En sevdiğiniz şarkı nedir?",
        "What are the three most important skills of an engineer?",
    ],
)
def test_things_that_are_named_are_no_comment(tmp_path: Path, label: str) -> None:
    columns = {
        "Timestamp": STAMPS,
        "Overall, how satisfied are you?": RATED,
        label: PROSE,
    }
    assert facts(tmp_path, columns, "comment") == ("",)


@pytest.mark.parametrize(
    "label",
    [
        "Which of our shops do you prefer, and why?",
        "Welche Verbesserungen wünschen Sie sich?",
        "Quelles remarques souhaitez-vous ajouter ?",
        "Please explain your answer",
    ],
)
def test_a_reason_is_a_comment_whatever_it_begins_with(tmp_path: Path, label: str) -> None:
    columns = {
        "Timestamp": STAMPS,
        "Overall, how satisfied are you?": RATED,
        label: PROSE,
    }
    assert facts(tmp_path, columns, "comment") == ("C",)


@pytest.mark.parametrize(
    "asked",
    [
        "How familiar are you with our products?",
        "How would you describe your knowledge of first aid?",
        "Wie gut vertraut sind Sie mit der Anlage?",
        "¿Qué nivel tienen sus conocimientos de informática?",
    ],
)
def test_what_somebody_knows_is_no_score(tmp_path: Path, asked: str) -> None:
    columns = {"Timestamp": STAMPS, asked: RATED, "Where do you live?": ["town", "village"]}
    assert facts(tmp_path, columns, "score") == ("",)
    columns = {"Timestamp": STAMPS, asked: RATED, "How was your stay, all in all?": RATED}
    assert facts(tmp_path, columns, "score") == ("C",)


def test_titles_and_numbered_steps_are_no_comment(tmp_path: Path) -> None:
    titles = [
        "How to run a short meeting",
        "Git for those who maintain",
        "Spyder for your own course",
    ]
    titles += [
        "Opening words of the chair",
        "A workshop on causal models",
        "Meet the team of the day",
    ]
    steps = ["1 No experience at all", "2 Basic things of it only", "3 I use it now and then"]
    for values in (titles, steps):
        columns = {"part": values, "Overall, how satisfied are you?": RATED}
        assert facts(tmp_path, columns, "comment") == ("",)
    columns = {"part": PROSE, "x": ["1"]}
    assert facts(tmp_path, columns, "comment") == ("A",)


def test_what_is_called_a_comment_may_come_again(tmp_path: Path) -> None:
    columns = {"user_id": each("u{}"), "score": ["9", "3", "10", "0"], "comment": list(SENTENCES)}
    assert facts(tmp_path, columns, "score", "comment") == ("B", "C")
    coded = {"q1_nps": ["9", "3", "10", "0"], "f2_change_reason": PROSE, "f3_comments": PROSE}
    assert facts(tmp_path, coded, "comment") == ("C",)


@pytest.mark.parametrize(
    "cell", ['{{"fonts": {{"value": [{}]}}}}', "https://pictures.example/open?id={}", "[[{}, 2]]"]
)
def test_what_programs_write_is_no_comment(tmp_path: Path, cell: str) -> None:
    columns = {"Satisfied with us?": RATED, "Please describe the sign": each(cell)}
    assert facts(tmp_path, columns, "comment") == ("",)


def test_a_counter_of_a_short_table_is_no_score(tmp_path: Path) -> None:
    rows = [[str(n), "yes", text] for n, text in enumerate(SENTENCES[:5], 1)]
    head = ["Responder", "Are you content with the food here?", "Any other comments?"]
    said = found(drafted_rows(tmp_path, [head, *rows]))
    assert (said["score"], said["comment"]) == ("", "C")
    again = [*rows, *([str(n), "no", f"as before, number {n}"] for n in (4, 4, 5))]
    head[0] = "How good was the food?"
    assert found(drafted_rows(tmp_path, [head, *again]))["score"] == "A"


@pytest.mark.parametrize(
    ("begun", "ended"),
    [
        ("Datetime of entering survey", "Datetime of finishing survey"),
        ("Beginn der Umfrage am", "Umfrage abgeschlossen am"),
        ("Ouverture du questionnaire", "Questionnaire terminé le"),
        ("Comienzo de la encuesta", "Encuesta enviada el"),
        ("Survey Sent Date", "Survey Response Date"),
    ],
)
def test_of_several_dates_the_one_of_the_end(tmp_path: Path, begun: str, ended: str) -> None:
    days = [f"2024-03-05 10:{n:02}:10" for n in range(ROWS)]
    columns = {begun: days, ended: days[1:], "Satisfied with us?": RATED}
    assert facts(tmp_path, columns, "date") == ("B",)
    columns = {"First response": days[:3], "Solved at": days[:3], "Satisfied with us?": RATED}
    assert facts(tmp_path, columns, "date") == ("",)  # the agent's
    columns = {begun: days, "Date of purchase": days[1:], "Satisfied with us?": RATED}
    assert facts(tmp_path, columns, "date") != ("B",)


@pytest.mark.parametrize(
    "name",
    [
        "Renewal Date",
        "Last seen",
        "Order date",
        "Vertragsende",
        "Datum narození",
        "Fecha de compra",
    ],
)
def test_a_date_of_something_else_is_not_the_answers(tmp_path: Path, name: str) -> None:
    days = [f"2024-03-{n + 1:02}" for n in range(ROWS)]
    assert facts(tmp_path, {name: days, "Satisfied with us?": RATED}, "date") == ("",)
    assert facts(tmp_path, {"Day": days, "Satisfied with us?": RATED}, "date") == ("A",)


def test_choices_below_one_another_in_a_cell_are_no_comment(tmp_path: Path) -> None:
    dishes = ["soup of the day", "meat with rice", "salad and bread", "sweets after all"]
    cells = [f"• {a}\n• {b}" for a in dishes for b in dishes if a != b]
    columns = {"Please pick what you had today": cells, "How satisfied are you?": RATED}
    assert facts(tmp_path, columns, "comment") == ("",)


def test_the_reason_of_a_recommendation_in_words_is_the_comment(tmp_path: Path) -> None:
    columns = {
        "Timestamp": STAMPS,
        "How would you rate your stay overall (1-5)?": RATED,
        "Any suggestions for our website?": [*SENTENCES[:3], *[""] * 9],
        "Would you recommend us to others?": ["Yes", "No", "Yes", "Yes"],
        "Please state the reason of the last answer": PROSE,
    }
    assert facts(tmp_path, columns, "score", "comment") == ("B", "E")


RESAVED = [f"{n % 9 + 1}/{n + 4}/24 {n % 12 + 8}:{n + 10}" for n in range(ROWS)]


def test_google_forms_that_excel_has_saved_anew(tmp_path: Path) -> None:
    """Without seconds, in a header of questions; a table of a programmer's is none for that."""
    asked = {
        "Timestamp": RESAVED,
        "What do you like here?": ["a", "b"],
        "How old are you?": ["3", "4"],
    }
    assert facts(tmp_path, asked, "tool", "hashed") == ("google_forms", True)
    by_hand = {"Timestamp": RESAVED, "plan": ["a", "b"], "Would you recommend us?": RATED}
    assert facts(tmp_path, by_hand, "tool") == ("",)


def test_a_form_whose_names_were_shortened_is_still_one(tmp_path: Path) -> None:
    short = {f"ease_of_use_{n}": RATED for n in range(6)}
    asked = {
        "Timestamp": STAMPS,
        "What is your age?": ["18-24"],
        "What is your job?": ["a"],
        **short,
    }
    plain = [each_.replace(" PM GMT+2", "") for each_ in STAMPS]
    assert facts(tmp_path, {**asked, "Timestamp": plain}, "tool") == ("google_forms",)
    assert facts(tmp_path, {"Timestamp": plain, **short}, "tool") == ("",)


def test_moments_to_the_minute_tell_people_apart_with_their_answers(tmp_path: Path) -> None:
    """Two in each minute are told apart by what they said; days are not enough."""
    minutes = [f"2024-03-05 10:{n // 2:02}" for n in range(ROWS)]
    columns = {"Submitted at": minutes, "Satisfied with us?": RATED, "Why?": PROSE}
    assert facts(tmp_path, columns, "person", "hashed") == (("A",), True)
    days = [f"2024-03-{n // 2 + 1:02}" for n in range(ROWS)]
    assert facts(tmp_path, {**columns, "Submitted at": days}, "person") == ((),)


def test_numbers_that_a_tool_calls_open_are_no_comment(tmp_path: Path) -> None:
    """Qualtrics' text entry holds ids as well."""
    head = [
        "StartDate",
        "EndDate",
        "Status",
        "Progress",
        "Finished",
        "RecordedDate",
        "ResponseId",
        "Q1",
    ]
    rows = [head, [*head[:7], "Please type the number from the sheet"]]
    rows += [[f'{{"ImportId":"x{n}"}}' for n in range(7)] + ['{"ImportId":"QID1_TEXT"}']]
    for n in range(8):
        day = f"2024-03-0{n + 1} 10:00:00"
        rows.append([day, day, "0", "100", "1", day, f"R_1aB2cD3eF4gH5i{n}", str(4711 + n)])
    draft = drafted_rows(tmp_path, rows)
    assert at(draft.meaning.comment.columns[0] if draft.meaning.comment else None) == ""
