"""Every difference between what was sent and what is there is found, and nothing else."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from importer.engine.verify import Comparison, Seen, compare
from importer.ledger import Expected


def sent(seq: int, person: str = "", answers: str = "a", **more: object) -> Expected:
    who = person or f"p{seq}"
    row = Expected(seq, seq + 2, who.encode(), f"{who}:{answers}".encode(), "", True, False, 0.0)
    return replace(row, **more)  # type: ignore[arg-type]


def there(id_: str, person: str, answers: str = "a", *, nameless: bool = False) -> Seen:
    shown = f"{person}:{answers}".encode()
    return Seen(id_, "", person.encode(), shown, (), nameless)


def nobody(_: Collection[bytes]) -> Mapping[bytes, int]:
    return {}


def rows(comparison: Comparison) -> dict[str, object]:
    return {
        "same": sorted(row.seq for row, _ in comparison.same),
        "missing": [row.seq for row in comparison.missing],
        "altered": [(row.seq, seen.id) for row, seen in comparison.altered],
        "doubled": [(row.seq, seen.id) for row, seen in comparison.doubled],
        "extra": [seen.id for seen in comparison.extra],
    }


def test_one_of_each() -> None:
    found = compare(
        [sent(0), sent(1), sent(2), sent(3)],
        [
            there("A", "p0"),
            there("B", "p2", "other"),
            there("C", "p3"),
            there("D", "p3"),
            there("E", "stranger"),
        ],
        nobody,
    )

    assert rows(found) == {
        "same": [0, 3],
        "missing": [1],
        "altered": [(2, "B")],
        "doubled": [(3, "D")],
        "extra": ["E"],
    }
    assert found.differs


def test_an_altered_person_is_found_by_the_response_id() -> None:
    found = compare([sent(0, response_id="A")], [there("A", "somebody else")], nobody)

    assert rows(found)["altered"] == [(0, "A")]


def test_two_rows_of_one_person_that_say_the_same_are_no_double() -> None:
    pair = [sent(0, "p"), sent(1, "p")]

    assert not compare(pair, [there("A", "p"), there("B", "p")], nobody).differs
    assert rows(compare(pair, [there("A", "p")], nobody))["missing"] == [1]


def test_a_row_of_unknown_fate_is_no_difference_either_way() -> None:
    doubtful = [sent(0, certain=False), sent(1)]

    absent = compare(doubtful, [there("B", "p1")], nobody)
    assert (absent.differs, [row.seq for row in absent.unsettled]) == (False, [0])
    stored = compare(doubtful, [there("A", "p0"), there("B", "p1")], nobody)
    assert (stored.differs, stored.unsettled) == (False, ())


def test_a_certain_row_comes_before_one_of_unknown_fate() -> None:
    found = compare([sent(0, "p", certain=False), sent(1, "p")], [there("A", "p")], nobody)

    assert ([row.seq for row, _ in found.same], found.missing) == ([1], ())


def test_what_other_jobs_sent_is_neither_extra_nor_doubled() -> None:
    seen = [there("A", "p0"), there("B", "p0"), there("C", "q"), there("D", "q")]
    found = compare([sent(0)], seen, lambda _: {b"p0:a": 1, b"q:a": 1})

    assert found.others == 2
    assert rows(found)["doubled"] == []
    assert len(found.extra) == 1


def test_anonymous_rows_of_an_api_that_tells_nobody_are_counted_not_compared() -> None:
    anonymous = [sent(0, anonymous=True), sent(1, anonymous=True)]
    found = compare(anonymous, [there("A", "", "a", nameless=True)], nobody)

    assert found.uncompared == 1
    assert [row.seq for row in found.missing] == [1]


@given(
    st.lists(st.sampled_from(["kept", "missing", "altered", "doubled"]), max_size=40),
    st.integers(0, 5),
)
def test_changes_made_are_changes_found(changes: list[str], extra: int) -> None:
    seen: list[Seen] = []
    for seq, change in enumerate(changes):
        if change != "missing":
            answers = "other" if change == "altered" else "a"
            seen.append(there(f"{seq}", f"p{seq}", answers))
        if change == "doubled":
            seen.append(there(f"{seq}-again", f"p{seq}"))
    seen += [there(f"x{n}", f"stranger{n}") for n in range(extra)]

    found = compare([sent(seq) for seq in range(len(changes))], seen, nobody)

    counts = Counter(changes)
    assert len(found.same) == counts["kept"] + counts["doubled"]
    assert [row.seq for row in found.missing] == [
        s for s, c in enumerate(changes) if c == "missing"
    ]
    assert [row.seq for row, _ in found.altered] == [
        s for s, c in enumerate(changes) if c == "altered"
    ]
    assert [row.seq for row, _ in found.doubled] == [
        s for s, c in enumerate(changes) if c == "doubled"
    ]
    assert len(found.extra) == extra
    assert len(seen) == sum(map(len, (found.same, found.altered, found.doubled, found.extra)))
