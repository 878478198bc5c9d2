"""Who answered: ids as they are, stand-ins refused, hashes stable."""

from __future__ import annotations

import pytest

from importer import mapping
from importer.mapping.ids import DUMMIES
from importer.model import Invalid, Response
from tests.mapping.making import CAMPAIGN, SCORE, body, chunk, codes, run


def text(who: str) -> str:
    return f"campaign: {CAMPAIGN}\n{who}\nanswers: [{{id: {SCORE}, column: Score, type: nps}}]\n"


ONE = text("userId: Id")
TWO = text("userId: [Id, Email]")
BOTH = text("userId: Id\nanonymousId: {hash: [Email, Row], prefix: 'p:'}")


IDS = ["007", "a b", "0x1F", "1.5", "žluťoučký", "1E5", "=1", "test", "n", "\U0001f600", "0-1"]


@pytest.mark.parametrize("id_", IDS)
def test_an_id_is_sent_as_it_is(id_: str) -> None:
    assert body(ONE, Id=id_)["userId"] == id_


@pytest.mark.parametrize("around", [" {}", "{}\u00a0", "\t{}\n", "\u200b{}\ufeff"])
def test_space_around_an_id_goes(around: str) -> None:
    assert body(ONE, Id=around.format("007"))["userId"] == "007"


@pytest.mark.parametrize(
    "dummy", [*sorted(DUMMIES), "0", "000", "0.0", "Anonymous", "N/A", " NULL "]
)
def test_a_stand_in_is_refused(dummy: str) -> None:
    assert codes(ONE, Id=dummy) == ["dummy_id"]


@pytest.mark.parametrize("dummy", ["anonymous", "0", "n/a"])
def test_a_stand_in_gives_way_to_something_better(dummy: str) -> None:
    assert body(TWO, Id=dummy, Email="a@x.org")["userId"] == "a@x.org"
    assert body(BOTH, Id=dummy, Email="a@x.org", Row="1")["anonymousId"].startswith("p:")
    assert codes(TWO, Id=dummy, Email="") == ["dummy_id"]
    assert codes(BOTH, Id=dummy, Email="", Row="null") == ["dummy_id"]


@pytest.mark.parametrize(
    "lost", ["1.23E+15", "1,23E+15", "1E+15", "#REF!", "#NAME?", "#DIV/0!", "########"]
)
def test_an_id_that_excel_has_overwritten_is_refused_at_once(lost: str) -> None:
    assert codes(ONE, Id=lost) == ["damaged_id"]
    assert codes(TWO, Id=lost, Email="a@x.org") == ["damaged_id"]


@pytest.mark.parametrize("id_", ["a\x00b", "a\nb", "a\x7fb", "a\x85b"])
def test_an_id_with_a_control_character(id_: str) -> None:
    assert codes(ONE, Id=id_) == ["bad_id"]


def test_half_a_character() -> None:
    assert codes(ONE, Id="a\ud800") == ["broken_text"]


def test_the_first_column_that_is_filled() -> None:
    assert body(TWO, Id="007", Email="a@x.org")["userId"] == "007"
    assert body(TWO, Id=" ", Email="a@x.org")["userId"] == "a@x.org"
    assert codes(TWO, Id="", Email="") == ["no_person"]


def test_user_id_wins() -> None:
    found = body(BOTH, Email="a@x.org", Row="1")
    assert found["userId"] == "007"
    assert "anonymousId" not in found


def test_an_anonymous_row() -> None:
    found = body(BOTH, Id="", Email="a@x.org", Row="1")
    assert "userId" not in found
    prefix, digest = found["anonymousId"].split(":")
    assert (prefix, len(digest)) == ("p", 32)
    assert int(digest, 16)


def test_a_plain_anonymous_column_and_a_template() -> None:
    assert body(text("anonymousId: Row"), Row="r1")["anonymousId"] == "r1"
    template = text("anonymousId: {template: 'q:{Row}-{Wave}'}")
    assert body(template, Row="r1", Wave="2")["anonymousId"] == "q:r1-2"
    assert codes(template, Row="r1", Wave="") == ["no_person"], "half an id would merge people"


def test_na_and_lower() -> None:
    how = text("userId: [{column: Id, na: none yet}, {column: Email, lower: true}]")
    assert body(how, Id="None  yet", Email="Ann@X.org")["userId"] == "ann@x.org"


def _hashes(secret: bytes, **cells: str) -> str:
    document = mapping.parse(text("anonymousId: {hash: [Email, Row]}"))
    compiled = mapping.compile(document, ["Score", *cells], secret=secret)
    (mapped,) = compiled.run(chunk(["Score", *cells], [["9", *cells.values()]]))
    assert isinstance(mapped, Response)
    return mapped.anonymous_id


def test_a_hash_is_stable_keyed_and_tells_cells_apart() -> None:
    known = _hashes(b"k", Email="a", Row="bc")
    assert known == _hashes(b"k", Email="a", Row="bc") == _hashes(b"k", Email=" a ", Row="bc")
    others = [
        _hashes(b"other", Email="a", Row="bc"),
        _hashes(b"k", Email="ab", Row="c"),
        _hashes(b"k", Email="", Row="abc"),
        _hashes(b"k", Email="abc", Row=""),
    ]
    assert len({known, *others}) == 5


def test_an_invalid_row_still_says_whose_it_is() -> None:
    found = run(BOTH, Score="11", Email="", Row="")
    assert isinstance(found, Invalid)
    assert found.user_id == "007"
