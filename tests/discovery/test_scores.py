"""What is a score, and what only looks like one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from importer.discovery import Draft
from tests.discovery.drafts import drafted_rows, filled_in
from tests.mapping_out import mapping_out

MANY = range(1, 13)
ASKED = "How likely are you to recommend us?"


def draft(folder: Path, labels: list[str], rows: list[list[str]]) -> Draft:
    return drafted_rows(
        folder, [["user_id", *labels], *([f"u{n}", *r] for n, r in enumerate(rows))]
    )


def values(folder: Path, found: Draft) -> list[object]:
    mapping = folder / "m.yaml"
    mapping.write_text(filled_in(found.text), encoding="utf-8")
    sent = mapping_out(folder / "answers.csv", mapping).responses
    return [orjson.loads(each.body)["answers"][0]["value"] for each in sent]


@pytest.mark.parametrize(
    "label",
    ["{} - {}", "{} [{}]", "{} / {}", "{} {}", "{} ({})"],
)
@pytest.mark.parametrize(
    "asked", [ASKED, "Würden Sie uns weiterempfehlen?", "Recommanderiez-vous ?"]
)
def test_one_column_per_point_is_one_question(tmp_path: Path, label: str, asked: str) -> None:
    points = range(1, 6)
    rows = [[str(p) if n % 5 + 1 == p else "" for p in points] for n in MANY]
    found = draft(tmp_path, [label.format(asked, p) for p in points], rows)
    score = found.meaning.score
    assert score is not None
    assert len(score.columns) == 5
    assert values(tmp_path, found) == [n % 5 + 1 for n in MANY]


def test_ticks_in_one_column_per_point_are_no_score(tmp_path: Path) -> None:
    rows = [["x" if n % 5 == p else "" for p in range(5)] for n in MANY]
    found = draft(tmp_path, [f"{ASKED} - {p + 1}" for p in range(5)], rows)
    assert found.meaning.score is None
    assert "ticked: no single column holds the score" in " ".join(found.text.split())
    assert "likely_recommend_us: false" in found.text


def test_columns_that_a_number_keeps_apart_are_several_questions(tmp_path: Path) -> None:
    rows = [[str(n % 5 + 1), str(n % 4 + 1), "x"] for n in MANY]
    found = draft(tmp_path, ["Satisfaction 1", "Satisfaction 2", "Satisfaction 3"], rows)
    assert found.meaning.score is not None
    assert len(found.meaning.score.columns) == 1


@pytest.mark.parametrize(
    ("label", "texts"),
    [
        ("Data: hierarchical (e.g. HDF5)", ["HDF5", ""]),
        ("Format (MP4)", ["Format (MP4)", ""]),
        ("Betriebssystem", ["Windows 7", "Windows 10"]),
        ("How satisfied? Python 3", ["Python 3", ""]),
        ("Version", ["5", "5"]),
    ],
)
def test_a_ticked_box_or_a_version_is_no_scale(
    tmp_path: Path, label: str, texts: list[str]
) -> None:
    found = draft(tmp_path, [label], [[texts[n % 2]] for n in MANY])
    assert found.meaning.score is None


def test_a_score_of_one_value_is_one_where_it_is_called_so(tmp_path: Path) -> None:
    found = draft(tmp_path, ["NPS"], [["9"], ["9"]])
    assert found.meaning.score is not None


@pytest.mark.parametrize(
    "asked",
    [
        "How likely is it that you can get your engineers to act on recommendations?",
        "Wie wahrscheinlich ist es, dass Ihr Team wächst?",
        "Jak je pravděpodobné, že se přestěhujete?",
    ],
)
def test_what_somebody_intends_is_no_score(tmp_path: Path, asked: str) -> None:
    assert draft(tmp_path, [asked], [[str(n % 5 + 1)] for n in MANY]).meaning.score is None


@pytest.mark.parametrize(
    "asked",
    [
        "How likely is it that you would suggest us to a friend or colleague?",
        "Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?",
        "Jak je pravděpodobné, že nás doporučíte?",
    ],
)
def test_a_recommendation_is_one(tmp_path: Path, asked: str) -> None:
    score = draft(tmp_path, [asked], [[str(n % 11)] for n in MANY]).meaning.score
    assert score is not None
    assert (score.kind, score.recommends) == ("nps", True)


def test_a_recommendation_in_seven_words(tmp_path: Path) -> None:
    words = ["Absolutely", "Very likely", "Likely", "Maybe", "Unlikely", "Very unlikely", "Never"]
    found = draft(tmp_path, ["Would you recommend us?"], [[word] for word in words])
    assert values(tmp_path, found) == [7, 6, 5, 4, 3, 2, 1]


def test_the_whole_before_its_parts_and_a_second_score_is_told(tmp_path: Path) -> None:
    labels = ["How satisfied are you with [price]", "How satisfied are you with [help]"]
    rows = [[str(n % 5 + 1), str(n % 4 + 1), str(n % 5 + 1)] for n in MANY]
    score = draft(tmp_path, [*labels, "How satisfied are you with us?"], rows).meaning.score
    assert score is not None
    assert score.text == "How satisfied are you with us?"
    found = draft(tmp_path, [ASKED, "NPS"], [[str(n % 11), str(n % 10)] for n in MANY])
    assert "More that may be scores, and are left out until they get an ID: nps" in found.text


@pytest.mark.parametrize(
    ("former", "now"),
    [
        ("Previous NPS", "Current NPS"),
        ("Last score", "Score"),
        ("Vorherige Bewertung", "Bewertung"),
        ("Note précédente", "Note"),
        ("Poprzedni NPS", "NPS"),
        ("First NPS", "Latest NPS"),
        ("Average NPS", "NPS Score"),
        ("Durchschnittlicher NPS", "NPS"),
        ("Note moyenne", "Note"),
    ],
)
def test_an_earlier_score_is_not_the_answer(tmp_path: Path, former: str, now: str) -> None:
    rows = [[str(n % 11), str(10 - n % 11)] for n in MANY]
    score = draft(tmp_path, [former, now], rows).meaning.score
    assert score is not None
    assert score.text == now
    asked = "How did you like the last release, compared with the previous one?"
    score = draft(tmp_path, [asked], [[str(n % 5 + 1)] for n in MANY]).meaning.score
    assert score is not None


def test_the_day_of_the_export_is_not_the_day_of_the_answers(tmp_path: Path) -> None:
    rows = [[str(n % 11), "2024-03-05"] for n in MANY]
    assert draft(tmp_path, ["NPS", "Exported on"], rows).meaning.answered is None
    rows = [[str(n % 11), f"2024-03-{n + 10}"] for n in MANY]
    assert draft(tmp_path, ["NPS", "Visited on"], rows).meaning.answered is not None


CODES: dict[str, Callable[[int], str]] = {
    "german": lambda n: f"{80331 + n * 37}",
    "with a word between": lambda n: "weiß nicht genau" if n % 30 == 0 else f"{80331 + n * 37}",
    "american": lambda n: f"{10001 + n * 91}-{1000 + n}" if n % 20 else "don't know",
    "british": lambda n: f"SW{n} {n % 9}AA",
    "dutch": lambda n: f"{1012 + n} AB",
    "indian": lambda n: f"{110 + n} {100 + n}",
}


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize(
    "says", [["good", "bad", "ok", "fine"], ["bien", "mal", "regular"], ["好", "差"]]
)
def test_post_codes_are_no_comment(tmp_path: Path, kind: str, says: list[str]) -> None:
    """The layout of SurveyMonkey with boxes to tick, where what people say comes again and again."""
    asked = ["What do you use?", "", "Your area?", "Why did you give that score?"]
    rows = [
        ["Respondent ID", "Collector ID", "End Date", "Would you recommend us?", *asked],
        ["", "", "", "Response", "Chat", "Mail", "Open-Ended Response", "Open-Ended Response"],
    ]
    for n in range(60):
        boxes = ["Chat" if n % 2 else "", "Mail" if n % 3 else ""]
        said = says[n % len(says)] if n % 5 else ""
        when = f"07/{1 + n % 28:02d}/2022 15:39"
        rows.append([str(114069855000 + n), "42", when, str(n % 11), *boxes, CODES[kind](n), said])
    assert 'comment: "?"   # Your area?' not in drafted_rows(tmp_path, rows).text
    for n, row in enumerate(rows[2:]):
        row[6] = f"{'The parcel came late' if n % 2 else 'A fine shop'}, order {n}"
    assert 'comment: "?"   # Your area?' in drafted_rows(tmp_path, rows).text


@pytest.mark.parametrize(
    "factor",
    [
        "Recommendation from friends/family",
        "Empfehlung von Freunden",
        "Recommandation d'amis",
        "Recomendación de amigos",
        "Recomendação de amigos",
        "Consiglio di amici",
        "Raccomandazione di amici",
        "Aanbeveling van vrienden",
        "Doporučení přátel",
        "Polecenie od znajomych",
    ],
)
def test_a_recommendation_that_one_got_is_none_that_one_gives(tmp_path: Path, factor: str) -> None:
    """How much each counts when somebody buys: a matrix, as Google Forms writes it."""
    rows = [[str(n % 5 + 1), str((n + 2) % 5 + 1), str((n + 1) % 5 + 1)] for n in MANY]
    assert draft(tmp_path, [factor, "Brand", "Price"], rows).meaning.score is None
    would = "Would you recommend us to friends?"
    score = draft(tmp_path, [factor, "Brand", would], rows).meaning.score
    assert score is not None
    assert score.text == would


@pytest.mark.parametrize("value", ["Answer {}", "Gruppe {}", "Opción {}", "Tým {}"])
def test_things_with_a_number_are_no_scale(tmp_path: Path, value: str) -> None:
    rows = [[value.format(n % 5 + 1), f"Level {n % 5 + 1}"] for n in MANY]
    found = draft(tmp_path, ["Q1", "Q2"], rows)
    assert [each.columns[0].label for each in found.meaning.questions if each.scale] == ["Q2"]


def test_the_digits_of_a_code_are_no_scale(tmp_path: Path) -> None:
    digits = [str(n * 7 % 10) for n in range(40)]
    rows = [[digit, digit] for digit in digits]
    found = draft(tmp_path, ["Code, 3rd sign", "How satisfied are you?"], rows)
    assert [each.columns[0].index for each in found.meaning.questions if each.scale] == [2]
    rows[0][0] = "10"
    assert draft(tmp_path, ["Code, 3rd sign", "Other"], rows).meaning.questions[0].scale


@pytest.mark.parametrize(
    "label",
    [
        *(
            "Score (0-10)",
            "Score 0 to 10",
            "Rating (out of 10)",
            "Bewertung (0 bis 10)",
            "Note (sur 10)",
        ),
        *("Puntuación (0-10)", "Voto (0-10)", "Cijfer (0-10)", "Hodnocení (0-10)", "Ocena (0-10)"),
    ],
)
def test_a_score_whose_name_says_its_ends(tmp_path: Path, label: str) -> None:
    rows = [[f"a{n}@x.org", str((n * 7) % 11), "Acme"] for n in range(30)]
    found = draft(tmp_path, ["Email", label, "Company"], rows)
    assert found.meaning.score
    assert (found.meaning.score.columns[0].label, found.meaning.score.kind) == (label, "nps")


@pytest.mark.parametrize("label", ["Stars", "Star Rating", "starRating", "Sterne", "Étoiles"])
def test_stars_that_are_counted_are_a_score(tmp_path: Path, label: str) -> None:
    rows = [[f"a{n}@x.org", str(n % 5 + 1), f"It is number {n} for me"] for n in range(30)]
    found = draft(tmp_path, ["Email", label, "Review"], rows)
    assert found.meaning.score
    assert (found.meaning.score.columns[0].label, found.meaning.score.kind) == (label, "csat")


def test_stars_beyond_a_scale_are_counted_things(tmp_path: Path) -> None:
    rows = [[f"a{n}@x.org", str(n * 7), str(n % 11)] for n in range(30)]
    found = draft(tmp_path, ["Email", "Stars", "NPS"], rows)
    assert found.meaning.score
    assert found.meaning.score.columns[0].label == "NPS"


def test_a_rating_of_good_and_bad_is_an_answer_and_no_trait(tmp_path: Path) -> None:
    said = ("Good", "Bad", "Offered", "Unoffered")
    rows = [[f"3{n}", f"a{n}@x.org", said[n % 4], f"it was as I said {n}"] for n in range(40)]
    header = ["Ticket ID", "Requester email", "Satisfaction rating", "Satisfaction comment"]
    found = draft(tmp_path, header, rows)
    assert 'satisfaction_rating: "?"' in found.text
    assert "na: [Offered, Unoffered]" in found.text
    assert "na: [Offered]" in draft(tmp_path, header, rows[:3]).text
    assert "satisfactionRating" not in found.text


@pytest.mark.parametrize("label", ["Average NPS", "NPS average", "Průměrné NPS", "First NPS"])
def test_what_was_worked_out_of_several_scores_is_nobodys_answer(
    tmp_path: Path, label: str
) -> None:
    rows = [[f"C{n}", str(n % 11), f"it was number {n}"] for n in range(30)]
    assert draft(tmp_path, ["Customer ID", label, "Last comment"], rows).meaning.score is None
