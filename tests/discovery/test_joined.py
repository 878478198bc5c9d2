"""What is asked in several columns, of which a row has one, is one answer: by the score, or the language."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.discovery.drafts import drafted_rows
from tests.discovery.test_layouts import planned, rows

TEN = ["9", "2", "5", "10", "1", "3", "8", "7", "0", "10"]
"""Scores of promoters, passives and detractors, as they came."""
ASKS = "How likely are you to recommend us?"


def said(scores: set[str], what: str) -> list[str]:
    """What those with these scores wrote."""
    return [
        f"It is {what}, and so is the {'a' * (n + 1)} thing" if s in scores else ""
        for n, s in enumerate(TEN)
    ]


@pytest.mark.parametrize(
    "names",
    [
        ["What do you love?", "What could we improve?", "What went wrong?"],
        ["Comment (promoters)", "Comment (passives)", "Comment (detractors)"],
        ["Reason", "Improvement?", "Sorry to hear that. What happened?"],
    ],
)
def test_what_the_score_decides_to_ask_is_one_comment(tmp_path: Path, names: list[str]) -> None:
    groups = {"9", "10"}, {"7", "8"}, {"0", "1", "2", "3", "5"}
    texts = [said(group, what) for group, what in zip(groups, ("good", "fair", "bad"), strict=True)]
    mails = [f"p{n}@example.com" for n in range(10)]
    sheet = rows(["Email", ASKS, *names], mails, TEN, *texts)
    bodies = [json.loads(each.body)["answers"] for each in planned(tmp_path, sheet).responses]
    assert [each[1]["value"] for each in bodies] == [
        "".join(each) for each in zip(*texts, strict=True)
    ]
    assert "of which a row has one" in " ".join(
        drafted_rows(tmp_path, sheet).text.replace("#", "").split()
    )


def test_texts_that_the_score_does_not_decide_stay_apart(tmp_path: Path) -> None:
    texts = said({"9", "2", "8", "0"}, "one"), said({"10", "5", "7", "1"}, "another")
    mails = [f"p{n}@example.com" for n in range(10)]
    sheet = rows(["Email", ASKS, "Why?", "What else?"], mails, TEN, *texts)
    found = drafted_rows(tmp_path, sheet).meaning.comment
    assert found
    assert [each.label for each in found.columns] == ["Why?"]


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("Your phone number?", [f"+420 777 000 00{n}" for n in range(10)]),
        ("Who may we ask as well?", [f"Ann B{'abcdefghij'[n]}" for n in range(10)]),
        ("Our reply", said(set(TEN), "sorry, we are")),
        ("Agent comment", said(set(TEN), "sorry, we are")),
    ],
)
def test_what_is_no_answer_to_the_score_is_no_comment(
    tmp_path: Path, name: str, answers: list[str]
) -> None:
    low = {"0", "1", "2", "3", "5"}
    theirs = [text if score in low else "" for score, text in zip(TEN, answers, strict=True)]
    mails = [f"p{n}@example.com" for n in range(10)]
    texts = said({"9", "10", "8"}, "good")
    found = drafted_rows(tmp_path, rows(["Email", ASKS, "Why?", name], mails, TEN, texts, theirs))
    assert found.meaning.comment
    assert [each.label for each in found.meaning.comment.columns] == ["Why?"]


def in_turns(texts: list[str], *, odd: bool) -> list[str]:
    return [text if n % 2 == odd else "" for n, text in enumerate(texts)]


def test_a_question_in_two_languages_is_one(tmp_path: Path) -> None:
    asked = [ASKS, "Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?", "Why?", "Warum?"]
    texts = said(set(TEN), "good")
    halves = [in_turns(each, odd=odd) for each in (TEN, texts) for odd in (False, True)]
    sheet = rows(["Email", *asked], [f"p{n}@example.com" for n in range(10)], *halves)
    bodies = [json.loads(each.body)["answers"] for each in planned(tmp_path, sheet).responses]
    assert [[one["value"] for one in each] for each in bodies] == [
        [int(score), text] for score, text in zip(TEN, texts, strict=True)
    ]


def test_a_question_in_two_languages_on_two_scales_is_not_one(tmp_path: Path) -> None:
    fives = in_turns(["5", "1", "4", "2", "3"] * 2, odd=True)
    asked = [ASKS, "Würden Sie uns weiterempfehlen?"]
    mails = [f"p{n}@x.org" for n in range(10)]
    sheet = rows(["Email", *asked], mails, in_turns(TEN, odd=False), fives)
    assert len(planned(tmp_path, sheet).responses) == 5


def test_scores_of_two_products_are_not_one(tmp_path: Path) -> None:
    halves = [in_turns(TEN, odd=odd) for odd in (False, True)]
    sheet = rows(["Email", "NPS (Web)", "NPS (App)"], [f"p{n}@x.org" for n in range(10)], *halves)
    assert len(planned(tmp_path, sheet).responses) == 5
    assert "No row has two" in drafted_rows(tmp_path, sheet).text
