"""Several responses in one row: a wide file gives what the same answers give in a long one."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.errors import MappingError
from importer.mapping import parse
from importer.mapping.steps import trace
from importer.mapping.usage import Recodings, lineage
from importer.mapping.waves import OWN
from importer.mapping.yaml import YamlText
from importer.model import Invalid, Mapped, Problem, Response, Skipped
from tests.mapping.making import (
    BASE,
    CAMPAIGN,
    COMMENT,
    SCORE,
    chunk,
    compiled,
    refused,
    with_answer,
)
from tests.mapping.test_schema import PARTIAL, VALIDATOR, shape

CHOICE = "9b1d7e50-95a7-11ed-8974-9b5d06700b8d"
OTHER = "5d2f6c1e9b0a4c0017a3e1b3"
WIDE = f"""\
campaign: {CAMPAIGN}
userId: Id
waves: [2022, "2023"]
answers:
  - {{id: {SCORE}, column: "NPS {{wave}}", type: nps}}
  - {{id: {COMMENT}, column: "Why {{wave}}", type: text}}
traits:
  respondedAt: {{column: "Date {{wave}}", type: date}}
"""
HEADER = ["Id", "NPS 2022", "Why 2022", "Date 2022", "NPS 2023", "Why 2023", "Date 2023"]


def rows(text: str, header: Sequence[str], *cells: Sequence[str], **more: Any) -> list[Mapped]:
    return compiled(text, header).run(chunk(header, cells, **more))


def bodies(mapped: Sequence[Mapped]) -> list[Any]:
    return [orjson.loads(each.body) for each in mapped if isinstance(each, Response)]


def values(text: str, header: Sequence[str], *cells: Sequence[str]) -> list[list[object]]:
    """The answers of each response, by their values."""
    return [
        [each["value"] for each in body["answers"]] for body in bodies(rows(text, header, *cells))
    ]


def test_each_wave_of_a_row_is_a_response_of_its_own() -> None:
    first, second = rows(WIDE, HEADER, ["u1", "9", "a", "2022-05-01", "3", "", "2023-05-01"])
    assert isinstance(first, Response)
    assert isinstance(second, Response)
    assert (first.row, first.wave, first.order) == (2, "2022", "2022-05-01T00:00:00.000Z")
    assert (second.row, second.wave, second.order) == (2, "2023", "2023-05-01T00:00:00.000Z")
    assert [each["answers"] for each in bodies([first, second])] == [
        [{"id": SCORE, "value": 9}, {"id": COMMENT, "value": "a"}],
        [{"id": SCORE, "value": 3}],
    ]


def test_rows_come_with_all_their_waves() -> None:
    told = rows(WIDE, HEADER, ["u1", "1", "", "", "2", "", ""], ["u2", "3", "", "", "4", "", ""])
    assert [(each.row, each.wave) for each in told] == [
        (2, "2022"), (2, "2023"), (3, "2022"), (3, "2023"),
    ]  # fmt: skip


FORMS = [
    ('waves: ["1", "2"]', '"{wave}_Q1"', ["Id", "1_Q1", "2_Q1"]),
    ('waves: {first: "", second: " (2)"}', '"Score{wave}"', ["Id", "Score", "Score (2)"]),
    ("waves: {one: 1, two: 2}", 'Score, nth: "{wave}"', ["Id", "Score", "Score"]),
    ('waves: ["1", "2"]', 'Score, nth: "{wave}"', ["Id", "Score", "Score"]),
    ("waves: {a: {text: B}, b: {text: C}}", 'None, letter: "{wave}"', ["Id", "x", "y"]),
    ("waves: [a, b]", 'None, any: ["S {wave}", "Score {wave}"]', ["Id", "S a", "Score b"]),
    ('waves: ["(a.)", b]', "None, columns: '^S {wave}$'", ["Id", "S (a.)", "S b"]),
    ("waves: [a, b]", 'None, template: "{S {wave}}"', ["Id", "S a", "S b"]),
]


@pytest.mark.parametrize(("waves", "column", "header"), FORMS)
def test_the_placeholder_stands_wherever_a_column_is_named(
    waves: str, column: str, header: Sequence[str]
) -> None:
    named = f"column: {column}".replace("column: None, ", "")
    text = f"{with_answer(f'type: nps, {named}')}{waves}\n"
    VALIDATOR.validate(shape(text))
    assert values(text, header, ["u1", "7", "8"]) == [[7], [8]]


def test_it_stands_in_constants_keys_rules_and_people_too() -> None:
    text = WIDE.replace("userId: Id", 'userId: "Id {wave}"') + (
        '  wave: {value: "{wave}"}\n'
        '  year: {value: "{wave}", type: number}\n'
        '  said: {template: "in {wave}: {Why {wave}} {{wave}}"}\n'
        '  plan: "Plan {wave}"\n'
        '  nps: {column: "NPS {wave}", values: {"{wave}": "{wave}", "*": keep}}\n'
        'key: ["Id {wave}"]\n'
        'repeats: {order_by: "Date {wave}"}\n'
        'source: {skip_if: [{column: "Plan {wave}", in: [none, "{wave}"]}]}\n'
    )
    header = [*HEADER, "Id 2022", "Id 2023", "Plan 2022", "Plan 2023"]
    cells = ["", "9", "a", "2022-05-01", "3", "b", "2023-05-01", "u1", "u2", "free", "none"]
    first, second = rows(text, header, cells)
    assert bodies([first])[0]["userId"] == "u1"
    assert bodies([first])[0]["traits"] == {
        "respondedAt": "2022-05-01T00:00:00.000Z", "wave": "2022", "year": 2022,
        "said": "in 2022: a {wave}", "plan": "free", "nps": "9",
    }  # fmt: skip
    assert isinstance(second, Skipped)
    assert second.rule == 'Plan 2023 is "none" or "{wave}"', "a cell's braces are a cell's"


def test_a_wave_may_be_different_from_the_rest() -> None:
    last = "{column: Last, format: '%d.%m.%Y'}"
    own = f"{{text: '23', campaign: {OTHER}, traits: {{respondedAt: {last}}}}}"
    waves = f"waves: {{'2022': {{method: Email}}, '2023': {own}}}"
    text = WIDE.replace('waves: [2022, "2023"]', waves)
    header = ["Id", "NPS 2022", "Why 2022", "Date 2022", "NPS 23", "Why 23", "Last"]
    PARTIAL.validate(shape(text))
    first, second = bodies(rows(text, header, ["u1", "9", "", "2022-05-01", "3", "", "1.5.2023"]))
    assert (first["method"], first["campaign"]) == ("Email", CAMPAIGN)
    assert ("method" in second, second["campaign"]) == (False, OTHER)
    assert second["traits"] == {"respondedAt": "2023-05-01T00:00:00.000Z"}


def test_a_preset_may_name_waves_and_what_extends_it_has_the_last_word() -> None:
    def base(_: str) -> tuple[YamlText, Any]:
        return YamlText("base", WIDE), base

    document = parse("extends: base\nwaves: [2022, 2023, 2024]\n", base=base)
    assert [each.wave for each in document.by_wave] == ["2022", "2023", "2024"]


class TestBlank:
    def test_a_wave_without_answers_is_skipped_whatever_else_it_holds(self) -> None:
        mapped = rows(
            WIDE.replace("type: nps", "type: nps, required: true"),
            HEADER,
            ["u1", "9", "", "2022-05-01", "", "", "no date"],
            ["", "", "", "", "7", "", ""],
        )
        assert [(each.wave, type(each)) for each in mapped] == [
            ("2022", Response), ("2023", Skipped), ("2022", Skipped), ("2023", Invalid),
        ]  # fmt: skip
        assert [each.rule for each in mapped if isinstance(each, Skipped)] == [
            "wave 2023 is blank", "wave 2022 is blank",
        ]  # fmt: skip

    def test_an_answer_that_is_wrong_is_not_blank(self) -> None:
        first, second = rows(WIDE, HEADER, ["u1", "11", "", "", "9", "", ""])
        assert isinstance(first, Invalid)
        assert (first.wave, first.problems[0].code) == ("2022", "out_of_range")
        assert isinstance(second, Response)

    @pytest.mark.parametrize(
        ("required", "code"), [("", "no_answers"), (", required: true", "missing_answer")]
    )
    def test_a_row_in_which_no_wave_has_one_ends_as_without_waves(
        self, required: str, code: str
    ) -> None:
        text = WIDE.replace("type: nps", f"type: nps{required}")
        mapped = rows(text, HEADER, ["u1", "", "", "2022-05-01", "", "", ""])
        assert [[p.code for p in e.problems] for e in mapped if isinstance(e, Invalid)] == [
            [code]
        ] * 2

    SHARED = WIDE.replace("traits:", f"  - {{id: {CHOICE}, column: Plan, type: choice}}\ntraits:")
    CONSTANT = WIDE.replace("traits:", f"  - {{id: {CHOICE}, value: wide, type: choice}}\ntraits:")

    @pytest.mark.parametrize("text", [SHARED, CONSTANT])
    def test_what_all_waves_share_tells_of_none(self, text: str) -> None:
        """An answer about the person, say, must not make a response of a wave that never was."""
        mapped = rows(
            text,
            [*HEADER, "Plan"],
            ["u1", "9", "", "", "", "", "", "wide"],
            ["u2", "", "", "", "", "", "", "wide"],
        )
        assert [type(each) for each in mapped] == [Response, Skipped, Invalid, Invalid]
        assert [p.message for e in mapped[2:] if isinstance(e, Invalid) for p in e.problems] == [
            "none of the waves has an answer"
        ] * 2
        assert [each["value"] for each in bodies(mapped)[0]["answers"]] == [9, "wide"]

    def test_the_same_columns_for_two_surveys(self) -> None:
        text = f"{BASE}waves: {{a: {{}}, b: {{campaign: {OTHER}}}}}\n"
        mapped = rows(text, ["Id", "Score"], ["u1", "9"], ["u2", ""])
        assert [type(each) for each in mapped] == [Response, Response, Invalid, Invalid]
        assert [each["campaign"] for each in bodies(mapped)] == [CAMPAIGN, OTHER]

    def test_the_same_answers_for_two_people(self) -> None:
        text = f"{BASE}waves: {{a: {{}}, b: {{userId: Partner}}}}\n"
        mapped = rows(text, ["Id", "Score", "Partner"], ["u1", "9", "u2"])
        assert [each["userId"] for each in bodies(mapped)] == ["u1", "u2"]

    def test_a_rule_of_the_mapping_comes_first(self) -> None:
        text = WIDE + "source: {skip_if: [{column: Id, in: [test]}]}\n"
        mapped = rows(text, HEADER, ["test", "9", "", "", "", "", ""])
        assert [each.rule for each in mapped if isinstance(each, Skipped)] == ['Id is "test"'] * 2

    def test_a_row_that_cannot_be_trusted_is_so_in_all_its_waves(self) -> None:
        ragged = Problem("ragged_row", "more cells than the header", 2)
        cells = ["u1", "9", "", "", "", "", ""]
        mapped = rows(WIDE, HEADER, cells, problems={2: ragged})
        assert [(e.wave, e.problems) for e in mapped if isinstance(e, Invalid)] == [
            ("2022", (ragged,)), ("2023", (ragged,)),
        ]  # fmt: skip


class TestIdentity:
    @pytest.mark.parametrize("key", ["", "key: Id\n"])
    def test_equal_answers_in_two_waves_are_two_responses(self, key: str) -> None:
        first, second = rows(WIDE + key, HEADER, ["u1", "9", "", "", "9", "", ""])
        assert isinstance(first, Response)
        assert isinstance(second, Response)
        assert first.body == second.body
        assert first.idempotency_key != second.idempotency_key
        assert first.content != second.content

    @pytest.mark.parametrize("key", ["", "key: Id\n"])
    def test_without_waves_nothing_is_added(self, key: str) -> None:
        (one,) = rows(BASE + key, ["Id", "Score"], ["u1", "9"])
        assert isinstance(one, Response)
        told = b'["u1","",[{"id":"%b","value":9}],null,""]' % SCORE.encode()
        assert one.content == told
        assert one.idempotency_key == (b'{"key":["u1"]}' if key else told)

    def test_a_wave_that_comes_next_year_changes_no_other(self) -> None:
        cells = ["u1", "9", "", "", "8", "", ""]
        before = rows(WIDE, HEADER, cells)
        header = [*HEADER, "NPS 2024", "Why 2024", "Date 2024"]
        after = rows(WIDE.replace('"2023"', "2023, 2024"), header, [*cells, "1", "", ""])
        assert after[:2] == before

    def test_the_digest_covers_the_waves(self) -> None:
        digests = {
            parse(WIDE.replace('[2022, "2023"]', each)).digest
            for each in ("[2022, 2023]", "[2022]", "{2022: 22, 2023: 23}", "[2022, 2023, 2024]")
        }
        assert len(digests) == 4


SCORES = st.sampled_from(["", "0", "9", "10", "11", "x", " "])
TEXTS = st.sampled_from(["", "good", "  ", "É \u00a0"])
DATES = st.sampled_from(["", "2022-01-01", "2023-12-31T10:00:00Z", "soon"])
PEOPLE = st.sampled_from(["", "u1", "u2", "007", "n/a"])
WAVE = st.tuples(SCORES, TEXTS, DATES)
LONG = WIDE.replace('waves: [2022, "2023"]\n', "").replace(" {wave}", "")


@settings(max_examples=40)  # each compiles two mappings
@given(st.lists(st.tuples(PEOPLE, WAVE, WAVE), max_size=8))
def test_a_wide_file_gives_what_the_same_answers_give_in_a_long_one(
    people: Sequence[tuple[str, tuple[str, ...], tuple[str, ...]]],
) -> None:
    """Row by row of the long file: the same bodies and the same problems, but that a wave without an
    answer is no row there. Columns go by other names."""
    wide = rows(WIDE, HEADER, *([who, *first, *second] for who, first, second in people))
    long = rows(
        LONG,
        ["Id", "NPS", "Why", "Date"],
        *([who, *wave] for who, first, second in people for wave in (first, second)),
    )
    assert len(wide) == len(long) == 2 * len(people)
    for place, (one, other) in enumerate(zip(wide, long, strict=True)):
        assert one.row == place // 2 + 2
        if isinstance(one, Skipped):
            assert isinstance(other, Invalid)
            assert "no_answers" in [each.code for each in other.problems]
        else:
            assert _told(one) == _told(other)


def _told(mapped: Mapped) -> object:
    if isinstance(mapped, Response):
        return mapped.body, mapped.order, mapped.traits, mapped.answers
    assert isinstance(mapped, Invalid)
    return [(each.code, each.message, each.value) for each in mapped.problems]


def test_what_is_told_of_columns() -> None:
    found = compiled(WIDE, [*HEADER, "Rest"])
    assert found.unmapped == ("Rest",)
    targets = dict(found.targets)
    assert targets["userId"] == "Id"
    assert targets[f"answer {SCORE} (wave 2023)"] == "NPS 2023"
    used = {(each.target, each.wave): each.positions for each in lineage(found)}
    assert used["userId", ""] == (0,)
    assert used[f"answers: {SCORE}", "2022"] == (1,)
    assert used[f"answers: {SCORE}", "2023"] == (4,)


def test_a_preview_traces_each_wave_by_its_own_columns() -> None:
    document = parse(WIDE)
    cells = ["u1", "9", "", "", "3", "", ""]
    traced = [list(trace(each, HEADER, cells)) for each in document.by_wave]
    assert [each[2].column for each in traced] == ["NPS 2022", "NPS 2023"]
    assert [each[2].cell for each in traced] == ["9", "3"]


def test_recoding_is_told_by_answer_and_wave() -> None:
    text = WIDE.replace("type: nps", "type: nps, values: {good: 9, bad: 2}")
    found = Recodings(parse(text), HEADER)
    rows_ = chunk(
        HEADER,
        [
            ["u1", "good", *[""] * 5],
            ["u2", "good", "", "", "bad", "", ""],
            ["u3", *[""] * 3, "so", "", ""],
        ],
    )
    found.add(compiled(text, HEADER).run(rows_), rows_)
    told = {each.wave: (each.label, each.nps_after) for each in found.listed()}
    assert told == {
        "2022": ("NPS 2022, wave 2022", 100.0), "2023": ("NPS 2023, wave 2023", -100.0),
    }  # fmt: skip
    assert [(each.column, each.count) for each in found.unmapped()] == [("NPS 2023", 1)]


MISTAKES = [
    ("waves: []\n", "expected at least one wave"),
    ("waves: {}\n", "expected at least one wave"),
    ("waves: 2022\n", "expected a list or a map, found a whole number"),
    ("waves: [a, a]\n", "a second wave of this name"),
    ("waves: [a, ]\nwaves: [b]\n", 'the key "waves" is given twice'),
    ("waves: [a, [b]]\n", "expected text, found a list"),
    ("waves: [a, null]\n", "expected text, found nothing"),
    ('waves: [" "]\n', "a wave's name is one line"),
    ('waves: {"a\\nb": x}\n', "a wave's name is one line"),
    ("waves: ['{a}']\n", "a wave's text has no braces"),
    ("waves: {a: {text: '{'}}\n", "a wave's text has no braces"),
    ("waves: {a: }\n", "expected the wave's text, found nothing"),
    ("waves: {a: [b]}\n", "expected the wave's text, found a list"),
    ("waves: {a: {sending: {rate: max}}}\n", 'a wave has no "sending" of its own'),
    ("waves: {a: {anwsers: []}}\n", 'a wave has no "anwsers" of its own'),
    ("waves: {a: {campaign: }}\n", "found nothing"),
    (f"waves: [{', '.join(map(str, range(121)))}]\n", "more than 120 waves"),
    (
        f"waves: [{', '.join(map(str, range(99)))}]\nkey: [{', '.join(map(str, range(1000)))}]\n",
        "come to more than 100,000 entries",
    ),
]


@pytest.mark.parametrize(("waves", "said"), MISTAKES, ids=[said for _, said in MISTAKES])
def test_each_mistake_is_told(waves: str, said: str) -> None:
    assert said in refused(BASE + waves)


ANYTHING = st.recursive(
    st.sampled_from(["a", '"{wave}"', "1", "", "null", '""', "{wave}", "true", "x{wave}"]),
    lambda below: st.one_of(
        st.lists(below, max_size=3).map(lambda each: f"[{', '.join(each)}]"),
        st.dictionaries(st.sampled_from(["a", "b", "text", "traits", "method", *OWN]), below).map(
            lambda each: "{" + ", ".join(f"{key}: {to}" for key, to in each.items()) + "}"
        ),
    ),
    max_leaves=6,
)


@given(ANYTHING)
def test_whatever_stands_there_is_sound_or_a_mistake(waves: str) -> None:
    """Nothing else is raised."""
    with contextlib.suppress(MappingError):
        document = parse(f"{BASE}waves: {waves}\n")
        assert all(each.wave for each in document.by_wave)


@pytest.mark.parametrize(
    "waves",
    [
        "waves: []\n",
        "waves: 3\n",
        "waves: ['{a}']\n",
        "waves: {a: }\n",
        "waves: {a: {sending: {}}}\n",
    ],
)
def test_what_the_parser_refuses_by_shape_the_schema_refuses(waves: str) -> None:
    assert not VALIDATOR.is_valid(shape(BASE + waves))


def test_a_wave_whose_columns_are_missing_is_named_and_all_are_told_at_once() -> None:
    said = refused(WIDE.replace("userId: Id", "userId: Mail"), HEADER[:4])
    assert said.count("answers.csv has no column") == 4
    assert 'line 5, column 56: answers.csv has no column "NPS 2023" (wave 2023)' in said
    assert 'no column "Mail"\n' in said, "wrong in every wave, told once and without a name"


def test_a_mistake_in_what_one_wave_says_for_itself() -> None:
    text = (
        f"{BASE}waves:\n  a: {{traits: {{t: {{column: T, type: dat}}}}}}\n  b: {{method: email}}\n"
    )
    said = refused(text)
    assert 'line 6, column 37: no type of trait is called "dat" (wave a)' in said
    assert "line 7, column 15: the method is In-App, Mobile or Email (wave b)" in said


def test_two_waves_that_would_send_the_same() -> None:
    said = refused(f"{BASE}waves: [a, b]\n", ["Id", "Score"])
    assert "the waves a and b take the same answers from the same columns" in said
    assert "Write {wave}" in said


def test_a_placeholder_without_quotes() -> None:
    said = refused(with_answer("column: Score, nth: {wave}, type: nps") + "waves: [1, 2]\n")
    assert 'Put it in quotes: "{wave}".' in said


@pytest.mark.parametrize("column", ["Score {wave}", "Score {Wave}", "Score {waves}"])
def test_a_placeholder_that_nothing_replaces(column: str) -> None:
    said = refused(with_answer(f'column: "{column}", type: nps'), ["Id", "Score 1"])
    assert "`{wave}`, written so, is replaced where the mapping says which waves there are" in said


def test_braces_without_waves_are_braces() -> None:
    text = with_answer('column: "Score {wave}", type: nps')
    assert values(text, ["Id", "Score {wave}"], ["u1", "7"]) == [[7]]
