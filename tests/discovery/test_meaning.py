"""What columns are: by name in several languages, held against their values."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from importer.discovery import Analysis, Confidence, analyse, columns

Rows = Sequence[Sequence[str]]


def understood(labels: Sequence[str], rows: Rows, *, tool: bool = False) -> Analysis:
    return analyse(columns(labels, rows), {}, {}, tool=tool)


def said(meaning: Analysis) -> dict[str, str]:
    """The labels of person, address, score, comment and date."""
    return {
        "person": ", ".join(each.column.label for each in meaning.users),
        "email": meaning.email.column.label if meaning.email else "",
        "score": meaning.score.columns[0].label if meaning.score else "",
        "comment": meaning.comment.columns[0].label if meaning.comment else "",
        "date": meaning.answered.column.label if meaning.answered else "",
    }


ROWS = [
    [f"K{100 + i}", f"p{i}@example.com", str(score), text, f"2026-01-{i + 1:02d} 10:00"]
    for i, (score, text) in enumerate(
        [
            (9, "Fast and friendly people"),
            (10, ""),
            (3, "Too dear for what it is"),
            (7, ""),
            (8, "ok"),
            (0, "no"),
            (9, ""),
        ]
    )
]


@pytest.mark.parametrize(
    "labels",
    [
        ("Customer ID", "Email", "NPS", "Comment", "Date"),
        ("Kundennummer", "E-Mail-Adresse", "Bewertung", "Kommentar", "Beantwortet am"),
        ("Numéro client", "Courriel", "Note", "Commentaire", "Date de réponse"),
        ("ID de cliente", "Correo electrónico", "Puntuación", "Comentario", "Fecha de respuesta"),
        ("Číslo zákazníka", "E-mailová adresa", "Hodnocení", "Komentář", "Datum odpovědi"),
        ("Codice cliente", "Indirizzo e-mail", "Punteggio", "Commento", "Data risposta"),
        ("Klantnummer", "E-mailadres", "Cijfer", "Opmerking", "Ingevuld op"),
        ("Código do cliente", "Endereço de e-mail", "Pontuação", "Comentário", "Respondido em"),
        ("Numer klienta", "Adres e-mail", "Ocena", "Komentarz", "Data odpowiedzi"),
        ("customerId", "user_email", "score_value", "feedback", "createdAt"),
    ],
)
def test_names_in_several_languages(labels: tuple[str, ...]) -> None:
    person, email, score, comment, date = labels
    wanted = {"person": person, "email": email, "score": score, "comment": comment, "date": date}
    assert said(understood(labels, ROWS)) == wanted


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("How likely are you to recommend us to a friend?", "What is the reason for your score?"),
        ("Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?", "Warum diese Bewertung?"),
        ("Quelle est la probabilité que vous nous recommandiez ?", "Pour quelle raison ?"),
        ("¿Qué tan probable es que nos recomiende?", "¿Cuál es el motivo de su nota?"),
        ("Jak pravděpodobné je, že nás doporučíte?", "Jaký je důvod vašeho hodnocení?"),
        ("Hoe waarschijnlijk is het dat u ons aanbeveelt?", "Wat is de reden?"),
    ],
)
def test_questions_in_several_languages(asked: str, why: str) -> None:
    labels = ["id", "mail", asked, why, "Zeit"]
    meaning = understood(labels, ROWS)
    assert said(meaning)["score"] == asked
    assert said(meaning)["comment"] == why
    assert meaning.score
    assert meaning.score.kind == "nps"
    assert meaning.score.sure is Confidence.SURE


def test_addresses_are_known_under_any_name() -> None:
    meaning = understood(["a", "b", "c", "d", "e"], ROWS)
    assert said(meaning)["email"] == "b"


def test_a_name_that_the_values_dont_keep_counts_for_nothing() -> None:
    """`user` that is a plan, `email` that is yes or no."""
    rows = [
        ["basic", "yes", "9"],
        ["basic", "no", "3"],
        ["pro", "yes", "10"],
        ["pro", "yes", "7"],
    ] * 5
    meaning = understood(["User", "Email", "NPS"], rows)
    assert said(meaning)["person"] == ""
    assert said(meaning)["email"] == ""


def test_a_counter_is_no_person() -> None:
    rows = [[str(i), f"7{i}5", "9"] for i in range(1, 9)]
    meaning = understood(["id", "customer_id", "nps"], rows)
    assert said(meaning)["person"] == "customer_id"


def test_personal_columns_are_set_apart() -> None:
    labels = ["First name", "Telefon", "PLZ", "where from", "nps"]
    rows = [["Ann", "123 456", "10115", f"192.0.2.{i}", str(i)] for i in range(1, 9)]
    meaning = understood(labels, rows)
    assert [each.label for each in meaning.private] == [
        "First name",
        "Telefon",
        "PLZ",
        "where from",
    ]


def test_a_date_that_fits_two_readings_is_left_open() -> None:
    rows = [[f"0{i}/0{i + 1}/2026", str(i)] for i in range(1, 8)]
    meaning = understood(["date", "nps"], rows)
    assert meaning.answered
    assert len(meaning.answered.readings) == 2


def test_submitted_comes_before_started() -> None:
    rows = [["2026-01-01", "2026-01-02", "2026-01-03", "9"]] * 3
    meaning = understood(["Started at", "Submitted at", "Updated at", "nps"], rows)
    assert said(meaning)["date"] == "Submitted at"


def test_traits_have_their_types() -> None:
    labels = ["nps", "Plan", "MRR", "Seats", "Active", "Signed up", "Customer no", "Rebate"]
    rows = [
        [
            str(i),
            "pro" if i % 2 else "free",
            f"{i},50",
            str(i * 20),
            "yes",
            f"{i + 12}.01.2025",
            f"00{i}7",
            "",
        ]
        for i in range(1, 9)
    ]
    meaning = understood(labels, rows)
    types = {each.name: (each.type, each.decimal) for each in meaning.traits}
    assert types == {
        "plan": ("text", "."),
        "mrr": ("number", ","),
        "seats": ("number", "."),
        "active": ("boolean", "."),
    }
    assert meaning.signed_up
    assert meaning.signed_up.column.label == "Signed up"
    assert [(column.label, why) for column, why in meaning.left] == [
        ("Rebate", "blank in every row")
    ]


def test_one_column_per_choice_is_one_question() -> None:
    upper = ["", "Which one?", "", "Which ones?", ""]
    lower = ["id", "Red", "Blue", "Tea", "Milk"]
    rows = [
        ["1", "Red", "", "Tea", "Milk"],
        ["2", "", "Blue", "", "Milk"],
        ["3", "Red", "", "Tea", ""],
    ]
    labels = [
        "id",
        *(
            f"{a} / {b}"
            for a, b in zip(["Which one?"] * 2 + ["Which ones?"] * 2, lower[1:], strict=True)
        ),
    ]
    meaning = analyse(columns(labels, rows, (), upper, lower), {}, {}, tool=True)
    kinds = {
        each.text: (each.kind, len(each.columns)) for each in meaning.questions if each.together
    }
    assert kinds == {"Which one?": ("choice", 2), "Which ones?": ("text", 2)}


def test_a_rating_with_a_column_for_each_number() -> None:
    labels = [f"Would you recommend us? [{n}]" for n in range(1, 11)]
    rows = [[str(n) if n == m else "" for n in range(1, 11)] for m in (10, 9, 3, 7, 10)]
    meaning = analyse(columns(labels, rows), {}, {}, tool=True)
    assert meaning.score
    assert (meaning.score.kind, meaning.score.together, len(meaning.score.columns)) == (
        "nps",
        True,
        10,
    )


def test_several_choices_in_one_cell() -> None:
    cells = [
        "Exports; API",
        "API",
        "Exports; API; Dashboards",
        "Dashboards",
        "Exports",
        "API; Dashboards",
    ]
    meaning = understood(["Which do you use?"], [[cell] for cell in cells] * 3, tool=True)
    [question] = meaning.questions
    assert (question.kind, question.separator) == ("text", "; ")


def test_what_was_written_beside_a_choice_is_the_answer() -> None:
    rows = [["Yes", ""], ["Other", "maybe"], ["No", ""], ["Yes", ""]] * 3
    meaning = understood(
        ["Would you renew it?", "Other - Write In:Would you renew it?"], rows, tool=True
    )
    [question] = meaning.questions
    assert [each.label for each in question.columns] == [
        "Other - Write In:Would you renew it?",
        "Would you renew it?",
    ]
    assert question.kind == "choice"


def test_names_of_questions_are_never_alike() -> None:
    rows = [["long enough to be a text of its own, this one"] * 4] * 9
    meaning = understood(["Why?", "Why?", "comment", "Comment"], rows, tool=True)
    assert len(set(meaning.names.values())) == len(meaning.questions) == 4


def test_the_group_that_a_score_falls_into_is_no_question() -> None:
    rows = [["9", "Promoter"], ["3", "Detractor"], ["7", "Passive"], ["10", "Promoter"]]
    meaning = understood(["Q1", "Q1_GROUP"], rows, tool=True)
    assert [each.columns[0].label for each in meaning.questions] == ["Q1"]


def rated(*asked: str, texts: Sequence[tuple[str, Sequence[str]]] = ()) -> dict[str, str]:
    """What is said of 30 rows: whole numbers of 1 to 5 below each question, and texts in turn."""
    rows = [
        [str((i + k * i) % 5 + 1) for k in range(len(asked))]
        + [each[i % len(each)] for _, each in texts]
        for i in range(30)
    ]
    return said(understood([*asked, *(label for label, _ in texts)], rows))


SENTENCES = [f"The {number}th day was much too long for me" for number in range(30)]


def test_one_of_many_ratings_of_equal_weight_is_no_score() -> None:
    assert (
        rated("How safe is the park?", "How safe is the bridge?", "How safe is the port?")["score"]
        == ""
    )
    assert rated("Skupina", "Jídlo", "Cesta", "Nocleh")["score"] == ""


@pytest.mark.parametrize(
    "main",
    [
        "Overall, how was it?",
        "How satisfied are you with the trip?",
        "Würden Sie uns weiterempfehlen?",
        "전반적으로 만족하십니까?",
        "Geziden memnun musunuz?",
    ],
)
def test_the_one_that_tells_more_is_the_score(main: str) -> None:
    found = rated("How was the food?", "How was the bus?", "How was the guide?", main)
    assert found["score"] == main


def test_two_ratings_are_not_many() -> None:
    assert rated("How was the food?", "How was the bus?")["score"] == "How was the food?"


@pytest.mark.parametrize(
    "asked",
    [
        "Any other comments?",
        "Are there additional thoughts that you would like to share?",
        "Haben Sie noch Anregungen?",
        "Gibt es noch etwas Wichtiges, das wir nicht besprochen haben?",
        "Autre chose à signaler ?",
        "Avez-vous des remarques ?",
        "Se vuoi, lascia un commento facoltativo",
        "Especifique, por favor, as suas críticas",
        "Ваши пожелания и замечания",
        "ご意見・ご感想",
        "您还有什么建议",
        "추가 의견을 적어 주세요",
    ],
)
def test_what_asks_for_any_remarks_is_the_comment(asked: str) -> None:
    other = ("Please describe your team", SENTENCES[::-1])
    assert rated(texts=[other, (asked, SENTENCES)])["comment"] == asked


def test_the_reason_beside_the_score_goes_before_remarks() -> None:
    texts = [
        ("Why?", SENTENCES[::-1]),
        ("Town", ["Ulm", "Rom"]),
        ("Any other comments?", SENTENCES),
    ]
    assert rated("How likely are you to recommend us?", texts=texts)["comment"] == "Why?"


@pytest.mark.parametrize(
    ("label", "values"),
    [
        ("What is the breed of your dog?", [f"Breed {i}" for i in range(30)]),
        ("¿Cuánto pagaría?", [f"{i} euros" for i in range(30)]),
        (
            "In which branch do you work?",
            ["Making of things and selling them to others", "Other trade"],
        ),
        ("USE[other]. What do you use it for? [Other]", SENTENCES),
        ("reason_for_moving_other", SENTENCES),
    ],
)
def test_names_amounts_and_fields_for_what_is_no_choice_are_no_comments(
    label: str, values: Sequence[str]
) -> None:
    assert rated(texts=[(label, values)])["comment"] == ""


@pytest.mark.parametrize("label", ["other_feedback", "What did you like?", "何がよかったですか？"])
def test_sentences_are(label: str) -> None:
    values = (
        [f"{i}日目の説明はとても長くて疲れました" for i in range(30)]
        if label[0] > "z"
        else SENTENCES
    )
    assert rated(texts=[(label, values)])["comment"] == label


def test_short_texts_that_are_called_comments_are() -> None:
    assert rated("Rating", texts=[("Comment", ["ok", "fine", "no"])])["comment"] == "Comment"


@pytest.mark.parametrize("label", ["ID ответа", "回答ID", "응답 ID", "ID odpowiedzi"])
def test_the_ids_of_responses_in_more_languages(label: str) -> None:
    meaning = understood([label, "x"], [[f"{i}", "ja"] for i in (65985522, 65984452, 65992263)])
    assert meaning.response is not None


def test_a_long_code_of_each_row_below_a_mark_is_the_response() -> None:
    rows = [[f"{i}f9x0zpxq7o{i}k3lmvw8", "yes"] for i in range(1, 9)]
    meaning = understood(["#", "Do you ski?"], rows)
    assert meaning.response is not None
    assert understood(["#", "Do you ski?"], [[f"{i}", "yes"] for i in range(1, 9)]).response is None


def test_a_reason_for_the_score_goes_before_remarks_wherever_it_stands() -> None:
    reason = "What is the reason for your score?"
    texts = [
        ("a", ["x", "y"]),
        ("b", ["x", "y"]),
        (reason, SENTENCES),
        ("Any other comments?", SENTENCES),
    ]
    assert rated("How likely are you to recommend us?", texts=texts)["comment"] == reason
    texts[2] = ("Tell us about your usual day", SENTENCES)
    assert (
        rated("How likely are you to recommend us?", texts=texts)["comment"]
        == "Any other comments?"
    )


def test_choices_of_wenjuanxing_in_one_cell_are_no_comment() -> None:
    several = [f"Java┋{a}┋{b}" for a in ("Python", "Go", "C") for b in ("Rust", "PHP", "Perl")]
    assert rated(texts=[("9、该项目使用了哪些编程语言？", several)])["comment"] == ""


@pytest.mark.parametrize(
    ("label", "none"),
    [
        ("您有什么建议？", "(空)"),
        ("Any other comments?", "No"),
        ("Haben Sie Anmerkungen?", "keine"),
    ],
)
def test_that_there_is_nothing_to_say_may_come_again(label: str, none: str) -> None:
    def comment(values: Sequence[str]) -> str:
        return said(understood(["x", label], [["a", value] for value in values]))["comment"]

    assert comment([*([none] * 90), *SENTENCES]) == label
    assert comment([none, "In the shop at the corner", "In the club of the town"] * 30) == ""


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("Why do you travel by car?", ""),
        ("Warum fahren Sie Auto?", ""),
        ("Please tell us what these are", "{}"),
        ("Task_1", "Walking (Time: {} mins, Cost: 20, Wait: 5 mins)"),
        ("[Further]", "{}"),
        ("Other", "{}"),
        ("Sonstige", "{}"),
    ],
)
def test_what_few_were_asked_and_what_programs_write_is_no_comment(label: str, value: str) -> None:
    values = [value.format(each) for each in SENTENCES]
    labels = [f"How often do you use {each}" for each in ("[Cars]", label)]
    labels = labels if label[0] == "[" else ["x", label]
    if not value:
        values = ["It is the quickest way to go there", "I like it more than the bus", *[""] * 40]
    assert said(understood(labels, [["a", each] for each in values]))["comment"] == ""
    values = [f"It is the {n}th way that I go" if value or n % 4 else "" for n in range(40)]
    asked = label if not value else "Why do you do that?"
    assert said(understood(["x", asked], [["a", each] for each in values]))["comment"] == asked


@pytest.mark.parametrize(
    "label",
    [
        "Choose one word to describe our music",
        "Beschreiben Sie uns mit einem Wort, und warum?",
        "Un mot pour décrire notre service ?",
        "¿Por qué? Descríbalo en tres palabras",
    ],
)
def test_a_word_that_was_asked_for_is_no_comment(label: str) -> None:
    rows = [["a", text] for text in SENTENCES]
    assert said(understood(["x", label], rows))["comment"] == ""
    assert said(understood(["x", "Why do you like our music?"], rows))["comment"]


def test_of_several_dates_the_one_that_each_row_has() -> None:
    rows = [
        [f"2026-01-{n + 1:02d} 10:00", "2026-02-01 9:00" if n % 9 == 0 else ""] for n in range(20)
    ]
    assert said(understood(["at", "repliedAt"], rows))["date"] == "at"
    both = [[a, f"2026-03-{n + 1:02d} 10:00"] for n, (a, _) in enumerate(rows)]
    assert said(understood(["at", "repliedAt"], both))["date"] == ""


@pytest.mark.parametrize("label", ["nps_comment", "Review_Text", "CSAT Kommentar"])
def test_what_is_called_a_comment_may_come_again(label: str) -> None:
    rows = [[str(n % 11), ["Too dear", "Great", "Too slow for me"][n % 3]] for n in range(60)]
    assert said(understood(["nps", label], rows))["comment"] == label
    assert said(understood(["nps", "Reason"], rows))["comment"] == "Reason"
    assert said(understood(["nps", "Plan"], rows))["comment"] == ""


def test_of_several_called_nps_the_one_that_asks_to_recommend() -> None:
    rows = [[str(n % 11), str((n + 3) % 11), str((n + 5) % 11)] for n in range(30)]
    assert (
        said(understood(["nps_suporte", "nps_recomendacao", "nps_custo"], rows))["score"]
        == "nps_recomendacao"
    )
    assert said(understood(["NPS", "NPS support", "NPS price"], rows))["score"] == "NPS"


def test_a_reason_that_few_gave_is_no_comment_beside_a_far_score() -> None:
    rows = [
        [str(n % 11), "x", "y", f"For the {n}th reason of mine" if n % 20 == 0 else ""]
        for n in range(60)
    ]
    labels = ["NPS", "Town", "Plan", "Why do you see a danger there?"]
    assert said(understood(labels, rows))["comment"] == ""
    assert said(understood(["Town", "Plan", "NPS", "Why?"], [[*r[1:3], r[0], r[3]] for r in rows]))[
        "comment"
    ]
