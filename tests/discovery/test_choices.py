"""Choices are written as a mapping, and read back as they were; what they can't hold is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from importer.discovery import Wishes
from importer.discovery.choices import Answer, Cell, Choices, Reads, Ref, choices_of
from importer.discovery.draft import reread, write
from importer.discovery.table import DraftTable
from importer.mapping import Document, load, parse, shipped
from importer.mapping.yaml import Plain, Tree, YamlText, read_yaml
from importer.resources import MAPPINGS, SAMPLES
from tests.discovery.drafts import drafted, drafted_rows, filled_in

TESTS = Path(__file__).parents[1]
FILES = sorted(each for each in SAMPLES.iterdir() if each.suffix in {".csv", ".xlsx"})
HANDMADE = sorted(
    [
        *SAMPLES.glob("*.yaml"),
        *TESTS.glob("cases/mappings/*.yaml"),
        *TESTS.glob("fixtures_0_1/folder/mappings/*.yaml"),
        *(TESTS.parent / "docs").rglob("*.yaml"),
    ]
)
BESIDE = {"version", "name", "extends", "preset", "source"}


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> DraftTable:
    """Of any file."""
    rows = [["Who", "Score"], ["ann", "9"], ["bob", "10"]]
    found = drafted_rows(tmp_path_factory.mktemp("facts"), rows).table
    assert found
    return found


def tree_of(text: str) -> Tree:
    return read_yaml(YamlText("mapping.yaml", text))


def meaning(document: Document) -> tuple[object, ...]:
    """All that a mapping says, but for how it says it."""
    fields = Document.model_fields.keys() - BESIDE
    waves = [{name: getattr(each, name) for name in fields} for each in document.by_wave]
    source = document.source.model_dump(exclude={"header_row", "header_rows"})
    header = document.source.header_rows or document.source.header_row
    return waves, source, (header,) if isinstance(header, int) else header, document.rule


@pytest.mark.parametrize("file", FILES, ids=lambda each: each.stem)
@pytest.mark.parametrize("personal", [False, True])
def test_a_draft_is_read_back_as_the_choices_it_was_written_of(file: Path, personal: bool) -> None:
    """Open places and all."""
    found = drafted(str(file), Wishes(personal=personal, waves=True))
    assert choices_of(tree_of(found.text)) == found.choices
    text = filled_in(found.text).replace('userId: "?"', "userId: {letter: A}")
    if '"?"' not in text:
        assert found.table
        filled = choices_of(parse(text))
        again = parse(write(found.table, filled))
        assert choices_of(again) == filled
        assert meaning(again) == meaning(parse(text))


@pytest.mark.parametrize(
    "path", HANDMADE, ids=lambda each: f"{each.parent.parent.name}-{each.stem}"
)
def test_a_mapping_by_hand_keeps_its_meaning(path: Path, facts: DraftTable) -> None:
    document = load(path)
    choices = reread(facts, document.whole, document.written.text)
    again = parse(write(facts, choices))
    assert meaning(again) == meaning(document)
    assert choices_of(again) == choices


@pytest.mark.parametrize("name", [each.name for each in shipped()])
def test_a_preset_is_written_out(name: str, facts: DraftTable, tmp_path: Path) -> None:
    mapping = tmp_path / "own.yaml"
    ids = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(4)]
    own = f"extends: {name}\ncampaign: 5d2f6c1e9b0a4c0017a3e1b2\n"
    named = "\nanswers:" in (MAPPINGS / f"{name}.yaml").read_text()
    said = f"questions: {{score: {ids[0]}, comment: {ids[1]}, reason: {ids[3]}}}\n"
    rest = f"answers: [{{id: {ids[2]}, letter: A, type: text}}]\n"
    mapping.write_text(own + (said if named else rest))
    document = load(mapping)
    choices = choices_of(document)
    again = parse(write(facts, choices))
    assert meaning(again) == meaning(document)
    assert choices_of(again) == choices
    assert not document.source.skip_if or choices.reads.skip_if


BY_HAND = """\
# Ours, made in March.
version: 1
campaign: {column: Survey, values: {A: 5d2f6c1e9b0a4c0017a3e1b2}}   # two surveys
forceSurvey: false
userId: {template: "{First} {Last}", lower: true}
anonymousId: [Row, {letter: B}]
answers:
  - id: 79593580-95a7-11ed-8974-9b5d06700b8d
    column: [Score, {column: "Old: score", nth: 2}]
    type: nps
    round: half_up
    optional: false   # it has to be there
    values: {"0": 0, "#": 1, "yes": "2", "*": keep}
rating: Score
traits:
  plan: {value: 12}
  code: {value: "0012"}
