"""Recoded answers: what the file holds, what is sent, the NPS of both, and what no rule covers."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from importer.mapping import compile as compile_mapping
from importer.mapping import parse
from importer.mapping.usage import Recodings
from importer.sources.source import open_source

STARS = """
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: id
answers:
  - id: 00000000-0000-4000-8000-000000000001
    column: stars
    type: nps
    rescale: {from: [1, 5], to: [0, 10]}
    round: half_up
"""
LABELS = """
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: id
answers:
  - {id: 00000000-0000-4000-8000-000000000001, column: stars, type: csat, values: {Bad: 1, Good: 5}, na: none}
"""


def recodings(folder: Path, mapping: str, *cells: str) -> Recodings:
    path = folder / "answers.csv"
    rows = [f"u{n},{cell}" for n, cell in enumerate(cells, 1)]
    path.write_text("\n".join(["id,stars", *rows]), encoding="utf-8")
    document = parse(mapping)
    with open_source(str(path)) as source:
        compiled = compile_mapping(document, source.header, secret=b"")
        found = Recodings(document, source.header)
        for chunk in source.chunks(2):
            found.add(compiled.run(chunk), chunk)
    return found


def test_a_rescaled_answer_with_the_nps_of_both(tmp_path: Path) -> None:
    [found] = recodings(tmp_path, STARS, "5", "5", "4", "1").listed()
    assert [(each.text, each.count, each.sent) for each in found.values] == [
        ("1", 1, 0),
        ("4", 1, 8),
        ("5", 2, 10),
    ]
    assert found.nps_before == -100
    assert found.nps_after == 25


def test_labels_have_no_nps_of_their_own(tmp_path: Path) -> None:
    [found] = recodings(tmp_path, LABELS, "Good", "good", "Bad").listed()
    assert {each.text: each.sent for each in found.values} == {"Good": 5, "good": 5, "Bad": 1}
    assert (found.nps_before, found.nps_after) == (None, None)


def test_what_values_doesnt_have_is_counted_with_its_first_row(tmp_path: Path) -> None:
    found = recodings(tmp_path, LABELS, "Good", "Meh", "Odd", "Meh", "none")
    assert [(each.column, each.text, each.count, each.first) for each in found.unmapped()] == [
        ("stars", "Meh", 2, 3),
        ("stars", "Odd", 1, 4),
    ]


def test_a_mapping_that_recodes_nothing_has_nothing_to_tell(tmp_path: Path) -> None:
    plain = STARS.split("    rescale:", maxsplit=1)[0]
    found = recodings(tmp_path, plain, "5", "9")
    assert found.listed() == ()
    assert found.unmapped() == ()


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30))
def test_every_row_that_can_be_sent_is_counted_once(stars: list[int]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        [found] = recodings(Path(folder), STARS, *map(str, stars)).listed()
    assert sum(each.count for each in found.values) == len(stars)


def test_labels_that_several_rows_share_are_nobodys_secret(tmp_path: Path) -> None:
    parsed = STARS.split("    rescale:", maxsplit=1)[0].rstrip() + "\n    parse: leading_int\n"
    own = "4 - as my boss Ann told me"
    found = recodings(tmp_path, parsed, *["5 - Extremely likely"] * 3, own, *["3 a@b.org"] * 4)
    named = {each.text: each.named for each in found.listed()[0].values}
    assert named == {"5 - Extremely likely": True, own: False, "3 a@b.org": False}
