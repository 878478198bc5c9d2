"""Rows of one person strictly one after the other, whatever becomes of them."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from importer.model import Outgoing
from importer.sender.lanes import Lanes


def rows(people: str) -> list[Outgoing]:
    return [Outgoing(seq, seq + 2, bytes([ord(who)]), False) for seq, who in enumerate(people)]


def test_other_people_go_on_while_one_waits() -> None:
    lanes = Lanes(iter(rows("aaab")))
    first, other = lanes.next(), lanes.next()
    assert (first and first.seq, other and other.seq) == (0, 3)
    assert lanes.next() is None
    assert first is not None
    lanes.done(first)
    second = lanes.next()
    assert second is not None
    assert second.seq == 1


def test_whoever_is_held_stays_where_he_is() -> None:
    lanes = Lanes(iter(rows("abab")), held=[b"a"])
    one = lanes.next()
    assert one is not None
    assert one.seq == 1
    lanes.done(one)
    two = lanes.next()
    assert two is not None
    assert two.seq == 3
    assert lanes.next() is None


def test_a_row_in_doubt_holds_those_behind_it() -> None:
    lanes = Lanes(iter(rows("aaaba")))
    first = lanes.next()
    assert first is not None
    other = lanes.next()
    assert lanes.hold(first) == 2
    assert other is not None
    lanes.done(other)
    assert lanes.next() is None


@given(
    st.text("abc", max_size=40),
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=200),
    st.sets(st.sampled_from("abc"), max_size=1),
)
def test_whatever_workers_do_the_order_per_person_stays(
    people: str, steps: list[tuple[int, bool]], held: set[str]
) -> None:
    """Workers take rows and end them in any order; a row ends well, or in doubt."""
    every = rows(people)
    lanes = Lanes(iter(every), [who.encode() for who in held])
    taken: list[Outgoing] = []
    gone: defaultdict[bytes, list[int]] = defaultdict(list)
    doubtful: set[bytes] = {who.encode() for who in held}
    for which, well in [*steps, *[(0, True)] * 3 * len(every)]:
        row = lanes.next()
        if row is not None:
            assert row.person not in {other.person for other in taken}
            assert row.person not in doubtful
            gone[row.person].append(row.seq)
            taken.append(row)
        if taken:
            ended = taken.pop(which % len(taken))
            if well:
                lanes.done(ended)
            else:
                lanes.hold(ended)
                doubtful.add(ended.person)
    for who in {row.person for row in every}:
        own = [row.seq for row in every if row.person == who]
        assert gone[who] == own[: len(gone[who])]
        assert who in doubtful or gone[who] == own
