"""A response's content as it is told from others: what only saving a file changes makes no other row."""

from unicodedata import normalize

import orjson
from hypothesis import given
from hypothesis import strategies as st

from importer.ledger.fingerprint import settled

LETTERS = 'a"\\é\u0301 \t\r\n\x0b\x0c\x1c\x1f\x7f\x85\xa0\u2028ü,'
"""Whatever JSON writes as an escape, whatever is white space, and accents in both forms."""


def content(*texts: str) -> bytes:
    return orjson.dumps(["u1", "", [{"id": "q", "value": text} for text in texts], None, ""])


@given(st.lists(st.text(LETTERS, max_size=6), max_size=3))
def test_each_text_is_taken_without_its_breaks_and_blanks(texts: list[str]) -> None:
    wanted = content(*(normalize("NFC", " ".join(text.split())) for text in texts))
    assert settled(content(*texts)) == wanted


@given(st.lists(st.text(LETTERS, max_size=6), max_size=3))
def test_what_is_settled_stays_byte_for_byte(texts: list[str]) -> None:
    once = settled(content(*texts))
    assert settled(once) == once
