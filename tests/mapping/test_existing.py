"""What a mapping says of traits that people have already; mappings that say nothing are those of 0.1."""

from __future__ import annotations

import pytest

from importer.errors import MappingError
from importer.mapping import parse
from tests.mapping.making import BASE, with_traits

TRAITS = """\
traits:
  plan: Plan
  email: {column: Mail, type: email}
  respondedAt: {column: When, type: date, format: "%d.%m.%Y", timezone: Europe/Prague}
"""


def test_nothing_said_is_what_0_1_did() -> None:
    document = parse(BASE + TRAITS)
    assert not any(map(document.keeps, document.traits))
    assert document.silent_on_existing


def test_what_makes_a_row_itself_is_as_0_1_had_it() -> None:
    """Its jobs hold these hashes: the new key must not change them."""
    text = BASE.replace("userId: Id", "userId: Customer") + TRAITS
    rule = "3c708a04e3cafc31b6f79a7489ad058e454e4df51de354bfbf5d85cbb0922c16"
    assert parse(text).rule == rule
    assert parse(text).digest == "d4f41a2770848f695de5e6709aa6db0c9e2d2121293d161c0dd171a645edf431"
    said = text.replace("type: date,", "type: date, existing: keep,")
    assert parse(said).rule == parse(f"existing_traits: keep\n{text}").rule == rule
    assert parse(said).digest != parse(text).digest


def test_for_all_but_what_belongs_to_the_response() -> None:
    document = parse(f"existing_traits: keep\n{BASE}{TRAITS}  importedFrom: {{value: Delighted}}\n")
    kept = {name: document.keeps(name) for name in document.traits}
    assert kept == {"plan": True, "email": True, "respondedAt": False, "importedFrom": False}
    assert not document.silent_on_existing


@pytest.mark.parametrize(
    ("all_", "one", "kept"), [("keep", "overwrite", False), ("overwrite", "keep", True)]
)
def test_one_trait_overrules_all(all_: str, one: str, kept: bool) -> None:
    date = f"respondedAt: {{column: When, type: date, existing: {one}}}"
    text = with_traits(f"{{plan: {{column: Plan, existing: {one}}}, {date}}}")
    document = parse(f"existing_traits: {all_}\n{text}")
    assert document.keeps("plan") is document.keeps("respondedAt") is kept


@pytest.mark.parametrize("traits", ["{}", "{respondedAt: {column: When, type: date}}"])
def test_nothing_need_be_said_where_nothing_of_the_person_is_sent(traits: str) -> None:
    assert not parse(with_traits(traits)).silent_on_existing


@pytest.mark.parametrize(
    "text",
    [f"existing_traits: never\n{BASE}", with_traits("{plan: {column: Plan, existing: missing}}")],
)
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(MappingError, match="overwrite"):
        parse(text)
