"""Rows of one person strictly one after the other, whatever becomes of them."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from importer.delivery.queue import KeyedQueue
from importer.model import QueuedRow


def rows(people: str) -> list[QueuedRow]:
    return [QueuedRow(seq, seq + 2, bytes([ord(who)]), False) for seq, who in enumerate(people)]


def test_other_people_go_on_while_one_waits() -> None:
    queue = KeyedQueue(iter(rows("aaab")))
    first, other = queue.get(), queue.get()
    assert (first and first.seq, other and other.seq) == (0, 3)
    assert queue.get() is None
    assert first is not None
    queue.task_done(first)
    second = queue.get()
    assert second is not None
    assert second.seq == 1


def test_whoever_is_held_stays_where_he_is() -> None:
    queue = KeyedQueue(iter(rows("abab")), held=[b"a"])
    one = queue.get()
    assert one is not None
    assert one.seq == 1
    queue.task_done(one)
    two = queue.get()
    assert two is not None
    assert two.seq == 3
    assert queue.get() is None


def test_a_row_in_doubt_holds_those_behind_it() -> None:
    queue = KeyedQueue(iter(rows("aaaba")))
    first = queue.get()
    assert first is not None
    other = queue.get()
    assert queue.block(first) == 2
    assert other is not None
    queue.task_done(other)
    assert queue.get() is None


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
    queue = KeyedQueue(iter(every), [who.encode() for who in held])
    taken: list[QueuedRow] = []
    gone: defaultdict[bytes, list[int]] = defaultdict(list)
    doubtful: set[bytes] = {who.encode() for who in held}
    for which, well in [*steps, *[(0, True)] * 3 * len(every)]:
        row = queue.get()
        if row is not None:
            assert row.person not in {other.person for other in taken}
            assert row.person not in doubtful
            gone[row.person].append(row.seq)
            taken.append(row)
        if taken:
            ended = taken.pop(which % len(taken))
            if well:
                queue.task_done(ended)
            else:
                queue.block(ended)
                doubtful.add(ended.person)
    for who in {row.person for row in every}:
        own = [row.seq for row in every if row.person == who]
        assert gone[who] == own[: len(gone[who])]
        assert who in doubtful or gone[who] == own
