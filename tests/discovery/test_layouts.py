"""Made-up exports in layouts that were met in the wild: what is found in them, and in what is only like them.

Each stands for a rule; none holds a line of anybody's file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from importer.discovery import Wishes
from importer.errors import SourceError
from tests.discovery import table
from tests.discovery.drafts import NONE, drafted_rows, filled_in
from tests.mapping_out import Out, mapping_out

Rows = Sequence[Sequence[str]]
MANY = 12
SCORES = [str(n % 11) for n in (9, 10, 3, 7, 0, 8, 10, 6, 5, 9, 1, 10)]
FIVES = ["5", "4", "3", "1", "2", "5", "4", "4", "3", "5", "2", "1"]
REASONS = [f"It is quick, and the {what} is good" for what in "abcdefghijkl"]


def rows(header: Sequence[str], *cells: Sequence[str]) -> list[Sequence[str]]:
    """A table of columns."""
    return [header, *zip(*cells, strict=True)]


def numbered(text: str) -> list[str]:
    """A text for each row, with the row's number in it."""
    return [text.format(n) for n in range(1, MANY + 1)]


def found(folder: Path, sheet: Rows, *facts: str, wishes: Wishes = NONE) -> tuple[object, ...]:
    """Some of the facts that a draft of the table says."""
    said = table.found(drafted_rows(folder, sheet, wishes))
    return tuple(said[fact] for fact in facts)


def planned(folder: Path, sheet: Rows, wishes: Wishes = NONE) -> Out:
    """What the drafted mapping makes of the table, once it is filled in."""
    text = filled_in(drafted_rows(folder, sheet, wishes).text)
    mapping = folder / "mapping.yaml"
    mapping.write_text(text, encoding="utf-8")
    out = mapping_out(folder / "answers.csv", mapping)
    skipped = sum(out.skipped.values())
    assert len(out.mapped) == len(out.responses) + len(out.invalid) + skipped
    return out


CSV_STAMPS = numbered("2025/03/{:02} 8:16:53 PM GMT+5:30")
SHEET_STAMPS = numbered("{:02}.03.2025 12:28:23")
QUESTION = "Jak spokojni jste s naší podporou?"


def test_google_forms_by_its_time_stamps_in_any_language(tmp_path: Path) -> None:
    sheet = rows(["Отметка времени", QUESTION], CSV_STAMPS, FIVES)
    facts = found(tmp_path, sheet, "tool", "date", "format", "score", "hashed")
    assert facts == ("google_forms", "A", "%Y/%m/%d %I:%M:%S %p %z", "B", True)
    assert "timezone" not in drafted_rows(tmp_path, sheet).text
    assert len(planned(tmp_path, sheet).responses) == MANY


@pytest.mark.parametrize(
    ("label", "stamp", "format_"),
    [
        ("타임스탬프", "2025. 3. {} 오후 8:16:53", "%Y. %m. %d %p %I:%M:%S"),
        ("時間戳記", "2025/3/{} 下午 8:16:53", "%Y/%m/%d %p %I:%M:%S"),
        ("Marca temporal", "2025/03/{:02} 8:16:53 p. m.", "%Y/%m/%d %I:%M:%S %p"),
        ("Χρονική σήμανση", "2025/03/{:02} 8:16:53 μ.μ.", "%Y/%m/%d %I:%M:%S %p"),
        ("Időbélyeg", "2025. 03. {:02}. du. 8:16:53", "%Y. %m. %d. %p %I:%M:%S"),
    ],
)
def test_google_forms_whose_sheet_has_a_clock_of_twelve_hours(
    tmp_path: Path, label: str, stamp: str, format_: str
) -> None:
    sheet = rows([label, QUESTION], numbered(stamp), FIVES)
    facts = found(tmp_path, sheet, "tool", "date", "format", "score", "hashed")
    assert facts == ("google_forms", "A", format_, "B", True)
    sent = [each.order for each in planned(tmp_path, sheet).responses]
    assert {date[10:] for date in sent} == {"T20:16:53.000Z"}


