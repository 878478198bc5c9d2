"""A response's content as it is told from others: what only saving a file changes makes no other row."""

from unicodedata import normalize

import orjson
from hypothesis import given
from hypothesis import strategies as st

from importer.ledger.fingerprint import Hasher, contents, settled
from importer.ledger.staging import Brief
from importer.model import Response

LETTERS = 'a"\\é\u0301 \t\r\n\x0b\x0c\x1c\x1f\x7f\x85\xa0\u2028ü,'
"""Whatever JSON writes as an escape, whatever is white space, and accents in both forms."""


def response(*values: object) -> Response:
    answers = [{"id": "q", "value": value} for value in values]
    content = orjson.dumps(["u  1\t", "", answers, None, ""])
    return Response(2, "u  1\t", "", "c", b"{}", content, content, answers=(None, *answers))


@given(st.lists(st.text(LETTERS, max_size=6), max_size=3))
def test_each_text_is_taken_without_its_breaks_and_blanks(texts: list[str]) -> None:
    wanted = response(*(normalize("NFC", " ".join(text.split())) for text in texts))
    assert settled(response(*texts)) == wanted.content


@given(st.text(LETTERS, max_size=6))
def test_choices_and_numbers_stand_beside_texts(text: str) -> None:
    wanted = normalize("NFC", " ".join(text.split()))
    assert settled(response(7, [text, "a"])) == response(7, [wanted, "a"]).content


def test_what_is_settled_stays_the_very_bytes() -> None:
    for one in (response("It's fine", 9), response('They call it "fine"'), response("Děkuji 👍")):
        assert settled(one) is one.content


@given(st.lists(st.lists(st.text(LETTERS, max_size=6) | st.integers(0, 3), max_size=3), max_size=4))
def test_many_rows_are_what_each_is(rows: list[list[object]]) -> None:
    one = response("a  b", 9)
    responses = [one, *(response(*values) for values in rows), one._replace(answers=one.answers)]
    assert contents(responses) == [settled(each) for each in responses]
    hasher = Hasher(b"k" * 32, "http://127.0.0.1")
    keyed = [each._replace(idempotency_key=b"7", campaign="d") for each in responses]
    every = [*responses, *keyed]
    found = hasher.idempotency_of(every, contents(every))
    assert found == [hasher.idempotency_key(each) for each in every]


@given(st.lists(st.sampled_from(("a  b", "a b", "a", 9, 9.5)), min_size=1, max_size=12))
def test_a_plan_without_a_past_tells_the_same_rows_apart(values: list[object]) -> None:
    """By numbers of its own in place of the keyed hashes."""
    rows = [response(value)._replace(campaign=name) for value in values for name in "cd"]
    hasher = Hasher(b"k" * 32, "http://127.0.0.1")
    keyed, own = Brief(hasher, str), Brief(hasher, str)
    own.alone = True

    def alike(lines: Brief) -> list[int]:
        found = [cells[0] for cells in lines.of(rows)]
        return [found.index(each) for each in found]

    assert alike(own) == alike(keyed)
