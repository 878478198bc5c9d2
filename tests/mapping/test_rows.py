"""Rows become responses: the body, what tells rows apart, and what is left out."""

from __future__ import annotations

import orjson
import pytest

from importer.mapping import parse
from importer.mapping import text as texts
from importer.model import Invalid, Problem, Response, Skipped
from tests.mapping.making import BASE, CAMPAIGN, COMMENT, SCORE, body, chunk, codes, compiled, run

FULL = f"""\
campaign: {CAMPAIGN}
method: Email
forceSurvey: true
userId: Id
answers:
  - {{id: {SCORE}, column: Score, type: nps}}
  - {{id: {COMMENT}, column: Comment, type: text}}
rating: Score
traits:
  plan: Plan
  respondedAt: {{column: At, type: date}}
key: [Row]
"""
CELLS = {"Comment": "fine", "Plan": "Gold", "At": "2021-03-04", "Row": "R1"}


def response(text: str, **cells: str) -> Response:
    found = run(text, **cells)
    assert isinstance(found, Response), found
    return found


def test_the_whole_body_in_the_order_of_the_api() -> None:
    assert response(FULL, **CELLS).body.decode() == (
        f'{{"campaign":"{CAMPAIGN}","method":"Email","userId":"007",'
        '"traits":{"plan":"Gold","respondedAt":"2021-03-04T00:00:00.000Z"},'
        f'"answers":[{{"id":"{SCORE}","value":9}},{{"id":"{COMMENT}","value":"fine"}}],'
        '"rating":9,"forceSurvey":true}'
    )


def test_what_is_blank_is_left_out() -> None:
    found = body(
        FULL.replace("forceSurvey: true", "forceSurvey: false"),
        Comment=" ",
        Plan="",
        At="",
        Row="R1",
    )
    assert found == {
        "campaign": CAMPAIGN,
        "method": "Email",
        "userId": "007",
        "answers": [{"id": SCORE, "value": 9}],
        "rating": 9,
    }


def test_all_that_the_pipeline_needs_beside_the_body() -> None:
    found = response(FULL, **CELLS)
    assert (found.row, found.user_id, found.anonymous_id, found.campaign) == (
        2,
        "007",
        "",
        CAMPAIGN,
    )
    assert (found.key, found.order) == ("R1", "2021-03-04T00:00:00.000Z")
    assert orjson.loads(found.traits) == {"plan": "Gold", "respondedAt": "2021-03-04T00:00:00.000Z"}
    assert [answer and answer["value"] for answer in found.answers] == [9, "fine"]  # type: ignore[index]


class TestWhatTellsRowsApart:
    TEXT = FULL.replace("key: [Row]\n", "")

    def test_without_a_key_it_is_the_content(self) -> None:
        found = response(self.TEXT, **CELLS)
        assert found.idempotency_key == found.content
        assert found.key == ""

    @pytest.mark.parametrize(
        "changed", [{"Id": "008"}, {"Score": "8"}, {"Comment": "bad"}, {"At": "2021-06-04"}]
    )
    def test_another_person_answer_or_date_is_another_response(
        self, changed: dict[str, str]
    ) -> None:
        before, after = response(self.TEXT, **CELLS), response(self.TEXT, **CELLS | changed)
        assert before.content != after.content

    def test_other_traits_are_not(self) -> None:
        before, after = response(self.TEXT, **CELLS), response(self.TEXT, **CELLS | {"Plan": "x"})
        assert before.content == after.content
        assert before.traits != after.traits

    def test_nor_is_another_order_of_questions_or_one_that_is_blank(self) -> None:
        head, tail = (
            self.TEXT.split("answers:\n")[0],
            "traits: {respondedAt: {column: At, type: date}}\nrating: Score\n",
        )
        score = f"  - {{id: {SCORE}, column: Score, type: nps}}\n"
        comment = f"  - {{id: {COMMENT}, column: Comment, type: text}}\n"
        more = "  - {id: ffffffff-95a7-11ed-8974-9b5d06700b8d, column: More, type: text}\n"
        one = response(f"{head}answers:\n{score}{comment}{tail}", **CELLS)
        two = response(f"{head}answers:\n{comment}{more}{score}{tail}", **CELLS, More="")
        assert one.content == two.content

    def test_a_key_is_all_that_counts_where_it_is_given(self) -> None:
        before, after = response(FULL, **CELLS), response(FULL, **CELLS | {"Score": "1"})
        assert before.idempotency_key == after.idempotency_key
        assert before.content != after.content
        assert before.idempotency_key != response(FULL, **CELLS | {"Row": "R2"}).idempotency_key

    def test_parts_of_a_key_are_told_apart(self) -> None:
        text = BASE + "key: [A, B]\n"
        found = response(text, A="x", B="")
        assert found.key == "x"
        assert found.idempotency_key != response(text, A="", B="x").idempotency_key
        assert response(text, A="x", B="y").key == "x / y"

    def test_a_user_is_not_an_anonymous_person(self) -> None:
        user, anonymous = BASE, BASE.replace("userId", "anonymousId")
        assert response(user).content != response(anonymous).content

    def test_a_blank_key(self) -> None:
        assert codes(FULL, **CELLS | {"Row": " "}) == ["blank_key"]


