"""Mistakes in a mapping: all at once, each at its line, in plain words."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer import mapping
from importer.errors import MappingError
from importer.mapping import load
from tests.mapping.making import BASE, CAMPAIGN, SCORE, SECRET, refused, with_answer, with_traits

FOLDER = Path(__file__).parent / "mistakes"
HEADER = ["Customer ID", "E-mail", "Score", "score ", "Comment", "Plan", "Comment", "Created"]


def told(path: Path) -> str:
    """What is said of a mapping, and of how it fits `HEADER`."""
    try:
        document = load(str(path))
        mapping.compile(document, HEADER, secret=SECRET, file="answers.csv")
    except MappingError as error:
        return error.message + "\n"
    return "sound\n"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_what_is_said_is_what_was_accepted(path: Path) -> None:
    """`python -m tests.mapping.accept` writes the files anew."""
    assert told(path) == path.with_suffix(".txt").read_text(encoding="utf-8")


ONE_EACH = [
    ("version: 2\n" + BASE, "expected 1"),
    (BASE + "forceSurvey: yes\n", "expected true or false, found text"),
    (BASE + "method: Phone\n", "the method is In-App, Mobile or Email"),
    (BASE + "method: {column: M, values: {a: email}}\n", 'Did you mean "Email"?'),
    (BASE + "traits:\n", "expected a map, found nothing"),
    (BASE + "traits: {a: }\n", "expected text or a map, found nothing"),
    (BASE + "traits: {a: [b]}\n", "expected text or a map, found a list"),
    (BASE + "name: {a: b}\n", "expected text, found a map"),
    (BASE + "name: null\n", "expected text, found nothing"),
    (BASE + 'name: " "\n', "The text is blank"),
    (BASE + "key: []\n", "expected at least one"),
    (BASE + "sending: {rate: fast}\n", "expected a rate like 10/s, 600/min, or max"),
    (BASE + "sending: {concurrency: 0}\n", "expected 1 or more"),
    (BASE + "sending: {concurrency: 5000}\n", "expected 1000 or less"),
    (BASE + "source: {sheet: 0}\n", "sheets count from 1"),
    (BASE + "source: {header_row: 1, header_rows: [1]}\n", "exclude each other"),
    (BASE + "source: {header_row: 1.5}\n", "expected a whole number, found a number"),
    (BASE + "source: {skip_if: [{column: a}]}\n", "the rule has no condition"),
    (BASE + "source: {skip_if: [{column: a, in: [b], blank: true}]}\n", "one condition"),
    (BASE + "source: {skip_if: [{column: a, matches: '('}]}\n", "this isn't a regular expression"),
    (BASE + f"source: {{skip_if: [{{column: a, matches: {'x' * 501}}}]}}\n", "over 500 characters"),
    (BASE + "source: {skip_if: [{column: a, matches: '((a{99}){99}){99}'}]}\n", "multiply to over"),
    (BASE + "questions: {score: true}\n", "expected a question's ID"),
    (BASE + "extends: delighted\n", "can't extend another"),
    (BASE + "repeats: {send: last}\n", "expected all, latest or first\n"),
    (BASE + "repeats: {order_by: [a]}\n", "expected text or a map, found a list"),
    (BASE + "rating: {column: Score, type: text}\n", "`rating` is a number"),
    (BASE + "anonymousId: {hash: []}\n", "expected at least one"),
    (BASE + "anonymousId: {hash: a, lower: true}\n", 'unknown key "lower"'),
    (with_answer("type: nps"), "it doesn't say where the value comes from"),
    (with_answer("type: nps, column: a, value: 3"), "`column` and `value` exclude each other"),
    (with_answer("type: nps, letter: E, nth: 2"), "`nth` goes with `column`"),
    (with_answer("type: nps, column: a, nth: 0"), "expected 1 or more"),
    (with_answer("type: nps, letter: E5"), "a column's letter is A to XFD"),
    (with_answer("type: nps, any: [a]"), "expected at least 2, found 1"),
    (with_answer("type: nps, columns: '['"), "this isn't a regular expression"),
    (with_answer("type: text, column: a, join: x"), "`join` goes with `columns`"),
    (with_answer("type: text, template: 'a {b'"), "a brace without its partner"),
    (with_answer("type: text, template: 'a'"), "the template names no column"),
    (with_answer("type: nsp, column: a"), 'Did you mean "nps"?'),
    (with_answer("type: stars, column: a"), "There are: nps, csat, ces, scale, text, choice."),
    (with_answer("type: scale, column: a"), "`type: scale` needs `min` and `max`"),
    (with_answer("type: scale, column: a, min: 5, max: 1"), "`max` isn't above `min`"),
    (with_answer("type: nps, column: a, max: 5"), "`max` goes with `type: scale`"),
    (
        with_answer("type: text, column: a, rescale: {from: [1, 5], to: [0, 10]}"),
        "`rescale` goes with",
    ),
    (
        with_answer("type: nps, column: a, rescale: {from: [1, 1], to: [0, 10]}"),
        "ends are the same",
    ),
    (with_answer("type: nps, column: a, rescale: {from: [1], to: [0, 10]}"), "is missing under"),
    (
        with_answer("type: nps, column: a, rescale: {from: [1, 2, 3], to: [0, 1]}"),
        "expected at most 2",
    ),
    (
        with_answer("type: nps, column: a, rescale: {from: [1, x], to: [0, 1]}"),
        "expected a number, found text",
    ),
    (with_answer("type: nps, column: a, round: up"), "expected half_up, half_even, floor or ceil"),
    (with_answer("type: nps, column: a, parse: leading"), 'Did you mean "leading_int"?'),
    (with_answer("type: nps, column: a, values: {}"), "expected at least 1"),
    (
        with_answer("type: nps, column: a, values: {a: [1]}"),
        "expected text, a number, true or false",
    ),
    (with_answer("type: nps, column: a, values: {a: }"), "expected text, a number, true or false"),
    (with_answer('type: nps, column: a, values: {"*": drop}'), "`keep` or `skip`"),
    (with_answer("type: nps, column: a, required: true, optional: true"), "can't be optional"),
    (with_answer("type: nps, column: a, decimal: ;"), "expected . or ,"),
    (with_answer('type: nps, column: a, decimal: ",", thousands: ","'), "the same mark"),
    (with_traits("{a: {column: A, type: dat}}"), 'Did you mean "date"?'),
    (with_traits("{a: {column: A, format: iso}}"), "`format` goes with `type: date`"),
    (
        with_traits("{a: {column: A, type: date, format: d.m.Y}}"),
        "a date format holds codes like %Y",
    ),
    (with_traits("{a: {column: A, type: date, format: '%d.%m.'}}"), "the date format has no year"),
    (with_traits("{a: {column: A, type: date, format: '%Y %Q'}}"), "this isn't a date format"),
    (
        with_traits("{a: {column: A, type: date, format: '%Y-%m-%d %d'}}"),
        "%d and %d are the same part",
    ),
    (
        with_traits("{a: {column: A, type: date, format: '%Y-%m-%y'}}"),
        "%Y and %y are the same part",
    ),
    (
        with_traits("{a: {column: A, type: date, format: '%d.%m.%Y %H:%m'}}"),
        "%m and %m are the same",
    ),
    (with_traits("{a: {column: A, type: date, format: '%Y-%M-%d'}}"), "a day and no month"),
    (with_traits("{a: {column: A, type: date, format: '%Y-%M'}}"), "minutes and no hour"),
    (with_traits("{a: {column: A, type: date, format: '%Y %Z'}}"), "depend on the machine"),
    (
        with_traits("{a: {column: A, type: date, timezone: Europe/Prag}}"),
        'Did you mean "Europe/Prague"?',
    ),
    (with_traits("{a: {column: A, type: number, lower: true}}"), "`lower` goes with"),
]


@pytest.mark.parametrize(("text", "said"), ONE_EACH, ids=[said for _, said in ONE_EACH])
def test_each_mistake_is_told(text: str, said: str) -> None:
    assert said in refused(text)


def test_a_mistake_is_told_once() -> None:
    assert refused(with_answer("type: nps, column: a, max: 5")).count("mapping.yaml") == 1


@pytest.mark.parametrize("key", ["writeKey", "write_key", "WriteKey", "write key"])
@pytest.mark.parametrize(
    "place", ["{}: secret-1\n", "sending: {{{}: secret-1}}\n", "traits: {{{}: secret-1}}\n"]
)
def test_the_write_key_is_refused_wherever_it_stands(key: str, place: str) -> None:
    said = refused(BASE + place.format(key))
    assert "the write key has no place in a mapping" in said
    assert "SATISMETER_WRITE_KEY" in said
    assert "unknown key" not in said
    assert "secret-1" not in said


def test_a_question_without_its_id() -> None:
    said = refused(
        f"campaign: {CAMPAIGN}\nuserId: Id\nquestions: {{scor: {SCORE}}}\n"
        "answers:\n  - {id: score, column: Score, type: nps}\n  - {id: why, column: Why, type: text}\n"
    )
    assert 'the ID of the question "score" is missing' in said
    assert 'Did you mean "scor"?' in said
    assert '"why"' not in said  # an ID as it stands


def test_two_answers_to_one_question() -> None:
    assert "a second answer to one question" in refused(
        f"{BASE}  - {{id: {SCORE}, column: Other, type: nps}}\n"
    )


def test_all_answers_left_out() -> None:
    said = refused(
        f"campaign: {CAMPAIGN}\nuserId: Id\nquestions: {{a: false}}\n"
        "answers: [{id: a, column: A, type: nps}]\n"
    )
    assert "all answers are left out" in said


def test_nobody_answers() -> None:
    said = refused(f"campaign: {CAMPAIGN}\nanswers: [{{id: {SCORE}, column: S, type: nps}}]\n")
    assert "no row would say who answered" in said


def test_what_is_missing_altogether() -> None:
    said = refused("name: x\n")
    for part in ("`campaign` is missing", "`answers` is missing", "who answered"):
        assert part in said


class TestWithTheHeader:
    def test_a_missing_column_names_those_there_are(self) -> None:
        said = refused(with_answer("column: Scores, type: nps"), ["Id", "Score"])
        assert 'answers.csv has no column "Scores"' in said
        assert 'Did you mean "Score"?' in said
        assert 'Its columns: A "Id", B "Score".' in said

    def test_a_wide_file_is_cut_short(self) -> None:
        said = refused(BASE, [f"c{i}" for i in range(100)])
        assert "and 60 more" in said
        assert len(said) < 3_000

    def test_all_of_them_at_once(self) -> None:
        said = refused(BASE + "key: K\ntraits: {a: A, b: {template: '{B} {C}'}}\n", ["x"])
        for name in ("Id", "Score", "K", "A", "B", "C"):
            assert f'no column "{name}"' in said

    def test_a_name_that_stands_there_twice(self) -> None:
        said = refused(BASE, ["Id", "Score", "x", "Score"])
        assert '"Score" stands in the header 2 times: B and D' in said
        assert "{column: Score, nth: 1}" in said

    def test_too_few_of_a_name(self) -> None:
        said = refused(with_answer("column: Score, nth: 3, type: nps"), ["Id", "Score", "Score"])
        assert 'answers.csv has 2 columns "Score", not 3' in said

    def test_a_letter_beyond_the_last(self) -> None:
        said = refused(with_answer("letter: AB, type: nps"), ["Id", "x"])
        assert 'no column "AB"; its last is B' in said

    def test_none_or_several_of_any(self) -> None:
        text = with_answer("any: [Score, nps], type: nps")
        assert 'none of the columns "Score", "nps"' in refused(text, ["Id"])
        assert "several of these: Score, nps" in refused(text, ["Id", "Score", "nps"])

    def test_a_pattern_that_finds_nothing(self) -> None:
        assert "no column of answers.csv matches this" in refused(
            with_answer("columns: '^Q', type: text"), ["Id", "x"]
        )

    def test_a_constant_that_the_type_refuses(self) -> None:
        said = refused(
            with_answer("column: A, type: nps, values: {great: 11, good: 8}"), ["Id", "A"]
        )
        assert "11 is above 10" in said
        assert "good" not in said.split("values")[0]

    @pytest.mark.parametrize("constant", [".inf", ".nan", "123456789012345678901"])
    def test_a_number_that_json_does_not_keep(self, constant: str) -> None:
        assert refused(with_traits(f"{{t: {{value: {constant}}}}}"), ["Id", "Score"])

    def test_optional_columns_that_leave_nothing_to_send(self) -> None:
        text = with_answer("column: A, type: nps, optional: true")
        assert "none of the answers' columns" in refused(text, ["Id"])
        text = BASE.replace("userId: Id", "userId: {column: Id, optional: true}")
        assert "none of the columns that say who answered" in refused(text, ["Score"])


@pytest.mark.parametrize(
    ("scale", "ends"),
    [
        ("type: csat", "from: [1, 5], to: [5, 1]"),
        ("type: nps", "from: [0, 10], to: [10, 0]"),
        ("type: scale, min: 1, max: 6", "from: [1, 6], to: [6, 1]"),
    ],
)
def test_which_end_is_the_best_is_asked_with_the_questions_own_scale(scale: str, ends: str) -> None:
    with pytest.raises(MappingError) as error:
        mapping.parse(with_answer(f'{scale}, column: a, rescale: "?"'))
    [mistake] = error.value.mistakes
    assert ends in mistake.hint
