"""Ratings: whole numbers, numbers with words, words alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from importer.discovery.column import Profile
from importer.discovery.scales import Scale, scale
from tests.discovery.drafts import drafted_rows, filled_in
from tests.mapping_out import mapping_out


def of(*texts: str, question: str = "", sure: bool = False) -> Scale | None:
    return scale(Profile.of(texts), question, sure=sure)


def test_whole_numbers_also_as_spreadsheets_write_them() -> None:
    found = of("9", "10.0", "3", "N/A")
    assert found is not None
    assert (found.low, found.high, found.na) == (3, 10, ("N/A",))


def test_numbers_above_ten_and_fractions_are_no_rating() -> None:
    assert of("12", "40", "9") is None
    assert of("4.5", "3.2") is None
    assert of("-3", "4") is None


def test_where_the_name_says_rating_some_strays_are_told() -> None:
    found = of("9", "8", "7", "11", sure=True)
    assert found is not None
    assert dict(found.stray) == {"11": 1}


def test_ends_that_are_words() -> None:
    found = of("Strongly agree", "9", "8", "2", "Strongly disagree", question="10 to 1")
    assert found is not None
    assert dict(found.values) == {"Strongly agree": 10, "Strongly disagree": 1}


def test_numbers_with_words_beside_them() -> None:
    found = of("10 - Extremely likely", "9", "0 - Not at all likely")
    assert found is not None
    assert (found.parse, found.low, found.high) == ("leading_int", 0, 10)
    found = of("Extremely likely - 10", "Not at all likely - 0")
    assert found is not None
    assert found.parse == "only_int"


def test_labels_in_several_languages() -> None:
    for texts in (
        ("Agree", "Strongly agree", "Disagree"),
        ("sehr zufrieden", "zufrieden", "unzufrieden"),
        ("Très satisfait", "Satisfait"),
        ("velmi spokojen", "nespokojen"),
        ("Muy satisfecho", "Insatisfecho"),
    ):
        found = of(*texts)
        assert found is not None
        assert (found.low, found.high) == (1, 5)
        assert all(found.values[text] for text in texts)


def test_one_label_is_no_scale() -> None:
    assert of("Good", "Good") is None


def test_the_question_names_the_ends() -> None:
    found = of("7", "8", question="10 - strongly agree, 1 - strongly disagree")
    assert found is not None
    assert found.ends == (1, 10)
    found = of("3", "4", question="In 2019, how many of 3?")
    assert found is not None
    assert found.ends is None


def test_sharp_s_is_understood_however_it_is_written() -> None:
    """Case folding makes ss of ß, in the file's texts and in the lexicon's."""
    for text in ("weiß nicht", "Weiss nicht", "WEISS NICHT"):
        found = scale(Profile.of([text, "9", "8", "7"]))
        assert found
        assert (found.na, found.values) == ((text,), {})
    found = scale(Profile.of(["Äußerst wahrscheinlich", "9", "8"]))
    assert found
    assert found.values == {"Äußerst wahrscheinlich": 10}
    found = scale(Profile.of(["Schlecht", "Sehr gut", "Mittelmäßig"]))
    assert found
    assert found.words == "quality"
    found = scale(Profile.of(["Schlecht", "Sehr gut"]))
    assert found
    assert "Mittelmäßig" in found.values


ELEVEN = ["10", "11", "9", "1", "11", "8", "2", "11", "7", "10", "11", "6"]


@pytest.mark.parametrize(
    "question",
    [
        "How likely are you to recommend us to a friend?",
        "Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?",
        "NPS",
    ],
)
def test_eleven_points_that_are_counted_from_1_are_0_to_10(tmp_path: Path, question: str) -> None:
    sheet = [["Email", question], *([f"p{n}@x.org", each] for n, each in enumerate(ELEVEN))]
    found = drafted_rows(tmp_path, sheet)
    assert "rescale: {from: [1, 11], to: [0, 10]}" in found.text
    assert "guessed: 0 to 10 are coded 1 to 11" in found.text
    assert found.meaning.score
    assert found.meaning.score.sure == "guessed"
    mapping = tmp_path / "m.yaml"
    mapping.write_text(filled_in(found.text), encoding="utf-8")
    bodies = [
        json.loads(each.body) for each in mapping_out(tmp_path / "answers.csv", mapping).responses
    ]
    assert [each["answers"][0]["value"] for each in bodies] == [int(each) - 1 for each in ELEVEN]


@pytest.mark.parametrize(
    "numbers",
    [
        [*ELEVEN, "0"],  # the 0 is there, so 11 is no point
        ["10", "11", "9", "1", *["8"] * 30],  # one slip
        ["10", "9", "1", "8"] * 3,
        [*ELEVEN, "12"],  # typed in
    ],
)
def test_a_number_above_the_scale_is_else_a_slip(tmp_path: Path, numbers: list[str]) -> None:
    sheet = [["Email", "NPS"], *([f"p{n}@x.org", each] for n, each in enumerate(numbers))]
    assert "rescale" not in drafted_rows(tmp_path, sheet).text


def test_how_many_were_told_is_no_scale_from_1(tmp_path: Path) -> None:
    asked = "How many friends did you recommend us to?"
    sheet = [["Email", asked], *([f"p{n}@x.org", each] for n, each in enumerate(ELEVEN))]
    assert "from: [1, 11]" not in drafted_rows(tmp_path, sheet).text


@pytest.mark.parametrize(
    ("name", "numbers", "kind"),
    [
        ("Star rating", "015432", "scale"),
        ("Satisfaction score", ["0", "10", "7", "8", "9"], "scale"),
        ("Score", "015432", "scale"),
        ("Score", ["0", "10", "7", "8", "9"], "nps"),
        ("NPS", "015432", "nps"),
    ],
)
def test_stars_from_0_are_no_recommendation(
    tmp_path: Path, name: str, numbers: list[str], kind: str
) -> None:
    sheet = [["Email", name], *([f"p{n}@x.org", each] for n, each in enumerate([*numbers] * 2))]
    found = drafted_rows(tmp_path, sheet).meaning.score
    assert found
    assert found.kind == kind