class TestTheDate:
    @pytest.mark.parametrize(
        ("repeats", "cell", "order"),
        [
            ("At", "2021-03-04 05:06", "2021-03-04T05:06:00.000Z"),
            ("At", "17", "00000000000000000017."),
            ("At", "1.5", "00000000000000000001.5"),
            ("At", "", ""),
            (
                "{column: At, type: date, format: '%d.%m.%Y'}",
                "4.3.2021",
                "2021-03-04T00:00:00.000Z",
            ),
            ("{column: At, timezone: Europe/Prague}", "2021-03-04", "2021-03-03T23:00:00.000Z"),
            ("{letter: C}", "2021-03-04", "2021-03-04T00:00:00.000Z"),
        ],
    )
    def test_order_by(self, repeats: str, cell: str, order: str) -> None:
        assert response(f"{BASE}repeats: {{order_by: {repeats}}}\n", At=cell).order == order

    def test_a_bare_name_reads_dates_as_the_trait_does(self) -> None:
        text = (
            f"{BASE}repeats: {{order_by: at}}\n"
            "traits: {when: {column: At, type: date, format: '%d.%m.%Y', na: never}}\n"
        )
        assert response(text, At="4.3.2021").order == "2021-03-04T00:00:00.000Z"
        assert response(text, At="never").order == ""
        assert codes(text, At="2021-03-04") == ["bad_date"], "told once"

    def test_neither_a_date_nor_a_number(self) -> None:
        assert codes(BASE + "repeats: {order_by: At}\n", At="soon") == ["bad_order"]

    def test_numbers_sort(self) -> None:
        text = BASE + "repeats: {order_by: At}\n"
        found = [response(text, At=cell).order for cell in ["2", "10", "10.5", "100"]]
        assert found == sorted(found)

    def test_a_trait_of_another_name_does_not_date_a_response(self) -> None:
        text = BASE + "traits: {createdAt: {column: At, type: date}}\n"
        assert response(text, At="2021-03-04").order == ""


class TestSkipping:
    @pytest.mark.parametrize(
        ("rule", "cell", "words"),
        [
            ("in: [Spam, Test]", " spam ", 'S is "Spam" or "Test"'),
            ("in: Spam", "Spam", 'S is "Spam"'),
            ("not_in: ['True', '1']", "FALSE", 'S is not "True" or "1"'),
            ("not_in: ['True', '1']", "", 'S is not "True" or "1"'),
            ("blank: true", "\u00a0", "S is blank"),
            ("blank: false", "x", "S is filled"),
            ("matches: '@our\\.com$'", "a@our.com ", "S matches @our\\.com$"),
        ],
    )
    def test_a_rule_that_applies(self, rule: str, cell: str, words: str) -> None:
        text = f"{BASE}key: Id\nsource: {{skip_if: [{{column: S, {rule}}}]}}\n"
        assert run(text, S=cell) == Skipped(2, words, "007")

    @pytest.mark.parametrize(
        ("rule", "cell"),
        [
            ("in: [Spam]", "Spam!"),
            ("not_in: ['True', '1']", "true"),
            ("blank: true", "x"),
            ("blank: false", ""),
            ("matches: '@our\\.com$'", "a@our.com.x"),
        ],
    )
    def test_a_rule_that_does_not(self, rule: str, cell: str) -> None:
        assert isinstance(
            run(f"{BASE}source: {{skip_if: [{{column: S, {rule}}}]}}\n", S=cell), Response
        )

    def test_the_first_rule_counts_and_a_skipped_row_has_no_problems(self) -> None:
        text = (
            f"{BASE}source: {{skip_if: [{{column: A, blank: true}}, {{column: B, blank: true}}]}}\n"
        )
        assert run(text, A="", B="", Score="99") == Skipped(2, "A is blank")
        assert run(text, A="x", B="", Score="99") == Skipped(2, "B is blank")

    def test_a_pattern_that_explodes_ends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(texts, "SECONDS", 0.05)
        text = f"{BASE}source: {{skip_if: [{{column: S, matches: '(a|aa)+$'}}]}}\n"
        header = ["Id", "Score", "S"]
        rows = [["7", "9", "a" * n + "b"] for n in range(4_000, 4_100)]
        found = compiled(text, header).run(chunk(header, rows))
        assert {
            problem.code for each in found if isinstance(each, Invalid) for problem in each.problems
        } == {"slow_pattern"}


