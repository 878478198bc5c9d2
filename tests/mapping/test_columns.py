"""A column whose cells all stay as they are is read in one go: as each cell by itself would be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.mapping.extract import Memo, One
from importer.mapping.ids import BOOLEANS, NUMBERED, STAND_INS, identifier, key_part, lone_key
from importer.mapping.text import AsIs, TransformError
from importer.mapping.transforms.texts import SMALL_ADDRESSES, address, is_address
from tests.mapping.making import chunk

IDS = st.one_of(
    st.sampled_from(
        [*("00", "0", "00000000-0000-0000-0000-000000000000", "0x1", "00012", "7", "u10", "12E+4")],
    ),
    st.sampled_from(
        ["a1\nb2", "a1\n", "a1\r", " a1", "a1\u00a0", "none", "NaN", "-1", "-9", "x", ""]
    ),
    st.from_regex(r"[A-Za-z0-9_:.@-]{1,8}", fullmatch=True),
    st.text("aE0129_-\n\0é@.:+", max_size=6),
)


def read(text: str, one: Callable[[str], object]) -> object:
    """What comes of one cell; of one that is refused its code."""
    try:
        return one(text)
    except TransformError as unfit:
        return unfit.code


@pytest.mark.parametrize("one", [identifier, lone_key, key_part])
@given(cells=st.lists(IDS, min_size=1, max_size=4))
def test_ids_and_keys(one: Callable[[str], object], cells: list[str]) -> None:
    if AsIs(one, NUMBERED).all(cells):
        assert [read(each, one) for each in cells] == cells


@given(cells=st.lists(st.text("aB1_.+-@'\n é,<", max_size=9), min_size=1, max_size=3))
def test_addresses(cells: list[str]) -> None:
    if AsIs(str, SMALL_ADDRESSES).all(cells):
        assert all(map(is_address, cells))
        assert [address(each).lower() for each in cells] == cells


def test_no_word_that_stands_for_nothing_looks_like_an_id_or_an_address() -> None:
    for word in (*STAND_INS, *BOOLEANS):
        assert not AsIs(identifier, NUMBERED).all([word])
        assert not AsIs(identifier, SMALL_ADDRESSES).all([word])


def test_one_odd_cell_has_each_looked_at() -> None:
    cells = ["u1", "n/a", "00012", "u 3", "1.23E+15"]
    found = One(0, Memo(AsIs(identifier, NUMBERED), "Id")).results(
        chunk(["Id"], [[each] for each in cells])
    )

    codes = [getattr(each, "code", each) for each in found]
    assert codes == ["u1", "dummy_id", "00012", "u 3", "damaged_id"]