repeats: {send: latest, order_by: When}
sending: {rate: 10/s}
"""


def test_what_has_no_choice_is_shown_and_kept(facts: DraftTable) -> None:
    choices = reread(facts, tree_of(BY_HAND), BY_HAND)
    assert list(choices.kept) == [
        *("campaign", "forceSurvey", "rating", "repeats", "sending"),
        "answers.79593580-95a7-11ed-8974-9b5d06700b8d.round",
        "answers.79593580-95a7-11ed-8974-9b5d06700b8d.optional",
        *("traits.plan.value", "traits.code.value", "userId.template"),
    ]
    assert choices.comments == ("# Ours, made in March.", "# two surveys", "# it has to be there")
    text = write(facts, choices)
    assert meaning(parse(text)) == meaning(parse(BY_HAND))
    assert choices_of(parse(text)) == choices
    for each in choices.comments:
        assert f"\n{each}\n" in text
    # once more, and nothing piles up
    assert write(facts, reread(facts, tree_of(text), text)) == text


def test_what_is_wrong_is_kept_to_be_told_of(facts: DraftTable) -> None:
    wrong = "campaign: [a]\nanswers: no\nuserId: {colum: X}\ntraits: [x]\nkey: {x: y}\nbogus: 1\n"
    text = write(facts, choices_of(tree_of(wrong)))
    for line in ("campaign: [a]", "answers: no", "traits: [x]", "key: {x: y}", "bogus: 1"):
        assert f"\n{line}\n" in text
    assert "  - {colum: X}" in text


def test_comments_of_a_drafts_own_are_not_kept_but_a_persons_are(facts: DraftTable) -> None:
    text = write(facts, choices_of(tree_of("campaign: x\n")))
    assert reread(facts, tree_of(text), text).comments == ()
    text += "# a word of mine\n"
    choices = reread(facts, tree_of(text), text)
    assert choices.comments == ("# a word of mine",)


# any text in any place

TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12
).filter(lambda text: bool(text.strip()))
REFS = st.one_of(
    st.builds(Ref, TEXT),
    st.builds(Ref, TEXT, st.integers(1, 9).map(str)),
    st.builds(Ref, letter=st.sampled_from(["A", "ZZ"])),
    st.builds(Ref, any=st.tuples(TEXT, TEXT)),
)
SOURCES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(dict, columns=st.lists(REFS, min_size=1, max_size=3).map(tuple)),
    st.builds(dict, pattern=TEXT),
)
CELLS = st.builds(
    lambda where, **rest: Cell(**where, **rest),
    SOURCES,
    type=st.sampled_from(["", "nps", "text"]),
    join=st.sampled_from(["", "; "]),
    required=st.booleans(),
    lower=st.booleans(),
    na=st.lists(TEXT, max_size=3).map(tuple),
    values=st.dictionaries(TEXT, st.one_of(TEXT, st.integers(0, 10).map(Plain)), max_size=3),
    parse=st.lists(TEXT, max_size=2).map(tuple),
    format=st.sampled_from([(), ("?",), ("%d.%m.%Y", "iso")]),
    timezone=st.sampled_from(["", "UTC+02:00", "Europe/Prague"]),
    decimal=st.sampled_from(["", ","]),
    rescale=st.sampled_from([(), ("?",), ("1", "5", "5", "1")]),
)


def _choices(cells: list[Cell], names: list[str], text: str, refs: list[Ref]) -> Choices:
    answers = tuple(
        Answer(name, question, cell)
        for name, cell, question in zip(names, cells, (None, "?", text), strict=False)
        if name != "?"
    )
    return Choices(
        name=text,
        reads=Reads(header=(), skip_rows=(2, 3), delimiter=";", sheet=text),
        waves=[text],
        campaign=text,
        people=tuple(cells),
        answers=answers,
        traits=dict(zip(names, cells, strict=False)),
        key=tuple(refs),
        anonymous={"hash": [each.data for each in refs], "prefix": text} if refs else None,
        beyond={"repeats": {"send": text}},
    )


@settings(max_examples=80, deadline=None, phases=(Phase.generate, Phase.shrink))
@given(
    st.builds(
        _choices,
        st.lists(CELLS, max_size=3),
        st.lists(TEXT, max_size=3, unique=True),
        TEXT,
        st.lists(REFS, max_size=2),
    )
)
def test_whatever_was_chosen_comes_back(facts: DraftTable, choices: Choices) -> None:
    text = write(facts, choices)
    assert choices_of(tree_of(text)) == choices
    assert choices_of(tree_of(text + "# more\n")) == replace(choices, comments=())