def test_all_problems_of_a_row_are_told() -> None:
    found = run(FULL, **CELLS | {"Id": "", "Score": "11", "At": "x", "Row": ""})
    assert isinstance(found, Invalid)
    assert {problem.code for problem in found.problems} == {
        "no_person",
        "out_of_range",
        "bad_date",
        "blank_key",
    }
    assert all(problem.row == 2 and problem.fix for problem in found.problems)
    score = next(problem for problem in found.problems if problem.code == "out_of_range")
    assert (score.column, score.value) == ("Score", "11")


def test_a_problem_names_no_text_of_the_row() -> None:
    found = run(FULL, **CELLS | {"Score": "Ann Lee", "At": "Ann Lee"})
    assert isinstance(found, Invalid)
    assert all("Ann" not in problem.message + problem.fix for problem in found.problems)
    assert all(problem.value == "Ann Lee" for problem in found.problems)


def test_required_and_no_answers() -> None:
    required = BASE.replace("type: nps", "type: nps, required: true")
    assert codes(required, Score="") == ["missing_answer"]
    assert codes(BASE, Score="") == ["no_answers"]
    assert codes(BASE, Score="x") == ["bad_number"]


def test_campaign_and_method_from_columns() -> None:
    text = (
        BASE.replace(CAMPAIGN, "{column: C, values: {EU: c1, US: c2}}")
        + "method: {column: M, values: {m: Email}}\n"
    )
    assert body(text, C="us", M="M")["campaign"] == "c2"
    assert body(text, C="EU", M="m")["method"] == "Email"
    assert "method" not in body(text, C="EU", M="")
    assert codes(text, C="", M="m") == ["bad_campaign"]
    assert codes(text, C="Asia", M="x") == ["unmapped_value", "unmapped_value"]
    assert codes(BASE + "method: {column: M}\n", M="Fax") == ["bad_method"]


def test_rows_that_the_loader_does_not_trust() -> None:
    header = ["Id", "Score"]
    problem = Problem("ragged", "too many cells", 3)
    found = compiled(BASE, header).run(
        chunk(header, [["7", "9"], ["8", "9"]], problems={3: problem})
    )
    assert isinstance(found[0], Response)
    assert found[1] == Invalid(3, (problem,))


def test_columns_found_with_a_note() -> None:
    made = compiled(BASE, [" ID ", "score", "Extra", "Extra", ""])
    assert set(made.notes) == {
        'column "score" taken for "Score" (they differ in case or space)',
        'column " ID " taken for "Id" (they differ in case or space)',
    }
    assert made.unmapped == ("Extra (C)", "Extra (D)", "(E)")


@pytest.mark.parametrize(
    ("selector", "value"),
    [
        ("column: S, nth: 1", 1),
        ("column: S, nth: 2", 2),
        ("column: {column: S, nth: 2}", 2),
        ("letter: c", 3),
        ("column: {letter: D}", 4),
        ("any: [x, T]", 4),
        ("column: t", 4),
        ("column: [{letter: E}, T]", 4),
    ],
)
def test_ways_to_name_a_column(selector: str, value: int) -> None:
    text = (
        f"campaign: x\nuserId: {{letter: F}}\nanswers: [{{id: {SCORE}, {selector}, type: nps}}]\n"
    )
    header = ["S", "S", "S ", "T", "", "Id"]
    (found,) = compiled(text, header).run(chunk(header, [["1", "2", "3", "4", "", "7"]]))
    assert isinstance(found, Response)
    assert orjson.loads(found.body)["answers"][0]["value"] == value


def test_optional_columns_are_a_note() -> None:
    made = compiled(
        BASE + "traits: {a: {column: A, optional: true}, b: {columns: '^Q', optional: true}}\n",
        ["Id", "Score"],
    )
    assert any('no column "A"; it is optional' in note for note in made.notes)
    assert any("no column matches" in note for note in made.notes)


def test_what_each_part_is_taken_from() -> None:
    targets = dict(compiled(FULL, ["Id", "Score", "Comment", "Plan", "At", "Row"]).targets)
    assert targets["userId"] == "Id"
    assert targets[f"answer {SCORE}"] == "Score"
    assert targets["trait plan"] == "Plan"
    assert targets["date"] == "At"
    assert "method" not in targets, "a constant comes from no column"


def test_the_same_mapping_has_the_same_digest() -> None:
    one = parse(BASE)
    other = parse("# a comment\nname: x\nsending: {rate: max}\n" + BASE.replace(": Id", ': "Id"'))
    assert one.digest == other.digest


@pytest.mark.parametrize(
    "text",
    [
        BASE.replace("Score", "score"),
        BASE + "forceSurvey: true\n",
        BASE + "traits: {a: {value: 1}}\n",
        BASE + 'traits: {a: {value: "1"}}\n',
        BASE + "traits: {a: {value: 1.0}}\n",
        BASE + "source: {skip_if: [{column: a, blank: true}]}\n",
    ],
)
def test_what_decides_the_bodies_changes_the_digest(text: str) -> None:
    assert parse(text).digest != parse(BASE).digest