@pytest.mark.parametrize(
    ("header", "stamps", "tool"),
    [
        (["Zeitstempel", "Wie zufrieden sind Sie?"], SHEET_STAMPS, "google_forms"),
        (["Timestamp", "How satisfied are you?"], numbered("2025-03-{:02}T08:16:53Z"), ""),
        (["Timestamp", "How satisfied are you?"], numbered("2025-03-{:02}"), ""),
        (["Timestamp", "How satisfied are you?"], numbered("17412345{:02}"), ""),
        (["Timestamp", "nps_score"], numbered("3/{}/2025 8:16:53"), ""),
    ],
)
def test_a_table_that_starts_with_a_time_stamp_isnt_google_forms_for_that(
    header: list[str], stamps: list[str], tool: str, tmp_path: Path
) -> None:
    assert found(tmp_path, rows(header, stamps, FIVES), "tool", "score") == (tool, "B")


def test_an_index_without_a_name_makes_no_second_header_row(tmp_path: Path) -> None:
    countries = ["France", "Spain"] * (MANY // 2)
    index = [str(n) for n in range(MANY)]
    sheet = rows(
        ["", "Country", "How satisfied are you?", "Why?"], index, countries, FIVES, [""] * MANY
    )
    assert found(tmp_path, sheet, "header", "score") == ((1,), "C")


def test_years_ages_and_counts_are_no_score(tmp_path: Path) -> None:
    header = [
        "Na którym roku studiów jesteś?",
        "Fachsemester:",
        "How many of them?",
        "What is the size of your team?",
        "Please rank the colours: red",
        "Would you do it again?",
        "How was the course for you?",
    ]
    more = [*FIVES[:-1], "5 or more"]
    again = ["0", "1"] * (MANY // 2)
    sheet = rows(header, FIVES, FIVES, FIVES, more, FIVES, again, FIVES)
    assert found(tmp_path, sheet, "score", "kind") == ("G", "csat")


def test_the_question_about_the_whole_is_the_score(tmp_path: Path) -> None:
    header = [
        "How satisfied are you with the food?",
        "How satisfied are you with the room?",
        "Overall, how satisfied are you with your stay?",
    ]
    assert found(tmp_path, rows(header, FIVES, FIVES[::-1], FIVES), "score") == ("C",)


def test_codes_of_a_question_are_no_ends_of_its_scale(tmp_path: Path) -> None:
    header = ["id", "likert1[satis5]. How satisfied are you with your work?"]
    sheet = rows(header, numbered("K{}"), ["9", "8", "7", "10", *SCORES[4:]])
    assert found(tmp_path, sheet, "kind") == ("scale",)
    assert not planned(tmp_path, sheet).invalid


def test_a_scale_without_a_name_reaches_as_far_as_was_seen(tmp_path: Path) -> None:
    header = ["id", "How tired are you in the evening?"]
    sheet = rows(header, numbered("K{}"), ["0", *FIVES[1:]])
    text = drafted_rows(tmp_path, sheet).text
    assert "    min: 0\n    max: 5\n" in text


def test_names_under_a_bare_name_are_no_comment(tmp_path: Path) -> None:
    towns = numbered("Town number {}")
    header = ["id", "NPS", "Programme", "What could be better?"]
    sheet = rows(header, numbered("K{}"), SCORES, towns, REASONS)
    assert found(tmp_path, sheet, "comment") == ("D",)
    bare = rows(["Timestamp", "Programme", "Any plans?"], CSV_STAMPS, towns, FIVES)
    assert found(tmp_path, bare, "tool", "comment") == ("google_forms", "")


def test_the_moment_of_the_survey_comes_before_that_of_signing_up(tmp_path: Path) -> None:
    header = ["id", "score", "created_at", "surveyed_at"]
    stamps = numbered("2024-01-{:02}T08:00:00Z"), numbered("2025-01-{:02}T08:00:00Z")
    assert found(tmp_path, rows(header, numbered("K{}"), SCORES, *stamps), "date") == ("D",)


def test_whose_id_it_is(tmp_path: Path) -> None:
    header = ["answer_id", "student_id", "score"]
    sheet = rows(header, numbered("77{:02}"), numbered("12{:02}"), SCORES)
    assert found(tmp_path, sheet, "person") == (("B",),)


def test_an_address_that_is_anonymous_in_every_row_names_nobody(tmp_path: Path) -> None:
    header = ["ID", "Start time", "Completion time", "Email", "Name", "How satisfied are you?"]
    days = numbered("2025-03-{:02} 08:00:00")
    blank = [""] * MANY
    sheet = rows(header, numbered("{}"), days, days, ["anonymous"] * MANY, blank, FIVES)
    assert found(tmp_path, sheet, "tool") == ("microsoft_forms",)
    assert len(planned(tmp_path, sheet).responses) == MANY


def test_numbers_with_words_before_and_behind(tmp_path: Path) -> None:
    cells = ["5 fully agree", "(3): so so", "4", "(1): no", "2 hardly", *FIVES[5:]]
    sheet = rows(["id", "The course was well prepared for us."], numbered("K{}"), cells)
    assert found(tmp_path, sheet, "score", "kind") == ("B", "csat")
    assert not planned(tmp_path, sheet).invalid


def test_labels_become_numbers_with_the_guess_marked(tmp_path: Path) -> None:
    labels = ["Trifft gar nicht zu", "Trifft eher nicht zu", "Trifft eher zu", "Trifft voll zu"]
    sheet = rows(["id", "Ich bin damit zufrieden."], numbered("K{}"), labels * (MANY // 4))
    text = drafted_rows(tmp_path, sheet).text
    assert (
        "    type: scale\n    min: 1\n    max: 4\n    values:   # guessed: labels of words" in text
    )
    bodies = planned(tmp_path, sheet).bodies
    assert bodies.count(b'"value":4') == bodies.count(b'"value":1') == MANY // 4


def test_labels_of_codes_are_no_score(tmp_path: Path) -> None:
    labels = ["Very important", "Somewhat important", "Not too important", "Not at all important"]
    sheet = rows(["id", "q0002"], numbered("K{}"), labels * (MANY // 4))
    assert found(tmp_path, sheet, "score") == ("",)


@pytest.mark.parametrize(
    ("cells", "written"),
    [
        (["1.234,50", "980,00", "12.000,10"], 'type: number, decimal: ",", thousands: "."'),
        (["1,234.50", "980", "12,000"], 'type: number, thousands: ","'),
        (["1 234,50", "980,00", "12 000,10"], 'type: number, decimal: ",", thousands: " "'),
        (["1'234.50", "980", "12'000"], 'type: number, thousands: "\'"'),
    ],
)
def test_numbers_with_marks_for_thousands(cells: list[str], written: str, tmp_path: Path) -> None:
    sheet = rows(["id", "NPS", "Revenue"], numbered("K{}"), SCORES, cells * (MANY // 3))
    assert written in drafted_rows(tmp_path, sheet).text
    out = planned(tmp_path, sheet)
    assert not out.invalid
    assert b'"revenue":12000' in out.bodies


def test_a_mark_that_may_be_either_makes_no_number(tmp_path: Path) -> None:
    sheet = rows(
        ["id", "NPS", "Revenue"], numbered("K{}"), SCORES, ["1,234", "5,678", "12,345"] * 4
    )
    assert b'"revenue":"1,234"' in planned(tmp_path, sheet).bodies


def test_days_alone_tell_nobody_apart(tmp_path: Path) -> None:
    days = ["05/01/2025", "06/01/2025", "27/01/2025"] * (MANY // 3)
    sheet = rows(["Date", "NPS"], days, SCORES)
    assert found(tmp_path, sheet, "hashed", "date") == (False, "A")
    assert 'userId: "?"' in drafted_rows(tmp_path, sheet).text


def test_ids_of_answers_by_other_names(tmp_path: Path) -> None:
    sheet = rows(["feedback_id", "NPS"], numbered("{}"), SCORES)
    assert found(tmp_path, sheet, "person") == (("A",),)


def test_versions_with_a_month_beside_them_are_no_dates(tmp_path: Path) -> None:
    versions = ["2.4 (released Aug. 2018)", "2.3 (released Jan. 2017)"] * (MANY // 2)
    sheet = rows(["Which version?", "How satisfied are you?"], versions, FIVES)
    assert found(tmp_path, sheet, "date") == ("",)


def test_a_second_row_that_names_every_choice_is_a_header(tmp_path: Path) -> None:
    names = ["Red", "Green", "Blue", "Black", "White", "Grey"]
    upper = ["", "Which colours?", "", "", "", "", "", "How satisfied are you?"]
    lower = ["#", *names, "Response"]
    body = [
        [f"r{n}", *(name if (n + i) % 3 else "" for i, name in enumerate(names)), score]
        for n, score in enumerate(FIVES)
    ]
    assert found(tmp_path, [upper, [*lower[:-1], "All in all"], *body], "header") == ((1, 2),)
    assert found(tmp_path, [upper, *body], "header") != ((1, 2),)


def test_shares_are_no_score_and_a_scale_holds_what_was_seen(tmp_path: Path) -> None:
    header = [
        "id",
        "What percentage of it? (1 is 10%, 10 is all)",
        "How did you like it? (1 to 10)",
    ]
    sheet = rows(header, numbered("K{}"), SCORES, SCORES)
    assert found(tmp_path, sheet, "score", "kind") == ("C", "scale")
    assert not planned(tmp_path, sheet).invalid


def test_few_numbers_with_words_are_a_scale(tmp_path: Path) -> None:
    cells = ["4 - Abbastanza", "5 - Molto", "3 - Neutro"] * (MANY // 3)
    assert found(tmp_path, rows(["idUtente", "domanda6"], numbered("K{}"), cells), "score") == (
        "B",
    )


def test_what_stands_beside_a_choice_is_no_comment_nor_are_times(tmp_path: Path) -> None:
    header = ["Timestamp", "Which site do you use? - Other (please specify)", "When did it come?"]
    hours = numbered("{:02}:30:00.000+02:00")
    sheet = rows(header, CSV_STAMPS, REASONS, hours)
    assert found(tmp_path, sheet, "tool", "comment") == ("google_forms", "")


def test_comment_asks_how_in_french(tmp_path: Path) -> None:
    header = ["Horodateur", "Comment avez-vous appris cela ?", "Pourquoi cette note ?"]
    sheet = rows(header, CSV_STAMPS, REASONS, REASONS[::-1])
    assert found(tmp_path, sheet, "comment") == ("C",)


def test_weiterempfiehlst_asks_for_a_recommendation(tmp_path: Path) -> None:
    header = [
        "id",
        "Wie zufrieden bist Du?",
        "Wie wahrscheinlich ist es, dass Du uns weiterempfiehlst?",
    ]
    assert found(tmp_path, rows(header, numbered("K{}"), FIVES, FIVES), "score") == ("C",)


def test_cells_beyond_the_header_are_no_columns(tmp_path: Path) -> None:
    whole = rows(["id", "NPS", "Why?"], numbered("K{}"), SCORES, REASONS)
    sheet = [row if n % 3 else [*row, "slipped"] for n, row in enumerate(whole, 1)]
    assert "letter" not in drafted_rows(tmp_path, sheet).text
    assert set(planned(tmp_path, sheet).causes) == {"ragged_row"}


WAVES = rows(
    [
        "Customer ID",
        "NPS 2024",
        "Why 2024",
        "Answered 2024",
        "NPS 2025",
        "Why 2025",
        "Answered 2025",
    ],
    *(numbered("K{}"), SCORES, REASONS, numbered("{:02}.03.2024")),
    *(["", *SCORES[1:]], REASONS, numbered("{:02}.03.2025")),
)


def test_waves_of_years_make_several_responses_of_a_row(tmp_path: Path) -> None:
    text = drafted_rows(tmp_path, WAVES).text
    assert 'waves: ["2024", "2025"]\n' in text
    assert 'respondedAt: {column: "Answered {wave}", type: date, format: "?"' in text
    late = [[cell.replace(".03.2025", ".13.2025") for cell in row] for row in WAVES]
    assert 'format: "%m.%d.%Y"' in drafted_rows(tmp_path, late).text
    with_time = [[cell.replace(".2025", ".2025 08:00") for cell in row] for row in late]
    assert planned(tmp_path, with_time).responses[0].wave == "2024"


def test_waves_that_arent_sure_are_asked_for(tmp_path: Path) -> None:
    cells = (numbered("K{}"), SCORES, REASONS, FIVES, REASONS)
    sheet = rows(["Customer ID", "NPS", "Why?", "NPS (2)", "Why? (2)"], *cells)
    assert "with --waves" in " ".join(drafted_rows(tmp_path, sheet).text.split("\n# "))
    assert len(planned(tmp_path, sheet).responses) == MANY
    out = planned(tmp_path, sheet, Wishes(waves=True))
    assert len(out.responses) == 2 * MANY


def test_a_table_of_totals_is_refused(tmp_path: Path) -> None:
    shares = numbered("{}%")
    sheet = rows(["Answer", "All", "Men", "Women"], numbered("Answer {}"), shares, shares, shares)
    with pytest.raises(SourceError, match=r"answers\.csv: this is a table of totals"):
        drafted_rows(tmp_path, sheet)


def test_headings_of_groups_above_the_header_are_no_header(tmp_path: Path) -> None:
    """`Kunde` over number, name and address: the row below names each column, and names stay out."""
    names = numbered("Jürgen Öhl-{}")
    cells = [
        numbered("K-{}"),
        names,
        numbered("k{}@example.org"),
        SCORES,
        REASONS,
        numbered("2025-03-{:02}"),
    ]
    header = ["Kundennummer", "Name", "E-Mail", "Weiterempfehlung (0-10)", "Kommentar", "Datum"]
    heading = ["Kunde", "", "", "Bewertung", "", "Wann"]
    sheet = [["Umfrage 2025"] + [""] * 5, heading, *rows(header, *cells)]
    said = found(tmp_path, sheet, "header", "person", "score", "comment", "date")
    assert said == ((3,), ("A", "C"), "D", "E", "F")
    sent = planned(tmp_path, sheet).responses
    assert len(sent) == MANY
    assert not any(name in str(each) for name in names for each in sent)


def test_headings_of_groups_stay_where_the_names_below_come_again(tmp_path: Path) -> None:
    header = ["E-Mail", "Score", "Comment", "Score", "Comment"]
    heading = ["Kunde", "Support", "", "Shop", ""]
    cells = [numbered("k{}@example.org"), SCORES, REASONS, SCORES, REASONS]
    assert found(tmp_path, [heading, *rows(header, *cells)], "header") != ((2,),)


def test_a_first_response_in_words_is_no_header_below_headings(tmp_path: Path) -> None:
    first = ["anna", "a@example.org", "10", "fine", "2025-01-01"]
    more = [[f"u{n}", f"u{n}@example.org", SCORES[n], REASONS[n], "2025-01-02"] for n in range(9)]
    sheet = [["Customer", "", "Score", "", "Date"], first, *more]
    assert found(tmp_path, sheet, "header", "score") == ((1,), "C")


def test_scores_with_a_decimal_comma_are_read(tmp_path: Path) -> None:
    sheet = rows(["Kundennr", "NPS"], numbered("K{}"), [f"{score},0" for score in SCORES])
    assert 'decimal: ","' in drafted_rows(tmp_path, sheet).text
    sent = [
        json.loads(each.body)["answers"][0]["value"] for each in planned(tmp_path, sheet).responses
    ]
    assert sent == list(map(int, SCORES))


@pytest.mark.parametrize("written", ["{}/10", "{} / 10", "{} out of 10", "{} von 10"])
def test_scores_out_of_ten(tmp_path: Path, written: str) -> None:
    scores = [str(n) for n in (*range(11), 10)]
    sheet = rows(["User ID", "Rating"], numbered("u{}"), [written.format(n) for n in scores])
    assert found(tmp_path, sheet, "score", "kind") == ("B", "nps")
    assert "0 to 10" in drafted_rows(tmp_path, sheet).text
    sent = [
        json.loads(each.body)["answers"][0]["value"] for each in planned(tmp_path, sheet).responses
    ]
    assert sent == list(map(int, scores))


def test_of_two_comments_the_scores_own_is_taken(tmp_path: Path) -> None:
    cells = [numbered("x{}"), FIVES, SCORES, numbered("shop {} is fine"), REASONS]
    header = ["Customer ID", "CSAT", "NPS score", "CSAT comment", "NPS comment"]
    said = drafted_rows(tmp_path, rows(header, *cells))
    assert table.found(said)["comment"] == "E"
    assert "csatComment" not in said.text


@pytest.mark.parametrize("name", ["Tell us why", "Reason for score", "Kommentar zur Bewertung"])
def test_a_comment_is_no_trait_of_the_person(tmp_path: Path, name: str) -> None:
    short = numbered("Slow {}")
    sheet = rows(["Customer ID", "NPS", name], numbered("x{}"), SCORES, short)
    assert "traits" not in drafted_rows(tmp_path, sheet).text


@pytest.mark.parametrize("name", ["Cancel reason", "Reason code", "Improvement area"])
def test_a_word_of_few_that_recurs_stays_a_trait(tmp_path: Path, name: str) -> None:
    codes = ["A12", "B7", "C9"] * 4
    sheet = rows(["Customer ID", "NPS", name], numbered("x{}"), SCORES, codes)
    assert "traits" in drafted_rows(tmp_path, sheet).text


@pytest.mark.parametrize(
    "header",
    [
        (
            "回答日時",
            "お客様番号",
            "メールアドレス",
            "友人に薦める可能性は？",
            "その理由をお聞かせください",
        ),
        ("日期", "客户编号", "电子邮件", "您会推荐我们吗？", "评论"),
        ("날짜", "고객번호", "이메일", "추천하시겠습니까?", "의견"),
        ("Дата", "Номер клиента", "Почта", "Вы порекомендуете нас?", "Комментарий"),
    ],
)
def test_languages_of_other_scripts(tmp_path: Path, header: Sequence[str]) -> None:
    said = numbered("とても良いです{}")
    cells = [
        numbered("2025/03/{:02} 09:00"),
        numbered("A{:04}"),
        numbered("jp{}@example.jp"),
        SCORES,
        said,
    ]
    facts = found(tmp_path, rows(header, *cells), "date", "person", "score", "comment")
    assert facts == ("A", ("B", "C"), "D", "E")


def test_the_name_of_a_trait_keeps_its_letters(tmp_path: Path) -> None:
    """Voiced kana, and vowels that are marks, are letters; `か` is no `が`."""
    cells = [numbered("u{}"), SCORES, ["A", "B", "C"] * 4, ["A", "B"] * 6]
    text = drafted_rows(tmp_path, rows(["user id", "NPS", "ご利用プラン", "योजना"], *cells)).text
    assert '"ご利用プラン": ' in text
    assert '"योजना": ' in text
