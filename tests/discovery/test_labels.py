"""Labels of no ready-made scale: put in order by what they say, or not taken for a scale."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.discovery.column import Profile
from importer.discovery.scales import ordered, scale

WHOLE = (
    "Horrible / Bad / OK / Good / Excellent",
    "Not important at all / Somewhat important / Important / Very important / Extremely important",
    "Not at all clear / Not so clear / Somewhat clear / Very clear / Extremely clear",
    "Strongly in opposition / Somewhat in opposition / Neutral / Somewhat in favor / Strongly in favor",
    "Sehr unzufrieden / Eher unzufrieden / Teils, teils / Eher zufrieden / Sehr zufrieden",
    "Stimme gar nicht zu / Stimme eher nicht zu / Stimme eher zu / Stimme voll zu",
    "Trifft gar nicht zu / Trifft eher nicht zu / Trifft eher zu / Trifft voll und ganz zu",
    "Pas du tout satisfait / Plutôt pas satisfait / Plutôt satisfait / Tout à fait satisfait",
    "Nada satisfecho / Poco satisfecho / Neutral / Satisfecho / Muy satisfecho",
    "Velmi nespokojen / Spíše nespokojen / Spíše spokojen / Velmi spokojen",
    "rozhodně ne / spíše ne / spíše ano / rozhodně ano",
    "Per niente soddisfatto / Poco soddisfatto / Abbastanza soddisfatto / Molto soddisfatto",
    "Helemaal oneens / Oneens / Neutraal / Eens / Helemaal eens",
    "péssimo / ruim / aceitável / bom / excelente",
    "Wcale się nie zgadzam / Raczej się nie zgadzam / Raczej się zgadzam / Całkowicie się zgadzam",
    "😡 / 🙁 / 😐 / 🙂 / 😍",
    "★ / ★★ / ★★★ / ★★★★ / ★★★★★",
)


@pytest.mark.parametrize("line", WHOLE)
def test_a_whole_scale_is_counted_from_its_worst_label(line: str) -> None:
    labels = line.split(" / ")
    found = ordered(labels[::-1])
    assert found
    assert (dict(found.values), found.high, found.whole) == (
        {label: number for number, label in enumerate(labels, 1)},
        len(labels),
        True,
    )


@pytest.mark.parametrize(
    ("labels", "values"),
    [
        (("Bad", "OK", "Good", "Excellent"), (2, 3, 4, 5)),
        (("Very dissatisfied", "Neutral", "Very satisfied"), (1, 3, 5)),
        (("⭐⭐", "⭐⭐⭐⭐"), (2, 4)),
        (("★★★☆☆", "★★★★★"), (3, 5)),
        (("1 star", "5 stars"), (1, 5)),
        (("2 Sterne", "4 Sterne"), (2, 4)),
        (("3 / 5", "4/5"), (3, 4)),
        (("3 out of 5", "5 out of 5"), (3, 5)),
    ],
)
def test_labels_that_are_missing_leave_a_gap_and_are_told(
    labels: tuple[str, ...], values: tuple[int, ...]
) -> None:
    found = ordered(labels)
    assert found
    assert tuple(found.values[label] for label in labels) == values
    assert (found.high, found.whole) == (5, False)


@pytest.mark.parametrize(
    "line",
    [
        "Yes / No",
        "Ja / Nein / Weiß nicht",
        "Good / Bad",
        "Agree / Disagree",
        "Satisfied / Neutral / Dissatisfied",
        "Red / Green / Good",
        "Very / Somewhat / Not at all",
        "Important / Very important",
        "👍 / 👎",
        "sehr gut / gut / befriedigend",
        "3/5 / 7/10",
        "Beginner / Intermediate / Advanced",
        "Never / Sometimes / Often / Always",
    ],
)
def test_what_isnt_clear_is_no_scale(line: str) -> None:
    assert ordered(line.split(" / ")) is None
    assert scale(Profile.of(line.split(" / "))) is None


@pytest.mark.parametrize(
    "line",
    [
        *(
            "Satisfied / Dissatisfied",
            "Agree / Neutral / Disagree",
            "Zufrieden / Neutral / Unzufrieden",
        ),
        *("Bueno / Regular / Malo", "Satisfait / Neutre / Insatisfait", "Spokojen / Nespokojen"),
        *("Easy / Neutral / Difficult", "Likely / Unlikely", "Good / Fair / Poor"),
    ],
)
def test_the_middle_of_a_ready_made_scale_may_be_all_there_is(line: str) -> None:
    assert scale(Profile.of(line.split(" / "))) is None


def test_one_end_of_a_ready_made_scale_tells_which_it_is() -> None:
    found = scale(Profile.of(("Satisfied", "Very satisfied", "Neutral")))
    assert found
    assert (found.values["Neutral"], found.values["Very satisfied"]) == (3, 5)


def test_labels_that_are_no_answer_stand_outside_of_the_scale() -> None:
    labels = (
        "Very easy",
        "Easy",
        "Difficult",
        "Very difficult",
        "I don't know",
        "Not applicable to me",
    )
    found = scale(Profile.of(labels))
    assert found is not None
    assert set(found.na) == {"I don't know", "Not applicable to me"}
    assert found.values["Very easy"] == max(found.values.values())


@given(st.lists(st.text(max_size=30), max_size=12))
def test_whatever_the_labels_are_their_numbers_lie_on_the_scale(labels: list[str]) -> None:
    found = ordered(labels)
    assert found is None or all(1 <= number <= found.high for number in found.values.values())
