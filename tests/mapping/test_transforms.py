"""What each transform makes of a cell, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from importer.mapping.transforms.registry import TRANSFORMS
from tests.mapping.making import SCORE, answer, body, codes, trait, with_answer, with_traits

SENT: list[tuple[str, str, Any]] = [
    ("type: nps", "0", 0),
    ("type: nps", "10", 10),
    ("type: nps", " 7 ", 7),
    ("type: nps", "7.0", 7),
    ("type: nps", "7.", 7),
    ("type: nps", "+7", 7),
    ("type: nps", "07", 7),
    ("type: nps", "\u00a07\u200b", 7),
    ("type: nps", "7e0", 7),
    ('type: nps, decimal: ","', "7,0", 7),
    ("type: nps, parse: leading_int", "10 - Extremely likely", 10),
    ("type: nps, parse: leading_int", "10/10", 10),
    ("type: nps, parse: leading_int", "9, great", 9),
    ("type: nps, parse: leading_int", "9 von 10", 9),
    ("type: nps, parse: only_int", "Level10", 10),
    ("type: nps, parse: only_int", "<b>9</b>", 9),
    ("type: nps, parse: only_int", "May 9", 9),
    ("type: nps, parse: leading_int", "8/10 points", 8),
    ("type: nps, parse: leading_int", "9.0", 9),
    ("type: nps, parse: leading_int", "9,00 Punkte", 9),
    ("type: nps, parse: leading_int", "1. Sehr gut", 1),
    ("type: nps, parse: leading_int", "3-Marginal", 3),
    ("type: nps, parse: leading_int", "5-Excellent", 5),
    ("type: nps, parse: leading_int", "10 - 100% sure", 10),
    ("type: nps, parse: leading_int", "3 of 5", 3),
    ("type: nps, parse: leading_int", "4 a menudo", 4),
    ("type: nps, parse: leading_int", "1 - mag ich", 1),
    ("type: nps, parse: leading_int", "7点", 7),
    ("type: nps, parse: leading_int, round: half_up", "9.5 points", 10),
    ('type: nps, parse: leading_int, decimal: ",", round: floor', "8,9 von 10", 8),
    ("type: nps, parse: only_int", "Score: 9 (promoter)", 9),
    ("type: nps, parse: only_int", "NPS-9", 9),
    ("type: nps, parse: only_int", "Bewertung – 9", 9),
    ("type: nps, parse: only_int", "評価9点", 9),
    ("type: scale, min: -2, max: 2, parse: only_int", "Rating: −2", -2),
    ("type: nps, parse: leading_int", "5 - May be", 5),
    ("type: nps, parse: leading_int", "5 Mar-a-Lago", 5),
    ("type: nps, parse: leading_int", "9 ’tis great", 9),
    ("type: nps, parse: only_int", "Bewertung: (9)", 9),
    ("type: scale, min: -2, max: 2, parse: only_int", "- 2", -2),
    ("type: scale, min: -2, max: 2, parse: only_int", "Rating: –2", -2),
    ("type: nps, parse: [unguard, leading_int]", "'+3 x", 3),
    ("type: nps, round: half_up", "6.5", 7),
    ("type: nps, round: half_even", "6.5", 6),
    ("type: nps, round: floor", "6.9", 6),
    ("type: nps, round: ceil", "6.1", 7),
    ("type: nps, rescale: {from: [1, 5], to: [0, 10]}", "1", 0),
    ("type: nps, rescale: {from: [1, 5], to: [0, 10]}", "3", 5),
    ("type: nps, rescale: {from: [1, 5], to: [0, 10]}", "5", 10),
    ("type: nps, rescale: {from: [1, 5], to: [0, 10]}, round: half_up", "4", 8),
    ("type: nps, rescale: {from: [5, 1], to: [0, 10]}", "5", 0),
    ("type: nps, rescale: {from: [0, 100], to: [0, 10]}, round: floor", "99.9", 9),
    ("type: nps, rescale: {from: [0, 1.1], to: [0, 10]}", "1.1", 10),
    ("type: csat", "5", 5),
    ("type: ces", "7", 7),
    ("type: scale, min: -2, max: 2", "-2", -2),
    ("type: nps, values: {great: 10, bad: 0}", "great", 10),
    ("type: nps, values: {great: 10, bad: 0}", " GREAT ", 10),
    ('type: nps, values: {great: 10, "*": keep}', "3", 3),
    ("type: choice", " Very\u00a0likely ", "Very\u00a0likely"),
    ("type: choice, values: {Yes: Renews, No: Leaves}", "No", "Leaves"),
    ("type: choice, values: {yes: 1, Yes: 2}", "Yes", "2"),
    ("type: choice, values: {a: 007, b: true, c: 1.50}", "a", "007"),
    ("type: choice, values: {a: 007, b: true, c: 1.50}", "b", "true"),
    ("type: choice, values: {a: 007, b: true, c: 1.50}", "c", "1.50"),
    ("type: choice, values: {null: nothing}", "null", "nothing"),
    ('type: choice, values: {Yes: Renews, "*": keep}', "Maybe", "Maybe"),
    ("type: text", "  two\nlines \U0001f600 =1+1 ", "  two\nlines \U0001f600 =1+1 "),
    ("type: text, parse: one_line", "two\r\n\n lines ", "two lines"),
    ("type: text", "\x0b", None),
    ("type: text", "a\x0bb", "a\x0bb"),
    ("type: text", "NA", "NA"),
    ("type: text, parse: unguard", "'quoted'", "'quoted'"),
]


@pytest.mark.parametrize(("how", "cell", "value"), SENT)
def test_an_answer_as_it_is_sent(how: str, cell: str, value: Any) -> None:
    if value is None:
        assert codes(with_answer(f"column: A, {how}"), A=cell) == ["no_answers"]
    else:
        found = answer(how, cell)
        assert (found, type(found)) == (value, type(value))


REFUSED: list[tuple[str, str, str]] = [
    ("type: nps", "11", "out_of_range"),
    ("type: nps", "-1", "out_of_range"),
    ("type: nps", "7.5", "not_whole"),
    ("type: nps", "7,0", "bad_number"),
    ("type: nps", "seven", "bad_number"),
    ("type: nps", "NaN", "bad_number"),
    ("type: nps", "inf", "bad_number"),
    ("type: nps", "1_0", "bad_number"),
    ("type: nps", "0x7", "bad_number"),
    ("type: nps", "\u0667", "bad_number"),
    ("type: nps", "9" * 5_000, "bad_number"),
    ("type: nps", "1e99", "out_of_range"),
    ("type: nps", "1e999999999", "bad_number"),
    ('type: nps, decimal: ","', "7.0", "bad_number"),
    ("type: csat", "0", "out_of_range"),
    ("type: ces", "8", "out_of_range"),
    ("type: scale, min: 2, max: 4", "5", "out_of_range"),
    ("type: nps, parse: leading_int", "very likely", "bad_number"),
    ("type: nps, parse: leading_int", "9" * 40_000, "bad_number"),
    ("type: nps, parse: leading_int", "9.5", "not_whole"),
    ("type: nps, parse: leading_int", "0.9 (low)", "not_whole"),
    ("type: nps, parse: leading_int", "8.9999999999", "not_whole"),
    ("type: nps, parse: leading_int", "9,5", "bad_number"),
    ("type: nps, parse: leading_int", "1.000", "bad_number"),
    ("type: nps, parse: leading_int", "1,000", "bad_number"),
    ("type: nps, parse: leading_int", "5 000", "bad_number"),
    ("type: nps, parse: leading_int", "3-Mar", "bad_number"),
    ("type: nps, parse: leading_int", "3. Mrz", "bad_number"),
    ("type: nps, parse: leading_int", "10-oct.", "bad_number"),
    ("type: nps, parse: leading_int", "6-янв", "bad_number"),
    *(
        ("type: nps, parse: leading_int", text, "bad_number")
        for text in (
            *("9;10", "9, 10", "9 и 10", "9到10", "9から10", "9...10", "1O", "1l"),
            *("10月9日", "3월 4일", "3-Oca", "3-Μαρ", "9 & 10"),
            *(
                "9-Oct-23",
                "3. März 2024",
                "5 May 2024 10:20",
                "3 de marzo",
                "9.loka",
                "09-ต.ค.",
                "9. října",
            ),
            *("9 5", "9\n10", "9 1/2", "9 ½", "9·5", "9٫5", "1’234", "1'000", "9%", "10 %", "7h30"),
        )
    ),
    *(
        ("type: nps, parse: only_int", text, "bad_number")
        for text in (
            *("9½", "Oct-09", "окт.09", "1O", "l0", ">9", "≤5", "1月"),
            *("9.loka", "09-ต.ค.", "9. října", "9²", "⑤ 9", "(9)", "9-", "9−", "9%"),
        )
    ),
    *(
        ("type: nps, parse: only_int", text, "out_of_range")
        for text in ("–9", "－9", "‐9", "- 9", "missing (–1)")
    ),
    ("type: nps, parse: leading_int", "3月", "bad_number"),
    ("type: nps, parse: leading_int", "9-10 Promoter", "bad_number"),
    ("type: nps, parse: leading_int", "0 – 6 (Detractor)", "bad_number"),
    ("type: nps, parse: leading_int", "7 to 8", "bad_number"),
    ("type: nps, parse: leading_int", "7 bis 8", "bad_number"),
    ("type: nps, parse: leading_int", "9/10/2024", "bad_number"),
    ("type: nps, parse: leading_int", "10/5", "bad_number"),
    ("type: nps, parse: leading_int", "10:30", "bad_number"),
    ("type: nps, parse: leading_int", "1e1", "bad_number"),
    ("type: nps, parse: leading_int", "9½", "bad_number"),
    ("type: nps, parse: leading_int", "1\uff10", "bad_number"),
    ("type: nps, parse: leading_int", "1.2.3", "bad_number"),
    ("type: nps, parse: leading_int", "-9", "out_of_range"),
    ("type: nps, parse: only_int", "-9", "out_of_range"),
    ("type: nps, parse: only_int", "missing (-1)", "out_of_range"),
    ("type: nps, parse: only_int", "code: −99", "out_of_range"),
    ("type: nps, parse: only_int", "3-Mar", "bad_number"),
    ("type: nps, parse: only_int", "9.5 points", "bad_number"),
    ("type: nps, parse: only_int", "\uff19 of 10", "bad_number"),
    ("type: nps, parse: only_int", "9 of 10", "bad_number"),
    ("type: nps, parse: only_int", "none", "bad_number"),
    ("type: nps, rescale: {from: [1, 5], to: [0, 10]}", "4", "not_whole"),
    ("type: nps, rescale: {from: [1, 5], to: [0, 10]}", "6", "out_of_range"),
    ("type: nps, rescale: {from: [5, 1], to: [0, 10]}", "0", "out_of_range"),
    ("type: choice, values: {Yes: Renews}", "Maybe", "unmapped_value"),
    ("type: choice, values: {yes: 1, Yes: 2}", "YES", "unmapped_value"),
    ("type: choice", "a\0b", "broken_text"),
    ("type: text", "half \ud83d", "broken_text"),
]


@pytest.mark.parametrize(("how", "cell", "code"), REFUSED)
def test_an_answer_that_is_refused(how: str, cell: str, code: str) -> None:
    assert codes(with_answer(f"column: A, {how}"), A=cell) == [code]


@pytest.mark.parametrize("blank", ["", " ", "\t\r\n", "\u00a0", "\u200b\ufeff", "\u3000"])
@pytest.mark.parametrize(
    "how", ["type: nps", "type: text", 'type: choice, values: {a: b, "*": keep}']
)
def test_a_blank_answer_is_no_answer(how: str, blank: str) -> None:
    assert codes(with_answer(f"column: A, {how}"), A=blank) == ["no_answers"]


@pytest.mark.parametrize("cell", ["N/A", "n/a", " N/A ", "-", "Prefer  not to say", "null"])
def test_na_is_no_answer(cell: str) -> None:
    how = "column: A, type: text, na: [N/A, '-', Prefer not to say, null]"
    assert codes(with_answer(how), A=cell) == ["no_answers"]


def test_skip_leaves_out_what_values_does_not_have() -> None:
    how = 'column: A, type: choice, values: {a: b, "*": skip}'
    assert codes(with_answer(how), A="c") == ["no_answers"]


TRAITS: list[tuple[str, str, Any]] = [
    ("T", " Ann  Lee ", "Ann  Lee"),
    ("T", "", None),
    ("{column: T, na: x}", "X", None),
    ("{column: T, lower: true}", "ÀNN", "ànn"),
    ("{column: T, type: text}", "007", "007"),
    ("{column: T, type: email, lower: true}", " Ann@X.org ", "ann@x.org"),
    ("{column: T, type: email}", "Ann@X.org", "Ann@X.org"),
    ("{column: T, type: number}", "12", 12),
    ("{column: T, type: number}", "12.0", 12),
    ("{column: T, type: number}", "-0.5", -0.5),
    ("{column: T, type: number}", "0.1", 0.1),
    ("{column: T, type: number}", "1.5E+3", 1500),
    ('{column: T, type: number, decimal: ","}', "12,85", 12.85),
    ('{column: T, type: number, decimal: ",", thousands: "."}', "1.234,5", 1234.5),
    ('{column: T, type: number, decimal: ",", thousands: "."}', "-123.456", -123_456),
    ('{column: T, type: number, decimal: ",", thousands: "."}', "1234567,8", 1_234_567.8),
    ('{column: T, type: number, thousands: " "}', "1\u00a0234\u202f567", 1_234_567),
    ('{column: T, type: number, thousands: "\'"}', "1'234", 1234),
    ("{column: T, type: number}", "9007199254740992", 9007199254740992),
    ("{column: T, type: boolean}", "YES", True),
    ("{column: T, type: boolean}", "0", False),
    ("{column: T, values: {VIP: true, No: false}}", "vip", True),
    ("{column: T, values: {a: 1.50, b: 2}}", "a", 1.5),
    ("{column: T, values: {a: 1.50, b: 2}}", "b", 2),
    ("{column: T, type: text, values: {a: 1.50}}", "a", "1.50"),
    ("{value: Delighted 2026-11}", "", "Delighted 2026-11"),
    ("{value: 2026}", "", 2026),
    ("{value: 0123}", "", "0123"),
    ("{value: '2026'}", "", "2026"),
    ("{template: '{T} of {Id}'}", "Ann", "Ann of 007"),
    ("{template: '{{{T}}}'}", "x", "{x}"),
    ("{template: '{T} {T}'}", "", None),
    ("{column: [T, Id]}", "", "007"),
    ("{column: [T, Id]}", "x", "x"),
    ("{columns: '^(T|Id)$', join: '/'}", "x", "007/x"),
    ("{columns: '^(T|Id)$', na: '007'}", "x", "x"),
]


@pytest.mark.parametrize(("block", "cell", "value"), TRAITS)
def test_a_trait_as_it_is_sent(block: str, cell: str, value: Any) -> None:
    found = trait(block, cell)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("block", "cell", "code"),
    [
        ("{column: T, type: email}", "ann at x.org", "bad_email"),
        ("{column: T, type: email}", "a@b", "bad_email"),
        ("{column: T, type: email}", "a@b.org c@d.org", "bad_email"),
        ("{column: T, type: number}", "12,85", "bad_number"),
        ("{column: T, type: number}", "NaN", "bad_number"),
        ("{column: T, type: number}", "Infinity", "bad_number"),
        ("{column: T, type: number}", "9007199254740993", "number_too_big"),
        *(
            ('{column: T, type: number, decimal: ",", thousands: "."}', text, "bad_number")
            for text in ("1234.567", ".567", "-.567", "1234.567,8", "12.34.567")
        ),
        ('{column: T, type: number, decimal: ",", thousands: "."}', "1.5", "bad_number"),
        ("{column: T, type: boolean}", "maybe", "not_boolean"),
        ("{column: T, values: {a: b}}", "c", "unmapped_value"),
        ("T", "a\0", "broken_text"),
        ("{template: '{T} {Id}'}", "\ud800", "broken_text"),
    ],
)
def test_a_trait_that_is_refused(block: str, cell: str, code: str) -> None:
    assert codes(with_traits(f"{{t: {block}}}"), T=cell) == [code]


def test_traits_keep_the_order_of_the_mapping() -> None:
    found = body(with_traits("{z: A, a: B}"), A="1", B="2")
    assert list(found["traits"]) == ["z", "a"]


def test_several_columns_as_one_choice() -> None:
    text = with_answer(
        "columns: '^Q1 / (?!Other)', type: choice, values: {'1': ticked, '0': open}, join: '+'"
    )
    found = body(text, **{"Q1 / a": "1", "Q1 / b": "", "Q1 / c": "0", "Q1 / Other": "x"})
    assert found["answers"] == [{"id": SCORE, "value": "ticked+open"}]


def test_one_bad_part_makes_the_joined_value_bad() -> None:
    text = with_answer("columns: '^Q', type: text, values: {a: b}")
    assert codes(text, Q1="a", Q2="z") == ["unmapped_value"]


@pytest.mark.parametrize("name", sorted({each.name for each in TRANSFORMS.values()}))
def test_each_transform_has_its_reference(name: str) -> None:
    for each in TRANSFORMS.values():
        assert each.name != name or each.reference
